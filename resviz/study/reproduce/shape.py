"""AS's shape experiment: errors of networks of every width M and embedding dimension D at L = 50.

d_in = d_out = 5, N = 10, k = 15. The reference is the limit in which L and D are infinite: a problem of
r = d_in + d_out = 10 dimensions, whose fields are combinations of the columns of W_in and W_out; in a network
of D dimensions they are lifted by its own W_in and W_out. Published fits:

    embedding error   sqrt((0.8 sqrt(D/(LM)))^2 + (2.5/sqrt(D))^2)
    output error      sqrt((0.15 D/(LM))^2 + (0.9/sqrt(D))^2)
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from resviz.config import Session
from resviz.data import Problem, endless, make_problem
from resviz.recording.record import solve_steps
from resviz.scene.model import Mark, Panel, Scene
from resviz.study.ensemble import Ensemble
from resviz.study.fit import fit_law, intervals
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
from resviz.study.reproduce.result import Check, Result, Table, limited, within_factor

__all__ = ["shape_embedding_error", "shape_output_error"]

Array = NDArray[np.float64]
LAYERS, STEPS, WIDTH_IN = 50, 15, 5
SIZES = (1, 2, 3, 4, 6, 9, 14, 21, 31, 45, 66, 96, 141, 206, 301, 439, 642, 937, 1369, 2000)
# M -> smallest embedding error, and the D where it is
BEST = {14: (0.39, 100), 66: (0.26, 200), 301: (0.18, 350), 937: (0.155, 900)}
PLATEAU = {96: 0.092, 206: 0.062, 642: 0.035}  # D -> output error of wide networks
EMBEDDING_FIT, OUTPUT_FIT = (0.8, 2.5), (0.15, 0.9)
_QUICK_UNITS, _QUICK_DIMENSIONS = (14, 66, 301), (14, 31, 66, 96, 141, 206, 301, 439, 642)


@dataclass(frozen=True, eq=False)
class ShapeRuns:
    """Errors (R,) by (M, D)."""

    units: tuple[int, ...]
    dimensions: tuple[int, ...]
    repetitions: int
    embedding: dict[tuple[int, int], Array]
    output: dict[tuple[int, int], Array]
    reference: float


def _base(quick: bool) -> Session:
    return Session(
        data={"samples": 10, "dimension": WIDTH_IN},
        network={"layers": LAYERS, "dimension": 64, "embedding": "random"},
        training={"steps": STEPS},
        limit={"nodes": 64, "units": 512 if quick else 2048, "large_d": True},
    )


def _redrawn(problem: Problem, repetition: int) -> Problem:
    """The same data read in and out by other matrices: 1/sqrt(D) is an average over them."""
    d = problem.dimension
    generator = np.random.Generator(np.random.Philox(key=[d, repetition]))
    read_in = generator.standard_normal((d, problem.d_in)) / np.sqrt(problem.d_in)
    read_out = generator.standard_normal((d, problem.d_out)) * np.sqrt(problem.d_out)
    return Problem(problem.x, problem.y, read_in, read_out)


def _runs(plan: Plan) -> Generator[Progress, None, ShapeRuns]:
    if "shape" not in plan.shared:
        base = _base(plan.quick)
        units, dimensions = (_QUICK_UNITS, _QUICK_DIMENSIONS) if plan.quick else (SIZES, SIZES)
        repetitions = 2 if plan.quick else 5
        limit = None
        for limit in solve_steps(base):
            yield Progress(0.1 * max(limit.newest, 0) / STEPS, "solving the limit of infinite L and D")
        if limit is None:
            raise RuntimeError("a solver yields at least once")
        small = endless(make_problem(base))
        end = np.asarray(limit.fields(STEPS).h[:, -1].mean(axis=0), dtype=np.float64)  # (N, r)
        ideal = _Ideal(*_combination(end, small), np.asarray(limit.output[-1], dtype=np.float64))
        shapes = [(m, d) for m in units for d in dimensions]
        sessions, problems = [], []
        for m, d in shapes:
            whole = make_problem(base.with_values({"network.dimension": d}))
            for r in range(repetitions):
                changes = {"network.units": m, "network.dimension": d, "network.seed": 100 + r}
                sessions.append(base.with_values(changes))
                problems.append(_redrawn(whole, r))
        measure = partial(_errors, ideal)
        found = yield from trained(plan, sessions, measure, "training", problems=problems, part=(0.1, 1.0))
        table = np.array(found).reshape(len(shapes), repetitions, 2)
        embedding, output = ({s: table[i, :, which] for i, s in enumerate(shapes)} for which in (0, 1))
        reference = float(limit.output_error[-1])
        plan.shared["shape"] = ShapeRuns(units, dimensions, repetitions, embedding, output, reference)
    kept: ShapeRuns = plan.shared["shape"]
    return kept


@dataclass(frozen=True, eq=False)
class _Ideal:
    """The limit's last h as W_in a + W_out c, and its output."""

    a: Array  # (N, d_in)
    c: Array  # (N, d_out)
    output: Array  # (N, d_out)


