"""The map of the fit: what a cell is, how it fills, what it costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import resviz
from resviz.data import make_problem
from resviz.observe.fit import Fit, coarse_first
from resviz.recording import record

SESSION = resviz.Session(
    data={"samples": 4, "dimension": 4},
    network={"layers": 24, "units": 256},
    training={"steps": 12, "device": "cpu"},
    limit={"nodes": 16, "units": 512},
)


@pytest.fixture(scope="module")
def run():
    for at in record(SESSION, contrast=False):
        newest = at.recording
    return newest


def filled(fit):
    *_, newest = (m for m in fit.fill() if m is not None)
    return newest


def test_a_cell_is_the_distance_in_units_of_its_null(run):
    found = filled(Fit(run, "preactivation"))
    assert found.known == 1.0
    for row, column in ((0, 0), (5, 6), (23, 12)):
        layer, step = found.layers[row], found.steps[column]
        asked = run.distance("preactivation", layer=layer, step=step)
        # other starts of the limit, fewer of them
        assert found.ratio[row, column] == pytest.approx(asked.w1 / asked.w1_null, rel=0.1)


def test_units_of_a_net_that_follows_its_limit_are_as_far_as_independent_draws(run):
    found = filled(Fit(run, "backward"))
    assert 0.8 < found.ratio.mean() < 1.4
    assert np.all(found.reference[:, 0] == 0.0)  # exactly Gaussian at the start
    assert 0.0 < found.reference[:, 1:].mean() < 0.5


def test_a_limit_that_does_not_belong_is_seen(run):
    class Other:
        session, problem, step, fields = run.session, run.problem, run.step, run.fields
        limit = resviz.solve_limit(SESSION.with_values({"network.alpha": 8.0}))

    found = filled(Fit(Other(), "preactivation"))
    assert found.ratio[:, -1].mean() > 3.0


def test_coarse_rows_come_first_and_growth_fills_the_rest(run):
    class Growing:
        session, problem, limit, fields = run.session, run.problem, run.limit, run.fields
        step = 3

    growing = Growing()
    fit = Fit(growing, "u_norm")
    maps = [m for m in fit.fill() if m is not None]
    first = np.isfinite(maps[0].ratio)
    assert first[:, 0].sum() == 8
    assert np.diff(np.flatnonzero(first[:, 0])).max() <= 4  # spread over depth
    assert np.isfinite(maps[-1].ratio).sum() == 24 * 4
    assert not fit.missing()
    growing.step = 12
    assert fit.missing()
    assert filled(fit).known == 1.0


def test_what_has_no_width_stays_bare(run):
    found = filled(Fit(run, "travel_u"))
    assert np.isnan(found.ratio[:, 0]).all()
    assert np.isfinite(found.ratio[:, 1:]).all()


def test_a_large_net_and_a_long_run_have_no_more_cells():
    class Large:
        session = resviz.Session(network={"layers": 1000, "units": 1}, training={"steps": 5000})
        problem, limit, step = make_problem(session), None, -1

    fit = Fit(Large(), "preactivation")
    assert fit.map.ratio.shape == (32, 64)
    assert (fit.layers[0], fit.layers[-1]) == (15, 984)
    assert (fit.steps[0], fit.steps[-1]) == (0, 5000)
    assert list(fit.fill()) == []


def test_pooled_layers_are_compared_with_a_pooled_limit():
    session = SESSION.with_values({"network.layers": 40, "network.units": 4, "training.steps": 3})
    for at in record(session, contrast=False):
        newest = at.recording
    found = filled(Fit(newest, "preactivation", window=10))
    assert (found.window, found.units) == (10, 40)
    assert 0.6 < found.ratio.mean() < 1.5


@given(st.integers(1, 200), st.integers(1, 200))
def test_every_beginning_of_the_order_is_spread(count, first):
    order = coarse_first(count)
    assert sorted(order) == list(range(count))
    first = min(first, count)
    gaps = np.diff([-1, *sorted(order[:first]), count])
    assert gaps.max() <= 4 * count / first + 1


def test_some_units_stand_for_a_wide_layer(run, monkeypatch):
    monkeypatch.setattr("resviz.observe.fit._UNITS", 100)
    found = filled(Fit(run, "preactivation"))
    assert found.units == 100
    values = run.values("preactivation", layer=5, step=6)[:100]
    asked = resviz.observe.distance(values, run.density("preactivation", layer=5, step=6))
    assert found.ratio[5, 6] == pytest.approx(asked.w1 / asked.w1_null, rel=0.1)


def test_units_that_all_start_at_nothing_have_no_fit_at_the_start():
    still = SESSION.with_values({"network.layers": 4, "network.sigma_v": 0.0, "training.steps": 2})
    *_, last = record(still, contrast=False)
    found = filled(Fit(last.recording, "v"))
    assert np.isnan(found.ratio[:, 0]).all()  # an atom: there is nothing to compare
    assert np.isfinite(found.ratio[:, 1:]).all()
