"""HW's error grid: RMS output error at k = 100 against the limit, over L and over M.

D = N = 10, alpha = eta = 1, 5 repetitions. The paper's reference is one network of L = M = 1000; ours is the
limit itself, solved by particles to a stated error. Fitted law: 0.22 sqrt(D)/sqrt(LM) + 0.15/L.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from resviz.config import Session
from resviz.recording.record import solve_steps
from resviz.scene.model import Mark, Panel, Role
from resviz.study.ensemble import Ensemble
from resviz.study.fit import Law, fit_law, intervals, slope
from resviz.study.reproduce.experiment import Experiment, Plan, Progress, Steps, trained
from resviz.study.reproduce.figure import (
    SERIES,
    curve,
    figure,
    log_axis,
    measured,
    published,
    series_legend,
)
from resviz.study.reproduce.result import Check, Result, Table, close, limited, near_curve, within_factor

__all__ = ["error_vs_depth", "error_vs_width"]

Array = NDArray[np.float64]
D = 10
SIZES = (1, 3, 6, 12, 24, 46, 87, 166, 316)
SHOWN = SIZES[1:]
# M -> error against L = 3..316, and L -> error against M = 3..316
AGAINST_L = {
    1: (0.68, 0.39, 0.176, 0.130, 0.107, 0.080, 0.064, 0.050),
    12: (0.133, 0.104, 0.068, 0.055, 0.034, 0.028, 0.018, 0.0130),
    316: (0.084, 0.040, 0.0214, 0.0131, 0.0081, 0.0048, 0.0038, 0.0032),
}
AGAINST_M = {
    6: (0.165, 0.121, 0.103, 0.081, 0.062, 0.044, 0.042, 0.041),
    46: (0.078, 0.053, 0.035, 0.024, 0.019, 0.017, 0.0118, 0.0081),
    316: (0.0264, 0.0185, 0.0131, 0.0090, 0.0062, 0.0053, 0.0037, 0.0032),
}
_FIT = (0.22, 0.15)


@dataclass(frozen=True, eq=False)
class Grid:
    """Errors (R,) by (L, M), and the stated error of the limit that they are measured against."""

    sizes: tuple[int, ...]
    repetitions: int
    errors: dict[tuple[int, int], Array]
    reference: float

    def rms(self, layers: int, units: int) -> float:
        """Over repetitions."""
        return float(np.sqrt(np.mean(self.errors[layers, units] ** 2)))


def _grid(plan: Plan) -> Generator[Progress, None, Grid]:
    if "error" not in plan.shared:
        sizes = tuple(s for s in SIZES if s <= 166) if plan.quick else SIZES
        repetitions = 2 if plan.quick else 5
        base = Session(
            data={"samples": 10, "dimension": D},
            training={"steps": 100},
            limit={"nodes": 64, "units": 1024 if plan.quick else 2048},
        )
        limit = None
        for limit in solve_steps(base):
            yield Progress(0.2 * max(limit.newest, 0) / 100, "solving the limit")
        if limit is None:
            raise RuntimeError("a solver yields at least once")
        shapes = [(layers, units) for layers in sizes for units in sizes]
        sessions = [
            base.with_values({"network.layers": layers, "network.units": units, "network.seed": 100 + seed})
            for layers, units in shapes
            for seed in range(repetitions)
        ]
        ideal = np.asarray(limit.output[-1], dtype=np.float64)
        found = yield from trained(plan, sessions, partial(_errors, ideal), "training", part=(0.2, 1.0))
        table = np.array(found).reshape(len(shapes), repetitions)
        errors = dict(zip(shapes, table, strict=True))
        plan.shared["error"] = Grid(sizes, repetitions, errors, float(limit.output_error[-1]))
    kept: Grid = plan.shared["error"]
    return kept


def _errors(ideal: Array, ensemble: Ensemble) -> list[float]:
    """RMS over the N D entries, a replica at a time."""
    errors = np.sqrt(np.mean((ensemble.output[:, -1] - ideal) ** 2, axis=(1, 2)))
    return [float(error) for error in errors]


def _terms(layers: Array, units: Array) -> Array:
    """The law's terms at points (n,): (2, n)."""
    return np.stack([np.sqrt(D / (layers * units)), 1.0 / layers])