def _combination(end: Array, small: Problem) -> tuple[Array, Array]:
    """Coefficients of h (N, r) in the columns of the limit's read-in and read-out, which are orthogonal."""
    if small.read_in is None or small.read_out is None:
        raise RuntimeError("a limit of infinite D is read in and out")
    parts = [end @ matrix / (matrix**2).sum(axis=0) for matrix in (small.read_in, small.read_out)]
    return parts[0], parts[1]


def _errors(ideal: _Ideal, ensemble: Ensemble) -> list[tuple[float, float]]:
    """RMS embedding and output error, a replica at a time."""
    found = []
    for hidden, output, problem in zip(
        ensemble.hidden, ensemble.output[:, -1], ensemble.problems, strict=True
    ):
        if problem.read_in is None or problem.read_out is None:
            raise RuntimeError("the experiment's networks are read in and out")
        lifted = ideal.a @ problem.read_in.T + ideal.c @ problem.read_out.T  # (N, D)
        squares = (np.mean((hidden - lifted) ** 2), np.mean((output - ideal.output) ** 2))
        found.append((float(np.sqrt(squares[0])), float(np.sqrt(squares[1]))))
    return found


def _rms(errors: Array) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def _fitted(
    errors: dict[tuple[int, int], Array], power: float, theirs: tuple[float, float], factor: float
) -> tuple[Array, list[Check], str]:
    """Constants of sqrt((c (D/LM)^power)^2 + (d/sqrt D)^2) and their checks.

    Fitted where the law can hold: from D = 2 r on, and up to D = LM. Beyond, with fewer units than
    dimensions, errors are of the size of the targets and grow no more (D/(LM) goes to 40 in the full grid).
    """
    points = np.array([(m, d, e) for (m, d), row in errors.items() if _holds(m, d) for e in row])

    def constants(index: NDArray[np.intp]) -> Array:
        m, d, e = points[index].T
        return fit_law(_terms(m, d, power), e, quadrature=True).coefficients

    noise, embedding = intervals(constants, len(points), draws=100)
    ratio = "sqrt(D/(LM))" if power == 0.5 else "D/(LM)"
    many = np.array([(m, d, e) for (m, d), row in errors.items() if d >= 4 * WIDTH_IN for e in row])
    units, dimensions, every = many.T
    beyond = fit_law(_terms(units, dimensions, power), every, quadrature=True).coefficients
    checks = [
        within_factor(f"fitted constant of {ratio}, D <= LM", theirs[0], noise.value, factor),
        within_factor("fitted constant of 1/sqrt(D), D <= LM", theirs[1], embedding.value, factor),
    ]
    note = (
        f"fitted where {4 * WIDTH_IN} <= D <= LM: {noise} {ratio} and {embedding}/sqrt(D), added as squares "
        f"(bootstrap, 95 %); with D > LM too {beyond[0]:.3g} and {beyond[1]:.3g}."
    )
    return np.array([noise.value, embedding.value]), checks, note


def _holds(m: int, d: int) -> bool:
    """Whether the law can hold at a shape."""
    return 4 * WIDTH_IN <= d <= LAYERS * m


def _terms(m: Array, d: Array, power: float) -> Array:
    """(2, n)."""
    return np.stack([(d / (LAYERS * m)) ** power, 1 / np.sqrt(d)])


