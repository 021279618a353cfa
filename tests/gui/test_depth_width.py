"""Depth is width."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSlider
from pytestqt.qtbot import QtBot
from windows import action, wait_for_step

from resviz.gui.depth_width import shapes
from resviz.gui.window import MainWindow


@given(st.integers(1, 100_000), st.integers(1, 100_000))
def test_every_shape_has_as_many_units(layers: int, units: int) -> None:
    found = shapes(layers, units)
    assert (layers, units) in found
    assert {depth * width for depth, width in found} == {layers * units}
    assert all(deeper == (2 * depth, width // 2) for (depth, width), deeper in itertools.pairwise(found))
    deepest = found[-1]
    assert deepest[1] % 2 or deepest[0] * 2 > 100_000
    assert shapes(*found[0]) == found


def test_hello_goes_down_to_one_unit_a_layer() -> None:
    assert shapes(64, 256)[0] == (1, 16384)
    assert shapes(64, 256)[-1] == (16384, 1)


def test_the_slider_restarts_the_net_with_the_limit_it_has(trained: MainWindow, qtbot: QtBot) -> None:
    before = trained.controller.recording
    slider = trained.findChild(QSlider, "depth_width")
    text = trained.findChild(QLabel, "depth_width.value")
    assert text.text() == "8 × 32"
    slider.setSliderDown(True)
    slider.setValue(slider.value() + 2)
    assert text.text() == "32 × 8"
    assert trained.controller.recording is before  # not before it is let go
    slider.setSliderDown(False)
    network = trained.controller.state.session.network
    assert (network.layers, network.units) == (32, 8)
    wait_for_step(qtbot, trained, 0)
    after = trained.controller.recording
    assert after.limit.fields(10) is before.limit.fields(10)  # solved once
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert trained.controller.state.session.network.units == 4
    action(trained, "undo").trigger()
    action(trained, "undo").trigger()
    assert text.text() == "8 × 32"


def test_an_odd_shape_has_nothing_to_trade(window: MainWindow) -> None:
    from resviz.gui.state import Edit

    window.controller.ask(Edit({"network.layers": 7, "network.units": 5}))
    assert not window.findChild(QSlider, "depth_width").isEnabled()
