"""The exact limit of linear networks (mathematics.md 2.3): closed forms, published numbers, particles."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial.chebyshev import Chebyshev
from problems import constant, session, steps, two_directions
from scipy.linalg import expm

from resviz.config import Session
from resviz.data import Problem, make_problem
from resviz.engine.descent import descend
from resviz.engine.lazy import lazy_limit
from resviz.engine.linear import NODES, Moments, linear_depths, linear_limit
from resviz.engine.meanode import limit_problem, mean_ode
from resviz.engine.rule import rule
from resviz.errors import DivergenceError, SessionError
from resviz.fields import Fields
from resviz.fields.chebyshev import barycentric_weights, lobatto

ROOT = np.sqrt(2.0)
INF = float("inf")


def linear(*, d: int = 2, n: int = 1, **network: object) -> Session:
    return session(d=d, n=n, activation="identity", **network)


def solved(chosen: Session, last: int, eta: float = 1.0, alpha: float | None = None) -> list[Fields]:
    return steps(linear_limit(chosen, make_problem(chosen), rates=constant(eta), alpha=alpha), last)


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(x**2)))


@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0, INF])
def test_one_step_is_the_same_for_every_alpha(alpha):
    """mathematics.md 2.2: the output is (1 - r) x^ + r y^, r = 1 - e^-2."""
    last = steps(linear_limit(linear(), two_directions(), rates=constant(), alpha=alpha), 1)[1]
    np.testing.assert_allclose(last.output[0] / ROOT, [np.exp(-2), 1 - np.exp(-2)], atol=1e-13)
    assert 0 < last.output_error < 1e-12


def test_later_steps_depend_on_alpha_squared():
    """Mean ODE -> lazy limit is O(1/alpha^2) from the second step on."""
    problem = two_directions()
    lazy = steps(linear_limit(linear(), problem, rates=constant(0.3), alpha=INF), 4)[4].output
    gaps = [
        rms(steps(linear_limit(linear(), problem, rates=constant(0.3), alpha=a), 4)[4].output - lazy)
        for a in (8.0, 16.0, 32.0)
    ]
    assert gaps[0] > 1e-4
    np.testing.assert_allclose(np.log2(np.array(gaps[:-1]) / gaps[1:]), 2.0, atol=0.02)


@pytest.mark.parametrize("alpha", [0.7, INF])
def test_first_step_is_a_matrix_exponential(alpha):
    """h_1(s) = exp(-2 eta s sum_i b_i h_i^T) h_0 in ^ units, D = 4, N = 3."""
    chosen = linear(d=4, n=3)
    problem = make_problem(chosen)
    first = solved(chosen, 1, 0.3, alpha)[1]
    h, y = problem.x / 2.0, problem.y / 2.0  # sqrt(D) = 2
    generator = -2 * 0.3 * ((h - y) / 3).T @ h
    expected = np.stack([2.0 * h @ expm(s * generator).T for s in linear_depths(chosen)])
    np.testing.assert_allclose(first.h[0], expected, atol=1e-13 * np.abs(expected).max())


TABLE = """
 0 .234033 .640000 .468066
 1 .177955 .647669 .360175
 5 .051074 .822940 .131346
