"""The list of runs, and pinned runs over the present one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QMessageBox, QPushButton, QTableWidget
from pytestqt.qtbot import QtBot
from windows import SMALL, action, wait_for_step

from resviz.config import Session
from resviz.fields.memory import MEMORY
from resviz.gui.overlays import _NetAlone, _series
from resviz.gui.removing import RemovingQuestion
from resviz.gui.runs_dock import NAME, NOTE, PIN, RUN, SETTINGS, SHOW, STEPS, settings_text
from resviz.gui.state import Edit, EditRun, Look, RemoveRun
from resviz.gui.window import MainWindow
from resviz.gui.work import Places, What
from resviz.recording import Recording, run
from resviz.recording.spool import spool_folder, unfinished
from resviz.scene.histogram import histogram
from resviz.scene.model import Bars, Line, Points
from resviz.scene.others import look_of

ON, OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked


def table(window: MainWindow) -> QTableWidget:
    return window.findChild(QTableWidget, "runs.table")


def texts(window: MainWindow, column: int) -> list[str]:
    return [table(window).item(row, column).text() for row in range(table(window).rowCount())]


def outlines(window: MainWindow, number: int) -> list[Line]:
    role, dash = look_of(number)
    marks = [mark for panel in window.units.view.scene.panels for mark in panel.marks]
    return [m for m in marks if isinstance(m, Line) and (m.role, m.dash) == (role, dash)]


def test_runs_are_listed_named_and_noted(opened: MainWindow, qtbot: QtBot) -> None:
    action(opened, "new_seed").trigger()
    wait_for_step(qtbot, opened, 0)
    first = opened.controller.state.runs[0].number
    assert texts(opened, RUN) == [str(first + 1), str(first)]
    assert texts(opened, STEPS) == ["0 of 10", "10 of 10"]
    seeds = [one.session.network.seed for one in reversed(opened.controller.state.runs)]
    assert texts(opened, SETTINGS) == [f"seed {seed}" for seed in seeds]  # what differs
    assert "M 32" in table(opened).item(0, SETTINGS).toolTip()
    table(opened).item(1, NAME).setText("the first")
    table(opened).item(1, NOTE).setText("keep this")
    kept = opened.controller.state.runs[0]
    assert (kept.name, kept.note) == ("the first", "keep this")
    assert texts(opened, NOTE) == ["", "keep this"]


def test_only_rows_that_changed_are_written(trained: MainWindow, qtbot: QtBot) -> None:
    rows = table(trained)
    for _ in range(2):
        action(trained, "new_seed").trigger()
        action(trained, "step").trigger()
        qtbot.waitUntil(lambda: trained.controller.state.newest >= 1)
    rows.setCurrentCell(2, NOTE)
    written: set[int] = set()
    rows.model().dataChanged.connect(lambda first, last: written.update(range(first.row(), last.row() + 1)))
    trained.controller.ask(EditRun(trained.controller.state.runs[1].number, {"note": "second"}))
    assert written == {1}
    assert texts(trained, NOTE) == ["", "second", ""]
    first = trained.controller.state.runs[0].number
    action(trained, "new_seed").trigger()  # a row on top of them
    assert texts(trained, RUN) == [str(first + n) for n in (3, 2, 1, 0)]
    assert (rows.currentRow(), rows.currentColumn()) == (3, NOTE)  # still of the first run
    trained.controller.ask(RemoveRun(first + 1))
    assert texts(trained, RUN) == [str(first + n) for n in (3, 2, 0)]
    assert texts(trained, NOTE) == ["", "", ""]


def test_a_pinned_run_is_drawn_over_the_present_one(opened: MainWindow, qtbot: QtBot) -> None:
    before = opened.controller.recording
    number = opened.controller.state.run
    opened.controller.ask(Edit({"network.layers": 4, "network.units": 64}))
    wait_for_step(qtbot, opened, 0)
    table(opened).item(1, PIN).setCheckState(ON)
    qtbot.waitUntil(lambda: len(outlines(opened, number)) == 4, timeout=30_000)
    panel = opened.units.view.scene.panels[0]
    bars = next(mark for mark in panel.marks if isinstance(mark, Bars))
    depth = opened.controller.state.session.network.layers
    layer = round(int(panel.key.split()[1]) * 8 / depth)
    values = before.values("preactivation", layer=layer, step=0, window=8)
    heights = histogram(np.asarray(values, float), bars.edges).heights
    np.testing.assert_allclose(outlines(opened, number)[0].y[1:-1:2], heights)
    assert any(entry.text == f"run {number}" for entry in opened.units.view.scene.legend)
    role = look_of(number)[0]
    for view, key in ((opened.timeline.view, "timeline"), (opened.contrast.view, "loss")):
        assert any(getattr(mark, "role", None) is role for mark in view.scene.panel(key).marks)
    table(opened).item(1, SHOW).setCheckState(OFF)
    qtbot.waitUntil(lambda: not outlines(opened, number))
    table(opened).item(1, SHOW).setCheckState(ON)
    qtbot.waitUntil(lambda: bool(outlines(opened, number)))


@pytest.mark.parametrize("view", ["ridgeline", "cloud", "paths"])
def test_a_pinned_run_is_drawn_in_the_other_views(view: str, opened: MainWindow, qtbot: QtBot) -> None:
    """Of another depth: at the depths of the present one."""
    number = opened.controller.state.run
    opened.controller.ask(Edit({"network.layers": 4, "network.units": 64}))
    wait_for_step(qtbot, opened, 0)
    opened.controller.ask(Look({"view": view}))
    table(opened).item(1, PIN).setCheckState(ON)
    role = look_of(number)[0]

    def marks() -> list[list[Line | Points]]:
        found = [[m for m in p.marks if isinstance(m, Line | Points)] for p in opened.units.view.scene.panels]
        return [[m for m in panel if m.role is role] for panel in found]

    qtbot.waitUntil(lambda: bool(marks()) and all(marks()), timeout=30_000)
    count = {"ridgeline": [4], "cloud": [1] * 4, "paths": [4] * 3}[view]
    assert [len(panel) for panel in marks()] == count
    assert [e.text for e in opened.units.view.scene.legend if e.role is role] == [f"run {number}"]
    table(opened).item(1, SHOW).setCheckState(OFF)
    qtbot.waitUntil(lambda: not any(marks()))


def test_a_run_without_that_sample_or_coordinate_is_not_looked_at(recording: Recording) -> None:
    """Its data are 3 samples in 4 dimensions."""
    run, places = _NetAlone(recording), Places((1, 5), 2, 1)

    def found(**what: object) -> bool:
        given = {"observable": "preactivation", "sample": 0, "coordinate": 0, **what}
        return _series(run, places, 8, What(**given)) is not None  # type: ignore[arg-type]

    for view in ("grid", "ridgeline", "cloud", "paths"):
        assert found(view=view, second="backward")
        assert not found(view=view, second="backward", sample=3)
    assert found(view="ridgeline", coordinate=4)  # which nobody reads
    assert not found(view="ridgeline", observable="u", coordinate=4)
    assert not found(view="cloud", second="u", second_coordinate=4)
    assert not found(view="paths", observable="u_norm", second="v_norm", coordinate=4)  # its planes do
    assert not found(view="depth-map")


def test_a_pinned_run_is_drawn_in_the_tabs_beside(opened: MainWindow, qtbot: QtBot) -> None:
    number = opened.controller.state.run
    action(opened, "new_seed").trigger()
    wait_for_step(qtbot, opened, 0)
    opened.tabs.setCurrentWidget(opened.tabs.fields)
    table(opened).item(1, PIN).setCheckState(ON)
    view = opened.tabs.fields.view

    def dotted() -> list[Line]:
        marks = view.scene.panel("h").marks if view.scene.panels else ()
        return [m for m in marks if isinstance(m, Line) and m.dash == "dot"]

    qtbot.waitUntil(lambda: len(dotted()) == 4)
    opened.tabs.setCurrentWidget(opened.tabs.error)
    view = opened.tabs.error.view
    qtbot.waitUntil(lambda: any(entry.text == f"run {number}" for entry in view.scene.legend))
    role = look_of(number)[0]
    assert any(isinstance(m, Line) and m.role is role for m in view.scene.panel("error").marks)


def test_return_shows_a_run_again(opened: MainWindow, qtbot: QtBot) -> None:
    before, number = opened.controller.recording, opened.controller.state.run
    action(opened, "reset").trigger()
    wait_for_step(qtbot, opened, 0)
    table(opened).setCurrentCell(1, RUN)
    qtbot.keyClick(table(opened), Qt.Key.Key_Return)
    assert opened.controller.state.run == number
    assert opened.controller.recording is before
    wait_for_step(qtbot, opened, 10)
    assert not opened.controller.state.active


def test_a_run_that_was_left_halfway_goes_on_when_it_is_shown(window: MainWindow, qtbot: QtBot) -> None:
    for step in (1, 2):
        action(window, "step").trigger()
        wait_for_step(qtbot, window, step)
    first, kept = window.controller.state.run, window.controller.recording
    action(window, "new_seed").trigger()
    wait_for_step(qtbot, window, 0)
    table(window).cellDoubleClicked.emit(1, SETTINGS)
    assert window.controller.state.run == first
    wait_for_step(qtbot, window, 2)
    action(window, "follow").trigger()
    action(window, "run").trigger()
    wait_for_step(qtbot, window, 10)
    assert window.controller.recording is kept
    whole = run(SMALL)
    assert abs(kept.loss[-1] / whole.loss[-1] - 1) < 1e-3


def menu_action(window: MainWindow, row: int, name: str) -> QAction:
    return window.runs.menu(row).findChild(QAction, f"runs.{name}")


def test_an_unsaved_run_is_removed_when_that_is_answered(trained: MainWindow, qtbot: QtBot) -> None:
    first, recording = trained.controller.state.run, trained.controller.recording
    action(trained, "reset").trigger()
    wait_for_step(qtbot, trained, 0)
    assert not menu_action(trained, 0, "remove").isEnabled()  # the present one
    menu_action(trained, 1, "remove").trigger()
    question = trained.findChild(RemovingQuestion)
    assert "10 steps" in question.text()
    assert "Unsaved runs" in question.informativeText()
    question.button(QMessageBox.StandardButton.Cancel).click()
    assert first in trained.controller.state.numbers
    table(trained).setCurrentCell(1, RUN)
    qtbot.keyClick(table(trained), Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(trained.findChildren(RemovingQuestion)) == 1)
    trained.findChild(QPushButton, "removing.remove").click()
    assert first not in trained.controller.state.numbers
    assert first not in trained.controller.training.kept
    assert texts(trained, RUN) == [str(first + 1)]
    (found,) = [one for one in unfinished() if one.path == recording.spool.path]
    assert found.step == 10  # it can be opened again


def test_a_saved_run_is_removed_at_once(opened: MainWindow, qtbot: QtBot) -> None:
    action(opened, "new_seed").trigger()
    wait_for_step(qtbot, opened, 0)
    menu_action(opened, 1, "remove").trigger()
    assert len(opened.controller.state.runs) == 1
    assert opened.findChild(RemovingQuestion) is None


def test_the_menu_shows_pins_and_names_a_run(opened: MainWindow, qtbot: QtBot, qtlog) -> None:
    first = opened.controller.state.run
    action(opened, "new_seed").trigger()
    wait_for_step(qtbot, opened, 0)
    menu_action(opened, 1, "pin").trigger()
    assert opened.controller.state.runs[0].pinned
    menu_action(opened, 1, "pin").trigger()
    assert not opened.controller.state.runs[0].pinned
    menu_action(opened, 1, "name").trigger()
    menu_action(opened, 1, "name").trigger()  # once more while it is open: Qt would say that it failed
    assert not [record for record in qtlog.records if "editing failed" in record.message]
    editor = table(opened).findChild(QLineEdit)
    qtbot.keyClicks(editor, "mi")
    action(opened, "step").trigger()
    qtbot.waitUntil(lambda: texts(opened, STEPS)[0] == "1 of 10")
    qtbot.keyClicks(editor, "ne")  # the run that went on has not taken back what is being typed
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened.controller.state.runs[0].name == "mine")
    menu_action(opened, 1, "show").trigger()
    assert opened.controller.state.run == first
    assert not opened.isWindowModified()  # all of it is in its file


def test_memory_is_bounded_pinned_runs_are_kept_and_others_are_trained_again(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = window
    # one of its own: other tests may have written the shared one to the disk
    opened.controller.files.opened.emit(run(SMALL), Path("small.resviz"))
    wait_for_step(qtbot, opened, 10)
    first = opened.controller.state.run
    assert opened.controller.recording.spool is None  # it lies in no spool: memory is all there is
    monkeypatch.setattr(MEMORY, "limit", 1)
    action(opened, "new_seed").trigger()
    qtbot.waitUntil(lambda: texts(opened, STEPS)[1] == "not in memory")
    assert first not in opened.controller.training.kept
    monkeypatch.undo()
    table(opened).cellDoubleClicked.emit(1, RUN)
    qtbot.waitUntil(lambda: opened.controller.state.ended, timeout=30_000)
    assert opened.controller.state.run == first
    assert opened.controller.recording.step == 10
    table(opened).item(texts(opened, RUN).index(str(first)), PIN).setCheckState(ON)
    monkeypatch.setattr(MEMORY, "limit", 1)
    action(opened, "new_seed").trigger()
    assert first in opened.controller.training.kept


def test_a_trained_run_is_spooled_and_leaves_memory_by_itself(trained: MainWindow) -> None:
    spool = trained.controller.recording.spool
    assert spool is not None
    assert spool.failure is None
    action(trained, "reset").trigger()
    assert len(trained.controller.training.kept) == 1


def test_runs_that_trained_nothing_leave_nothing_behind(trained: MainWindow, qtbot: QtBot) -> None:
    control = trained.controller
    for _ in range(3):
        action(trained, "new_seed").trigger()
        qtbot.waitUntil(lambda: control.recording is not None and control.recording.step == 0)
    assert len(control.training.kept) == 1  # the trained one
    assert len(list(spool_folder().iterdir())) == 2  # and the present one


def test_settings_say_what_tells_runs_apart() -> None:
    session = Session(training={"optimizer": "sgd"}).with_event(5, rate=0.25)
    assert settings_text(session) == "gaussian  L 64  M 256  tanh  α 1  sgd  η 1→0.25  seed 11"
