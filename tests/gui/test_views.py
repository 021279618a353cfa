"""The views of the Units tab: their rules, and each of them in a window on a finished recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from resviz.config import Session
from resviz.gui.app import make_window
from resviz.gui.flow import FlowLayout, labelled
from resviz.gui.pictures import export_options
from resviz.gui.resolve import resolve
from resviz.gui.state import AppState, Choice, Look, Pin, Seek
from resviz.gui.views import MOST_PINNED, VIEWS, pinned_with, shown_of
from resviz.gui.window import MainWindow
from resviz.recording import Recording, run
from resviz.scene.depth_map import KEYS
from resviz.scene.model import Bars, Heat, Line, Points
from resviz.scene.readout import readout

STEPS = 6
SMALL = Session(
    data={"samples": 3, "dimension": 4},
    network={"layers": 40, "units": 32},
    training={"steps": STEPS},
    limit={"nodes": 8, "units": 64},
)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return run(SMALL)


@pytest.fixture
def window(qtbot: QtBot, recording: Recording) -> Iterator[MainWindow]:
    """A finished recording, cursor at the last step, in a window with room for everything."""
    made = make_window(SMALL)
    made.controller.failed.connect(lambda error, report: pytest.fail(report))
    made.resize(1600, 1000)
    made.show()
    qtbot.addWidget(made)
    made.controller.files.opened.emit(recording, Path("small.resviz"))
    wait_for(qtbot, made, STEPS)
    yield made
    made.close()


def wait_for(qtbot: QtBot, window: MainWindow, step: int) -> None:
    def drawn() -> bool:
        scene = window.units.view.scene
        return scene.caption.startswith(f"step {step} ") and all(panel.marks for panel in scene.panels)

    qtbot.waitUntil(drawn, timeout=30_000)


def choose(window: MainWindow, name: str, value: str) -> None:
    combo = window.findChild(QComboBox, name)
    combo.setCurrentIndex(combo.findData(value))
    combo.activated.emit(combo.currentIndex())


def kinds(window: MainWindow) -> set[type]:
    return {type(mark) for panel in window.units.view.scene.panels for mark in panel.marks}


# -- rules -----------------------------------------------------------------------------------------------


@given(
    st.sets(st.integers(0, 99), min_size=1, max_size=MOST_PINNED),
    st.integers(0, 99),
)
def test_a_click_pins_or_lets_go(pinned: set[int], layer: int) -> None:
    session = Session(network={"layers": 100})
    before = tuple(sorted(pinned))
    after = pinned_with(before, layer, session)
    assert after == tuple(sorted(set(after)))
    assert 1 <= len(after) <= MOST_PINNED
    near = min(before, key=lambda one: abs(one - layer))
    if abs(near - layer) <= 1:
        assert near not in after or before == after == (near,)
    else:
        assert layer in after
        assert set(before) - set(after) <= {near}


def test_pinning_begins_with_the_layers_that_are_shown() -> None:
    state = AppState(Session(network={"layers": 100}))
    after = resolve(state, Pin(3))
    assert after.choice.layers == (3, 8, 25, 41, 58, 75, 91)
    assert resolve(after, Pin(3)).choice.layers == (8, 25, 41, 58, 75, 91)


def test_what_is_left_open_is_filled_in() -> None:
    assert shown_of(Choice(), 10).view == "grid-map"
    assert shown_of(Choice(roomy=False), 10).view == "grid"
    assert shown_of(Choice(view="paths", roomy=False), 10).view == "paths"
    assert shown_of(Choice(observable="travel_u"), 10).second == "travel_v"
    same = shown_of(Choice(observable="u", coordinate=9), 10)
    assert (same.second, same.second_coordinate) == ("u", 0)
    assert shown_of(Choice(observable="u", second="v", coordinate=4), 10).second_coordinate == 4
    assert shown_of(Choice(second_coordinate=7), 10).second_coordinate == 7


def test_a_coordinate_that_another_session_lacks_is_let_go() -> None:
    state = AppState(Session(), choice=Choice(second_coordinate=9, coordinate=9))
    small = resolve(state, Look({"view": "cloud"}))
    assert small.choice.second_coordinate == 9
    from resviz.gui.state import Edit

    after = resolve(small, Edit({"data.dimension": 3}))
    assert after.choice.second_coordinate is None


def test_an_export_takes_the_view_that_is_shown() -> None:
    state = AppState(Session(), choice=Choice(view="cloud", second="u_norm", bins=7))
    options = export_options(state, "dark")
    assert (options.view, options.second, options.bins, options.theme) == ("cloud", "u_norm", 7, "dark")
    roomy = export_options(replace(state, choice=Choice(roomy=True)), "light")
    assert (roomy.view, roomy.maps) == ("overview", True)
    flat = export_options(replace(state, choice=Choice(roomy=False)), "light")
    assert (flat.view, flat.maps) == ("overview", False)
    # maps and ridges pool layers only where that was asked for; the grid fills its own in
    assert (flat.window, export_options(replace(state, choice=Choice(window=3)), "light").window) == (None, 3)
    # a pair that cannot be drawn forbids no export of a view that has none
    mixed = export_options(replace(state, choice=Choice(view="grid", second="b")), "light")
    assert (mixed.view, mixed.second) == ("overview", None)


# -- the window ------------------------------------------------------------------------------------------


def test_every_view_shows_every_step(window: MainWindow, qtbot: QtBot) -> None:
    expected = {
        "ridgeline": ({Bars, Line}, ["ridgeline"]),
        "depth-map": ({Heat, Line}, list(KEYS)),
        "cloud": ({Points, Line}, [f"layer {layer}" for layer in (3, 10, 16, 23, 30, 36)]),
        "paths": ({Points, Line}, ["paths 0", "paths 1", "paths 2"]),
    }
    for view, (marks, keys) in expected.items():
        choose(window, "view", view)
        qtbot.waitUntil(lambda k=keys: [p.key for p in window.units.view.scene.panels] == k, timeout=30_000)
        wait_for(qtbot, window, window.controller.state.cursor)
        assert kinds(window) == marks, view
        for step in (2, STEPS):
            window.controller.ask(Seek(step))
            wait_for(qtbot, window, step)
    choose(window, "view", "grid")
    qtbot.waitUntil(lambda: kinds(window) >= {Bars} and not kinds(window) & {Heat, Points})
    assert {name for name, _ in VIEWS} == {*expected, "grid", "grid-map"}


def test_maps_stand_below_the_grid_where_there_is_room(window: MainWindow, qtbot: QtBot) -> None:
    scene = window.units.view.scene
    assert [panel.key for panel in scene.panels[-3:]] == list(KEYS)
    assert len(scene.panels) == 9
    # one value axis for all, as long as axes are locked
    assert len({(panel.x.low, panel.x.high) for panel in scene.panels}) == 1
    window.resize(1600, 680)
    qtbot.waitUntil(lambda: len(window.units.view.scene.panels) == 6)
    assert window.controller.state.choice.view == "grid-map"
    window.resize(1600, 1000)
    qtbot.waitUntil(lambda: len(window.units.view.scene.panels) == 9)


def test_a_click_on_a_map_pins_the_layer_there(window: MainWindow, qtbot: QtBot) -> None:
    view = window.units.view

    def click(layer: int, key: str = "depth limit") -> None:
        place = view.geometry_of_panels.panel(key)
        at = QPointF(*place.to_pixel(0.0, (layer + 0.5) / 40)).toPoint()
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)

    def pinned() -> list[str]:
        return [panel.key for panel in view.scene.panels[:-3]]

    click(20)
    qtbot.waitUntil(lambda: "layer 20" in pinned(), timeout=30_000)
    assert len(pinned()) == 7
    assert len([m for m in view.scene.panel("depth finite").marks if isinstance(m, Line)]) == 7
    assert window.units.layers.text() == "3 10 16 20 23 30 36"
    click(20, "depth difference")
    qtbot.waitUntil(lambda: len(pinned()) == 6, timeout=30_000)
    click(3, "layer 3")  # a panel of the grid is no map
    assert len(window.controller.state.choice.layers) == 6


def test_controls_follow_the_view(window: MainWindow, qtbot: QtBot) -> None:
    def seen(name: str) -> bool:
        return window.findChild(QWidget, name).isVisible()

    assert (seen("second"), seen("bins"), seen("lock_axes"), seen("layers")) == (False, True, True, True)
    choose(window, "view", "cloud")
    assert (seen("second"), seen("bins"), seen("lock_axes")) == (True, False, False)
    assert not seen("second_coordinate")
    assert window.findChild(QComboBox, "second").currentData() == "backward"
    choose(window, "second", "u")
    assert seen("second_coordinate")
    window.findChild(QSpinBox, "second_coordinate").setValue(3)
    qtbot.waitUntil(lambda: window.units.view.scene.panels[0].y.label == "u₃", timeout=30_000)
    choose(window, "view", "paths")
    assert (seen("window"), seen("layers")) == (False, False)
    qtbot.waitUntil(lambda: window.units.view.scene.panels[0].y.label == "u₃", timeout=30_000)


def test_a_unit_and_a_field_make_no_cloud_and_it_says_so(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, "view", "cloud")
    choose(window, "second", "h")
    qtbot.waitUntil(lambda: "two of a kind" in window.units.view.scene.panels[0].message, timeout=30_000)
    choose(window, "observable", "b")
    qtbot.waitUntil(lambda: window.units.view.scene.panels[0].x.label == "b", timeout=30_000)
    wait_for(qtbot, window, STEPS)


def test_the_mouse_reads_every_view(window: MainWindow, qtbot: QtBot) -> None:
    for view, key, words in (
        ("depth-map", "depth finite", "s = 0.5"),
        ("ridgeline", "ridgeline", "s = "),
        ("paths", "paths 0", "layer "),
    ):
        choose(window, "view", view)
        qtbot.waitUntil(lambda k=key: window.units.view.scene.panels[0].key == k, timeout=30_000)
        wait_for(qtbot, window, STEPS)
        panel = window.units.view.scene.panels[0]
        assert readout(panel, 0.2, 0.5)[0].startswith(words)
        at = window.units.view.geometry_of_panels.panel(panel.key).to_pixel(panel.x.low, panel.y.high)
        QTest.mouseMove(window.units.view, QPointF(at[0] + 40, at[1] + 40).toPoint())
        window.units.view.repaint()


def test_play_waits_for_the_maps(window: MainWindow, qtbot: QtBot) -> None:
    """The cursor does not run ahead of what is shown."""
    choose(window, "observable", "travel_v")
    qtbot.waitUntil(lambda: window.controller._look.sight.grid.observable.name == "travel_v", timeout=30_000)
    sight = window.controller._look.sight
    qtbot.waitUntil(lambda: not window.controller._look.busy, timeout=30_000)
    assert sight.unbroken_from(0) == STEPS == sight.whole.unbroken_from(0)


def test_controls_wrap_and_nothing_leaves_the_row(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = FlowLayout(holder)
    widgets = [labelled(f"number {i}", QSpinBox()) for i in range(5)]
    for widget in widgets:
        flow.addWidget(widget)
    one = widgets[0].sizeHint()
    holder.resize(one.width() * 2 + 40, 300)
    holder.show()
    qtbot.waitUntil(lambda: widgets[4].isVisible())
    tops = [widget.y() for widget in widgets]
    assert tops[0] == tops[1] < tops[2] == tops[3] < tops[4]
    assert all(widget.geometry().right() < holder.width() for widget in widgets)
    wide, narrow = flow.heightForWidth(one.width() * 9), flow.heightForWidth(one.width())
    assert narrow > 4 * one.height() > wide >= one.height()
    widgets[0].hide()
    flow.activate()
    assert widgets[1].x() <= one.width() / 2
    assert (flow.count(), flow.itemAt(9), flow.takeAt(9)) == (5, None, None)
