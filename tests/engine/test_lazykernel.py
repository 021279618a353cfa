"""The deterministic lazy limit: tables of mathematics.md, exact solutions, particles, its own error."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from problems import constant, session, steps, two_directions

import resviz
from resviz.config import Session
from resviz.data import Problem, make_problem
from resviz.engine import collocation
from resviz.engine.collocation import Collocation, dual_kernel
from resviz.engine.lazy import lazy_limit
from resviz.engine.lazykernel import (
    LARGEST_COST,
    NODES,
    lazy_cost,
    lazy_depths,
    lazy_kernel_limit,
    march,
)
from resviz.engine.linear import linear_depths, linear_limit
from resviz.engine.meanode import limit_problem
from resviz.engine.rule import rule
from resviz.errors import DivergenceError
from resviz.fields.chebyshev import barycentric_weights, lobatto


def solved(chosen: Session, last: int, problem: Problem | None = None, rates=None):
    problem = make_problem(chosen) if problem is None else problem
    return steps(lazy_kernel_limit(chosen, problem, rates=rates or constant()), last)


def alone(chosen: Session, last: int, *, nodes: int = NODES, **kernel):
    """One solution without the one that checks it."""
    small, span = limit_problem(chosen, make_problem(chosen))
    lazy = rule(chosen, alpha=float(np.inf))
    solution = Collocation(small.h0, lazy, dual_kernel(lazy, **kernel), nodes)
    return steps(march(solution, small, constant(), span=span), last)


def rms(a, b) -> float:
    return float(np.sqrt(np.mean((a - b) ** 2)))


@pytest.mark.parametrize(("name", "r"), [("tanh", 0.600656), ("erf", 0.665137), ("relu", 0.608163)])
def test_table_after_one_step(name, r):
    """The output is (1 - r) x + r y (mathematics.md 2.2)."""
    output = solved(session(activation=name), 1, two_directions())[1].output[0] / np.sqrt(2)
    np.testing.assert_allclose(output, [1 - r, r], atol=1e-6)


def test_one_step_of_the_identity_is_exact():
    output = solved(session(activation="identity"), 1, two_directions())[1].output[0] / np.sqrt(2)
    np.testing.assert_allclose(output, [np.exp(-2), 1 - np.exp(-2)], atol=1e-14)


def test_linear_networks_have_the_limit_of_their_moments():
    """sigma = identity against the moment solver at alpha = inf, general sigmas and rates: every field."""
    chosen = Session(
        data={"samples": 3, "dimension": 4},
        network={"activation": "identity", "sigma_u": 1.3, "sigma_v": 0.8},
        training={"rate_u": 0.7, "rate_v": 1.2},
    )
    problem = make_problem(chosen)
    ours = solved(chosen, 8, problem)
    exact = steps(linear_limit(chosen, problem, rates=constant(), alpha=float("inf")), 8)
    s = linear_depths(chosen)
    for a, b in zip(ours, exact, strict=True):
        np.testing.assert_allclose(a.output, b.output, atol=1e-11)
        assert a.loss == pytest.approx(b.loss, abs=1e-11)
        rows = barycentric_weights(lobatto(len(s)), lazy_depths(chosen))
        # between the ends collocation has order n + 1, not 2 n
        for mine, theirs in ((a.h, b.h), (a.b, b.b)):
            np.testing.assert_allclose(mine[0], np.einsum("gs,snr->gnr", rows, theirs[0]), atol=3e-7)


@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_depth_converges_and_the_error_says_where_it_stands(name):
    """D = N = 10, K = 30: 10 Gauss nodes are right to 1e-9, 6 are not; the stated error covers it."""
    chosen = session(d=10, n=10, activation=name)
    fine, found = alone(chosen, 30, nodes=14)[30], solved(chosen, 30)[30]
    assert rms(found.output, fine.output) < 1e-9
    assert rms(alone(chosen, 30, nodes=6)[30].output, fine.output) > 5e-9
    assert rms(found.output, fine.output) < found.output_error < 1e-8


def test_relu_is_less_smooth_and_states_it():
    chosen = session(d=3, n=4, activation="relu")
    fine, found = alone(chosen, 10, nodes=24), solved(chosen, 10)
    wrong = [rms(a.output, b.output) for a, b in zip(found, fine, strict=True)]
    assert max(wrong) < 3e-5
    assert all(w < 2 * f.output_error for w, f in zip(wrong, found, strict=True) if w > 1e-9)


def test_hermite_terms():
    """40 terms of tanh's series against 60 differ by some 1e-7 in the output (D = N = 10, K = 30)."""
    chosen = session(d=10, n=10)
    forty, sixty = (alone(chosen, 30, terms=terms)[30] for terms in (40, 60))
    full = alone(chosen, 30)[30]
    assert 1e-8 < rms(forty.output, sixty.output) < 1e-6
    assert rms(sixty.output, full.output) < 0.1 * rms(forty.output, full.output)


