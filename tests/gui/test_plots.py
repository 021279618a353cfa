"""Looking closer at a plot, its menu, and what that copies and writes."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot
from windows import SMALL, STEPS

import resviz
from resviz.config import Session, preset
from resviz.draw.view import SceneView
from resviz.errors import RequestError
from resviz.export.carried import read_provenance
from resviz.export.options import Options
from resviz.export.verify import verify
from resviz.gui.plot_menu import PlotMenu
from resviz.gui.recipe import command_text, python_text
from resviz.gui.state import AppState
from resviz.gui.window import MainWindow


def wheel(view: SceneView, key: str, turns: int = 1, keys=Qt.KeyboardModifier.NoModifier) -> None:
    place = view.geometry_of_panels.panel(key).plot
    at = QPointF(place.left + place.width / 2, place.top + place.height / 2)
    buttons = Qt.MouseButton.NoButton
    event = QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * turns),
        buttons,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def centre(view: SceneView, key: str) -> QPoint:
    place = view.geometry_of_panels.panel(key).plot
    return QPoint(round(place.left + place.width / 2), round(place.top + place.height / 2))


def menu_of(view: SceneView, panel: str) -> QMenu:
    made = next(child for child in view.children() if isinstance(child, PlotMenu)).menu(panel)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return made


def trigger(view: SceneView, name: str, panel: str = "") -> None:
    menu = menu_of(view, panel)
    menu.findChild(QAction, f"plot.{name}").trigger()
    menu.close()


# -- looking closer --------------------------------------------------------------------------------------


def test_the_wheel_zooms_one_panel_and_a_resets(opened: MainWindow, qtbot: QtBot) -> None:
    view = opened.units.view
    first, second = (panel.key for panel in view.scene.panels[:2])
    before = view.scene.panel(first)
    wheel(view, first)
    assert view.seen.panel(first).x.high < before.x.high
    assert view.seen.panel(first).y.high < before.y.high
    assert view.seen.panel(second) is view.scene.panel(second)
    opened.controller.paint()  # a new scene is looked at in the same way
    assert view.seen.panel(first).x.high < before.x.high
    qtbot.keyClick(view, Qt.Key.Key_A)
    assert view.seen is view.scene
    wheel(view, first, keys=Qt.KeyboardModifier.ShiftModifier)
    assert view.seen.panel(first).y == before.y
    wheel(view, first, -8)
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.seen is not view.scene
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.seen is view.scene


def test_the_middle_button_moves_a_zoomed_plot(opened: MainWindow, qtbot: QtBot) -> None:
    view = opened.units.view
    key = view.scene.panels[0].key
    at, middle = centre(view, key), Qt.MouseButton.MiddleButton

    def drag(by: QPoint) -> None:
        qtbot.mousePress(view, middle, pos=at)
        for share in (2, 1):
            to = QPointF(at + by / share)
            event = QMouseEvent(
                QEvent.Type.MouseMove, to, view.mapToGlobal(to), Qt.MouseButton.NoButton, middle,
                Qt.KeyboardModifier.NoModifier,
            )  # fmt: skip
            QApplication.sendEvent(view, event)
        qtbot.mouseRelease(view, middle, pos=at + by)

    drag(QPoint(40, 0))
    assert view.seen is view.scene  # all of it was seen
    wheel(view, key, 3)
    before = view.seen.panel(key)
    place = view.geometry_of_panels.panel(key).plot
    drag(QPoint(40, 0))
    after, width = view.seen.panel(key), before.x.high - before.x.low
    moved = before.x.low - after.x.low
    assert moved == pytest.approx(40 / place.width * width, rel=0.1)
    assert after.x.high == pytest.approx(before.x.high - moved)
    qtbot.mouseMove(view, at)
    assert view.seen.panel(key).x == after.x  # nothing is seized any more
    qtbot.keyClick(view, Qt.Key.Key_A)
    assert view.seen is view.scene


def test_double_click_enlarges_and_escape_takes_it_back(opened: MainWindow, qtbot: QtBot) -> None:
    view = opened.units.view
    keys = [panel.key for panel in view.scene.panels]
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=centre(view, keys[2]))
    assert [panel.key for panel in view.seen.panels] == [keys[2]]
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    assert [panel.key for panel in view.seen.panels] == [keys[3]]
    qtbot.keyClick(view, Qt.Key.Key_PageUp)
    qtbot.keyClick(view, Qt.Key.Key_PageUp)
    assert [panel.key for panel in view.seen.panels] == [keys[1]]
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert len(view.seen.panels) == len(keys)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert len(view.seen.panels) == 1
    assert not opened.controller.state.active  # Return runs nothing here
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=centre(view, view.seen.panels[0].key))
    assert len(view.seen.panels) == len(keys)


def test_an_enlarged_panel_that_is_gone_gives_its_place_back(opened: MainWindow, qtbot: QtBot) -> None:
    from resviz.gui.state import Look

    view = opened.units.view
    view.enlarge(view.scene.panels[2].key)
    opened.controller.ask(Look({"layers": (0, 1)}))
    qtbot.waitUntil(lambda: [panel.key for panel in view.seen.panels][:2] == ["layer 0", "layer 1"])


# -- the menu --------------------------------------------------------------------------------------------


def test_every_plot_has_the_menu(opened: MainWindow, qtbot: QtBot) -> None:
    for view in opened.findChildren(SceneView):
        assert view.contextMenuPolicy() is Qt.ContextMenuPolicy.CustomContextMenu, view.objectName()
        names = {entry.objectName() for entry in menu_of(view, "").actions()}
        assert {f"plot.{name}" for name in ("figure", "data", "copy_picture", "copy_values", "copy_python",
                                            "copy_command", "all")} <= names  # fmt: skip
    view = opened.units.view
    view.customContextMenuRequested.emit(centre(view, view.scene.panels[0].key))
    shown = QApplication.activePopupWidget()
    assert isinstance(shown, QMenu)
    assert "Enlarge" in shown.actions()[0].text()
    shown.close()


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "csv", "npz"])
def test_figures_and_numbers_are_written(
    opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"figure.{suffix}"
    # a name without its extension gets that of the chosen kind
    monkeypatch.setattr(
        QFileDialog,
        "getSaveFileName",
        lambda *a: (str(path if suffix == "pdf" else path.with_suffix("")), f"X (*.{suffix})"),
    )
    view = opened.units.view
    trigger(view, "data" if suffix in ("csv", "npz") else "figure")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert str(path) in opened.notice.text
    if suffix == "png":
        assert QImage(str(path)).width() == 2 * view.width()
        # the dialog asks about the name that was typed, not about the one it becomes
        trigger(view, "figure")
        assert "exists already" in opened.notice.text
    carried = read_provenance(path)
    assert (carried.sessions, carried.steps) == ((opened.controller.state.session,), (STEPS,))
    # on axes that grew in this window: no session draws them again, and `resviz verify` says so
    with pytest.raises(RequestError, match="what a window showed"):
        next(verify(path))
    if suffix == "npz":
        with np.load(path) as read:
            np.testing.assert_array_equal(
                read["layer-0/finite-bars/heights"], view.scene.panels[0].marks[0].heights
            )


def test_a_folder_that_is_not_there_is_named(opened: MainWindow, tmp_path: Path) -> None:
    view = opened.units.view
    next(child for child in view.children() if isinstance(child, PlotMenu)).export(tmp_path / "no" / "a.png")
    assert "cannot be written" in opened.notice.text


def test_copies(opened: MainWindow) -> None:
    clipboard, view = QGuiApplication.clipboard(), opened.units.view
    trigger(view, "copy_picture")
    assert clipboard.image().width() == 2 * view.width()
    trigger(view, "copy_values", "layer 0")
    lines = clipboard.text().splitlines()
    assert lines[0].split("\t")[:3] == ["panel", "mark", "x"]
    assert {line.split("\t")[0] for line in lines[1:]} == {"layer 0"}
    trigger(view, "copy_python", "layer 0")
    assert "rec.density('preactivation', layer=0, step=10" in clipboard.text()
    trigger(opened.timeline.view, "copy_command")
    assert clipboard.text() == "resviz small.resviz"  # where it was opened from


# -- recipes ---------------------------------------------------------------------------------------------


def state_of(session: Session, **more) -> AppState:
    return replace(AppState(session, newest=STEPS, cursor=4), **more)


OPTIONS = Options(view="grid", layers=(0, 5), window=2, sample=1)


def test_the_python_text_draws_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recording
) -> None:
    monkeypatch.chdir(tmp_path)
    edited = SMALL.with_values({"training.steps": 4}).with_event(2, rate=0.5)
    trained = []
    monkeypatch.setattr(resviz, "run", lambda session: trained.append(session) or recording)
    scope: dict = {}
    exec(python_text(state_of(edited), OPTIONS, 5), scope)
    assert trained == [edited]
    assert QImage("grid.png").width() == 1920
    assert len(scope["values"]) == 64
    assert scope["density"].pdf.max() > 0


@pytest.mark.parametrize("options", [OPTIONS, None])
def test_the_command_means_the_same_session(options: Options | None) -> None:
    from resviz.cli.session import read_session

    for session in (
        SMALL.with_event(2, rate=0.5, steps=7),
        preset("digits").session.with_values({"network.alpha": 2.5}),
        Session(data={"kind": "spirals", "samples": 12}, training={"optimizer": "sgd"}),
    ):
        words = shlex.split(command_text(state_of(session), options))
        assert words[:2] == ["resviz", "run" if options is None else "export"]
        changes = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
        assert read_session(words[2], changes).with_values({"title": ""}) == session.with_values(
            {"title": ""}
        )


def test_a_preset_and_a_saved_file_are_named(tmp_path: Path) -> None:
    hello = preset("hello").session
    assert "--set" not in command_text(state_of(hello, preset="hello"), OPTIONS)
    file = tmp_path / "my run.resviz"
    saved = state_of(hello, path=file, saved=hello, saved_step=STEPS)
    assert f"'{file}'" in command_text(saved, OPTIONS)
    assert "open_recording" in python_text(saved, None)