def shape_embedding_error(plan: Plan, experiment: Experiment) -> Steps:
    """For every M there is a best D."""
    runs = yield from _runs(plan)
    constants, checks, note = _fitted(runs.embedding, 0.5, EMBEDDING_FIT, 1.5)
    shown = [m for m in BEST if m in runs.units]
    for m in shown:
        ours = np.array([_rms(runs.embedding[m, d]) for d in runs.dimensions])
        error, where = BEST[m]
        checks.append(within_factor(f"smallest error at M = {m}", error, float(ours.min()), 1.35))
        best = float(runs.dimensions[int(ours.argmin())])
        checks.append(within_factor(f"best D at M = {m}", where, best, 2.2))
    marks = _curves(runs, runs.embedding, constants, 0.5, shown)
    for m, role in zip(shown, SERIES, strict=False):
        marks += published([BEST[m][1]], [BEST[m][0]], role)
    panel = Panel(
        "embedding",
        "Which embedding dimension suits a width?",
        log_axis("D", runs.dimensions),
        log_axis("RMS embedding error at k = 15", *(e for (m, _), e in runs.embedding.items() if m in shown)),
        tuple(marks),
    )
    legend = series_legend([f"M = {m}" for m in shown])
    caption = "dots: ours, bars over repetitions; rings: published optimum; dashed: our fitted law"
    scene = figure([panel], experiment.title, legend=legend, caption=caption)
    return _result(experiment, plan, runs, checks, scene, "rms_embedding_error", runs.embedding, note)


def shape_output_error(plan: Plan, experiment: Experiment) -> Steps:
    """The output forgives noise: its error is D/(LM) instead of its root."""
    runs = yield from _runs(plan)
    constants, checks, note = _fitted(runs.output, 1.0, OUTPUT_FIT, 2.0)
    widest = max(runs.units)
    for d, value in PLATEAU.items():
        if d in runs.dimensions:
            ours = _rms(runs.output[widest, d])
            checks.append(within_factor(f"plateau at D = {d} (M = {widest})", value, ours, 1.8))
    shown = [m for m in BEST if m in runs.units]
    marks = _curves(runs, runs.output, constants, 1.0, shown)
    marks += published(list(PLATEAU), list(PLATEAU.values()), SERIES[4])
    panel = Panel(
        "output",
        "How far is the output from that of infinite L and D?",
        log_axis("D", runs.dimensions),
        log_axis("RMS output error at k = 15", *(e for (m, _), e in runs.output.items() if m in shown)),
        tuple(marks),
    )
    legend = series_legend([f"M = {m}" for m in shown])
    caption = "dots: ours, bars over repetitions; rings: published plateaus; dashed: our fitted law"
    scene = figure([panel], experiment.title, legend=legend, caption=caption)
    return _result(experiment, plan, runs, checks, scene, "rms_output_error", runs.output, note)


def _curves(
    runs: ShapeRuns, errors: dict[tuple[int, int], Array], constants: Array, power: float, shown: list[int]
) -> list[Mark]:
    d = np.array(runs.dimensions, dtype=np.float64)
    marks: list[Mark] = []
    for m, role in zip(shown, SERIES, strict=False):
        rows = [errors[m, int(one)] for one in d]
        low, high = (np.array([pick(row) for row in rows]) for pick in (np.min, np.max))
        marks += measured(d, [_rms(row) for row in rows], role, low=low, high=high)
        law = np.sqrt(constants**2 @ _terms(np.full_like(d, m), d, power) ** 2)
        marks.append(curve(d, law, role))
    return marks


def _result(
    experiment: Experiment, plan: Plan, runs: ShapeRuns, checks: list[Check], scene: Scene, name: str,
    errors: dict[tuple[int, int], Array], note: str,
) -> Result:  # fmt: skip
    settings = {
        "data": f"N = 10 Gaussian pairs, d_in = d_out = {WIDTH_IN}, data.seed = 2",
        "network": f"tanh, alpha = 1, L = {LAYERS}; W_in, W_out and units drawn anew each repetition",
        "grid": f"M in {', '.join(map(str, runs.units))}; D in {', '.join(map(str, runs.dimensions))}; "
        f"{runs.repetitions} repetitions",
        "training": f"gradient descent, eta = 1, k = {STEPS}, float32",
        "reference": f"the limit of infinite L and D, RMS output error {runs.reference:.1e} as stated",
    }
    rows = tuple((m, d, i, float(e)) for (m, d), row in errors.items() for i, e in enumerate(row))
    return Result(
        experiment.name, experiment.title, experiment.source, plan.quick, settings, tuple(checks),
        (Table(("units", "dimension", "repetition", name), rows),), scene, (note,),
        limited=limited(runs.reference, errors, "M, D"),
    )  # fmt: skip
