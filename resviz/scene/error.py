"""The output's error over steps: net against limit, the rate that is fitted to it, the limit's own error.

The theorem gives O(1/L + sqrt(D/(LM))) without constants (HW v2, fixed k, alpha = Theta(1)); a curve with
constants is a fit and is called one. Two fits are known: this window's own, step by step, where finished runs
of the same limit have at least two shapes, and the one published for D = N = 10 at k = 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resviz.scene.axes import Range, log_range
from resviz.scene.model import Array, Axis, Band, LegendEntry, Line, Mark, Panel, Role, Rule, Scene, Span
from resviz.scene.ticks import number
from resviz.scene.timeline import steps_axis

if TYPE_CHECKING:
    from resviz.recording import Recording

PUBLISHED = (0.15, 0.22)
"""a and b of a/L + b sqrt(D/(LM)) as published (HW; tanh, D = N = 10, k = 100)."""

LIMITED = 0.5
"""From this share of the measured error on, the limit's own error is said to limit the comparison."""


@dataclass(frozen=True, slots=True, eq=False)
class ErrorCurves:
    """Errors of one net against its limit.

    Attributes:
        layers, units, dimension: L, M, D.
        measured: (k + 1,) RMS over the N x d_out outputs.
        limit: (k + 1,) the limit's own error as its solver estimates it.
    """

    layers: int
    units: int
    dimension: int
    measured: Array
    limit: Array

    @property
    def rate_terms(self) -> tuple[float, float]:
        """1/L and sqrt(D/(LM))."""
        return 1.0 / self.layers, (self.dimension / (self.layers * self.units)) ** 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """A fitted rate a/L + b sqrt(D/(LM)).

    Attributes:
        a, b: (k + 1,) of each step, or (1,) for all.
        source: what it was fitted to.
    """

    a: Array
    b: Array
    source: str

    def of(self, curves: ErrorCurves) -> Array:
        """The rate at a net's shape: (k + 1,) or (1,)."""
        one, other = curves.rate_terms
        return self.a * one + self.b * other


def read_errors(recording: Recording, before: ErrorCurves | None = None) -> ErrorCurves:
    """Errors of all steps that net and limit have; ``before`` is read again and gone on from."""
    network = recording.session.network
    limit = recording.limit
    last = -1 if limit is None else min(recording.step, limit.newest)
    known = 0 if before is None else len(before.measured)
    measured, own = [], []
    for step in range(known, last + 1):
        if limit is None:
            break
        solved = limit.fields(step)
        measured.append(float(np.sqrt(np.mean((recording.fields(step).output - solved.output) ** 2))))
        own.append(solved.output_error)
    if before is not None and not measured:
        return before
    parts = (measured, own)
    if before is not None:
        parts = ([*before.measured, *measured], [*before.limit, *own])
    return ErrorCurves(
        network.layers, network.units, recording.problem.dimension, np.array(parts[0]), np.array(parts[1])
    )


def fitted_rate(runs: Sequence[ErrorCurves]) -> Rate:
    """Least squares of relative errors over ``runs`` at each step, a and b not negative.

    The published constants where the runs have fewer than two shapes.
    """
    runs = [run for run in runs if len(run.measured)]
    shapes = {(run.layers, run.units) for run in runs}
    if len(shapes) < 2:
        return Rate(np.array(PUBLISHED[:1]), np.array(PUBLISHED[1:]), "published for D = N = 10 at k = 100")
    steps = min(len(run.measured) for run in runs)
    errors = np.stack([run.measured[:steps] for run in runs])  # (runs, k)
    terms = np.array([run.rate_terms for run in runs])  # (runs, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = terms[:, :, None] / errors[:, None]  # rows that are to sum to 1
        xx, y = np.einsum("rik,rjk->kij", x, x), x.sum(axis=0).T  # normal equations (k, 2, 2), (k, 2)
        det = xx[:, 0, 0] * xx[:, 1, 1] - xx[:, 0, 1] ** 2
        a = (xx[:, 1, 1] * y[:, 0] - xx[:, 0, 1] * y[:, 1]) / det
        b = (xx[:, 0, 0] * y[:, 1] - xx[:, 0, 1] * y[:, 0]) / det
        alone = y / np.stack([xx[:, 0, 0], xx[:, 1, 1]], axis=1)  # each term without the other
    flat = ~(det > 1e-9 * xx[:, 0, 0] * xx[:, 1, 1])  # shapes that do not tell the terms apart
    a, b = np.where(flat | (a < 0), 0.0, a), np.where(b < 0, 0.0, b)
    b = np.where(flat | (a == 0), alone[:, 1], b)
    a = np.where((b == 0) & ~flat, alone[:, 0], a)
    many = "runs" if len(runs) > 1 else "run"
    return Rate(a, b, f"fitted at each step to {len(runs)} finished {many} of {len(shapes)} shapes")


