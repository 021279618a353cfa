"""What a displayed step costs: how often pictures are built and painted, not how long it takes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot
from windows import STEPS, wait_for_step

from resviz.draw import view as view_module
from resviz.gui.pace import Sparing
from resviz.gui.pictures import Pictures
from resviz.gui.state import Follow, Look, Seek, Tick, TogglePlay
from resviz.gui.window import MainWindow


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, *names: str) -> dict[str, int]:
    """How often each method was called from now on."""
    calls = dict.fromkeys(names, 0)
    for name in names:

        def counting(*args: object, real: object = getattr(owner, name), name: str = name, **named: object):
            calls[name] += 1
            return real(*args, **named)

        monkeypatch.setattr(owner, name, counting)
    return calls


def settled(qtbot: QtBot, window: MainWindow) -> None:
    """Every step is visited and every picture that was asked for is painted."""

    def idle() -> bool:
        control = window.controller
        paces = (control._pace._soon, control._pace._later, control._beside._rest)
        return not control._look.busy and not any(timer.isActive() for timer in paces)

    qtbot.waitUntil(idle, timeout=60_000)
    QCoreApplication.processEvents()


def test_a_step_that_is_visited_is_built_and_painted_once(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(qtbot, opened)
    frames = counted(monkeypatch, view_module, "paint_static", "layout_of", "paint_marks")
    built = counted(monkeypatch, Pictures, "units", "contrast", "timeline")
    starts = opened.controller._look._worker.run
    opened.controller.ask(Seek(STEPS - 2))
    wait_for_step(qtbot, opened, STEPS - 2)
    settled(qtbot, opened)
    assert built == {"units": 1, "contrast": 1, "timeline": 1}
    assert frames == {"paint_static": 0, "layout_of": 0, "paint_marks": 3}  # one of each view
    assert opened.controller._look._worker.run == starts  # there was nothing to look for


def test_what_lies_beside_the_units_is_spared_while_the_cursor_moves_and_exact_when_it_stops(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(qtbot, opened)
    opened.controller.ask(TogglePlay())
    opened.controller._clock.run(False)  # ticks by hand
    opened.controller._beside._rest.setInterval(600_000)
    opened.controller._beside.ask(now=True)
    built = counted(monkeypatch, Pictures, "units", "contrast", "timeline")
    for step in range(1, STEPS):
        opened.controller.ask(Tick(1))
        wait_for_step(qtbot, opened, step)
    assert built["units"] == STEPS - 1
    assert built["contrast"] == built["timeline"] == 0
    opened.controller._beside._rested()
    assert built["contrast"] == built["timeline"] == 1
    cursor = opened.timeline.view.scene.panel("timeline").marks[-1]
    assert cursor.at == STEPS - 1
    opened.controller.ask(Seek(2))  # by hand: at once
    wait_for_step(qtbot, opened, 2)
    assert opened.timeline.view.scene.panel("timeline").marks[-1].at == 2
    assert opened.contrast.view.scene.panel("travel").marks[-1].at == 2


def test_pictures_that_nobody_sees_are_not_built(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(qtbot, opened)
    built = counted(monkeypatch, Pictures, "units", "contrast", "timeline")
    opened.contrast.view.hide()
    opened.tabs.setCurrentWidget(opened.tabs.error)
    opened.controller.ask(Seek(3))
    qtbot.waitUntil(lambda: built["timeline"] > 0)
    settled(qtbot, opened)
    assert built["units"] == built["contrast"] == 0
    opened.contrast.view.show()
    opened.tabs.setCurrentWidget(opened.units)
    wait_for_step(qtbot, opened, 3)
    settled(qtbot, opened)
    assert built["units"] == built["contrast"] == 1
    assert opened.contrast.view.scene.panel("travel").marks[-1].at == 3


def test_whoever_follows_live_sees_the_newest_step_that_was_visited() -> None:
    visited = {0}
    main = SimpleNamespace(has=lambda step: step in visited, newest=0)
    sight = SimpleNamespace(main=main)
    pictures = Pictures()

    def shown(cursor: int, follow: bool = True) -> int:
        return pictures.shown(SimpleNamespace(cursor=cursor, follow=follow), sight)

    assert shown(0) == 0
    visited.add(40)
    main.newest = 40
    assert shown(70) == 40  # training has gone on meanwhile
    visited.add(60)
    main.newest = 60
    assert shown(90, follow=False) == 40  # who has let go waits for the step of the cursor
    assert shown(90) == 60
    assert shown(50) == 60


def test_following_past_what_is_visited_builds_no_picture_again(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(qtbot, opened)
    opened.controller.ask(Follow(True))
    settled(qtbot, opened)
    built = counted(monkeypatch, Pictures, "units")
    monkeypatch.setattr(Pictures, "stale", lambda *args: False)
    opened.controller._turn_to_cursor()
    settled(qtbot, opened)
    assert built["units"] == 0
    opened.controller.ask(Look({"bins": 7}))
    qtbot.waitUntil(lambda: built["units"] > 0)


def test_a_sparing_wish_is_granted_at_once_then_after_its_interval(qtbot: QtBot) -> None:
    sparing = Sparing(20)
    granted: list[int] = []
    sparing.due.connect(lambda: granted.append(len(granted)))
    sparing.ask()
    assert len(granted) == 1
    sparing.ask()
    sparing.ask()
    assert len(granted) == 1
    qtbot.waitUntil(lambda: len(granted) == 2)
    sparing.ask(now=True)
    assert len(granted) == 3
    qtbot.waitUntil(lambda: not sparing._rest.isActive())
    assert len(granted) == 3  # nothing was asked for meanwhile
    sparing.ask()
    sparing.ask()
    sparing.stop()
    assert not sparing._rest.isActive()
    assert len(granted) == 4
