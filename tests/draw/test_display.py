"""Whether a window could be seen is found out without ending the process."""

from __future__ import annotations

import pytest

from resviz.draw.display import display_usable


@pytest.mark.parametrize("platform", ["offscreen", "minimal"])
def test_a_platform_without_a_screen_is_no_display(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    assert not display_usable()


def test_no_display_and_a_dead_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert not display_usable()
    monkeypatch.setenv("DISPLAY", ":4711")  # named, but nobody answers: Qt aborts, in a child
    assert not display_usable()
