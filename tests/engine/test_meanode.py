"""The Mean ODE and its lazy limit: the tables of mathematics.md 2.2 and 3, exact cases, convergence."""

from __future__ import annotations

import numpy as np
import pytest
from problems import constant, session, steps, two_directions

from resviz.data import Problem, make_problem
from resviz.engine.lazy import lazy_limit
from resviz.engine.meanode import mean_ode
from resviz.engine.resnet import resnet

ROOT = np.sqrt(2.0)


def in_hat(output: np.ndarray) -> np.ndarray:
    """Coordinates along (x^, y^) of the single sample."""
    return output[0] / ROOT


@pytest.mark.parametrize(
    ("activation", "alpha", "r"),
    [
        ("tanh", 0.5, 0.446407),
        ("tanh", 1.0, 0.535762),
        ("tanh", 4.0, 0.594718),
        ("erf", 1.0, 0.588115),
        ("identity", 1.0, 1 - np.exp(-2)),
        ("identity", 3.0, 1 - np.exp(-2)),
    ],
)
def test_one_step(activation, alpha, r):
    """After one step the output is (1 - r) x^ + r y^."""
    solved = steps(
        mean_ode(session(activation=activation, alpha=alpha), two_directions(), rates=constant()), 1
    )
    np.testing.assert_allclose(in_hat(solved[1].output), [1 - r, r], atol=2e-4)


@pytest.mark.parametrize(("activation", "r"), [("tanh", 0.600656), ("erf", 0.665137), ("relu", 0.608163)])
def test_one_lazy_step(activation, r):
    solved = steps(lazy_limit(session(activation=activation), two_directions(), rates=constant()), 1)
    np.testing.assert_allclose(in_hat(solved[1].output), [1 - r, r], atol=5e-4)


def test_many_steps():
    solved = steps(mean_ode(session(), two_directions(), rates=constant()), 10)
    for k, expected in ((2, (0.33070, 0.76509)), (5, (0.08474, 0.98521)), (10, (0.00713, 0.99964))):
        np.testing.assert_allclose(in_hat(solved[k].output), expected, atol=3e-4)


def test_initialisation_is_exact():
    """mathematics.md 2.4: h_0(s) = x and b_0 constant, here to rounding thanks to antithetic starts."""
    chosen = session(d=5, n=3)
    problem = make_problem(chosen)
    first = steps(mean_ode(chosen, problem, rates=constant()), 0)[0]
    np.testing.assert_allclose(first.h, np.broadcast_to(problem.x, first.h.shape), atol=1e-12)
    np.testing.assert_allclose(
        first.b, np.broadcast_to((problem.x - problem.y) / 3, first.b.shape), atol=1e-12
    )


def test_linear_first_step_is_a_matrix_exponential():
    """mathematics.md 2.3: h_1(s) = exp(-2 eta s sum_i b_i h_i^T) h_0, in ^ units, D = 4, N = 3."""
    from scipy.linalg import expm

    chosen = session(d=4, n=3, activation="identity", alpha=2.0).with_values({"limit.units": 16384})
    problem = make_problem(chosen)
    solved = steps(mean_ode(chosen, problem, rates=constant(0.3)), 1)[1]
    h, y = problem.x / 2.0, problem.y / 2.0  # sqrt(D) = 2
    generator = -2 * 0.3 * ((h - y) / 3).T @ h
    expected = h @ expm(generator).T * 2.0
    scale = np.sqrt(np.mean(expected**2))
    assert np.sqrt(np.mean((solved.output - expected) ** 2)) < 5e-3 * scale
    assert np.sqrt(np.mean((solved.output - expected) ** 2)) < 4 * solved.output_error


def test_depth_schemes_are_of_second_and_third_order():
    """The same particles at every node leave the depth error: ds^2 in even replicas, ds^3 in odd ones."""
    import torch

    from resviz.engine.descent import descend
    from resviz.engine.meanode import Particles
    from resviz.engine.rule import rule
    from resviz.fields import limit_starts

    chosen = session(activation="tanh", alpha=2.0)
    problem = two_directions()
    z = limit_starts(3, 1, 256, 2, antithetic=True)

    def ends(nodes: int) -> np.ndarray:
        starts = np.broadcast_to(z[:, None], (nodes, 2, 2, 2, 256)).copy()
        engine = Particles(problem.h0, starts, rule(chosen), device=torch.device("cpu"), dtype=torch.float64)
        return steps(descend(engine, problem, rule(chosen), constant()), 4)[4].h[:, -1]  # (R, N, D)

    fine = ends(1025)[1]
    errors = np.array([np.abs(ends(n) - fine).max(axis=(1, 2)) for n in (17, 33, 65)])
    orders = np.log2(errors[:-1] / errors[1:])
    assert np.all(np.abs(orders[:, 0] - 2.0) < 0.25), orders
    assert np.all(orders[:, 1] > 2.6), orders
    assert np.all(errors[:, 1] < 0.2 * errors[:, 0]), errors


