"""Runs that were not saved: offered after a crash, kept after closing, deleted only when asked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QTableWidget
from pytestqt.qtbot import QtBot
from windows import SMALL, STEPS, action, wait_for_step

from resviz.config import preset
from resviz.gui.app import make_window
from resviz.gui.recovery import RecoveryDialog, leave
from resviz.gui.stored import read_remembered, write_remembered
from resviz.gui.window import MainWindow
from resviz.recording import Recording, record
from resviz.recording.spool import Found, Spool, spool_folder, unfinished


def half(recording: Recording, steps: int = 6) -> Recording:
    return recording.branch(steps, recording.session)


def abandoned(recording: Recording) -> Path:
    """A spool as a killed program leaves it: written, and locked by nobody."""
    spool = Spool.create(recording)
    spool.flush()
    path = spool.path
    spool.close()
    return path


@pytest.fixture
def toured() -> None:
    write_remembered(read_remembered().model_copy(update={"toured": True}))


def test_a_killed_run_is_offered_and_goes_on(
    window: MainWindow, qtbot: QtBot, recording: Recording, toured: None
) -> None:
    path = abandoned(half(recording))
    wait_for_step(qtbot, window, 0)
    window.starting.begin()
    qtbot.waitUntil(lambda: window.findChild(RecoveryDialog) is not None, timeout=30_000)
    dialog = window.findChild(RecoveryDialog)
    assert dialog.findChild(QTableWidget).item(0, 0).text() == "small"
    assert dialog.findChild(QTableWidget).item(0, 1).text() == f"5 of {STEPS}"
    dialog.findChild(QPushButton, "recovery.open").click()
    wait_for_step(qtbot, window, 5)
    state = window.controller.state
    assert (state.session, state.path, state.newest) == (SMALL, None, 5)
    assert window.controller.recording.spool.path == path
    action(window, "follow").trigger()
    action(window, "run").trigger()
    wait_for_step(qtbot, window, STEPS)
    assert abs(window.controller.recording.loss[-1] / recording.loss[-1] - 1) < 1e-3


def test_what_was_left_on_purpose_is_not_offered_but_listed(
    window: MainWindow, qtbot: QtBot, recording: Recording, toured: None
) -> None:
    one = half(recording)
    Spool.create(one)
    leave([one])
    assert read_remembered().left == (str(one.spool.path),)
    wait_for_step(qtbot, window, 0)
    with qtbot.waitSignal(window.starting._recovery.found, timeout=30_000) as caught:
        window.starting.begin()
    assert caught.args == [[], False]
    assert window.findChild(RecoveryDialog) is None
    action(window, "unsaved").trigger()
    qtbot.waitUntil(lambda: window.findChild(RecoveryDialog) is not None, timeout=30_000)
    dialog = window.findChild(RecoveryDialog)
    assert dialog.table.rowCount() == 1
    dialog.findChild(QPushButton, "recovery.drop").click()
    qtbot.waitUntil(lambda: not unfinished(), timeout=30_000)
    qtbot.waitUntil(lambda: window.findChild(RecoveryDialog) is None)


def test_too_much_asks_what_to_delete(
    window: MainWindow, qtbot: QtBot, recording: Recording, toured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps in (4, 6):
        one = half(recording, steps)
        Spool.create(one)
        leave([one])
    window.preferences.settings = window.preferences.settings.model_copy(update={"spool_gb": 1e-6})
    wait_for_step(qtbot, window, 0)
    window.starting.begin()  # they were left on purpose, but there is too much of them
    qtbot.waitUntil(lambda: window.findChild(RecoveryDialog) is not None, timeout=30_000)
    dialog = window.findChild(RecoveryDialog)
    assert "Choose those to delete" in dialog.findChild(QLabel, "recovery.text").text()
    dialog.table.selectRow(0)
    dialog.findChild(QPushButton, "recovery.drop").click()
    qtbot.waitUntil(lambda: len(unfinished()) == 1, timeout=30_000)
    dialog.findChild(QPushButton, "recovery.later").click()
    assert len(unfinished()) == 1  # nothing is deleted that was not chosen


def test_closing_keeps_what_is_not_saved(qtbot: QtBot) -> None:
    made = make_window(SMALL, interactive=True)
    qtbot.addWidget(made)
    made.show()
    action(made, "follow").trigger()
    action(made, "run").trigger()
    qtbot.waitUntil(lambda: made.controller.state.ended, timeout=60_000)
    made.close()
    assert [Path(name).parent for name in read_remembered().left] == [spool_folder()]


def test_saving_leaves_nothing_to_recover(trained: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    trained.controller.save(tmp_path / "kept.resviz")
    qtbot.waitUntil(lambda: trained.controller.state.path is not None, timeout=30_000)
    leave([trained.controller.recording])
    assert unfinished() == []


def test_a_preset_that_anybody_can_run_again_is_not_kept() -> None:
    session = preset("linear").session
    for at in record(session, contrast=False):
        if at.recording.spool is None:
            Spool.create(at.recording)
        if at.step == 2:
            break
    assert at.recording.session == session
    leave([at.recording])
    assert unfinished() == []
    assert read_remembered().left == ()


def test_the_dialog_says_when_there_is_nothing(qtbot: QtBot) -> None:
    dialog = RecoveryDialog([], False, 5e9, lambda path: None, lambda paths: None)
    qtbot.addWidget(dialog)
    assert "no unsaved runs" in dialog.findChild(QLabel, "recovery.text").text()
    assert not dialog.open_button.isEnabled()
    assert not dialog.drop_button.isEnabled()


def test_several_can_be_deleted_but_one_opened(qtbot: QtBot) -> None:
    found = [Found(Path(name), "", SMALL, 3, 9, datetime(2026, 1, 2), 5000) for name in ("a", "b", "c")]
    dropped: list[Path] = []
    dialog = RecoveryDialog(found, False, 5e9, lambda path: None, dropped.extend)
    qtbot.addWidget(dialog)
    dialog.table.selectAll()
    assert not dialog.open_button.isEnabled()
    dialog.table.clearSelection()
    dialog.table.selectRow(1)
    dialog.drop_button.click()
    assert dropped == [Path("b")]
    assert [one.path.name for one in found] == ["a", "b", "c"]
    assert dialog.table.rowCount() == 2
