"""A replayed unit equals the trained one; a unit pushed through the limit's fields is its ideal twin."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from resviz.config import Session
from resviz.data import make_problem
from resviz.engine.descent import descend
from resviz.engine.resnet import ResNet
from resviz.engine.rule import rule
from resviz.fields import unit_starts
from resviz.recording import Recording, run
from resviz.transport import Cohort, LazyCohort, Seen, cohort


def trained(dtype: str, steps: int, **network: object) -> tuple[Recording, ResNet]:
    """A recording, and the live network that left it, its units at ``steps``."""
    session = Session(network={"layers": 12, "units": 32, **network}, training={"dtype": dtype})
    problem = make_problem(session)
    n = session.network
    starts = np.stack([unit_starts(n.seed, i, n.units, 10) for i in range(n.layers)])
    live = ResNet(problem.h0, starts, rule(session), device=torch.device("cpu"), dtype=getattr(torch, dtype))
    recording = Recording(session, problem)
    for fields in descend(live, problem, rule(session), session.training.rate_at):
        if fields is not None:
            recording.append(fields)
            if fields.step == steps - 1:  # the units already are at step k + 1
                break
    live_next = descend(live, problem, rule(session), session.training.rate_at)
    before = live.u.clone(), live.v.clone()
    final = next(f for f in live_next if f is not None)
    live.u, live.v = before
    object.__setattr__(final, "step", steps)
    recording.append(final)
    return recording, live


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-3), ("float64", 1e-9)])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 8.0])
def test_replayed_units_equal_trained_units(dtype, tolerance, alpha):
    recording, live = trained(dtype, 100, alpha=alpha)
    for layer in (0, 5, 11):
        for replayed, units in zip(recording.units(layer, 100), (live.u, live.v), strict=True):
            exact = units[layer, 0].numpy().T
            assert replayed.shape == (32, 10)
            assert np.abs(replayed - exact).max() < tolerance * exact.std()


def test_output_weights_replay():
    recording, live = trained("float64", 20, alpha=0.4, parametrisation="output-weights")
    np.testing.assert_allclose(recording.units(3, 20)[0], live.u[3, 0].numpy().T, atol=1e-10)


def test_starts_depend_on_seed_and_layer_alone_and_nest_in_width():
    narrow, wide = unit_starts(5, 3, 4, 6), unit_starts(5, 3, 9, 6)
    np.testing.assert_array_equal(narrow, wide[:, :, :4])
    assert not np.array_equal(narrow, unit_starts(5, 4, 4, 6))
    assert not np.array_equal(narrow, unit_starts(6, 3, 4, 6))


def test_checkpoint_returns_to_the_same_units():
    session = Session()
    units = cohort(unit_starts(0, 0, 16, 4)[None], rule(session), dtype="float64")
    rng = np.random.default_rng(0)
    fields = [(rng.standard_normal((1, 3, 4)), rng.standard_normal((1, 3, 4))) for _ in range(6)]
    for h, b in fields[:3]:
        units.push(Seen(h, b, 0.5))
    mark = units.save()
    ends = []
    for _ in range(2):
        for h, b in fields[3:]:
            units.push(Seen(h, b, 0.5))
        ends.append(units.u.clone())
        units.restore(mark)
        assert units.step == 3
    assert torch.equal(*ends)


def test_lazy_cohort_is_the_limit_of_cohorts():
    """alpha (Z - Z_0) at growing alpha through the same fields approaches the lazy displacement."""
    rng = np.random.default_rng(1)
    fields = [(rng.standard_normal((1, 3, 4)), rng.standard_normal((1, 3, 4))) for _ in range(5)]
    starts = unit_starts(0, 0, 16, 4)[None]
    lazy = cohort(starts, rule(Session(), alpha=float("inf")), dtype="float64")
    assert isinstance(lazy, LazyCohort)
    gaps = []
    for alpha in (1e3, 1e4):
        near = cohort(starts, rule(Session(), alpha=alpha), dtype="float64")
        assert type(near) is Cohort
        for h, b in fields:
            near.push(Seen(h, b, 1.0))
        if not lazy.step:
            for h, b in fields:
                lazy.push(Seen(h, b, 1.0))
        gaps.append(float((near.scaled_displacement()[0] - lazy.scaled_displacement()[0]).abs().max()))
    assert gaps[1] < 0.15 * gaps[0]
    assert float(lazy.displacement()[0].abs().max()) == 0.0


@pytest.fixture(scope="module")
def wide() -> Recording:
    return run(
        Session(
            data={"samples": 4, "dimension": 5},
            network={"layers": 64, "units": 256},
            training={"steps": 20, "dtype": "float64"},
            limit={"nodes": 32, "units": 1024},
        )
    )


def test_twins_stay_near_their_units(wide):
    """The twin starts where the unit does and is far nearer to it than the unit is to its own start."""
    for layer in (3, 40):
        start = wide.units(layer, 0)
        np.testing.assert_array_equal(start[0], wide.twins(layer, 0)[0])
        units, twins = wide.units(layer, 20), wide.twins(layer, 20)
        gap = np.sqrt(np.mean((units[0] - twins[0]) ** 2))
        moved = np.sqrt(np.mean((units[0] - start[0]) ** 2))
        assert gap < 0.1 * moved


def test_interpolation_of_limit_fields_is_exact_at_nodes_and_smooth_between(wide):
    s = wide.limit.s
    weights = wide.limit.weights(s)
    np.testing.assert_allclose(weights, np.eye(len(s)), atol=1e-12)
    between = wide.limit.weights(np.linspace(0, 1, 201))
    np.testing.assert_allclose(between @ np.sin(2 * s), np.sin(2 * np.linspace(0, 1, 201)), atol=1e-6)


@pytest.mark.parametrize("units", [1, 7, 300])
@pytest.mark.parametrize("alpha", [2.0, float("inf")])
@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_many_steps_at_once_are_as_many_pushes(units, alpha, momentum, monkeypatch):
    """Compiled or by torch, in one call or step by step: the same units to rounding."""
    chosen = rule(
        Session(training={"optimizer": "momentum", "momentum": momentum} if momentum else {}), alpha=alpha
    )
    rng = np.random.default_rng(3)
    starts = rng.standard_normal((3, 2, 5, units))
    fields = [
        Seen(rng.standard_normal((3, 4, 5)), rng.standard_normal((3, 4, 5)), 0.3, rng.integers(0, 3, 4))
        for _ in range(6)
    ]
    together, apart, by_torch = (cohort(starts, chosen, dtype="float64") for _ in range(3))
    together.advance(fields)
    for seen in fields:
        apart.push(seen)
        by_torch._push(seen)
    assert together.step == apart.step == 6
    for one, other, exact in zip(
        *([x.scaled_displacement() for x in (together, apart, by_torch)]), strict=True
    ):
        assert torch.equal(one, other)
        torch.testing.assert_close(one, exact, rtol=1e-12, atol=1e-12)
