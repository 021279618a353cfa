"""What a sweep comes to before it runs, its table read while it grows, and the quantities of its plots."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from resviz.errors import RequestError, SessionError
from resviz.study.fit import power_law, slope
from resviz.study.sweep import Sweep, load_sweep, run_sweep
from resviz.study.sweep.follow import Follower, Reported
from resviz.study.sweep.model import Axis
from resviz.study.sweep.plan import Plan, plan_sweep
from resviz.study.sweep.results import Results, along
from resviz.study.sweep.table import Row, Table

SESSION = {
    "data": {"samples": 3, "dimension": 3},
    "network": {"layers": 4, "units": 5},
    "training": {"steps": 3, "device": "cpu", "dtype": "float64"},
    "limit": {"nodes": 8, "units": 64},
}
ALPHAS = {"key": "network.alpha", "list": [4.0, 1.0, 2.0]}
LAYERS = {"key": "network.layers", "list": [4, 8]}


def sweep(*axes: dict, **changes: object) -> Sweep:
    return Sweep.from_mapping({"session": SESSION, "repetitions": 2, "axes": axes, **changes})


def planned(chosen: Sweep) -> Plan:
    *_, plan = plan_sweep(chosen)
    assert plan is not None
    return plan


def reported(plan: Plan, point: int, repetition: int, error: str = "", **measured: float) -> Reported:
    names = [name for name, places in plan.places.items() if (point, repetition) in places]
    columns = dict.fromkeys(plan.sweep.columns, math.nan)
    return Reported(names[0], columns | measured, error)


def test_a_power_law_and_its_interval():
    rng = np.random.default_rng(3)
    x = np.repeat([1.0, 2.0, 4.0, 8.0, 16.0], 6)
    covered = 0
    for seed in range(60):
        y = 3.0 * x**-0.5 * np.exp(0.2 * rng.standard_normal(len(x)))
        law = power_law(x, y, seed=seed)
        assert law.exponent.value == pytest.approx(slope(x, y), rel=1e-9)
        covered += law.exponent.low <= -0.5 <= law.exponent.high
    assert covered >= 50  # of 60, at 95 %
    law = power_law(x, 3.0 * x**-0.5)
    assert (law.factor, law.exponent.low) == pytest.approx((3.0, -0.5))
    np.testing.assert_allclose(law.at(x), 3.0 * x**-0.5)
    with pytest.raises(RequestError, match="three finite points"):
        power_law(np.array([1.0, 1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0, math.nan]))


def test_spaced_units_of_the_limit_are_powers_of_two():
    axis = Axis.model_validate({"key": "limit.units", "logspace": [50, 3000, 5]})
    assert axis.steps() == [(64,), (128,), (512,), (1024,), (4096,)]


def test_a_plan_knows_every_run_and_its_cost():
    plan = planned(sweep(ALPHAS, LAYERS))
    assert len(plan.values) == 6
    assert sorted(place for places in plan.places.values() for place in places) == [
        (point, repetition) for point in range(6) for repetition in range(2)
    ]
    assert (plan.cost.runs, plan.cost.limits) == (12, 3)  # a limit does not depend on L
    longer = planned(sweep(ALPHAS, LAYERS, session={**SESSION, "training": {"steps": 30, "device": "cpu"}}))
    assert longer.cost.flops == pytest.approx(10 * plan.cost.flops)
    assert plan.cost.workers(8) == 0  # over before workers would have started
    assert longer.cost.seconds(0, left=0.1) == pytest.approx(plan.cost.seconds(0))
    assert plan.cost.seconds(0, speed=plan.cost.speed(plan.cost.flops, 7.0, 0)) == pytest.approx(7.0)
    large = {**SESSION, "network": {"layers": 1000, "units": 1000}, "training": {"steps": 1000}}
    cost = planned(sweep(ALPHAS, session=large)).cost
    assert cost.workers(8) == 8
    assert cost.memory(8) > 8 * 2 * 1000 * 1000 * 3 * 4  # of all units


def test_a_plan_refuses_with_the_point():
    with pytest.raises(SessionError, match=r"point 1 of the sweep.*network\.layers = 0"):
        planned(sweep({"key": "network.layers", "list": [4, 0]}))


def test_a_table_is_followed_while_it_grows(tmp_path: Path):
    plan = planned(sweep(LAYERS, measure=["loss"]))
    follower = Follower(tmp_path, ("network.layers",), ("loss",))
    assert follower.news() == []  # not there yet
    table = Table(tmp_path, ("network.layers",), ("loss",))
    assert follower.news() == []
    session = plan.session(0, 0)
    table.append([Row(0, 0, session, {"network.layers": 4}, {"loss": 0.5})])
    (row,) = follower.news()
    assert (plan.places[row.id], row.measured, row.error) == (((0, 0),), {"loss": 0.5}, "")
    with table.path.open("ab") as file:
        file.write(b"torn,0,1,")
    assert follower.news() == []
    again = Table(tmp_path, ("network.layers",), ("loss",))  # cuts the torn line off
    again.append([Row(1, 0, plan.session(1, 0), {"network.layers": 8}, {}, error="broke,\nhere")])
    (row,) = follower.news()
    assert row.error == "broke, here"
    assert math.isnan(row.measured["loss"])
    again.path.unlink()
    Table(tmp_path, ("network.layers",), ("loss",)).append(
        [Row(0, 0, session, {"network.layers": 4}, {"loss": 0.25})]
    )
    assert [row.measured["loss"] for row in follower.news()] == [0.25]  # begun anew
    with pytest.raises(RequestError, match=r"another sweep.*travel"):
        Follower(tmp_path, ("network.layers",), ("travel",)).news()


def test_rows_stand_at_their_points_in_rising_order():
    plan = planned(sweep(ALPHAS, LAYERS, measure=["loss", "output_error", "diverged"]))
    results = Results(plan)
    results.take([reported(plan, n, r, loss=n + 0.1 * r, diverged=-1) for n in range(6) for r in range(2)])
    swept = results.swept("loss", across=0)
    assert list(swept.x.at) == [1.0, 2.0, 4.0]
    assert list(swept.lines.at) == [4.0, 8.0]
    # alpha = 4 was the first of the list: points 0 and 1
    np.testing.assert_array_equal(swept.points, [[2, 4, 0], [3, 5, 1]])
    np.testing.assert_allclose(swept.values[..., 0], [[2, 4, 0], [3, 5, 1]])
    turned = results.swept("loss", across=1)
    np.testing.assert_array_equal(turned.points, swept.points.T)
    assert plan.values[int(turned.points[0, 1])] == {"network.alpha": 1.0, "network.layers": 8}


def test_rows_of_other_sessions_are_left_out_and_the_newest_of_a_run_counts():
    plan, other = planned(sweep(ALPHAS, measure=["loss"])), planned(sweep(ALPHAS, repetitions=3))
    results = Results(plan)
    results.take([reported(plan, 0, 0, error="broke"), reported(other, 0, 2)])
    assert (results.foreign, results.failed) == (1, 1)
    results.take([reported(plan, 0, 0, loss=2.0)])
    assert results.failed == 0
    assert results.swept("loss").values[0, 2, 0] == 2.0
    assert results.run_at(0) == 0


def test_why_a_point_has_no_number():
    plan = planned(sweep(ALPHAS, measure=["loss", "output_error", "diverged"]))
    results = Results(plan)
    results.take(
        [
            reported(plan, 0, 0, loss=1e30, diverged=2),
            reported(plan, 1, 0, error="RuntimeError: broke"),
            reported(plan, 2, 0, loss=0.5, diverged=-1, error="its limit: none"),
        ]
    )
    assert results.swept("loss").reasons == {(0, 2): "diverged at step 2", (0, 0): "RuntimeError: broke"}
    assert results.swept("output_error").reasons[0, 1] == "its limit: none"
    np.testing.assert_array_equal(results.swept("diverged").values[0, :, 0], [np.nan, 0.0, 1.0])


def test_rates_are_fitted_where_three_points_are_there():
    plan = planned(sweep({"key": "network.layers", "logspace": [2, 16, 4]}, measure=["loss", "distance"]))
    results = Results(plan)
    rows = [
        reported(plan, n, r, loss=3.0 / L * (1 + 0.1 * r), ks_ratio=L)
        for n, L in enumerate((2, 4, 8, 16))
        for r in range(2)
    ]
    results.take(rows[:4])
    assert results.swept("loss").powers == (None,)
    results.take(rows)
    (power,) = results.swept("loss").powers
    assert power.exponent == pytest.approx(-1.0)
    assert power.low <= power.exponent <= power.high
    assert (power.first, power.last) == (2.0, 16.0)
    assert results.swept("loss", fits=False).powers == ()
    assert results.swept("ks_ratio").powers == (None,)  # no power law is meant


def test_points_limited_by_the_reference_are_not_fitted():
    plan = planned(sweep({"key": "network.layers", "logspace": [2, 16, 4]}, measure=["output_error"]))
    results = Results(plan)
    errors = {2: 4.0, 4: 2.0, 8: 1.0, 16: 0.9}  # the last one is the limit's
    results.take(
        [
            reported(plan, n, r, output_error=error, limit_error=0.45 if L < 16 else 0.8)
            for n, (L, error) in enumerate(errors.items())
            for r in range(2)
        ]
    )
    swept = results.swept("output_error")
    assert swept.limited().tolist() == [[False, False, False, True]]
    assert swept.powers[0].exponent == pytest.approx(-1.0)
    assert swept.powers[0].last == 8.0


@pytest.mark.parametrize(
    ("axis", "scale", "at"),
    [
        ({"key": "network.alpha", "list": [1, 4]}, "log", [1, 4]),
        ({"key": "network.alpha", "list": [1, 2]}, "linear", [1, 2]),
        ({"key": "network.layers", "list": [8, 2, 4]}, "log", [2, 4, 8]),
        ({"key": "network.layers", "list": [1, 2, 3]}, "linear", [1, 2, 3]),
        ({"key": "network.layers", "linspace": [1, 100, 3]}, "linear", [1, 50, 100]),
        ({"key": "training.clip", "list": [0, 1, 10, 100]}, "linear", [0, 1, 10, 100]),
        ({"key": "network.activation", "list": ["tanh", "relu"]}, "linear", [1, 2]),
        ({"key": ["network.layers", "network.units"], "list": [[64, 1], [16, 4]]}, "log", [16, 64]),
    ],
)
def test_axes_as_they_are_drawn(axis: dict, scale: str, at: list[float]):
    made, order = along(Axis.model_validate(axis))
    assert (made.scale, list(made.at)) == (scale, at)
    assert sorted(order) == list(range(len(at)))
    assert len(made.names) == len(at)


def test_more_than_two_axes_are_not_drawn():
    plan = planned(sweep(ALPHAS, LAYERS, {"key": "network.units", "list": [3]}))
    with pytest.raises(RequestError, match="3 axes"):
        Results(plan).swept("loss")


def test_a_real_sweep_is_read_as_it_was_written(tmp_path: Path):
    chosen = sweep(ALPHAS, measure=["loss"])
    for _ in run_sweep(chosen, tmp_path, workers=0):
        pass
    plan = planned(load_sweep(tmp_path / "sweep.toml"))  # the copy beside the table
    results = Results(plan)
    results.take(Follower(tmp_path, plan.sweep.keys, plan.sweep.columns).news())
    assert len(results.rows) == 6
    assert results.foreign == 0
    assert np.isfinite(results.swept("loss").values).all()


def test_a_copy_that_says_the_same_keeps_its_comments(tmp_path: Path):
    chosen = sweep(ALPHAS, measure=["loss"])
    file = tmp_path / "sweep.toml"
    file.write_text("# mine\n" + chosen.to_toml(), encoding="utf-8")
    for _ in run_sweep(load_sweep(file), tmp_path, workers=0):
        pass
    assert file.read_text(encoding="utf-8").startswith("# mine\n")
    for _ in run_sweep(sweep(ALPHAS, measure=["loss"], repetitions=1), tmp_path, workers=0):
        pass
    assert load_sweep(file).repetitions == 1
