"""The window on a recording that somebody else writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from windows import STEPS, action, wait_for_step

from resviz.cli import main
from resviz.gui.following import Following
from resviz.gui.window import MainWindow
from resviz.recording import Recording
from resviz.recording.spool import Spool


class Writer:
    """Another process's run, step by step."""

    def __init__(self, recording: Recording, path: Path) -> None:
        self._whole = recording
        self.made = recording.branch(3, recording.session)
        self.spool = Spool.create(self.made, path=path.with_name(f"{path.name}.part"))
        self.spool.flush()

    def go_on(self, step: int) -> None:
        for name in ("", "contrast."):
            mine, theirs = (self.made.contrast, self._whole.contrast) if name else (self.made, self._whole)
            for k in range(mine.step + 1, step + 1):
                mine.append(theirs.fields(k))
                mine.limit.append(theirs.limit.fields(k))
        for k in range(self.made.lazy.newest + 1, step + 1):
            self.made.lazy.append(self._whole.lazy.fields(k))
        self.spool.flush()


@pytest.fixture
def following(window: MainWindow, recording: Recording, tmp_path: Path):
    path = tmp_path / "run.resviz"
    writer = Writer(recording, path)
    made = Following(window.controller, path, window)
    yield made, writer, path
    writer.spool.drop()
    assert made.close(5000)


def test_a_growing_run_is_shown_to_its_end(
    window: MainWindow, qtbot: QtBot, recording: Recording, following
) -> None:
    made, writer, path = following
    wait_for_step(qtbot, window, 2)
    run = window.controller.state.run
    assert not window.controller.state.training
    action(window, "follow").trigger()
    for step in (5, STEPS):
        writer.go_on(step)
        qtbot.waitUntil(lambda step=step: window.controller.state.newest == step, timeout=20_000)
        assert window.controller.state.cursor == step
    writer.made.save(path)
    writer.spool.close()
    qtbot.waitUntil(lambda: not made._worker.busy, timeout=20_000)
    assert window.controller.state.run == run
    shown = window.controller.recording
    assert shown.fields(STEPS).h.tobytes() == recording.fields(STEPS).h.tobytes()


def test_running_on_from_a_followed_run_leaves_it_alone(window: MainWindow, qtbot: QtBot, following) -> None:
    made, writer, _ = following
    wait_for_step(qtbot, window, 2)
    action(window, "run").trigger()
    qtbot.waitUntil(lambda: not made._worker.busy, timeout=20_000)
    wait_for_step(qtbot, window, STEPS)
    assert writer.made.step == 2
    assert window.controller.recording.spool.path != writer.spool.path


def test_what_nobody_records_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.resviz"), "--follow"]) == 2
    assert "nobody records it" in capsys.readouterr().err
    assert main(["window", "--follow"]) == 2
