"""What part of a scene is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.scene.model import Axis, Panel, Scene
from resviz.scene.zoom import Zoom

HISTOGRAM = Panel("layer 2", "layer 2", Axis(-4, 4), Axis(0, 0.5), (), cell=(0, 0, 1, 1))
LOSS = Panel("loss", "loss", Axis(0, 100), Axis(1e-3, 10, scale="log"), (), cell=(0, 1, 1, 1))
SCENE = Scene((HISTOGRAM, LOSS), column_widths=(1.0, 2.0), caption="step 3")

factors = st.floats(0.3, 3.0)


@given(st.lists(st.tuples(st.floats(-4, 4), st.floats(0, 0.5), factors, st.sampled_from(["x", "y", "xy"]))))
def test_a_density_keeps_its_foot_and_never_leaves_its_axis(turns):
    zoom = Zoom()
    for x, y, factor, axes in turns:
        zoom = zoom.about(HISTOGRAM, x, y, factor, axes)
        panel = zoom.of(SCENE).panel("layer 2")
        assert -4 <= panel.x.low < panel.x.high <= 4
        assert panel.y.low == 0 < panel.y.high <= 0.5


@given(st.floats(0.1, 99.9), st.floats(2e-3, 9), st.floats(0.3, 0.99))
def test_the_point_under_the_mouse_stays_where_it_is(x, y, factor):
    panel = Zoom().about(LOSS, x, y, factor).of(SCENE).panel("loss")
    assert (x - panel.x.low) / (panel.x.high - panel.x.low) == pytest.approx(x / 100, abs=1e-9)
    up = np.log10([panel.y.low, y, panel.y.high])
    assert (up[1] - up[0]) / (up[2] - up[0]) == pytest.approx((np.log10(y) + 3) / 4, abs=1e-9)


def test_zooming_out_again_leaves_nothing_behind():
    zoom = Zoom().about(LOSS, 30, 0.1, 0.5)
    assert set(zoom.ranges) == {"loss"}
    for _ in range(5):
        zoom = zoom.about(LOSS, 30, 0.1, 2.0)
    assert zoom == Zoom()
    assert zoom.of(SCENE) is SCENE


def test_one_axis_alone():
    panel = Zoom().about(HISTOGRAM, 1.0, 0.1, 0.5, "x").of(SCENE).panel("layer 2")
    assert (panel.y, panel.x.low, panel.x.high) == (HISTOGRAM.y, -1.5, 2.5)


def test_an_enlarged_panel_has_the_whole_picture():
    scene = Zoom().enlarging("loss").of(SCENE)
    assert [(p.key, p.cell) for p in scene.panels] == [("loss", (0, 0, 1, 1))]
    assert (scene.row_heights, scene.column_widths, scene.caption) == ((1.0,), (1.0,), "step 3")
    assert Zoom().enlarging("gone").of(SCENE).panels == SCENE.panels


@given(st.floats(0.3, 0.9), st.lists(st.tuples(*[st.floats(-4, 4), st.floats(0, 0.5)] * 2), max_size=5))
def test_moving_keeps_the_length_of_axes_within_the_whole_ones(factor, drags):
    zoom = Zoom().about(HISTOGRAM, 0.5, 0.1, factor)
    before = zoom.of(SCENE).panel("layer 2")
    for x, y, to_x, to_y in drags:
        zoom = zoom.moved(HISTOGRAM, (x, y), (to_x, to_y))
        panel = zoom.of(SCENE).panel("layer 2")
        assert panel.x.low >= -4
        assert panel.x.high <= 4
        assert panel.y.low >= 0
        assert panel.y.high <= 0.5
        assert panel.x.high - panel.x.low == pytest.approx(before.x.high - before.x.low)
        assert panel.y.high - panel.y.low == pytest.approx(before.y.high - before.y.low)


def test_what_is_seized_is_taken_along():
    zoom = Zoom().about(LOSS, 50, 0.1, 0.5)
    before = zoom.of(SCENE).panel("loss")
    after = zoom.moved(LOSS, (50, 0.1), (45, 0.2)).of(SCENE).panel("loss")
    assert (after.x.low, after.x.high) == pytest.approx((before.x.low + 5, before.x.high + 5))
    assert (after.y.low, after.y.high) == pytest.approx((before.y.low / 2, before.y.high / 2))


def test_whole_axes_do_not_move():
    assert not Zoom().moved(LOSS, (50, 0.1), (45, 0.2)).ranges


def test_a_panel_that_becomes_logarithmic_lets_go_of_what_does_not_lie_above_0():
    straight = Panel("sweep", "", Axis(0, 100), Axis(0, 10), (), cell=(0, 1, 1, 1))
    zoom = Zoom().about(straight, 50, 0, 0.5)
    log = Panel("sweep", "", Axis(0, 100), Axis(1e-3, 10, scale="log"), (), cell=(0, 1, 1, 1))
    panel = zoom.of(Scene((log,))).panel("sweep")
    assert panel.y == log.y
    assert panel.x == Axis(25, 75)
    again = zoom.about(log, 50, 0.1, 0.5).of(Scene((log,))).panel("sweep")
    assert log.y.low < again.y.low < 0.1 < again.y.high < log.y.high
