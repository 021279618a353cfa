"""The window with its real widgets and a real engine, on a session small enough to train in a blink."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMessageBox,
    QSlider,
    QSpinBox,
    QTabWidget,
    QTextBrowser,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from windows import SMALL, STEPS, action, wait_for_step

from resviz.config import Session, load_session
from resviz.draw.view import SceneView
from resviz.gui.app import make_window
from resviz.gui.contrast_dock import alpha_at, position_of
from resviz.gui.curves import LossCurves
from resviz.gui.state import Edit, Load
from resviz.gui.units_tab import OBSERVABLES
from resviz.gui.window import MainWindow
from resviz.recording import Recording, run
from resviz.scene.model import Line, Role, Rule


def cursor_mark(window: MainWindow) -> float:
    panel = window.timeline.view.scene.panel("timeline")
    return next(mark.at for mark in panel.marks if isinstance(mark, Rule) and mark.role is Role.CURSOR)


# -- what is there ---------------------------------------------------------------------------------------


def test_every_promised_name_is_there(window: MainWindow) -> None:
    for name in ("run", "step", "reset", "new_seed", "play", "follow", "undo", "redo", "new", "open", "save",
                 "save_as", "export"):  # fmt: skip
        assert isinstance(window.findChild(QAction, name), QAction), name
    for name in ("tabs", "experiment", "network.alpha", "observable", "view", "layers", "lock_axes", "bins",
                 "window", "speed", "timeline", "contrast", "contrast_alpha", "preset",
                 "status"):  # fmt: skip
        assert isinstance(window.findChild(QWidget, name), QWidget), name


def test_controls_have_accessible_names(window: MainWindow) -> None:
    for kind in (QComboBox, QSlider, QSpinBox, SceneView):
        for control in window.findChildren(kind):
            assert control.accessibleName(), control.objectName()
    for box in window.findChildren(QCheckBox):
        assert box.accessibleName() or box.text()


def test_the_tab_offers_the_engines_own_observables() -> None:
    from resviz.observe import OBSERVABLES as ORIGINAL

    assert tuple((o.name, o.label, o.needs) for o in ORIGINAL.values()) == OBSERVABLES


def test_a_session_is_loaded_and_waits_at_its_start(window: MainWindow, qtbot: QtBot) -> None:
    wait_for_step(qtbot, window, 0)
    assert not action(window, "run").isChecked()
    assert window.controller.state.newest == 0
    assert window.controller.recording.step == 0


# -- transport -------------------------------------------------------------------------------------------


def test_run_trains_to_the_last_step_and_plays_to_it(window: MainWindow, qtbot: QtBot) -> None:
    window.findChild(QSlider, "speed").setValue(100)
    action(window, "run").trigger()
    assert action(window, "run").isChecked()
    assert action(window, "run").text() == "Pause"
    wait_for_step(qtbot, window, STEPS)
    qtbot.waitUntil(lambda: not action(window, "run").isChecked())
    assert f"step {STEPS} of {STEPS}" in window.findChild(QLabel, "status").text()
    assert window.controller.recording.step == STEPS


def test_pause_holds_training_and_cursor(window: MainWindow, qtbot: QtBot) -> None:
    wait_for_step(qtbot, window, 0)
    for _ in range(3):  # on, off, on again
        action(window, "run").trigger()
    assert action(window, "run").isChecked()
    action(window, "run").trigger()
    qtbot.waitUntil(lambda: window.controller._train.is_paused or not window.controller._train.busy)
    assert not window.controller.state.active


def test_step_trains_one_and_then_moves_the_cursor(window: MainWindow, qtbot: QtBot) -> None:
    wait_for_step(qtbot, window, 0)
    action(window, "step").trigger()
    wait_for_step(qtbot, window, 1)
    assert window.controller.recording.step == 1
    window.units.view.setFocus()
    qtbot.keyClick(window.units.view, Qt.Key.Key_Left)
    wait_for_step(qtbot, window, 0)
    qtbot.keyClick(window.units.view, Qt.Key.Key_Right)
    wait_for_step(qtbot, window, 1)
    assert window.controller.recording.step == 1


def test_reset_keeps_the_seed_and_gives_the_same_run(trained: MainWindow, qtbot: QtBot) -> None:
    before = trained.controller.recording
    action(trained, "reset").trigger()
    assert trained.controller.state.session == SMALL
    wait_for_step(qtbot, trained, 0)
    action(trained, "run").trigger()
    qtbot.waitUntil(lambda: trained.controller.state.ended, timeout=60_000)
    after = trained.controller.recording
    assert after is not before
    assert list(after.loss) == list(before.loss)


def test_new_seed_changes_the_network_seed_alone(trained: MainWindow, qtbot: QtBot) -> None:
    action(trained, "new_seed").trigger()
    seed = trained.controller.state.session.network.seed
    assert seed != SMALL.network.seed
    assert trained.controller.state.session == SMALL.with_values({"network.seed": seed})
    wait_for_step(qtbot, trained, 0)
    action(trained, "undo").trigger()
    assert trained.controller.state.session == SMALL
    action(trained, "redo").trigger()
    assert trained.controller.state.session.network.seed == seed


def test_dragging_the_timeline_scrubs(opened: MainWindow, qtbot: QtBot) -> None:
    view = opened.timeline.view
    place = view.geometry_of_panels.panel("timeline")

    def pixel(step: int) -> QPoint:
        return QPointF(*place.to_pixel(step, place.y.high)).toPoint() + QPoint(0, 2)

    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=pixel(3))
    wait_for_step(qtbot, opened, 3)
    QTest.mouseMove(view, pixel(7))
    wait_for_step(qtbot, opened, 7)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=pixel(7))
    assert cursor_mark(opened) == 7
    assert "step 7 of" in opened.findChild(QLabel, "status").text()


def test_play_replays_what_is_recorded(opened: MainWindow, qtbot: QtBot) -> None:
    opened.findChild(QSlider, "speed").setValue(100)
    action(opened, "play").trigger()
    assert opened.controller.state.cursor == 0
    assert not opened.controller.state.follow
    wait_for_step(qtbot, opened, STEPS)
    qtbot.waitUntil(lambda: not action(opened, "play").isChecked())


def test_speed_slider(window: MainWindow) -> None:
    slider = window.findChild(QSlider, "speed")
    assert window.controller.state.speed == 12.0
    slider.setValue(slider.maximum())
    assert window.controller.state.speed == 240.0


@pytest.mark.parametrize("key", ["Space", "Ctrl+Return"])
def test_keys_that_run(window: MainWindow, qtbot: QtBot, key: str) -> None:
    wait_for_step(qtbot, window, 0)
    window.activateWindow()
    window.units.view.setFocus()
    if key == "Space":
        qtbot.keyClick(window.units.view, Qt.Key.Key_Space)
    else:
        window.findChild(QLineEdit, "network.layers").setFocus()
        QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.controller.state.training


def test_keys_reset_and_new_seed(window: MainWindow, qtbot: QtBot) -> None:
    wait_for_step(qtbot, window, 0)
    view = window.timeline.view
    view.setFocus()
    run = window.controller.state.run
    qtbot.keyClick(view, Qt.Key.Key_R)
    assert window.controller.state.run == run + 1
    qtbot.keyClick(view, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert window.controller.state.session.network.seed != SMALL.network.seed


@pytest.mark.parametrize(
    "name", ["layers", "bins", "network.layers", "observable", "lock_axes", "runs.table"]
)
def test_arrows_move_no_cursor_from_a_control(opened: MainWindow, qtbot: QtBot, name: str) -> None:
    opened.controller.ask(_seek(4))
    control = opened.findChild(QWidget, name)
    control.setFocus()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
        qtbot.keyClick(control, key)
    assert opened.controller.state.cursor == 4
    control.clearFocus()


@pytest.mark.parametrize("name", ["observable", "preset", "network.activation", "layers", "bins", "speed",
                                  "contrast_alpha", "network.layers", "lock_axes", "depth_width",
                                  "runs.table"])  # fmt: skip
def test_window_keys_are_native_in_controls(window: MainWindow, qtbot: QtBot, name: str) -> None:
    wait_for_step(qtbot, window, 0)
    control = window.findChild(QWidget, name)
    control.setFocus()
    before = window.controller.state
    # in these two lists R chooses what begins with R, as it should
    keys = (
        [Qt.Key.Key_Space] if name in ("preset", "network.activation") else [Qt.Key.Key_Space, Qt.Key.Key_R]
    )
    for key in keys:
        qtbot.keyClick(control, key)
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
    after = window.controller.state
    assert (after.run, after.training, after.cursor) == (before.run, before.training, before.cursor)
    control.clearFocus()


# -- looking ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, _, _ in OBSERVABLES])
def test_every_observable_is_shown(opened: MainWindow, qtbot: QtBot, name: str) -> None:
    runs = opened.controller._train.run
    combo = opened.findChild(QComboBox, "observable")
    combo.setCurrentIndex(combo.findData(name))
    combo.activated.emit(combo.currentIndex())
    qtbot.waitUntil(lambda: opened.controller._look.sight.grid.observable.name == name, timeout=30_000)
    wait_for_step(qtbot, opened, STEPS)
    panel = opened.units.view.scene.panels[0]
    assert any(isinstance(m, Line) and m.role is Role.LIMIT for m in panel.marks)
    assert opened.controller._train.run == runs  # nothing was opened again


def test_sample_and_coordinate(opened: MainWindow, qtbot: QtBot) -> None:
    sample = opened.findChild(QSpinBox, "sample")
    assert (sample.isVisible(), sample.maximum()) == (True, 2)
    before = opened.units.view.scene.panels[0].marks[0].heights
    sample.setValue(2)
    qtbot.waitUntil(lambda: opened.controller._look.sight.what.sample == 2)
    wait_for_step(qtbot, opened, STEPS)
    qtbot.waitUntil(lambda: list(opened.units.view.scene.panels[0].marks[0].heights) != list(before))
    combo = opened.findChild(QComboBox, "observable")
    combo.setCurrentIndex(combo.findData("u"))
    combo.activated.emit(combo.currentIndex())
    coordinate = opened.findChild(QSpinBox, "coordinate")
    assert (coordinate.isVisible(), coordinate.maximum(), sample.isVisible()) == (True, 3, False)


def test_layers_are_pinned_by_number(opened: MainWindow, qtbot: QtBot) -> None:
    line = opened.findChild(QLineEdit, "layers")
    line.setText("1, 4 7")
    line.editingFinished.emit()
    qtbot.waitUntil(lambda: grid_keys(opened) == ["layer 1", "layer 4", "layer 7"])
    line.setText("9")
    line.editingFinished.emit()
    assert line.text() == "1 4 7"
    line.setText("")
    line.editingFinished.emit()
    qtbot.waitUntil(lambda: len(grid_keys(opened)) == 6)


def grid_keys(window: MainWindow) -> list[str]:
    return [panel.key for panel in window.units.view.scene.panels if panel.key.startswith("layer")]


def test_bins_window_and_lock(opened: MainWindow, qtbot: QtBot) -> None:
    def bars() -> int:
        return len(opened.units.view.scene.panels[0].marks[0].heights)

    opened.findChild(QSpinBox, "bins").setValue(17)
    qtbot.waitUntil(lambda: bars() == 17)
    opened.findChild(QSpinBox, "bins").setValue(0)
    qtbot.waitUntil(lambda: bars() != 17)
    opened.findChild(QSpinBox, "window").setValue(3)
    qtbot.waitUntil(lambda: "layers" in opened.units.view.scene.panels[0].title, timeout=30_000)
    lock = opened.findChild(QCheckBox, "lock_axes")
    assert len({(p.x.low, p.x.high) for p in opened.units.view.scene.panels}) == 1
    lock.click()
    assert opened.controller.state.choice.lock_axes is False


def test_axes_never_shrink_while_scrubbing(opened: MainWindow, qtbot: QtBot) -> None:
    def range_at(step: int) -> tuple[float, float]:
        opened.controller.ask(_seek(step))
        wait_for_step(qtbot, opened, step)
        axis = opened.units.view.scene.panels[0].x
        return axis.low, axis.high

    early = range_at(STEPS)
    qtbot.waitUntil(lambda: not opened.controller._look.busy, timeout=30_000)  # every step was visited
    first, last = range_at(0), range_at(STEPS)
    assert first == last
    assert last[0] <= early[0] < early[1] <= last[1]


def _seek(step: int):
    from resviz.gui.state import Seek

    return Seek(step)


# -- form ------------------------------------------------------------------------------------------------


def test_an_edit_starts_another_run(trained: MainWindow, qtbot: QtBot) -> None:
    line = trained.findChild(QLineEdit, "network.units")
    line.setText("16")
    line.editingFinished.emit()
    assert trained.controller.state.session.network.units == 16
    wait_for_step(qtbot, trained, 0)
    assert trained.controller.recording.session.network.units == 16
    action(trained, "undo").trigger()
    assert line.text() == "32"


def test_a_refused_edit_leaves_the_run_alone(trained: MainWindow) -> None:
    line = trained.findChild(QLineEdit, "network.layers")
    line.setText("0")
    line.editingFinished.emit()
    assert "network.layers" in trained.findChild(QLabel, "network.layers.rule").text()
    assert trained.controller.state.session == SMALL
    assert trained.controller.state.newest == STEPS


def test_live_edits_go_into_the_run(window: MainWindow, qtbot: QtBot) -> None:
    wait_for_step(qtbot, window, 0)
    for step in (1, 2):
        action(window, "step").trigger()
        wait_for_step(qtbot, window, step)
    for path, text in (("training.rate", "0.5"), ("training.steps", "14")):
        line = window.findChild(QLineEdit, path)
        line.setText(text)
        line.editingFinished.emit()
    action(window, "follow").trigger()
    action(window, "run").trigger()
    wait_for_step(qtbot, window, 14)
    recording = window.controller.recording
    first = recording.session.training.events[0]
    assert (first.step in (3, 4), first.rate) == (True, 0.5)
    assert recording.step == 14
    assert window.controller.state.run == 1
    assert window.controller.state.session == recording.session
    assert len(recording.session.training.events) == 1  # reported, not asked for again
    assert window.findChild(QLineEdit, "training.rate").text() == "0.5"
    again = run(Session(**recording.session.to_mapping()))
    assert list(again.loss) == pytest.approx(list(recording.loss), rel=1e-5)
    marks = window.timeline.view.scene.panel("timeline").marks
    assert {mark.text for mark in marks if isinstance(mark, Rule)} >= {"η 0.5, K 14"}


# -- contrast --------------------------------------------------------------------------------------------


def test_the_contrast_shows_twin_and_lazy_limit(opened: MainWindow) -> None:
    scene = opened.contrast.view.scene
    assert [entry.text for entry in scene.legend] == ["α = 1", "α = 8", "α → ∞"]
    roles = {mark.role for mark in scene.panel("loss").marks}
    assert {Role.SESSION, Role.TWIN, Role.LAZY} <= roles


def test_the_laziness_meter_and_the_drift(opened: MainWindow, qtbot: QtBot, recording: Recording) -> None:
    meter = opened.findChild(QLabel, "laziness_meter")
    qtbot.waitUntil(lambda: f"k = {STEPS}" in meter.text() and "twin" in meter.text(), timeout=30_000)
    assert f"{recording.laziness(STEPS):.3f} of their own spread (" in meter.text()
    assert "Some 1 where features are learned" in meter.toolTip()

    def line() -> Line | None:
        drift = opened.contrast.view.scene.panel("drift")
        return next((m for m in drift.marks if isinstance(m, Line) and m.role is Role.SESSION), None)

    qtbot.waitUntil(lambda: line() is not None and line().x[-1] == STEPS, timeout=30_000)
    assert line().y[-1] == pytest.approx(recording.kernel_drift(STEPS), rel=1e-4)
    button = opened.findChild(QToolButton, "contrast_help")
    button.click()
    assert button.accessibleName()


def test_a_tall_dock_shows_every_panel(opened: MainWindow, qtbot: QtBot) -> None:
    def keys() -> list[str]:
        return [panel.key for panel in opened.contrast.view.scene.panels]

    assert keys() == ["displacement", "travel", "drift", "loss"]
    opened.resize(1500, 2000)
    qtbot.waitUntil(lambda: len(keys()) == 6)
    assert {"scaled", "drift by depth"} <= set(keys())


def test_letting_the_slider_go_trains_another_twin_beside(trained: MainWindow, qtbot: QtBot) -> None:
    slider = trained.findChild(QSlider, "contrast_alpha")
    kept = trained.controller.recording
    old = kept.contrast
    slider.setSliderDown(True)
    slider.setValue(position_of(32))
    assert kept.contrast is old
    greyed = []
    trained.controller.contrast_scene.connect(
        lambda scene: greyed.append("α = 8 (old)" in [entry.text for entry in scene.legend])
    )
    slider.setSliderDown(False)
    trained.controller.paint()  # so small a twin may be trained before the event loop comes by
    assert any(greyed)
    qtbot.waitUntil(lambda: kept.contrast is not old, timeout=60_000)
    assert kept.contrast.session.network.alpha == alpha_at(position_of(32))
    qtbot.waitUntil(
        lambda: any(e.text == "α = 32" for e in trained.contrast.view.scene.legend), timeout=30_000
    )
    assert trained.controller.recording is kept
    assert trained.controller.state.session.contrast.alpha == 32


def test_scaled_displacements(opened: MainWindow, qtbot: QtBot) -> None:
    def shown() -> str:
        return opened.contrast.view.scene.panel("travel").y.label

    assert shown() == "mean Δu"
    opened.findChild(QCheckBox, "contrast_scaled").click()
    qtbot.waitUntil(lambda: shown() == "mean α Δu")


# -- files, themes, sizes --------------------------------------------------------------------------------


def test_save_and_open_a_session(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    window.controller.save(path)
    assert load_session(path) == SMALL
    assert window.controller.state.path == path
    assert "mine.toml" in window.windowTitle()
    line = window.findChild(QLineEdit, "network.units")
    line.setText("8")
    line.editingFinished.emit()
    assert window.isWindowModified()
    action(window, "save").trigger()
    assert not window.isWindowModified()
    assert load_session(path).network.units == 8
    window.controller.open(path)
    assert window.controller.state.session.network.units == 8


def test_save_and_open_a_recording(opened: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "run.resviz"
    opened.controller.save(path)
    qtbot.waitUntil(lambda: opened.controller.state.path == path, timeout=30_000)
    loss = list(opened.controller.recording.loss)
    action(opened, "new").trigger()
    opened.controller.open(path)
    qtbot.waitUntil(lambda: opened.controller.state.path == path, timeout=30_000)
    wait_for_step(qtbot, opened, STEPS)
    assert not opened.controller.state.active
    assert list(opened.controller.recording.loss) == loss


@pytest.mark.parametrize("name", ["missing.toml", "missing.resviz"])
def test_a_file_that_is_not_there_is_named(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, name: str
) -> None:
    window.controller.open(tmp_path / name)
    qtbot.waitUntil(lambda: name in window.notice.text, timeout=30_000)
    assert window.controller.state.session == SMALL


def test_presets_load_and_run(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from resviz.config import Preset
    from resviz.gui import window as module

    small = Preset("digits", "Digits", SMALL.with_values({"network.units": 8}), "look <b>here</b>")
    monkeypatch.setattr(module, "preset", lambda name: small)
    combo = window.findChild(QComboBox, "preset")
    combo.setCurrentIndex(combo.findData("digits"))
    combo.activated.emit(combo.currentIndex())
    assert window.controller.state.active
    assert "look here" in window.experiment.findChild(QWidget, "commentary").toPlainText()
    qtbot.waitUntil(lambda: window.controller.state.ended, timeout=60_000)
    assert window.controller.recording.session.network.units == 8


@pytest.mark.parametrize("name", ["light", "dark"])
def test_themes_reach_widgets_and_pictures(window: MainWindow, name: str) -> None:
    action(window, f"theme.{name}").trigger()
    assert window.units.view._theme.name == name
    ground = QApplication.palette().color(QPalette.ColorRole.Window).lightness()
    assert (ground > 128) is (name == "light")


@pytest.mark.parametrize(("width", "tabbed"), [(1280, True), (1500, False)])
def test_a_narrow_window_puts_the_contrast_beside_the_form(
    window: MainWindow, qtbot: QtBot, width: int, tabbed: bool
) -> None:
    window.resize(width, 800)
    qtbot.waitUntil(
        lambda: (window._contrast_dock in window.tabifiedDockWidgets(window._experiment_dock)) is tabbed
    )
    assert window.findChild(QTabWidget, "tabs").count() == 6


def test_the_list_of_runs_stays_in_front_when_the_contrast_moves(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1500, 800)
    runs = window.findChild(QDockWidget, "runs.dock")
    runs.raise_()
    for width, tabbed in ((1280, True), (1500, False), (1280, True)):
        window.resize(width, 800)
        qtbot.waitUntil(
            lambda tabbed=tabbed: (
                (window._contrast_dock in window.tabifiedDockWidgets(window._experiment_dock)) is tabbed
            )
        )
        qtbot.waitUntil(lambda: not runs.visibleRegion().isEmpty())
        assert window._experiment_dock.visibleRegion().isEmpty()


def test_a_long_status_pushes_nothing_out_of_the_toolbar(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 720)
    window.status.setText("a long status " * 30)
    more = window.toolbar.findChild(QToolButton, "qt_toolbar_ext_button")
    qtbot.waitUntil(lambda: window.width() == 1280 and window.status.isVisible() and not more.isVisible())


def test_no_label_of_the_form_is_cut(window: MainWindow) -> None:
    tree = window.experiment._tree
    metrics = tree.fontMetrics()
    for item in window.experiment._items.values():
        assert 2 * tree.indentation() + metrics.horizontalAdvance(item.text(0)) <= tree.columnWidth(0)


def test_the_commentary_begins_at_its_first_line(window: MainWindow) -> None:
    text = window.experiment.findChild(QTextBrowser, "commentary")
    window.experiment.show_commentary("<p>first</p>" * 40)
    text.verticalScrollBar().setValue(200)
    window.experiment.show_commentary("<p>second</p>" * 40)
    assert text.verticalScrollBar().value() == 0


# -- failures and the end --------------------------------------------------------------------------------


def test_divergence_pauses_names_step_and_layer_and_keeps_the_steps_before(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resviz.errors import DivergenceError
    from resviz.recording import record as real

    def diverging(session, **options):
        for at in real(session, **options):
            yield at
            if at.step == 4:
                raise DivergenceError("step 5, layer 3: not finite", step=5, layer=3, remedy="Lower rate.")

    wait_for_step(qtbot, window, 0)
    window.controller.training.apart = False  # another process would not know of this
    monkeypatch.setattr("resviz.recording.record", diverging)
    action(window, "reset").trigger()
    action(window, "follow").trigger()
    action(window, "run").trigger()
    qtbot.waitUntil(lambda: "layer 3" in window.notice.text, timeout=60_000)
    assert "step 5" in window.notice.text
    assert not window.controller.state.active
    wait_for_step(qtbot, window, 4)
    assert window.controller.recording.step == 4


def test_an_unexpected_error_is_reported_without_a_dialog(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_step(qtbot, window, 0)
    window.controller.failed.disconnect()
    window.controller.failed.connect(window.report)

    def broken(session, **options):
        raise RuntimeError("CUDA error: out of memory")
        yield

    window.controller.training.apart = False  # another process would not know of this
    monkeypatch.setattr("resviz.recording.record", broken)
    with qtbot.waitSignal(window.controller.failed, timeout=30_000) as failed:
        action(window, "reset").trigger()
    assert "in broken" in failed.args[1]
    assert "out of memory" in window.notice.text
    assert not window.findChildren(QDialog)
    monkeypatch.undo()
    action(window, "reset").trigger()  # and the window lives on
    wait_for_step(qtbot, window, 0)


def test_what_will_not_fit_is_not_started(window: MainWindow, qtbot: QtBot) -> None:
    wait_for_step(qtbot, window, 0)
    window.controller.ask(Edit({"network.layers": 100_000, "network.units": 10_000_000}))
    qtbot.waitUntil(lambda: "memory" in window.notice.text or "machine has" in window.notice.text)
    assert not window.controller.state.training


def test_closing_while_running_ends_every_thread(qtbot: QtBot) -> None:
    made = make_window(SMALL.with_values({"training.steps": 100_000}))
    qtbot.addWidget(made)
    made.show()
    action(made, "run").trigger()
    qtbot.waitUntil(lambda: made.controller.state.newest > 3, timeout=60_000)
    made.close()
    names = {thread.name for thread in threading.enumerate()}
    assert not any("train" in name for name in names)
    assert not made.controller._train._loop.isRunning()


def test_closing_during_a_run_asks_when_somebody_is_there(qtbot: QtBot) -> None:
    made = make_window(SMALL.with_values({"training.steps": 100_000}), interactive=True)
    qtbot.addWidget(made)
    made.show()
    action(made, "run").trigger()
    qtbot.waitUntil(lambda: made.controller.state.newest > 3, timeout=60_000)

    def asked() -> QMessageBox | None:
        return made.findChild(QMessageBox, "closing")

    made.close()
    assert "of 100000" in asked().text()
    asked().button(QMessageBox.StandardButton.Cancel).click()
    qtbot.waitUntil(lambda: asked() is None)
    assert made.isVisible()
    assert made.controller.state.training
    made.close()
    asked().button(QMessageBox.StandardButton.Close).click()
    qtbot.waitUntil(lambda: not made.isVisible())
    assert not made.controller._train._loop.isRunning()
    assert made.controller.close()  # every thread has ended


def test_a_window_that_waits_closes_without_a_question(qtbot: QtBot) -> None:
    made = make_window(SMALL, interactive=True)
    qtbot.addWidget(made)
    made.show()
    wait_for_step(qtbot, made, 0)
    made.close()
    assert not made.isVisible()
    assert made.findChild(QMessageBox, "closing") is None


def test_losses_are_read_once() -> None:
    read: list[int] = []

    class Growing:
        step, contrast, limit, lazy = 70, None, None, None

        def fields(self, step: int) -> SimpleNamespace:
            read.append(step)
            return SimpleNamespace(loss=1.0 / (1 + step))

    growing, curves = Growing(), LossCurves()
    assert curves.read(None).net is None
    assert list(curves.read(growing).net) == [1.0 / (1 + k) for k in range(71)]
    read.clear()
    growing.step = 73
    assert curves.read(growing).net.size == 74
    assert read == [71, 72, 73]
    other = Growing()
    assert curves.read(other).net.size == 71


def test_closing_before_the_engine_is_loaded(qtbot: QtBot) -> None:
    made = make_window(SMALL)
    qtbot.addWidget(made)
    made.show()
    made.close()
    assert not made.controller._train._loop.isRunning()


def test_training_is_another_process(window: MainWindow, qtbot: QtBot) -> None:
    from resviz.apart import process

    window.controller.ask(Load(SMALL.with_values({"training.steps": 100_000})))
    wait_for_step(qtbot, window, 0)
    action(window, "run").trigger()
    qtbot.waitUntil(lambda: window.controller.state.newest > 3, timeout=60_000)
    for trainer in [one for one in process._all if one.alive and one not in process._idle]:
        os.kill(trainer._process.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: "signal 9" in window.notice.text, timeout=60_000)
    kept = window.controller.state.newest
    assert window.controller.recording.step == kept > 3
    action(window, "run").trigger()  # in a new process, from there on
    qtbot.waitUntil(lambda: window.controller.state.newest > kept, timeout=60_000)


def test_nothing_is_trained_behind_a_pause(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.ask(Load(SMALL.with_values({"training.steps": 100_000})))
    wait_for_step(qtbot, window, 0)
    action(window, "follow").trigger()
    action(window, "run").trigger()
    qtbot.waitUntil(lambda: window.controller.state.newest > 3, timeout=60_000)
    action(window, "run").trigger()
    job = window.controller.training.worker._newest
    qtbot.waitUntil(lambda: job.paused and job.steered.held, timeout=60_000)
    stood = window.controller.recording.step
    qtbot.waitUntil(lambda: window.controller.state.cursor == stood, timeout=60_000)
    window.controller.ask(Edit({"training.rate": 0.5}))
    for step in (stood + 1, stood + 2):
        action(window, "step").trigger()
        qtbot.waitUntil(lambda step=step: window.controller.state.cursor == step, timeout=60_000)
        assert window.controller.recording.step == step
    (event,) = window.controller.recording.session.training.events
    # a slow machine may have been paused within a step, to which an edit comes too late
    assert event.step in (stood + 1, stood + 2)
    assert event.rate == 0.5