def _law(grid: Grid) -> tuple[Law, list[Check], str]:
    """The law fitted to the grid, and its checks; L = 1 and M = 1 at few layers are no asymptotics."""
    shapes = [(layers, units) for layers, units in grid.errors if layers >= 3 and layers * units >= 2 * D]
    points = np.array([(*shape, e) for shape in shapes for e in grid.errors[shape]])  # (n, 3)

    def constants(index: NDArray[np.intp]) -> Array:
        chosen = points[index]
        return fit_law(_terms(chosen[:, 0], chosen[:, 1]), chosen[:, 2]).coefficients

    noise, bias = intervals(constants, len(points), draws=100)
    law = fit_law(_terms(points[:, 0], points[:, 1]), points[:, 2])
    checks = [
        within_factor("fitted constant of sqrt(D)/sqrt(LM)", _FIT[0], noise.value, 1.5),
        within_factor("fitted constant of 1/L", _FIT[1], bias.value, 2.0),
    ]
    note = (
        f"fitted: {noise} sqrt(D)/sqrt(LM) + {bias}/L (bootstrap, 95 %); "
        f"points lie a factor {np.exp(law.spread):.2f} about it"
    )
    return law, checks, note


def error_vs_depth(plan: Plan, experiment: Experiment) -> Steps:
    """Error against L at M = 1, 12, 316."""
    grid = yield from _grid(plan)
    return _result(plan, experiment, grid, AGAINST_L, by_depth=True)


def error_vs_width(plan: Plan, experiment: Experiment) -> Steps:
    """Error against M at L = 6, 46, 316."""
    grid = yield from _grid(plan)
    return _result(plan, experiment, grid, AGAINST_M, by_depth=False)


def _result(
    plan: Plan, experiment: Experiment, grid: Grid, theirs: Mapping[int, tuple[float, ...]], *, by_depth: bool
) -> Result:
    law, checks, note = _law(grid)
    along, fixed = ("L", "M") if by_depth else ("M", "L")
    here = [size for size in SHOWN if size in grid.sizes]
    x = np.array(here, dtype=np.float64)
    curves = [size for size in theirs if size in grid.sizes]
    marks: list[Mark] = []
    everything = [np.array(list(theirs.values())).ravel()]
    for size, role in zip(curves, SERIES, strict=False):
        shapes = [(a, size) if by_depth else (size, a) for a in here]
        ours = np.array([grid.rms(*shape) for shape in shapes])
        each = [grid.errors[shape] for shape in shapes]
        published_here = np.array([v for s, v in zip(SHOWN, theirs[size], strict=True) if s in grid.sizes])
        checks.append(near_curve(f"error at {fixed} = {size}", published_here, ours, 1.6, share=0.75))
        label = f"slope in {along} at {fixed} = {size}"
        checks.append(close(label, slope(x, published_here), slope(x, ours), 0.2))
        low, high = (np.array([pick(e) for e in each]) for pick in (np.min, np.max))
        marks += measured(x, ours, role, low=low, high=high)
        marks += published(SHOWN, theirs[size], role)
        layers, units = np.array(shapes, dtype=np.float64).T
        marks.append(curve(x, law.at(_terms(layers, units)), role))
        everything += [ours, low]
    marks.append(curve([1.0, 1000.0], [grid.reference] * 2, Role.LIMIT, "dot"))
    question = "How fast does depth" if by_depth else "How fast does width"
    panel = Panel(
        "error",
        f"{question} bring the output to its limit?",
        log_axis(along, [1.0, 1000.0]),
        log_axis("RMS output error at k = 100", *everything),
        tuple(marks),
    )
    caption = (
        "dots: ours, bars over repetitions; rings: published; dashed: our fitted law; "
        "dotted: the limit's own error"
    )
    scene = figure(
        [panel], experiment.title, legend=series_legend([f"{fixed} = {s}" for s in curves]), caption=caption
    )
    rows = tuple((*shape, i, float(e)) for shape, row in grid.errors.items() for i, e in enumerate(row))
    settings = {
        "data": f"N = 10 Gaussian pairs in D = {D}, data.seed = 2, no embedding",
        "network": "tanh, alpha = 1; L, M in " + ", ".join(map(str, grid.sizes)),
        "training": f"gradient descent, eta = 1, K = 100, {grid.repetitions} repetitions, float32",
        "reference": f"the limit, RMS error {grid.reference:.1e} as stated by its solver",
    }
    if len(curves) < len(theirs):
        missing = ", ".join(str(s) for s in theirs if s not in curves)
        note += f"; {fixed} = {missing} is left to the full grid"
    return Result(
        experiment.name, experiment.title, experiment.source, plan.quick, settings, tuple(checks),
        (Table(("layers", "units", "repetition", "rms_output_error"), rows),), scene, (note + ".",),
        limited=limited(grid.reference, grid.errors, "L, M"),
    )  # fmt: skip
