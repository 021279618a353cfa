"""New, Open recent, drag and drop, the title; and edits that go into a run, or branch off from it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot
from windows import SMALL, STEPS, action, wait_for_step

from resviz.config import Session
from resviz.gui import files
from resviz.gui.documents import dropped
from resviz.gui.stored import read_remembered
from resviz.gui.window import MainWindow
from resviz.gui.work import Stage
from resviz.recording import Recording, run


def edit(window: MainWindow, path: str, text: str) -> None:
    line = window.findChild(QLineEdit, path)
    line.setText(text)
    line.editingFinished.emit()


def drop(window: MainWindow, *paths: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    asked = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPointF(5, 5).toPoint(), *asked)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), *asked))
    return enter.isAccepted()


def test_a_dropped_session_is_opened(window: MainWindow, tmp_path: Path) -> None:
    path = SMALL.with_values({"title": "dropped"}).save(tmp_path / "dropped.toml")
    assert drop(window, path)
    assert window.controller.state.session.title == "dropped"
    assert "dropped.toml" in window.windowTitle()


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch, recording: Recording) -> Iterator[dict[str, threading.Event]]:
    """Recordings whose reading ends when it is told to, by their names."""
    there: dict[str, threading.Event] = {"a.resviz": threading.Event(), "b.resviz": threading.Event()}

    def read(path: Path):
        yield Stage(f"opening {path.name}")
        assert there[path.name].wait(60)
        yield recording

    monkeypatch.setattr(files, "open_file", read)
    yield there
    for event in there.values():
        event.set()


def test_a_recording_does_not_come_in_place_of_a_run_begun_since(
    window: MainWindow, qtbot: QtBot, slow_disk
) -> None:
    control = window.controller
    wait_for_step(qtbot, window, 0)
    control.open(Path("a.resviz"))
    action(window, "reset").trigger()
    run = control.state.run
    assert "a.resviz is not opened" in window.notice.text
    with qtbot.waitSignal(control.files._worker.finished, timeout=60_000):
        slow_disk["a.resviz"].set()
    wait_for_step(qtbot, window, 0)
    assert (control.state.run, control.state.path) == (run, None)


def test_of_two_recordings_the_one_asked_for_last_comes(window: MainWindow, qtbot: QtBot, slow_disk) -> None:
    control = window.controller
    wait_for_step(qtbot, window, 0)
    control.open(Path("a.resviz"))
    control.save(Path("c.resviz"))
    assert "a.resviz is being read" in window.notice.text
    control.open(Path("b.resviz"))
    for event in slow_disk.values():
        event.set()
    qtbot.waitUntil(lambda: not control.files._worker.busy, timeout=60_000)
    assert control.state.path == Path("b.resviz")
    wait_for_step(qtbot, window, STEPS)
    assert not Path("c.resviz").exists()


def test_what_is_no_session_is_not_taken(window: MainWindow, tmp_path: Path) -> None:
    assert not drop(window, tmp_path / "picture.png")
    assert not drop(window, tmp_path / "a.toml", tmp_path / "b.toml")  # which of the two?
    assert dropped(QMimeData()) is None


def test_files_opened_and_saved_are_offered_again(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    menu = window.findChild(QMenu, "open_recent")
    menu.aboutToShow.emit()
    assert [entry.isEnabled() for entry in menu.actions()] == [False]
    first, second = SMALL.save(tmp_path / "a & b.toml"), tmp_path / "two.resviz"
    window.controller.open(first)
    wait_for_step(qtbot, window, 0)
    window.controller.save(second)
    qtbot.waitUntil(lambda: window.controller.state.path == second, timeout=30_000)
    assert read_remembered().recent == (str(second), str(first))
    menu.aboutToShow.emit()
    entries = [entry for entry in menu.actions() if not entry.isSeparator()]
    assert entries[1].text().startswith("a && b.toml")
    window.controller.ask(_load(Session()))
    entries[1].trigger()
    assert window.controller.state.path == first
    entries[-1].trigger()
    assert read_remembered().recent == ()


def _load(session: Session):
    from resviz.gui.state import Load

    return Load(session)


def test_the_title_shows_what_is_not_saved(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    wait_for_step(qtbot, window, 0)
    assert not window.isWindowModified()
    edit(window, "network.units", "8")
    assert window.isWindowModified()
    action(window, "undo").trigger()
    assert not window.isWindowModified()
    path = tmp_path / "run.resviz"
    qtbot.waitUntil(lambda: window.controller.state.newest == 0, timeout=30_000)
    window.controller.save(path)
    qtbot.waitUntil(lambda: window.controller.state.path == path, timeout=30_000)
    assert not window.isWindowModified()
    action(window, "step").trigger()
    wait_for_step(qtbot, window, 1)
    assert window.isWindowModified()  # the recording has grown


def test_a_finished_run_goes_on_from_its_last_step(window: MainWindow, qtbot: QtBot, recording) -> None:
    whole = recording.branch(STEPS + 1, recording.session)  # the fixture is shared, and stays as it is
    window.controller.files.opened.emit(whole, Path("whole.resviz"))
    wait_for_step(qtbot, window, STEPS)
    state = window.controller.state
    assert state.ended
    action(window, "follow").trigger()
    edit(window, "training.steps", str(STEPS + 5))
    assert window.controller.state.run == state.run
    wait_for_step(qtbot, window, STEPS + 5)
    went_on = window.controller.recording
    assert went_on is whole
    assert [event.model_dump(exclude_none=True) for event in went_on.session.training.events] == [
        {"step": STEPS + 1, "steps": STEPS + 5}
    ]
    assert went_on.fields(STEPS) is recording.fields(STEPS)
    longer = run(SMALL.with_values({"training.steps": STEPS + 5}), limits={})
    assert abs(went_on.loss[-1] / longer.loss[-1] - 1) < 1e-3
    assert window.controller.state.session == went_on.session


def test_a_run_that_was_opened_halfway_goes_on(window: MainWindow, qtbot: QtBot, recording) -> None:
    half = recording.branch(5, recording.session)
    window.controller.files.opened.emit(half, Path("half.resviz"))
    wait_for_step(qtbot, window, 4)
    action(window, "follow").trigger()
    action(window, "run").trigger()
    wait_for_step(qtbot, window, STEPS)
    assert window.controller.recording is half


def test_an_edit_with_the_cursor_in_the_past_asks(opened: MainWindow, qtbot: QtBot) -> None:
    from resviz.gui.state import Seek

    opened.interactive = True
    first = opened.controller.state.run
    opened.controller.ask(Seek(4))
    wait_for_step(qtbot, opened, 4)

    def asked() -> QMessageBox:
        return opened.findChild(QMessageBox, "where")

    edit(opened, "training.rate", "0.5")
    asked().button(QMessageBox.StandardButton.Cancel).click()
    qtbot.waitUntil(lambda: asked() is None)
    assert opened.findChild(QLineEdit, "training.rate").text() == "1"
    assert opened.controller.state.run == first
    edit(opened, "training.rate", "0.5")
    asked().findChild(QPushButton, "where.here").click()
    qtbot.waitUntil(lambda: asked() is None)
    opened.interactive = False
    state = opened.controller.state
    assert state.branch == (first, 4)
    wait_for_step(qtbot, opened, 4)
    action(opened, "follow").trigger()
    action(opened, "run").trigger()
    wait_for_step(qtbot, opened, STEPS)
    branch = opened.controller.recording
    assert [branch.fields(k).rate for k in (3, 4, STEPS)] == [1.0, 0.5, 0.5]
    again = run(Session(**branch.session.to_mapping()))
    assert max(abs(branch.loss / again.loss - 1)) < 1e-3
