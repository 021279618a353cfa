import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resviz.scene.clip import clipped
from resviz.scene.model import Axis, Band, Bars, Line, Role, Rule, Span

X, Y = Axis(-1, 1), Axis(0, 2)
points = st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=2, max_size=30)


def line(x, y):
    return Line(np.asarray(x, float), np.asarray(y, float), Role.LIMIT)


@given(points)
@example([(2.0, 0.0), (0.0, 0.0), (5e-324, 0.0)])  # a step too small to divide by
def test_no_point_of_a_clipped_line_is_outside(path):
    x, y = np.array(path).T
    left = clipped(line(x, y), X, Y)
    if left is None:
        assert not ((abs(x) < 1) & (y > 0) & (y < 2)).any()
        return
    good = np.isfinite(left.x)
    assert (abs(left.x[good]) <= 1).all()
    assert ((left.y[good] >= 0) & (left.y[good] <= 2)).all()
    inside = (abs(x) <= 1) & (y >= 0) & (y <= 2)
    assert {*zip(x[inside], y[inside], strict=True)} <= {*zip(left.x, left.y, strict=True)}


def test_a_line_is_cut_at_the_border_and_comes_back():
    left = clipped(line([-2, 0, 0.5, 1], [1, 1, 4, 1]), X, Y)
    expected = [(np.nan, np.nan), (-1, 1), (0, 1), (1 / 6, 2), (np.nan, np.nan), (5 / 6, 2), (1, 1)]
    np.testing.assert_allclose(np.stack([left.x, left.y], 1), expected)


def test_a_line_inside_costs_nothing():
    curve = line([-1, 0, 1], [0, 1, 2])
    assert clipped(curve, X, Y) is curve
    assert clipped(line([3, 4], [1, 1]), X, Y) is None


def test_crossings_on_a_log_axis_are_those_of_the_drawn_line():
    left = clipped(line([0, 1], [10, 1e-3]), Axis(0, 1), Axis(1e-1, 1, scale="log"))
    good = np.isfinite(left.x)
    np.testing.assert_allclose(left.x[good], [0.25, 0.5])
    np.testing.assert_allclose(left.y[good], [1, 0.1])
    zero = clipped(line([0, 0.5, 1], [0.5, 0.0, 0.5]), Axis(0, 1), Axis(1e-1, 1, scale="log"))
    assert np.isfinite(zero.y).tolist() == [True, False, True]


def test_bars_bands_rules_spans():
    bars = clipped(Bars(np.linspace(-2, 2, 5), np.array([1.0, 5.0, 1.0, 1.0])), Axis(-1.5, 0.5), Y)
    assert bars.edges.tolist() == [-1.5, -1, 0, 0.5]
    assert bars.heights.tolist() == [1, 2, 1]
    assert clipped(Bars(np.array([5.0, 6.0]), np.array([1.0])), X, Y) is None
    x = np.array([-2.0, 0.0, 2.0])
    band = clipped(Band(x, x * 0 - 1, 2 + x, Role.LIMIT), X, Y)
    assert band.x.tolist() == [-1, 0, 1]
    assert band.low.tolist() == [0, 0, 0]
    assert band.high.tolist() == [1, 2, 2]
    assert clipped(Rule(3, Role.CURSOR), X, Y) is None
    assert clipped(Rule(1.5, Role.CURSOR, across="y"), X, Y) is not None
    assert clipped(Span(0.5, 4), X, Y) == Span(0.5, 1)
    assert clipped(Span(2, 4), X, Y) is None


@pytest.mark.parametrize("axis", [X, Axis(0.01, 1, scale="log")])
def test_a_single_point_is_kept_or_dropped(axis):
    assert clipped(line([0.5], [1]), axis, Y) is not None
    assert clipped(line([5], [1]), axis, Y) is None