CASES = {
    "one sample": (2, 1, {}, {}),
    "full rank": (3, 4, {}, {}),
    "rates and sigmas": (4, 3, {"sigma_u": 1.4, "sigma_v": 0.7}, {"rate_u": 0.6, "rate_v": 1.3}),
}


def particles(chosen: Session, problem: Problem, last: int):
    return steps(lazy_limit(chosen, problem, rates=constant(chosen.training.rate)), last)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["tanh", "erf", "relu", "gelu", "softplus", "identity"])
def test_particles_agree_within_their_error(name, case):
    d, n, network, training = CASES[case]
    chosen = Session(
        data={"samples": n, "dimension": d},
        network={"activation": name, **network},
        training={"dtype": "float64", **training},
        limit={"nodes": 64, "units": 2048},
    )
    problem = make_problem(chosen)
    ours, theirs = solved(chosen, 10, problem), particles(chosen, problem, 10)
    for k in (1, 4, 10):
        assert rms(ours[k].output, theirs[k].output) < 4 * theirs[k].output_error


@pytest.mark.parametrize(
    "training",
    [
        {"optimizer": "sgd", "batch": 2},
        {"optimizer": "momentum", "momentum": 0.6, "rate": 0.5},
        {"clip": 0.05, "optimizer": "momentum", "momentum": 0.6},
    ],
    ids=lambda t: t.get("optimizer", "") + ("+clip" if "clip" in t else ""),
)
@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_optimisers(name, training):
    """Batches, momentum and clipping (mathematics.md 1.1b) against particles."""
    chosen = Session(
        data={"samples": 4, "dimension": 3},
        network={"activation": name, "sigma_u": 1.2},
        training={"dtype": "float64", **training},
        limit={"nodes": 64, "units": 2048},
    )
    problem = make_problem(chosen)
    ours = solved(chosen, 8, problem, constant(chosen.training.rate))
    theirs = particles(chosen, problem, 8)
    for a, b in zip(ours, theirs, strict=True):
        assert rms(a.output, b.output) < 4 * b.output_error + 1e-14
        assert a.factor == pytest.approx(b.factor, rel=1e-3)
        assert (a.weights is None) == (b.weights is None)
        if a.weights is not None and b.weights is not None:
            np.testing.assert_array_equal(a.weights, b.weights)


def test_the_rate_may_change_between_steps():
    """A step at rate 0 changes nothing; the rate is asked for once a step, in order."""
    asked = []

    def rates(step: int) -> float:
        asked.append(step)
        return 0.0 if step == 1 else 0.7

    found = solved(session(d=3, n=2), 4, rates=rates)
    assert asked == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(found[2].output, found[1].output, atol=1e-10)
    assert rms(found[3].output, found[2].output) > 1e-3


def test_turned_data_give_turned_fields():
    chosen = session(d=4, n=3)
    problem = make_problem(chosen)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    turned = Problem(problem.x @ turn, problem.y @ turn)
    a, b = solved(chosen, 5, problem)[5], solved(chosen, 5, turned)[5]
    np.testing.assert_allclose(a.output @ turn, b.output, atol=1e-9)
    np.testing.assert_allclose(a.h @ turn, b.h, atol=1e-9)
    np.testing.assert_allclose(a.b @ turn, b.b, atol=1e-9)


def test_fields_start_and_end_where_they_should():
    chosen = session(d=5, n=3)
    problem = make_problem(chosen)
    found = solved(chosen, 3, problem)
    assert found[0].h.shape == (1, NODES + 2, 3, 5)
    np.testing.assert_allclose(found[0].h[0], np.broadcast_to(problem.h0, (NODES + 2, 3, 5)), atol=1e-14)
    for fields in found:
        np.testing.assert_allclose(fields.h[0, 0], problem.h0, atol=1e-14)
        np.testing.assert_allclose(fields.h[0, -1], fields.output, atol=1e-14)
        np.testing.assert_allclose(fields.b[0, -1], problem.pull(fields.output), atol=1e-14)


def test_a_thousand_dimensions_are_solved_in_their_span():
    """D = 1000, N = 2 has r = 4; the fields are its, the output is all of it."""
    chosen = session(d=1000, n=2)
    problem = make_problem(chosen)
    found = solved(chosen, 3, problem)[3]
    assert found.h.shape == (1, NODES + 2, 2, 4)
    assert found.output.shape == (2, 1000)
    assert found.loss == pytest.approx(float(problem.loss(found.output)))
    assert lazy_cost(chosen, problem) < LARGEST_COST


