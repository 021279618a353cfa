"""Other runs over the present one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.scene.error import ErrorCurves, error_scene
from resviz.scene.fields import FieldCurves, fields_scene
from resviz.scene.histogram import histogram
from resviz.scene.model import Axis, Bars, Line, Panel, Role, Rule, Scene
from resviz.scene.others import LOOKS, Other, look_of, with_errors, with_fields, with_losses, with_outlines
from resviz.scene.timeline import timeline

EDGES = np.linspace(-2.0, 2.0, 9)


class Fixed:
    """A series of one step whose units are given."""

    newest, layers, depths, window, alpha = 0, (3,), (0.5,), 1, 1.0

    def __init__(self, values):
        self.values = np.asarray(values, float)

    def has(self, step):
        return step == 0

    def finite(self, step, place):
        return self.values


def grid(high=0.5):
    bars = Bars(EDGES, np.full(8, 0.25))
    rule = Line(EDGES, np.zeros(9), Role.LIMIT)
    return Scene((Panel("layer 3", "layer 3", Axis(-2, 2), Axis(0, high), (bars, rule)),))


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=60))
def test_an_outline_is_the_runs_histogram_on_the_bins_of_the_present_one(values):
    scene = with_outlines(grid(), 0, [Other("run 2", 2, Fixed(values))], {})
    bars, outline, limit = scene.panels[0].marks
    assert (bars.role, limit.role) == (Role.FINITE, Role.LIMIT)
    heights = histogram(values, EDGES).heights
    np.testing.assert_array_equal(outline.y[1:-1:2], heights)
    np.testing.assert_array_equal(outline.x[::2], EDGES)
    inside = np.sum(heights * np.diff(EDGES))
    assert inside == pytest.approx(np.mean(np.abs(values) <= 2), abs=1e-12)
    assert scene.panels[0].y.high >= heights.max()


def test_axes_grow_for_outlines_and_never_shrink():
    tops = {}
    high = with_outlines(grid(), 0, [Other("a", 1, Fixed([0.1] * 5))], tops).panels[0].y.high
    assert high > 0.5
    again = with_outlines(grid(), 0, [Other("a", 1, Fixed(np.linspace(-2, 2, 50)))], tops)
    assert again.panels[0].y.high == high


def test_a_step_that_a_run_does_not_have_is_left_out():
    scene = grid()
    assert with_outlines(scene, 1, [Other("a", 1, Fixed([0.0])), Other("b", 2)], {}) is scene


def test_every_look_is_its_own():
    assert len({look_of(number) for number in range(1, LOOKS + 1)}) == LOOKS
    assert look_of(LOOKS + 1) == look_of(1)


def test_losses_lie_under_the_present_one_and_fit():
    scene = timeline([1.0, 0.5], None, 4, 1)
    both = with_losses(scene, "timeline", [Other("a", 1, loss=np.array([8.0, 0.01])), Other("b", 2)])
    lines = [mark for mark in both.panel("timeline").marks if isinstance(mark, Line)]
    assert [line.role for line in lines] == [look_of(1)[0], Role.SESSION]
    assert both.panel("timeline").y.low <= 0.01 <= 8 <= both.panel("timeline").y.high
    assert isinstance(both.panel("timeline").marks[-1], Rule)
    assert with_losses(scene, "timeline", []) is scene
    assert with_losses(scene, "nothing", [Other("a", 1, loss=np.ones(3))]) is scene


def test_errors_of_other_runs_have_their_look_and_room():
    scene = error_scene(ErrorCurves(64, 256, 10, np.full(5, 0.1), np.zeros(5)), step=2, steps=4)
    both = with_errors(scene, [("a", 1, np.full(3, 7.0)), ("b", 2, np.empty(0))])
    (line,) = [m for m in both.panel("error").marks if isinstance(m, Line) and m.role is look_of(1)[0]]
    assert line.y.max() == 7.0
    assert both.panel("error").y.high >= 7.0
    assert [entry.text for entry in both.legend if entry.text in "ab"] == ["a"]
    assert isinstance(both.panel("error").marks[-1], Rule)


def test_other_runs_show_nothing_that_the_panel_had_left_out():
    """The limit's own error is next to nothing at step 0: the axis once went down to it, ten decades."""
    own = np.array([1e-10, 1e-3, 1e-3])
    scene = error_scene(ErrorCurves(64, 256, 10, np.full(3, 0.01), own), step=1, steps=2)
    for errors in (np.full(3, 0.02), np.full(3, np.nan)):
        both = with_errors(scene, [("a", 1, errors)])
        assert both.panel("error").y.low >= 0.1 * scene.panel("error").y.low > 1e-9
    assert both.panel("error").y == scene.panel("error").y


def test_fields_of_other_nets_are_dotted_in_the_colours_of_their_coordinates():
    def curves(layers, value):
        empty, none, depths = np.empty(0), np.empty((0, 2)), np.linspace(0, 1, layers + 1)
        values = np.full((layers + 1, 2), value)
        return FieldCurves((0, 1), depths, values, -values, empty, none, none, empty, empty, empty, "none")

    scene = fields_scene(curves(8, 1.0), step=3, sample=0)
    both = with_fields(scene, [curves(4, 2.0)])
    for key, value in (("h", 2.0), ("b", -2.0)):
        dotted = [m for m in both.panel(key).marks if isinstance(m, Line) and m.dash == "dot"]
        assert [m.role for m in dotted] == [Role.FIRST, Role.SECOND]
        assert all((m.y == value).all() and m.x.size == 5 for m in dotted)
    assert both.panel("apart") is not None
    assert with_fields(fields_scene(None, step=0, sample=0), [curves(4, 2.0)]).legend == scene.legend[2:]
    assert with_fields(scene, []) is scene