10 .004930 1.114759 .017173
14 .000414 1.234732 .001596
"""


@pytest.mark.parametrize("seed", [0, 1])
def test_density_grid(seed):
    """experiments.md 11, D -> infinity: loss, variance of a coordinate of h(1) and of b(0).

    Its W_in, W_out have entries N(0, 1): ours are N(0, 1/d_in), N(0, d_out), so x and y are sqrt(3) times
    its own, and our loss, the mean of squares over d_out = 3 entries, is twice its |f - y|^2 / 2.
    """
    rng = np.random.default_rng(seed)  # in the limit the directions of x and y do not matter
    x, y = (v / np.linalg.norm(v) for v in rng.standard_normal((2, 1, 3)))
    any_map = rng.standard_normal((3, 3))
    problem = Problem(0.8 * np.sqrt(3) * x, np.sqrt(3 * 0.468066) * y, any_map, any_map)
    chosen = Session(
        data={"samples": 1, "dimension": 3},
        network={"dimension": 1000, "embedding": "random", "activation": "identity"},
        limit={"large_d": True},
    )
    fields = steps(linear_limit(chosen, problem, rates=constant(0.1)), 14)
    for row in TABLE.split("\n")[1:-1]:
        k, *expected = (float(word) for word in row.split())
        f = fields[int(k)]
        found = [f.loss / 2, np.mean(f.h[0, -1, 0] ** 2), np.mean(f.b[0, 0, 0] ** 2)]
        np.testing.assert_allclose(found, expected, atol=1.2e-6)  # |y|^2 itself is given to 5e-7


GENERAL = {
    "multiplier": linear(d=4, n=3, alpha=1.7, sigma_u=0.6, sigma_v=1.3).with_values(
        {"training.rate_u": 0.8, "training.rate_v": 0.3}
    ),
    "output weights": linear(d=3, n=2, alpha=0.4, parametrisation="output-weights"),
    "in a span": linear(d=9, n=2, alpha=0.8, sigma_v=0.5),
    "more samples": linear(d=2, n=9, alpha=2.0),
    "embedded": Session(
        data={"samples": 3, "dimension": 2},
        network={"dimension": 30, "embedding": "random", "activation": "identity", "alpha": 1.5},
    ),
}


@pytest.mark.parametrize("name", GENERAL)
def test_fields_solve_the_equations_of_their_moments(name):
    """The covariance pushed by T = [[I, -r_u G], [-r_v G^T, I]] as a block makes the fields' derivatives."""
    chosen, eta = GENERAL[name], 0.4
    fields = solved(chosen, 5, eta)
    s, law = linear_depths(chosen), rule(chosen)
    r = fields[0].h.shape[-1]
    one = np.broadcast_to(np.eye(r), (NODES, r, r))
    zero = np.zeros_like(one)
    covariance = np.block([[law.sigma_u**2 * one, zero], [zero, law.sigma_v**2 * one]])
    rate_u, rate_v = law.updates(eta)
    for f in fields:
        h, b = f.h[0], f.b[0]  # (S, N, r)
        a = law.alpha * covariance[:, r:, :r]
        for field, velocity in ((h, h @ a.transpose(0, 2, 1)), (b, -b @ a)):
            np.testing.assert_allclose(_slope(s, field), velocity, atol=1e-10 * np.abs(field).max())
        g = h.transpose(0, 2, 1) @ b / r
        push = np.block([[one, -rate_u * g], [-rate_v * g.transpose(0, 2, 1), one]])
        covariance = push @ covariance @ push.transpose(0, 2, 1)


def _slope(s: np.ndarray, field: np.ndarray) -> np.ndarray:
    """d/ds of the polynomial through the nodes."""
    flat = field.reshape(NODES, -1)
    columns = [Chebyshev.fit(s, column, NODES - 1, domain=[0, 1]).deriv()(s) for column in flat.T]
    return np.stack(columns, axis=1).reshape(field.shape)


@pytest.mark.parametrize("name", GENERAL)
def test_pairings_are_constant_in_depth(name):
    """b_i . h_i' for every pair of samples."""
    for f in solved(GENERAL[name], 8, 0.4):
        pairs = f.b[0] @ f.h[0].transpose(0, 2, 1)  # (S, N, N)
        np.testing.assert_allclose(pairs, np.broadcast_to(pairs[0], pairs.shape), atol=1e-13)


PROBLEMS = [  # D, N, alpha, eta, k, data.seed
    (1, 1, 1.0, 1.0, 5, 3),
    (1, 2, 3.3, 0.65, 5, 1),
    (2, 6, 0.5, 0.5, 4, 4),
    (3, 5, 1.9, 0.7, 4, 8),
    (4, 1, 1.2, 0.1, 2, 5),
    (5, 3, 0.7, 0.9, 1, 2),
    (6, 4, 4.0, 0.4, 3, 6),
    (6, 6, 2.5, 1.0, 5, 7),
]


@pytest.mark.parametrize(("d", "n", "alpha", "eta", "k", "seed"), PROBLEMS)
def test_particles_agree_within_their_error(d, n, alpha, eta, k, seed):
    """Each within four times what two replicas of it say: RMS over three scrambles, at two steps."""
    chosen = linear(d=d, n=n, alpha=alpha).with_values({"data.seed": seed, "limit.units": 1024})
    problem = make_problem(chosen)
    exact = solved(chosen, k, eta)[1:]
    found = [steps(mean_ode(chosen, problem, rates=constant(eta), seed=z), k)[1:] for z in range(3)]
    error = rms(
        np.array([rms(f.output - e.output) for run in found for f, e in zip(run, exact, strict=True)])
    )
    stated = rms(np.array([f.output_error for run in found for f in run]))
    assert error < 4 * stated
    assert max(e.output_error for e in exact) < 1e-12


def test_lazy_particles_agree_within_their_error():
    chosen = linear(d=4, n=3).with_values({"limit.units": 1024})
    exact = solved(chosen, 6, 0.5, INF)
    found = steps(lazy_limit(chosen, make_problem(chosen), rates=constant(0.5)), 6)
    error = [rms(f.output - e.output) for f, e in zip(found[1:], exact[1:], strict=True)]
    assert rms(np.array(error)) < 4 * rms(np.array([f.output_error for f in found[1:]]))
    assert rms(np.array(error)) < 0.01 * rms(exact[6].output - exact[0].output)


