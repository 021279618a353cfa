"""Pairs of observables: outlines hold their share, ghosts are replayed starts, a fan is smooth in depth."""

from __future__ import annotations

import numpy as np
import pytest

from resviz.config import Session
from resviz.fields import ghost_start
from resviz.observe import Passage, observable
from resviz.observe.aspects import Aspect, path_pairs
from resviz.observe.cloud import CloudSeries
from resviz.observe.contours import contours, pair_density, region_level, region_outlines
from resviz.observe.ghosts import Ghosts, GhostSeries, fan_layers
from resviz.observe.observables import Look
from resviz.recording import run


@pytest.fixture(scope="module")
def recording():
    return run(
        Session(
            data={"samples": 3, "dimension": 4},
            network={"layers": 64, "units": 128},
            training={"steps": 10},
            limit={"nodes": 16, "units": 256},
        )
    )


def aspect(name, **look):
    return Aspect(observable(name), Look(**look))


# -- outlines --------------------------------------------------------------------------------------------


def inside(outline, x, y):
    """Points within closed lines, by the number of crossings of a ray."""
    line_x, line_y = outline
    crossings = np.zeros(len(x), int)
    for a_x, a_y, b_x, b_y in zip(line_x[:-1], line_y[:-1], line_x[1:], line_y[1:], strict=True):
        if np.isfinite([a_x, b_x]).all() and a_y != b_y:
            between = (min(a_y, b_y) <= y) & (y < max(a_y, b_y))
            crossings += between & (x < a_x + (y - a_y) / (b_y - a_y) * (b_x - a_x))
    return crossings % 2 == 1


@pytest.mark.parametrize("two_humps", [False, True])
def test_outlines_hold_their_share_of_fresh_draws(two_humps):
    rng = np.random.default_rng(5)

    def draw(n):
        x, y = rng.standard_normal((2, n))
        side = np.sign(rng.standard_normal(n)) * (3.0 if two_humps else 0.0)
        return x + side, 0.1 * (y + 0.5 * x)

    outlines = contours(*draw(2**14), shares=(0.5, 0.8, 0.95))
    x, y = draw(20_000)
    for share, outline in zip((0.5, 0.8, 0.95), outlines, strict=True):
        assert inside(outline, x, y).mean() == pytest.approx(share, abs=0.02)
    lines = 1 + np.isnan(outlines[0][0]).sum()
    assert lines == (2 if two_humps else 1)


def test_an_outline_is_closed_and_lies_on_its_level():
    at = np.linspace(-3, 3, 61)
    density = np.exp(-0.5 * (at**2 + (2 * at[:, None]) ** 2))
    x, y = region_outlines(at, at, density, np.exp(-0.5))
    assert (x[0], y[0]) == (x[-1], y[-1])
    np.testing.assert_allclose(x**2 + (2 * y) ** 2, 1.0, atol=0.02)
    # cut by the grid's border, it is closed along the border
    x, y = region_outlines(at, at, density + 1.0, 0.5)
    assert np.abs(x).max() == pytest.approx(3.05, abs=0.06)
    assert (x[0], y[0]) == (x[-1], y[-1])


def test_a_saddle_has_two_lines_and_every_line_is_closed():
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = region_outlines(np.arange(9.0), np.arange(9.0), rng.random((9, 9)), 0.5)
        cuts = np.flatnonzero(np.isnan(x))
        for start, end in zip([0, *(cuts + 1)], [*(cuts - 1), len(x) - 1], strict=True):
            assert (x[start], y[start]) == (x[end], y[end])
            assert end - start >= 4


def test_pairs_without_a_density_have_no_outlines():
    x = np.random.default_rng(1).standard_normal(100)
    assert contours(x, np.zeros(100)) is None
    assert contours(np.where(x > 2, np.nan, x), x) is None
    at_x, at_y, density = pair_density(x, x**2)
    cell = (at_x[1] - at_x[0]) * (at_y[1] - at_y[0])
    assert density.sum() * cell == pytest.approx(1, abs=1e-6)
    assert region_level(density, 0.9) < region_level(density, 0.3)


# -- ghosts ----------------------------------------------------------------------------------------------


def test_the_ghost_is_one_start_pushed_through_each_layers_fields(recording):
    ghosts = Ghosts(recording, [5, 40])
    finite, limit = ghosts.values(0, [aspect("u", coordinate=2), aspect("v", coordinate=1)])
    start = 2.0 * ghost_start(recording.session.network.seed, 4)[..., 0]  # sqrt(D) = 2
    np.testing.assert_allclose(finite, [[start[0, 2]] * 2, [start[1, 1]] * 2], rtol=1e-6)
    np.testing.assert_array_equal(limit, finite)
    # p by hand: a unit of the layer with the ghost's start
    u, v = (start[i].copy() for i in (0, 1))
    for k in range(10):
        h, b = recording.fields(k).h[40], recording.fields(k).b[41]
        p, q = h @ u / 4, b @ v / 4
        u, v = u - h.T @ ((1 - np.tanh(p) ** 2) * q), v - b.T @ np.tanh(p)
    found, twin = ghosts.values(10, [aspect("preactivation", sample=1)])
    assert found[0, 1] == pytest.approx(recording.fields(10).h[40, 1] @ u / 4, rel=1e-3)
    assert found[0, 1] != found[0, 0]
    assert np.abs(found - twin).max() < 0.5 * np.abs(found).max()


