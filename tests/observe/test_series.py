"""Passages and series: look-ups equal direct replays, in any order of visits, with pooled windows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from resviz.config import Session
from resviz.errors import RequestError
from resviz.observe import OBSERVABLES, Passage, Series
from resviz.observe.observables import Look
from resviz.observe.passage import default_window, window_layers
from resviz.recording import Recording, run


@pytest.fixture(scope="module")
def recording() -> Recording:
    return run(
        Session(
            data={"samples": 3, "dimension": 4},
            network={"layers": 16, "units": 64},
            training={"steps": 20, "dtype": "float64"},
            limit={"nodes": 16, "units": 256},
        )
    )


def test_values_are_the_replayed_units(recording):
    passage = Passage(recording, [2, 9], window=1)
    h, b = recording.fields(13).h, recording.fields(13).b
    u, v = recording.units(9, 13)
    u0, v0 = recording.units(9, 0)
    p, q = u @ h[9, 1] / 4, v @ b[10, 1] / 4
    expected = {
        "preactivation": p,
        "activation": np.tanh(p),
        "backward": q,
        "u": u[:, 2],
        "v": v[:, 2],
        "u_norm": np.sqrt(np.mean(u**2, 1)),
        "v_norm": np.sqrt(np.mean(v**2, 1)),
        "travel_u": np.sqrt(np.mean((u - u0) ** 2, 1)),
        "travel_v": np.sqrt(np.mean((v - v0) ** 2, 1)),
        "travel_scaled": np.sqrt(np.mean((u - u0) ** 2, 1)),
        "projection": u @ np.array([0.6, 0.8, 0.0, 0.0]),
        "alignment": u @ h[9, 1] / np.linalg.norm(u, axis=1) / np.linalg.norm(h[9, 1]),
        "h": h[9, 1],
        "b": b[10, 1],
    }
    assert set(expected) == set(OBSERVABLES)
    for name, values in expected.items():
        look = Look(sample=1, coordinate=2, direction=(3.0, 4.0, 0.0, 0.0))
        series = Series(passage, name, look)
        series.visit(13)
        np.testing.assert_allclose(series.finite(13, 1), values, atol=1e-12, err_msg=name)


def test_visits_in_any_order_agree(recording):
    forward, wild = (Series(Passage(recording, [5], window=1), "u") for _ in range(2))
    assert list(forward.fill(0)) == list(range(21))
    for step in (17, 3, 20, 3, 9, 16, 8, 0):
        wild.visit(step)
        np.testing.assert_array_equal(wild.finite(step, 0), forward.finite(step, 0))
        np.testing.assert_array_equal(wild.density(step, 0).pdf, forward.density(step, 0).pdf)
    assert next(Series(wild.passage, "v").fill(7)) == 7


def test_the_limit_fits_the_units(recording):
    """64 independent units against their own limit: KS p-values are not small, at any step."""
    for step in (0, 5, 20):
        found = recording.distance("preactivation", layer=8, step=step, sample=1)
        assert found.ks_p > 1e-3
        series = Series(Passage(recording, [8], window=1), "preactivation", Look(sample=1))
        series.visit(step)
        assert series.distance(step, 0) == (found.w1, found.ks)


def test_density_at_the_start_is_the_gaussian(recording):
    density = recording.density("u", layer=3, step=0, coordinate=1)
    np.testing.assert_allclose(density.pdf, stats.norm.pdf(density.x, 0, 2.0), atol=4e-3)  # sqrt(D) = 2


def test_travel_has_an_atom_at_the_start(recording):
    with pytest.raises(RequestError, match="no density"):
        recording.density("travel_u", layer=3, step=0)
    assert recording.density("travel_u", layer=3, step=20).x[0] == 0.0
    series = Series(Passage(recording, [3]), "travel_u")
    series.visit(0)
    assert series.start(0) is None
    assert series.density(0, 0) is None


def test_lazy_series_moves_only_when_scaled(recording):
    passage = Passage(recording, [3, 9], limit=recording.lazy, finite=False)
    plain, scaled = Series(passage, "travel_u"), Series(passage, "travel_scaled")
    plain.visit(10)
    scaled.visit(10)
    assert plain.limit_mean(10) == 0.0
    assert scaled.limit_mean(10) > 0.1
    assert scaled.finite(10, 0) is None
    assert np.isnan(scaled.mean(10))


def test_one_unit_a_layer_is_pooled_over_a_window():
    assert default_window(1) == 256
    assert default_window(256) == 1
    assert default_window(100) == 3
    assert list(window_layers(0, 4, 10)) == [0, 1, 2, 3]
    assert list(window_layers(9, 4, 10)) == [6, 7, 8, 9]
    assert list(window_layers(5, 400, 10)) == list(range(10))
    rec = run(
        Session(
            data={"samples": 2, "dimension": 3},
            network={"layers": 400, "units": 1},
            training={"steps": 5},
            limit={"nodes": 8, "units": 64},
        )
    )
    series = Series(Passage(rec, [10, 200]), "preactivation")
    series.visit(5)
    assert series.window == 256
    assert series.finite(5, 1).shape == (256,)
    w1, ks = series.distance(5, 1)
    assert 0 < ks < 0.2
    assert w1 > 0


def test_ranges_never_shrink(recording):
    series = Series(Passage(recording, [3]), "backward")
    seen = []
    for step in series.fill(0):
        seen.append(series.limit_range(0))
        assert series.has(step)
    lows, highs = zip(*seen, strict=True)
    assert list(lows) == sorted(lows, reverse=True)
    assert list(highs) == sorted(highs)


def test_what_does_not_exist_is_refused(recording):
    for call, words in (
        (lambda: Passage(recording, [16]), "layer = 16"),
        (lambda: Passage(recording, []), "pins nothing"),
        (lambda: Series(Passage(recording, [1]), "weight"), "observable = 'weight'"),
        (lambda: recording.values("preactivation", layer=0, step=3, sample=3), "sample = 3"),
        (lambda: recording.values("u", layer=0, step=3, coordinate=-1), "coordinate = -1"),
        (lambda: recording.values("u", layer=0, step=21), "step = 21"),
    ):
        with pytest.raises(RequestError, match=words) as caught:
            call()
        assert caught.value.remedy
