"""HW v2's phase diagram, measured: unit travel, deviation over seeds and divergence over alpha and LM/D.

Regimes (mathematics.md 1.2; sigma_v = alpha sqrt(D)): subcritical alpha << 1, maximal local feature updates
alpha ~ 1, lazy ODE 1 << alpha << sqrt(LM/D), blow-up beyond. Theory lines: alpha = 1 and alpha = sqrt(LM/D).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from resviz.config import Session
from resviz.data import Problem, make_problem
from resviz.scene.axes import log_edges
from resviz.scene.model import Axis, Heat, LegendEntry, Line, Mark, Panel, Role, Scale
from resviz.study.ensemble import Ensemble
from resviz.study.fit import slope
from resviz.study.measure import spread, travel
from resviz.study.reproduce.experiment import Experiment, Plan, Steps, trained
from resviz.study.reproduce.figure import figure
from resviz.study.reproduce.result import Check, Result, Table, close, within_factor

__all__ = ["phase_diagram"]

Array = NDArray[np.float64]
D, STEPS = 10, 30
_LOUD = 0.25  # of a target's standard deviation


def _grid(quick: bool) -> tuple[Array, tuple[tuple[int, int], ...], int]:
    """Alphas (A,), shapes (L, M) by rising LM, repetitions."""
    alphas = 10.0 ** np.linspace(-2, 3, 11 if quick else 21)
    products = D * 10.0 ** np.linspace(0, 3 if quick else 4, 4 if quick else 9)
    # twice as deep as wide, since 1/L is the larger error
    layers = [max(2, round(float(np.sqrt(2 * product)))) for product in products]
    shapes = tuple((n, max(1, round(float(p) / n))) for n, p in zip(layers, products, strict=True))
    return alphas, shapes, 3 if quick else 5


def phase_diagram(plan: Plan, experiment: Experiment) -> Steps:
    """Three maps over (log alpha, log LM/D) with the theory's lines."""
    alphas, shapes, repetitions = _grid(plan.quick)
    base = Session(data={"samples": 10, "dimension": D}, training={"steps": STEPS})
    sessions = [
        base.with_values(
            {
                "network.layers": layers, "network.units": units, "network.alpha": float(alpha),
                "network.parametrisation": "output-weights", "network.seed": 100 + seed,
            }
        )
        for layers, units in shapes
        for alpha in alphas
        for seed in range(repetitions)
    ]  # fmt: skip
    found = yield from trained(plan, sessions, _outcome, "training")
    grid = (len(shapes), len(alphas), repetitions)
    moved = np.array([t for _, _, t, _ in found]).reshape(grid)
    diverged = np.array([d >= 0 for _, _, _, d in found]).reshape(grid)
    first, last = (
        np.stack([outcome[i] for outcome in found]).reshape(*grid, *found[0][0].shape) for i in (0, 1)
    )
    with np.errstate(all="ignore"):
        travels = np.sqrt(np.mean(moved**2, axis=2))  # NaN where a run diverged
        noise = np.array([[spread(out) for out in row] for row in first])
        deviation = np.array([[spread(out) for out in row] for row in last])
    deviation[diverged.any(axis=2)] = np.nan
    ratio = np.array([layers * units / D for layers, units in shapes])
    checks = _checks(make_problem(base), alphas, ratio, travels, noise, deviation)
    rows = tuple(
        (float(alpha), layers, units, layers * units / D, float(travels[i, j]), float(noise[i, j]),
         float(deviation[i, j]), float(diverged[i, j].mean()))
        for i, (layers, units) in enumerate(shapes)
        for j, alpha in enumerate(alphas)
    )  # fmt: skip
    columns = (
        "alpha", "layers", "units", "units_over_dimension", "travel_u", "std_at_start", "std", "diverged"
    )  # fmt: skip
    panels = [
        _map("travel", "How far do units move?", alphas, ratio, travels, "log₁₀ travel"),
        _map("std", "Do seeds agree?", alphas, ratio, deviation, "log₁₀ deviation"),
        _map("diverged", "Which runs diverge?", alphas, ratio, diverged.mean(axis=2), "share", log=False),
    ]
    legend = (
        LegendEntry("α = 1", Role.TWIN),
        LegendEntry("α = √(LM/D)", Role.TWIN, "dash"),
    )
    settings = {
        "data": f"N = 10 Gaussian pairs in D = {D}, data.seed = 2, no embedding",
        "network": "tanh, alpha in the output weights; (L, M) = "
        + ", ".join(f"({a}, {b})" for a, b in shapes),
        "grid": f"{len(alphas)} alphas from {alphas[0]:g} to {alphas[-1]:g}, {repetitions} repetitions",
        "training": f"gradient descent, eta = 1, K = {STEPS}, float32",
    }
    return Result(
        experiment.name, experiment.title, experiment.source, plan.quick, settings, tuple(checks),
        (Table(columns, rows),),
        figure(panels, experiment.title, legend=legend, caption="bare: a run of the point diverged"),
    )  # fmt: skip