def test_the_fan_is_smooth_in_depth(recording):
    """Units are Lipschitz in s: paths of neighbouring layers end close to one another."""
    series = GhostSeries(
        Ghosts(recording, fan_layers(64, 64)), [(aspect("u", coordinate=0), aspect("u", coordinate=1))]
    )
    assert (series.newest, series.first_gap()) == (-1, 0)
    assert list(series.visit(10))[-1]
    assert series.has(10)
    assert series.first_gap() is None
    finite, limit = series.path(0, np.arange(11))
    assert finite.shape == limit.shape == (11, 64, 2)
    ends = finite[-1]
    steps = np.linalg.norm(np.diff(ends, axis=0), axis=1)
    assert steps.max() < 0.15 * np.linalg.norm(np.ptp(ends, axis=0))
    assert np.linalg.norm(ends - limit[-1], axis=1).max() < np.linalg.norm(ends - finite[0], axis=1).max()
    assert [pair[0].symbol for pair in series.pairs] == ["u₀"]


def test_paths_show_the_pair_and_two_planes_of_weights(recording):
    pair = (aspect("preactivation", sample=2), aspect("u_norm"))
    pairs = path_pairs(recording.problem, pair)
    assert [tuple(one.symbol for one in each) for each in pairs] == [("p", "|u|"), ("u₀", "u₁"), ("v₀", "v₁")]
    fields = path_pairs(recording.problem, (aspect("h", sample=2), aspect("b", sample=2)))[0]
    assert [one.symbol for one in fields] == ["p", "q"]
    assert fields[0].look.sample == 2
    last = path_pairs(recording.problem, (aspect("u", coordinate=3), aspect("v")))
    assert [one.symbol for one in last[1]] == ["u₃", "u₀"]


def test_layers_of_a_fan_reach_both_ends():
    assert fan_layers(6) == (0, 1, 2, 3, 4, 5)
    assert len(fan_layers(1000)) == 10
    assert fan_layers(1000)[0] == 0
    assert fan_layers(1000)[-1] == 999


def test_without_coordinates_in_the_limit_the_ghost_is_the_nets_alone():
    rec = run(
        Session(
            data={"samples": 2, "dimension": 3},
            network={"layers": 4, "units": 8, "dimension": 12, "embedding": "random"},
            training={"steps": 2},
            limit={"nodes": 8, "units": 64, "large_d": True},
        )
    )
    finite, limit = Ghosts(rec, [1]).values(2, [aspect("preactivation")])
    assert np.isfinite(finite).all()
    assert limit is None


# -- clouds ----------------------------------------------------------------------------------------------


def test_a_cloud_pairs_the_numbers_of_each_unit(recording):
    pair = (aspect("preactivation", sample=1), aspect("activation", sample=1))
    series = CloudSeries(Passage(recording, [5, 40], window=1), pair, Ghosts(recording, [5, 40]))
    assert series.first_gap() == 0
    assert list(series.visit(10))[-1]
    found = series.place(10, 1)
    np.testing.assert_allclose(found.points[1], np.tanh(found.points[0]), rtol=1e-5)
    np.testing.assert_allclose(
        found.points[0], recording.values("preactivation", layer=40, step=10, sample=1), rtol=1e-5
    )
    assert found.ghost[1] == pytest.approx(np.tanh(found.ghost[0]), rel=1e-5)
    assert series.limits(1)[0] > -1
    assert series.unbroken_from(10) == 10
    assert series.first_gap() == 0


def test_units_fall_into_the_limits_outlines(recording):
    pair = (aspect("preactivation", sample=1), aspect("backward", sample=1))
    series = CloudSeries(Passage(recording, [40], window=8), pair)
    list(series.visit(10))
    found = series.place(10, 0)
    assert found.points.shape == (2, 1024)
    for share, outline in zip((0.5, 0.8, 0.95), found.outlines, strict=True):
        assert inside(outline, *found.points.astype(float)).mean() == pytest.approx(share, abs=0.07)
    assert found.ghost is None


def test_fields_pair_with_fields_alone(recording):
    passage = Passage(recording, [40], window=1)
    both = CloudSeries(passage, (aspect("h", sample=1), aspect("b", sample=1)))
    list(both.visit(3))
    assert both.place(3, 0).points.shape == (2, 4)
    mixed = CloudSeries(passage, (aspect("h"), aspect("u")))
    assert mixed.mixed
    assert not mixed.can_visit(0)
    assert mixed.first_gap() is None