def error_scene(
    curves: ErrorCurves | None,
    *,
    step: int,
    steps: int,
    others: Sequence[ErrorCurves] = (),
    alpha: float = 1.0,
    message: str = "",
) -> Scene:
    """One panel, "error".

    Args:
        curves: of the present run; None, or empty, before there is anything to compare.
        others: finished runs of the same limit, to which the rate is fitted; the present one too, if it is.
        alpha: of the session; where it is large the lazy theorem is named too.
        message: why there is nothing.
    """
    limited = [] if curves is None else _limited(curves)
    drawn_others = [other for other in others if curves is None or not _same(other, curves)]
    legend = (
        LegendEntry("measured: net against limit", Role.SESSION),
        LegendEntry("fitted rate a/L + b√(D/(LM))", Role.TWIN, "dash"),
        LegendEntry("the limit's own error", Role.LIMIT, "dot"),
        *((LegendEntry("finished runs of this limit", Role.OLD),) if drawn_others else ()),
        *((LegendEntry("limited by the reference", Role.RANGE, filled=True),) if limited else ()),
    )
    if curves is None or not len(curves.measured):
        panel = _panel((), log_range(), steps, (), message or "nothing recorded yet")
        return Scene((panel,), legend=legend)
    rate = fitted_rate(others)
    drawn = rate.of(curves)
    if len(drawn) == 1:  # one number for all steps
        rate_at, drawn = np.array([0.0, float(max(steps, 1))]), np.repeat(drawn, 2)
    else:
        rate_at = np.arange(len(drawn), dtype=np.float64)
    y = log_range(curves.measured, drawn, *(other.measured for other in others), _shown(curves.limit))
    at = np.arange(len(curves.measured), dtype=np.float64)
    marks: list[Mark] = [*limited]
    own = curves.limit > 0
    if own.any():
        # an error of rounding, at step 0, say, is a point below the axis and no line down to it
        drawn_own = np.where(curves.limit >= y.low, curves.limit, np.nan)
        floor = np.full(len(at), 1e-6 * y.low)  # other runs may lower the axis
        marks.append(Band(at, floor, np.where(own, curves.limit, y.low), Role.LIMIT))
        marks.append(Line(at, drawn_own, Role.LIMIT, "dot", 1.0))
    marks += [
        Line(np.arange(len(other.measured), dtype=np.float64), other.measured, Role.OLD, width=1.0)
        for other in drawn_others
    ]
    marks.append(Line(rate_at, drawn, Role.TWIN, "dash"))
    marks.append(Line(at, curves.measured, Role.SESSION))
    marks.append(Rule(float(step), Role.CURSOR))
    shown = min(step, len(curves.measured) - 1)
    return Scene(
        (_panel(tuple(marks), y, steps, _numbers(curves, rate, shown), ""),),
        legend=legend,
        caption=f"{_theorem(alpha)}   ·   rate {rate.source}",
    )


def _same(one: ErrorCurves, other: ErrorCurves) -> bool:
    return one is other or bool(np.array_equal(one.measured, other.measured))


def _shown(limit: Array) -> Array:
    """The limit's error without rounding: an exact solver's would stretch the axis over ten decades."""
    return np.where(limit > 1e-6, limit, np.nan)


def _theorem(alpha: float) -> str:
    if abs(alpha) > 10.0**0.5:
        return "illustrates HW v2, lazy theorem: O(1/α + 1/L + α/√(LM)), constants unknown"
    return "illustrates HW v2: O(1/L + √D/√(LM)) at fixed k, constants unknown"


def _limited(curves: ErrorCurves) -> list[Span]:
    """Ranges of steps at which the limit's own error is a large part of what is measured."""
    bad = np.concatenate(([False], curves.limit > LIMITED * curves.measured, [False]))
    edges = np.flatnonzero(np.diff(bad.astype(np.int8))).reshape(-1, 2)
    return [Span(max(0.0, start - 0.5), end - 0.5) for start, end in edges]


def _numbers(curves: ErrorCurves, rate: Rate, step: int) -> tuple[str, ...]:
    k = min(step, len(rate.a) - 1)
    measured, own = float(curves.measured[step]), float(curves.limit[step])
    lines = [
        f"k = {step}: measured {number(measured)}",
        f"fitted {number(float(rate.of(curves)[k]))}: a = {number(float(rate.a[k]), 2)}, "
        f"b = {number(float(rate.b[k]), 2)}",
        f"limit's own {number(own)}",
    ]
    if own > LIMITED * measured:
        lines.append("limited by the reference")
    return tuple(lines)


def _panel(marks: tuple[Mark, ...], y: Range, steps: int, corner: tuple[str, ...], message: str) -> Panel:
    return Panel(
        key="error",
        title="How far the net's output is from the limit's (RMS over samples and outputs)",
        x=steps_axis(steps),
        y=Axis(y.low, y.high, "RMS output error", "log"),
        marks=marks,
        corner=corner,
        message=message,
    )