def _outcome(ensemble: Ensemble) -> list[tuple[Array, Array, float, int]]:
    first, last = ensemble.output[:, 0], ensemble.output[:, -1]
    return list(zip(first, last, travel(ensemble).tolist(), ensemble.diverged.tolist(), strict=True))


def _checks(
    problem: Problem, alphas: Array, ratio: Array, travels: Array, noise: Array, deviation: Array
) -> list[Check]:
    checks = []
    small = int(np.argmin(np.abs(alphas - 0.1)))
    plateau = travels[:, small]
    checks.append(
        within_factor(
            "subcritical: travel at alpha = 0.01 over that at 0.1",
            1.0,
            float(np.median(travels[:, 0] / plateau)),
            1.15,
        )
    )
    half = np.array([_crossing(alphas, -row, -top / 2) for row, top in zip(travels, plateau, strict=True)])
    checks.append(
        within_factor("features end: alpha where travel halves", 3.0, float(np.nanmedian(half)), 2.0)
    )
    wide = ratio >= 9
    checks.append(close("slope of that alpha in LM/D", 0.0, slope(ratio[wide], half[wide]), 0.1))
    lazy = (alphas >= 3) & (alphas <= 0.6 * np.sqrt(ratio[-1]))
    checks.append(
        close(
            "lazy: slope of travel in alpha at the largest LM/D",
            -1.0,
            slope(alphas[lazy], travels[-1, lazy]),
            0.15,
        )
    )
    exact = np.sqrt(_initial_square(problem))
    forward = alphas <= 0.5 * np.sqrt(ratio[-1])
    predicted = alphas[forward] * exact / np.sqrt(ratio[-1])
    middle = float(np.median(noise[-1, forward] / predicted))
    checks.append(close("deviation at k = 0 over alpha sqrt(D q/(LM))", 1.0, middle, 0.12))
    heard = np.where(np.isnan(deviation), np.inf, deviation)
    loud = np.array([_crossing(alphas, row, _LOUD) for row in heard])
    place = float(np.nanmedian(loud[wide] / np.sqrt(ratio[wide])))
    checks.append(
        within_factor(f"noise begins: alpha/sqrt(LM/D) where seeds differ by {_LOUD}", 1.0, place, 3.0)
    )
    checks.append(close("slope of that alpha in LM/D", 0.5, slope(ratio[wide], loud[wide]), 0.12))
    return checks


def _crossing(alphas: Array, values: Array, level: float) -> float:
    """The last alpha at which ``values`` rise through ``level``, straight in log alpha; NaN if never.

    Infinite values cross half-way.
    """
    above = values >= level
    hits = np.flatnonzero(~above[:-1] & above[1:])
    if not hits.size:
        return float("nan")
    i = int(hits[0])
    rise = values[i + 1] - values[i]
    share = (level - values[i]) / rise if np.isfinite(rise) else 0.5
    return float(np.exp(np.log(alphas[i]) + share * np.log(alphas[i + 1] / alphas[i])))


def _initial_square(problem: Problem) -> float:
    """Mean over samples of q(|h^|^2) = E tanh(|h^| g)^2."""
    x, weights = np.polynomial.hermite_e.hermegauss(80)
    size = np.sqrt((problem.h0**2).mean(axis=1))  # |h^| of every sample
    square = np.tanh(size[:, None] * x) ** 2 @ weights / np.sqrt(2 * np.pi)
    return float(square.mean())


def _map(
    key: str, title: str, alphas: Array, ratio: Array, values: Array, label: str, *, log: bool = True
) -> Panel:
    with np.errstate(divide="ignore", invalid="ignore"):
        shown = np.log10(values) if log else values
    good = shown[np.isfinite(shown)]
    low, high = (float(good.min()), float(good.max())) if good.size and np.ptp(good) > 0 else (0.0, 1.0)
    scale = Scale(low, high, label=label)
    x, y = log_edges(alphas), log_edges(ratio)
    inside = np.array([x[0], x[-1]])
    marks: list[Mark] = [
        Heat(x, y, np.where(np.isfinite(shown), shown, np.nan), scale),
        Line(np.array([1.0, 1.0]), np.array([y[0], y[-1]]), Role.TWIN),
        Line(inside, inside**2, Role.TWIN, dash="dash"),
    ]
    return Panel(
        key, title, Axis(x[0], x[-1], "α", "log"), Axis(y[0], y[-1], "LM/D", "log"), tuple(marks), bar=scale
    )
