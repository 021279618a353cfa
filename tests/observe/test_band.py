"""The band that a density states, against its true error; and what the limit's own error limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from resviz.config import Session
from resviz.config.activations import BUILT_IN
from resviz.data import make_problem
from resviz.engine.choose import limit_solver
from resviz.errors import DivergenceError
from resviz.fields import LimitFields
from resviz.observe import distance
from resviz.observe.density import Density, estimate, gaussian, pushed, reference_error
from resviz.observe.distance import limited
from resviz.observe.limits import LimitUnits
from resviz.observe.observables import Look, observable
from resviz.recording import run

NAMES = (
    "preactivation", "activation", "backward", "u", "v", "u_norm", "travel_u", "travel_v", "alignment",
    "projection",
)  # fmt: skip
FAINT = 2e-3  # of the density itself: an error that no picture shows


def random_session(seed: int, most: int) -> tuple[Session, float, int, int]:
    """D 1-30, N 1-20, all activations, alpha 0.5-16; a rate, a layer of 64, a number of starts."""
    rng = np.random.default_rng(seed)
    chosen = Session(
        data={"samples": int(rng.integers(1, 21)), "dimension": int(rng.integers(1, 31)), "seed": seed},
        network={
            "layers": 64,
            "activation": BUILT_IN[seed % len(BUILT_IN)],
            "alpha": float(2.0 ** rng.uniform(-1, 4)),
        },
        training={"steps": min(most, int(10 ** rng.uniform(0, 1.5)))},
        limit={
            "nodes": int(rng.choice([16, 32])),
            "units": int(rng.choice([128, 512])),
            "engine": "particles",
        },
    )
    return chosen, float(rng.choice([0.2, 0.5, 1.0])), int(rng.integers(64)), int(rng.choice([2**11, 2**13]))


def densities(chosen: Session, rate: float, layer: int, starts: int) -> dict[str, Density | None]:
    problem, last = make_problem(chosen), chosen.training.steps
    solver = next(s for s in limit_solver(chosen, problem, chosen.network.alpha) if s is not None)
    fields: LimitFields = solver.unsolved()
    for state in solver.start(rates=lambda step: rate):
        if state is not None:
            fields.append(state)
        if fields.newest == last:
            break
    units = LimitUnits(chosen, problem, fields, [range(layer, layer + 1)], starts)
    look = Look.at(problem, sample=problem.samples - 1, coordinate=problem.dimension - 1)
    return {name: units.values(last, observable(name), look)[0].density(observable(name)) for name in NAMES}


def on_grid(law: Density, x: np.ndarray) -> np.ndarray:
    """Mean of a density over the cells round ``x``: that of sigma(p) is infinite at some ends."""
    ends = np.concatenate([x[:1], 0.5 * (x[1:] + x[:-1]), x[-1:]])
    mass = np.concatenate([[0.0], np.cumsum(0.5 * (law.pdf[1:] + law.pdf[:-1]) * np.diff(law.x))])
    mass = np.interp(ends, law.x, mass)
    mass[-1], mass[0] = mass.max(), 0.0  # what lies beyond an end counts there
    return np.diff(mass) / np.diff(ends)


def ratios(seeds: range, *, most: int, finer: tuple[int, int, int]) -> list[tuple[str, float]]:
    """True over stated error, both RMS over x, of each observable; the truth from ``finer`` S, P, starts."""
    found: list[tuple[str, float]] = []
    for seed in seeds:
        chosen, rate, layer, starts = random_session(seed, most)
        fine = chosen.with_values({"limit.nodes": finer[0], "limit.units": finer[1]})
        try:
            here = densities(chosen, rate, layer, starts)
            truth = densities(fine, rate, layer, finer[2])
        except DivergenceError:
            continue
        for name in NAMES:
            mine, true = here[name], truth[name]
            if mine is None or true is None or not mine.error.any():
                continue
            wanted = on_grid(true, mine.x)
            error = np.sqrt(np.mean((mine.pdf - wanted) ** 2))
            if error > FAINT * np.sqrt(np.mean(wanted**2)):
                found.append((name, float(error / np.sqrt(np.mean(mine.error**2)))))
    q = np.array([ratio for _, ratio in found])
    print(
        f"\n{len(q)} densities: true/stated median {np.median(q):.2f}, "
        f"< 2 in {np.mean(q < 2):.3f}, > 1/4 in {np.mean(q > 0.25):.3f}"
    )
    for name in NAMES:
        one = np.array([ratio for label, ratio in found if label == name])
        if len(one):
            print(f"{name:14s} {len(one):3d} {np.median(one):.2f} {np.mean(one < 2):.2f} {one.max():.1f}")
    return found


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_the_band_holds():
    """48 random problems, ten observables each: below twice the band in 95 %, above a quarter in 90 %."""
    q = np.array([ratio for _, ratio in ratios(range(48), most=30, finer=(64, 2048, 2**18))])
    assert len(q) > 400
    assert np.mean(q < 2) >= 0.95
    assert np.mean(q > 0.25) >= 0.90


def test_the_band_holds_in_small():
    q = np.array([ratio for _, ratio in ratios(range(100, 112), most=6, finer=(48, 1024, 2**16))])
    assert len(q) > 80
    assert np.mean(q < 2) >= 0.95
    assert np.mean(q > 0.25) >= 0.90


def test_a_kink_is_seen_by_the_band():
    """A density that jumps: smoothing errs there like the square root of the width, and the band says so."""
    rng = np.random.default_rng(3)
    gaps, bands = [], []
    for _ in range(20):
        found = estimate(list(np.abs(rng.normal(size=(2, 4096)))))  # half a normal law, no bound given
        law = np.where(found.x > 0, 2 * stats.norm.pdf(found.x), 0.0)
        gaps.append(np.mean((found.pdf - law) ** 2))
        bands.append(np.mean(found.error**2))
    assert 0.5 < np.sqrt(np.mean(gaps) / np.mean(bands)) < 2.0


def test_a_pushed_density_is_the_law_of_sigma():
    """tanh, and p^2, which folds and has an infinite density at 0: mass and quantiles of the exact law."""
    p = gaussian(0.0, 0.8)
    found = pushed(p, np.tanh, [])
    inside = np.abs(found.x) < 0.97
    law = stats.norm.pdf(np.arctanh(found.x[inside]), 0, 0.8) / (1 - found.x[inside] ** 2)
    np.testing.assert_allclose(found.pdf[inside], law, atol=2e-3 * law.max())
    assert found.error.max() == 0.0
    assert found.atoms == 0.0
    folded = pushed(p, np.square, [])
    cell = folded.x[1] - folded.x[0]
    mass = (np.cumsum(folded.pdf) - 0.5 * folded.pdf[0]) * cell  # up to the right end of each cell
    law = stats.chi2.cdf((folded.x + 0.5 * cell) / 0.64, 1)
    np.testing.assert_allclose(mass[:-1], law[:-1], atol=0.01)
    assert np.trapezoid(folded.pdf, folded.x) == pytest.approx(1.0, abs=1e-3)


def test_units_that_are_off_are_an_atom():
    """relu: half of the law of p ~ N(0, 1) sits at 0, and is no part of the density."""
    found = pushed(gaussian(0.0, 1.0), lambda p: np.maximum(p, 0.0), [])
    assert found.atoms == pytest.approx(0.5, abs=1e-4)
    assert np.trapezoid(found.pdf, found.x) == pytest.approx(0.5, abs=1e-3)
    assert found.pdf[256] == pytest.approx(stats.norm.pdf(found.x[256]), rel=1e-3)
    measured = distance(np.maximum(np.random.default_rng(0).normal(size=200), 0.0), found)
    assert np.isnan(measured.ks_p)
    assert np.isnan(measured.w1_p)
    assert pushed(gaussian(-20.0, 1.0), lambda p: np.maximum(p, 0.0), []) is None


def test_the_reference_error_is_that_of_the_mean_law():
    """Replicas N(+-m, 1): their mean law is off by what half their distance says; three shifted ones too."""
    z = stats.norm.ppf((np.arange(4096) + 0.5) / 4096)
    w1, ks = reference_error([z + 0.1, z - 0.1])
    assert w1 == pytest.approx(0.1, rel=1e-3)
    assert ks == pytest.approx(stats.norm.cdf(0.1) - 0.5, abs=1e-3)
    assert reference_error([z]) == reference_error([]) == (0.0, 0.0)
    # over many draws: RMS of W1(mean law, law) against the stated one
    rng = np.random.default_rng(1)
    law, true, stated = gaussian(0.0, 1.0), [], []
    for _ in range(60):
        parts = rng.normal(size=(2, 500))
        found = estimate(list(parts))
        true.append(distance(parts.ravel(), law).w1)
        stated.append(found.distances_error[0])
    assert np.sqrt(np.mean(np.square(true)) / np.mean(np.square(stated))) == pytest.approx(1.0, abs=0.2)


def test_a_distance_says_when_its_reference_limits_it():
    rng = np.random.default_rng(2)
    coarse, fine = (estimate(list(rng.normal(size=(2, n)))) for n in (64, 20_000))
    shifted = rng.normal(0.5, 1.0, 4096)
    assert not distance(shifted, fine).limited
    same = distance(rng.permutation(coarse.sorted_values)[:100], coarse)
    assert same.w1_error > 0
    blunt = distance(coarse.sorted_values, coarse)
    assert blunt.limited
    assert blunt.w1 < blunt.w1_error
    assert not distance(rng.normal(size=50), gaussian(0.0, 1.0)).limited  # an exact law limits nothing
    assert distance(rng.normal(size=50), gaussian(0.0, 1.0)).w1_error == 0.0
    assert limited(1.0, 2.0)
    assert not limited(2.0, 1.0)


def test_a_recorded_distance_is_limited_by_a_coarse_limit_only():
    """4096 units a layer against 4 nodes of 8 particles, and against a limit worth its name."""
    chosen = Session(
        data={"samples": 4, "dimension": 4},
        network={"layers": 16, "units": 4096},
        training={"steps": 6},
        limit={"nodes": 4, "units": 8},
    )
    coarse = run(chosen).distance("preactivation", layer=8, step=6)
    assert coarse.w1_error > 0.2 * coarse.w1
    fine = run(chosen.with_values({"limit.nodes": 32, "limit.units": 1024})).distance(
        "preactivation", layer=8, step=6
    )
    assert fine.w1_error < 0.5 * coarse.w1_error
    assert replace(fine, w1=0.5 * fine.w1_error).limited