def test_large_alpha_approaches_the_lazy_limit_like_alpha_to_minus_two():
    """mathematics.md 3: the Mean ODE depends on alpha^2 alone for symmetric v; measured at K = 1."""
    problem = two_directions()
    lazy = steps(lazy_limit(session(), problem, rates=constant()), 1)[1].output
    gaps = [
        np.abs(steps(mean_ode(session(alpha=a), problem, rates=constant()), 1)[1].output - lazy).max()
        for a in (4.0, 8.0)
    ]
    assert np.log2(gaps[0] / gaps[1]) == pytest.approx(2.0, abs=0.15)


def test_lazy_adjoint_is_the_adjoint_of_the_lazy_flow():
    """b . (tangent of h) is constant in s for the linearised equations too, up to the depth scheme."""
    chosen = session(d=3, n=2, activation="tanh").with_values({"limit.nodes": 129, "limit.units": 4096})
    problem = make_problem(chosen)
    nudged = Problem(problem.x + 1e-5 * np.array([[1.0, -2.0, 0.5], [0.0, 0.0, 0.0]]), problem.y)
    # the displacements after three steps come from the unperturbed problem: drive both by hand
    import torch

    from resviz.engine.descent import descend
    from resviz.engine.lazy import LazyParticles
    from resviz.engine.meanode import particle_starts
    from resviz.engine.rule import rule

    chosen_rule = rule(chosen, alpha=float("inf"))
    starts = particle_starts(problem, 129, 4096)
    engine = LazyParticles(problem.h0, starts, chosen_rule, device=torch.device("cpu"), dtype=torch.float64)
    steps(descend(engine, problem, chosen_rule, constant()), 3)
    engine.forward(0, 129)
    end = engine.h[-1].clone()
    engine.b[-1] = torch.randn(end.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    engine.backward(0, 129, 0.0, 0.0)
    base = engine.h.clone()
    engine.h[0] = torch.tensor(nudged.h0)
    engine.forward(0, 129)
    tangent = (engine.h - base) / 1e-5
    pairing = (engine.b * tangent).sum(-1)[:, :, 0]  # (S, R), sample 0
    assert float((pairing - pairing[0]).abs().max() / pairing[0].abs().max()) < 2e-3


@pytest.mark.long
def test_a_network_is_farther_from_the_limit_than_the_solver_of_its_size():
    """mathematics.md 5: 65,536 units, D = N = 10, K = 100: at most 40 % of the 64 x 1024 net's error."""
    ratio = _error_ratio(k=100, nodes=64, units=1024, reference=(128, 8192), seeds=6)
    assert ratio <= 0.4


def test_a_network_is_farther_from_the_limit_than_the_solver_of_its_size_in_small():
    """The same rule at 4,096 units and K = 20."""
    assert _error_ratio(k=20, nodes=16, units=256, reference=(64, 2048), seeds=4) <= 0.5


def _error_ratio(*, k: int, nodes: int, units: int, reference: tuple[int, int], seeds: int) -> float:
    base = session(d=10, n=10, layers=nodes, units=units).with_values({"training.dtype": "float32"})
    problem = make_problem(base)

    def limit(n: int, p: int, seed: int) -> np.ndarray:
        at = base.with_values({"limit.nodes": n, "limit.units": p})
        return steps(mean_ode(at, problem, rates=constant(), seed=seed), k)[k].output

    exact = limit(*reference, 999)
    solver = [np.mean((limit(nodes, units, seed) - exact) ** 2) for seed in range(seeds)]
    nets = []
    for seed in range(seeds):
        net = resnet(base.with_values({"network.seed": seed}), problem, rates=constant())
        nets.append(np.mean((steps(net, k)[k].output - exact) ** 2))
    ours, theirs = np.sqrt(np.mean(solver)), np.sqrt(np.mean(nets))
    print(f"\nsolver {ours:.2e}, network {theirs:.2e}, ratio {ours / theirs:.3f}")
    return float(ours / theirs)
