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
from resviz.observe.distance import Distance, distance
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


def spread(depth: int, limit: LimitFields, seeds: int) -> tuple[float, float]:
    """RMS over starts of a unit's distance from its twin after K steps, M = 1: (all of it, without its bias).

    The same starts at 16 depths go through the fields of every seed's network and through the limit's. What
    is common to the seeds is the 1/L bias (and the limit's own error); what parts them is noise.
    """
    chosen = shaped(depth, 1)
    problem = make_problem(chosen)
    layers = (np.arange(16) * depth) // 16
    starts = np.stack([unit_starts(1000, int(i), 16, 4) for i in range(16)])

    def pushed(places) -> np.ndarray:
        units = cohort(starts, rule(chosen), dtype="float64")
        for k in range(K):
            units.push(places.seen(k))
        return units.u.numpy().copy()

    twin = pushed(limit_places(limit, layers / depth))
    ends = []
    for seed in range(seeds):
        net = resnet(chosen.with_values({"network.seed": seed}), problem, rates=constant())
        recorded = steps(net, K - 1)
        ends.append(pushed(net_places(lambda k, of=recorded: of[k], layers, depth)))
    found = np.stack(ends)
    whole = float(np.sqrt(np.mean((found - twin) ** 2)))
    return whole, float(np.sqrt(np.mean(found.var(axis=0, ddof=1))))


def twin_slopes(depths: list[int], seeds: int) -> tuple[float, float]:
    limit = solve_limit(shaped(4, 4).with_values({"limit.units": 32768}))
    whole, noise = zip(*(spread(depth, limit, seeds) for depth in depths), strict=True)
    slopes = fitted(depths, whole), fitted(depths, noise)
    print("\ntwins {:.3f}, without bias {:.3f}".format(*slopes), *(f"{x:.2e}" for x in noise))
    return slopes


@pytest.mark.long
def test_twins_approach_their_units():
    """M = 1, L = 2^8 .. 2^16: unit and twin part like (LM)^-1/2, slope -0.5 +- 0.05 without the 1/L bias."""
    whole, noise = twin_slopes([2**8, 2**10, 2**12, 2**14, 2**16], seeds=8)
    assert noise == pytest.approx(-0.5, abs=0.05)
    assert whole == pytest.approx(-0.5, abs=0.07)


def test_twins_approach_their_units_in_small():
    """L = 2^8, 2^10, 2^12."""
    assert twin_slopes([2**8, 2**10, 2**12], seeds=6)[1] == pytest.approx(-0.5, abs=0.06)


def distances_at_start(seeds: range) -> list[Distance]:
    """Preactivations of one layer against their exact Gaussian, k = 0 (mathematics.md 6)."""
    x = np.random.default_rng(1).standard_normal(10)
    law = gaussian(0.0, float(np.linalg.norm(x)) / np.sqrt(10))
    return [distance(np.sqrt(10) * x @ unit_starts(seed, 3, 256, 10)[0] / 10, law) for seed in seeds]


def test_p_values_at_the_start_are_uniform():
    """200 seeds of KS, 60 of W1 (whose null is simulated)."""
    found = distances_at_start(range(200))
    assert stats.kstest([d.ks_p for d in found], "uniform").pvalue > 0.01
    assert stats.kstest([d.w1_p for d in found[:60]], "uniform").pvalue > 0.01


@pytest.mark.long
def test_w1_p_values_at_the_start_are_uniform():
    """200 seeds of W1, none of which the short test sees."""
    p = [d.w1_p for d in distances_at_start(range(1000, 1200))]
    uniform = stats.kstest(p, "uniform").pvalue
    print(f"\nW1 p-values: KS against uniform {uniform:.3f}")
    assert uniform > 0.01


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