def output(chosen: Session, nodes: int, stages: int, k: int, eta: float) -> np.ndarray:
    small, span = limit_problem(chosen, make_problem(chosen))
    law = rule(chosen)
    engine = Moments(small.h0, law, nodes=nodes, stages=stages)
    return steps(descend(engine, small, law, constant(eta), span=span), k)[k].output


def test_error_falls_geometrically_with_the_nodes():
    """After 12 steps: two digits for every four nodes, down to rounding."""
    exact = output(linear(), 49, 6, 12, 1.0)
    errors = np.array([rms(output(linear(), n, 6, 12, 1.0) - exact) for n in (9, 13, 17, 21, 33)])
    assert errors[0] > 1e-5
    assert np.all(errors[1:4] < 1.2e-2 * errors[:3]), errors
    assert errors[4] < 1e-12


def test_stages_are_of_order_two_m():
    """Gauss collocation with one and two stages between nodes, over twice as many nodes: order 2 and 4."""
    exact = output(linear(), 49, 6, 3, 1.0)
    for stages, gain in ((1, 4.0), (2, 16.0)):
        coarse, fine = (rms(output(linear(), n, stages, 3, 1.0) - exact) for n in (17, 33))
        assert coarse / fine == pytest.approx(gain, rel=0.15)


@pytest.mark.parametrize("alpha", [1.0, 3.0])
def test_a_hundred_steps_keep_their_digits(alpha):
    """D = N = 10, K = 100: stated error and difference to a solution with 49 nodes."""
    chosen = linear(d=10, n=10, alpha=alpha)
    last = solved(chosen, 100, 0.3)[100]
    assert last.output_error < 1e-11
    assert rms(last.output - output(chosen, 49, 6, 100, 0.3)) < 4 * last.output_error + 1e-14


def test_stated_error_grows_with_a_true_one():
    """Lazy, rate 1: an unstable mode blows rounding up to the size of the output, and the solver says so."""
    chosen = linear(d=10, n=10)
    problem = make_problem(chosen)
    fields = solved(chosen, 66, 1.0, INF)
    law = rule(chosen, alpha=INF)
    other = steps(descend(Moments(problem.h0, law, nodes=41), problem, law, constant()), 66)
    gaps = np.array([rms(f.output - o.output) for f, o in zip(fields, other, strict=True)])
    stated = np.array([f.output_error for f in fields])
    assert gaps[40] < 1e-12
    assert gaps[66] > 1e-2
    grown = gaps > 1e-9
    assert np.median(gaps[grown] / stated[grown]) < 4


def test_rates_are_asked_once_a_step():
    """A live edit between the solution and the one that checks it would make two different runs."""
    asked = []

    def rates(step: int) -> float:
        asked.append(step)
        return 1.0 / len(asked)

    last = steps(linear_limit(linear(d=3, n=2), make_problem(linear(d=3, n=2)), rates=rates), 5)[5]
    assert asked == [0, 1, 2, 3, 4, 5]
    assert last.output_error < 1e-12


def test_shapes_and_depths():
    """R = 1, in the span, output in all D dimensions; float64 whatever the session's dtype."""
    chosen = linear(d=40, n=2).with_values({"training.dtype": "float32"})
    f = solved(chosen, 2, 0.1)[2]
    s = linear_depths(chosen)
    assert (s[0], s[-1]) == (0.0, 1.0)
    assert f.h.shape == f.b.shape == (1, len(s), 2, 4)
    assert f.h.dtype == np.float64
    assert f.output.shape == (2, 40)


def test_interpolation_between_the_nodes():
    """exp(-5 s) at 17 nodes to 1e-12; at a node, the node's own value."""
    s, depths = lobatto(17), np.linspace(0, 1, 101)
    np.testing.assert_allclose(
        barycentric_weights(lobatto(17), depths) @ np.exp(-5 * s), np.exp(-5 * depths), atol=1e-12
    )
    np.testing.assert_array_equal(barycentric_weights(lobatto(17), s), np.eye(17))


@pytest.mark.parametrize("embedding", ["none", "random"])
@pytest.mark.parametrize("eta", [8.0, 1e5])
def test_divergence(embedding, eta):
    chosen = linear(d=3, n=4, embedding=embedding)
    with pytest.raises(DivergenceError, match="diverged at step") as caught:
        solved(chosen, 50, eta)
    assert 0 < caught.value.step < 50


def test_other_activations_are_refused():
    chosen = session(activation="tanh")
    with pytest.raises(SessionError, match=r"network.activation = 'tanh'"):
        next(linear_limit(chosen, two_directions(), rates=constant()))
    with pytest.raises(SessionError, match="identity"):
        linear_depths(chosen)