def test_endless_dimension():
    chosen = Session(
        data={"samples": 3, "dimension": 2},
        network={"dimension": 30, "embedding": "random"},
        training={"dtype": "float64"},
        limit={"large_d": True, "nodes": 64, "units": 2048},
    )
    problem = make_problem(chosen)
    ours, theirs = solved(chosen, 6, problem)[6], particles(chosen, problem, 6)[6]
    assert ours.h.shape[-1] == 4
    assert ours.output.shape == (3, 2)
    assert rms(ours.output, theirs.output) < 4 * theirs.output_error


def test_many_unknowns_are_iterated():
    """r = 30: collocation systems past the size that is factorised give the same fields."""
    chosen = session(d=30, n=20, activation="erf")
    many = solved(chosen, 3)[3]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collocation, "_DIRECT", 10_000)
        direct = solved(chosen, 3)[3]
    np.testing.assert_allclose(many.h, direct.h, atol=1e-10)
    np.testing.assert_allclose(many.b, direct.b, atol=1e-10)


def test_large_steps_of_work_are_interrupted():
    """N = 40: a late step is thousands of pairs times ten nodes, with pauses in between."""
    chosen = session(d=4, n=40, activation="erf")
    engine = lazy_kernel_limit(chosen, make_problem(chosen), rates=constant(0.1))
    pauses, done = 0, -1
    while done < 6:
        for fields in engine:
            if fields is not None:
                done, pauses_before, pauses = fields.step, pauses, 0
                break
            pauses += 1
    assert pauses_before >= 4


def test_divergence_is_named():
    """A rate of 60 sends the fields of the second step out of the tables' reach."""
    chosen = session(d=4, n=3)
    engine = lazy_kernel_limit(chosen, make_problem(chosen), rates=constant(60.0))
    with pytest.raises(DivergenceError, match=r"diverged at step 2: .*norm") as caught:
        list(islice((f for f in engine if f is not None), 200))
    assert caught.value.step == 2
    assert "rate" in caught.value.remedy


def test_a_blown_up_loss_is_named():
    """One sample pulled the wrong way, by a negative rate."""
    chosen = session(activation="identity")
    engine = lazy_kernel_limit(chosen, two_directions(), rates=constant(-4.0))
    with pytest.raises(DivergenceError, match=r"loss|no fields"):
        list(islice((f for f in engine if f is not None), 50))


def test_unstable_training_is_not_called_exact():
    """sigma = identity at rate 60 resolves no depth: the stated error is as large as the output."""
    found = solved(session(d=4, n=3, activation="identity"), 10, rates=constant(60.0))
    assert all(f.output_error > 0.02 for f in found[1:])


def test_costs():
    small, large = session(d=4, n=4), session(d=4, n=400)
    assert lazy_cost(large, make_problem(large)) == pytest.approx(1e4 * lazy_cost(small, make_problem(small)))
    assert lazy_cost(large, make_problem(large)) > LARGEST_COST
    far = Problem(np.array([[9.0, 0.0]]), np.array([[0.0, 1.0]]))
    assert lazy_cost(small, far) == np.inf  # no table goes there
    assert lazy_cost(session(activation="erf"), far) < LARGEST_COST


def test_barycentric_weights_are_exact_for_polynomials():
    s = lazy_depths(session())
    assert (s[0], s[-1], len(s)) == (0.0, 1.0, NODES + 2)
    depths = np.array([0.0, 0.1, 0.33, s[4], 0.97, 1.0])
    rows = barycentric_weights(s, depths)
    for degree in range(NODES + 2):
        np.testing.assert_allclose(rows @ s**degree, depths**degree, atol=1e-13)
    np.testing.assert_array_equal(rows[3], np.eye(NODES + 2)[4])
    np.testing.assert_allclose(barycentric_weights(s, np.linspace(0, 1, 64)) @ np.exp(-5 * s),
                               np.exp(-5 * np.linspace(0, 1, 64)), atol=1e-7)  # fmt: skip


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_units_without_input_weights_are_followed_by_particles(activation):
    """p = 0 at the start: kernels, which are in units of sigma_u, say nothing then."""
    session = Session(
        data={"samples": 3, "dimension": 4},
        network={"layers": 4, "units": 8, "sigma_u": 0.0, "activation": activation},
        training={"steps": 3},
        limit={"nodes": 8, "units": 64},
    )
    assert lazy_cost(session, make_problem(session)) == np.inf
    loss = resviz.solve_lazy(session).loss
    assert np.isfinite(loss).all()
    assert loss[-1] <= loss[0]
