"""Finite network against limit: a ladder of measured slopes (mathematics.md 3, 4, 6)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from problems import constant, session, steps, two_directions
from scipy import stats

from resviz.config import Session
from resviz.data import make_problem
from resviz.engine.descent import descend
from resviz.engine.lazy import lazy_limit
from resviz.engine.meanode import mean_ode
from resviz.engine.resnet import ResNet, resnet
from resviz.engine.rule import rule
from resviz.fields import LimitFields, unit_starts
from resviz.observe.density import gaussian
from resviz.observe.distance import distance
from resviz.recording import solve_limit
from resviz.transport import cohort, limit_places, net_places

K = 8


def fitted(x: list[float], y: list[float]) -> float:
    """Slope of log y against log x."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def shaped(layers: int, units: int, seed: int = 0, **network: object) -> Session:
    chosen = session(d=4, n=4, layers=layers, units=units, seed=seed, **network)
    return chosen.with_values({"training.steps": K, "limit.nodes": 64, "limit.units": 8192})


def output(chosen: Session) -> np.ndarray:
    return steps(resnet(chosen, make_problem(chosen), rates=constant()), K)[K].output


def test_lazy_rate_is_alpha_to_minus_two():
    """Rank-2 problem, K = 1, the same particles on both sides: slope -2 +- 0.1 from alpha = 4 to 16."""
    problem = two_directions()
    chosen = session().with_values({"limit.nodes": 33, "limit.units": 16384})
    lazy = steps(lazy_limit(chosen, problem, rates=constant()), 1)[1].output
    alphas, gaps = [4.0, 8.0, 16.0], []
    for alpha in alphas:
        near = steps(mean_ode(chosen, problem, rates=constant(), alpha=alpha), 1)[1].output
        gaps.append(float(np.sqrt(np.mean((near - lazy) ** 2))))
    slope = fitted(alphas, gaps)
    print(f"\nlazy rate {slope:.3f}")
    assert slope == pytest.approx(-2.0, abs=0.1)


def test_seed_differences_fall_like_the_square_root_of_units():
    """Half the squared difference of seeds isolates the noise: slope -0.5 +- 0.05 in LM."""
    sizes, noise = [], []
    for layers, units in ((16, 16), (32, 32), (64, 64), (128, 128)):
        outputs = np.stack([output(shaped(layers, units, seed)) for seed in range(24)])
        sizes.append(layers * units)
        noise.append(float(np.sqrt(np.mean(outputs.var(axis=0, ddof=1)))))
    slope = fitted(sizes, noise)
    print(f"\nseed differences {slope:.3f}")
    assert slope == pytest.approx(-0.5, abs=0.05)


@pytest.mark.long
def test_bias_of_the_seed_mean_falls_like_the_number_of_layers():
    """At large LM the mean over seeds is off by a/L: slope -1 +- 0.15."""
    limit = solve_limit(shaped(4, 4).with_values({"limit.units": 32768}))
    depths, bias = [], []
    for layers in (2, 4, 8, 16):
        units = 2**17 // layers
        mean = np.mean([output(shaped(layers, units, seed)) for seed in range(12)], axis=0)
        depths.append(layers)
        bias.append(float(np.sqrt(np.mean((mean - limit.output[K]) ** 2))))
    slope = fitted(depths, bias)
    print(f"\nbias {slope:.3f}", bias, "limit's own error", limit.output_error[K])
    assert slope == pytest.approx(-1.0, abs=0.15)


def twin_gap(chosen: Session, limit: LimitFields, seed: int) -> float:
    """RMS over layers, units and coordinates of u - twin after K steps."""
    chosen = chosen.with_values({"network.seed": seed})
    problem, network = make_problem(chosen), chosen.network
    layers = np.arange(network.layers)
    starts = np.stack([unit_starts(network.seed, int(i), network.units, 4) for i in layers])
    recorded = steps(resnet(chosen, problem, rates=constant()), K - 1)
    units, twins = (cohort(starts, rule(chosen), dtype="float64") for _ in range(2))
    own = net_places(lambda k: recorded[k], layers, network.layers)
    ideal = limit_places(limit, layers / network.layers)
    for k in range(K):
        units.push(own.seen(k))
        twins.push(ideal.seen(k))
    return float((units.u - twins.u).square().mean().sqrt())


@pytest.mark.long
def test_twins_approach_their_units():
    """M = 1, L = 2^8 .. 2^14: the distance of unit and twin falls with slope -0.5 +- 0.05 in LM."""
    limit = solve_limit(shaped(4, 4).with_values({"limit.units": 32768}))
    depths = [2**8, 2**10, 2**12, 2**14]
    gaps = [
        float(np.sqrt(np.mean([twin_gap(shaped(depth, 1), limit, seed) ** 2 for seed in range(4)])))
        for depth in depths
    ]
    slope = fitted(depths, gaps)
    print(f"\ntwins {slope:.3f}", gaps)
    assert slope == pytest.approx(-0.5, abs=0.05)


def test_p_values_at_the_start_are_uniform():
    """mathematics.md 6: 200 seeds at k = 0, preactivations of one layer against their exact Gaussian."""
    x = np.random.default_rng(1).standard_normal(10)
    law = gaussian(0.0, float(np.linalg.norm(x)) / np.sqrt(10))
    found = [distance(np.sqrt(10) * x @ unit_starts(seed, 3, 256, 10)[0] / 10, law) for seed in range(200)]
    assert stats.kstest([d.ks_p for d in found], "uniform").pvalue > 0.01
    assert stats.kstest([d.w1_p for d in found[:60]], "uniform").pvalue > 0.01


def test_relu_keeps_its_balance():
    """mathematics.md 2.5: |u|^2/eta_u - |v|^2/eta_v moves by O(eta^2) a step: halving eta quarters it."""
    drifts = []
    for eta in (0.02, 0.01):
        chosen = shaped(8, 16, activation="relu")
        problem, n = make_problem(chosen), chosen.network
        starts = np.stack([unit_starts(n.seed, i, n.units, 4) for i in range(n.layers)])
        net = ResNet(problem.h0, starts, rule(chosen), device=torch.device("cpu"), dtype=torch.float64)
        before = (net.u.square() - net.v.square()).sum(dim=2)
        moved = net.u.clone()
        steps(descend(net, problem, rule(chosen), constant(eta)), 0)
        after = (net.u.square() - net.v.square()).sum(dim=2)
        drifts.append(float((after - before).abs().max()))
        assert float((net.u - moved).abs().max()) > 100 * drifts[-1] * eta
    assert drifts[1] == pytest.approx(drifts[0] / 4, rel=0.05)
