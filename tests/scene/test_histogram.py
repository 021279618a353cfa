import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.scene.axes import Range
from resviz.scene.histogram import bin_edges, histogram


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(
            1e4, 1e-3, 500
        ),  # narrow and shifted: float32 cannot tell these apart
        np.random.default_rng(1).standard_cauchy(500),  # heavy tails
        np.random.default_rng(2).normal(0, 1, 500),
    ],
    ids=["narrow", "heavy", "normal"],
)
def test_bars_hold_the_fraction_of_the_units_inside(values):
    low, high = np.quantile(values, [0.02, 0.97])
    edges = bin_edges(Range(low, high), values.size)
    bars = histogram(values, edges)
    area = (bars.heights * np.diff(edges)).sum()
    assert area == pytest.approx(1 - (bars.below + bars.above) / values.size)
    assert bars.below == (values < low).sum()
    assert bars.above == (values > high).sum()
    assert (bars.heights > 0).sum() > 10


def test_not_finite_units_are_counted_apart():
    bars = histogram(np.array([0.5, np.nan, np.inf, -np.inf]), np.array([0.0, 1.0]))
    assert (bars.not_finite, bars.below, bars.above) == (3, 0, 0)
    assert bars.heights.tolist() == [0.25]


def test_bins_are_nice_stated_and_asked_for():
    edges = bin_edges(Range(-5, 5), 256)
    np.testing.assert_allclose(np.diff(edges), 0.25)
    assert len(bin_edges(Range(0, 1), 256, bins=7)) == 8
    assert 10 <= len(bin_edges(Range(-4, 4), 20)) <= 20
    assert 40 <= len(bin_edges(Range(-4, 4), 10**6)) <= 81


@given(st.lists(st.integers(-9, 9).map(lambda n: n / 4), min_size=1, max_size=40), st.integers(1, 9))
def test_bars_are_those_of_numpy(values, bins):
    edges = bin_edges(Range(-1.5, 1.0), 0, bins)
    bars = histogram(values, edges)
    counts, _ = np.histogram(values, edges)
    np.testing.assert_array_equal(bars.heights, counts / (len(values) * np.diff(edges)))
    assert bars.below + counts.sum() + bars.above == len(values)


def test_the_same_bins_are_the_same_array():
    edges = bin_edges(Range(-5, 5), 256)
    assert bin_edges(Range(-5, 5), 256) is edges
    assert not edges.flags.writeable
