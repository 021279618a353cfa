"""What the plots of a sweep are drawn from: one quantity over one or two axes, repetitions, fitted rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from resviz.scene.error import LIMITED
from resviz.scene.model import Array
from resviz.scene.ticks import number

__all__ = ["LOGARITHMIC", "QUANTITIES", "Along", "Power", "Swept", "middle", "power_text", "read_point"]

QUANTITIES = {
    "loss": "loss at the last step",
    "output_error": "RMS output error against the limit",
    "limit_error": "the limit's own RMS error",
    "output_std": "standard deviation of the output over seeds",
    "travel": "travel of the units (RMS Δu)",
    "laziness": "laziness",
    "kernel_drift": "drift of the feature kernel",
    "ks_ratio": "KS of the units over that of independent draws",
    "w1_ratio": "W₁ of the units over that of independent draws",
    "diverged": "share of runs that diverged",
}
"""Measured columns with their labels."""

LOGARITHMIC = frozenset(
    {"loss", "output_error", "limit_error", "output_std", "travel", "laziness", "kernel_drift"}
)
"""Quantities that are positive and span decades: their axes are logarithmic, their rates are fitted."""

_WIDTH = 64  # characters of a line of the read-out


@dataclass(frozen=True, slots=True, eq=False)
class Along:
    """An axis of a sweep.

    Attributes:
        label, symbol: "scale α" and "α".
        at: (n,) rising, where its values stand.
        names: the values in words.
        numeric: false where ``at`` only counts them.
    """

    label: str
    symbol: str
    at: Array
    names: tuple[str, ...]
    scale: Literal["linear", "log"] = "linear"
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Power:
    """A fitted rate: quantity = factor x^exponent from ``first`` to ``last``; (low, high) hold 95 %."""

    exponent: float
    low: float
    high: float
    factor: float
    first: float
    last: float

    def at(self, x: Array) -> Array:
        """The fitted quantity."""
        made: Array = self.factor * x**self.exponent
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """One quantity of a sweep, as far as it has come.

    Attributes:
        lines: the second axis; None where there is one.
        points: (lines, n) numbers of the sweep's points.
        values: (lines, n, R), NaN where there is no number (yet).
        own: (lines, n) the limit's own error beside an output error; None elsewhere.
        ended: (lines, n) runs that are done, failed ones too, of ``planned`` ones a point.
        reasons: (line, column) -> why a run there has no number.
        powers: one a line, None where no rate can be fitted; empty where none is wanted.
    """

    x: Along
    lines: Along | None
    quantity: str
    points: NDArray[np.intp]
    values: Array
    own: Array | None = None
    ended: NDArray[np.intp] = field(default_factory=lambda: np.zeros((0, 0), np.intp))
    planned: int = 1
    reasons: Mapping[tuple[int, int], str] = field(default_factory=dict)
    powers: tuple[Power | None, ...] = ()

    @property
    def label(self) -> str:
        """Of the quantity."""
        return QUANTITIES[self.quantity]

    @property
    def log(self) -> bool:
        """Whether the quantity is shown on a logarithmic scale."""
        return self.quantity in LOGARITHMIC

    def name_of(self, line: int, column: int) -> str:
        """ "α = 0.5, L = 64"."""
        said = f"{self.x.symbol} = {self.x.names[column]}"
        return said if self.lines is None else f"{said}, {self.lines.symbol} = {self.lines.names[line]}"

    def limited(self) -> NDArray[np.bool_]:
        """(lines, n): points whose error is largely the limit's own."""
        if self.own is None:
            return np.zeros(self.points.shape, bool)
        with np.errstate(invalid="ignore"):  # NaN where there is nothing
            made: NDArray[np.bool_] = self.own > LIMITED * middle(self)[0]
        return made

    def bare(self) -> NDArray[np.bool_]:
        """(lines, n): points that have ended without a number that can be shown."""
        made: NDArray[np.bool_] = (self.ended > 0) & ~np.isfinite(middle(self)[0])
        return made


def middle(swept: Swept) -> tuple[Array, Array, Array]:
    """Mean over repetitions, and the ends of one standard deviation round it, each (lines, n).

    Geometric on a logarithmic scale, where a bar has the same length up and down. NaN where there is nothing.
    """
    good = np.isfinite(swept.values) & ((swept.values > 0) | (not swept.log))
    seen = np.where(good, swept.values, 1.0)
    seen = np.where(good, np.log(seen) if swept.log else seen, 0.0)
    count = good.sum(axis=-1)
    mean = seen.sum(axis=-1) / np.maximum(count, 1)
    away = np.where(good, seen - mean[..., None], 0.0)
    spread = np.sqrt((away**2).sum(axis=-1) / np.maximum(count - 1, 1))
    mean = np.where(count > 0, mean, np.nan)
    ends = mean, mean - spread, mean + spread
    if swept.log:
        ends = np.exp(ends[0]), np.exp(ends[1]), np.exp(ends[2])
    return ends


def power_text(power: Power) -> str:
    """ "fitted −0.520 (−0.550 to −0.490)"."""
    return f"fitted {number(power.exponent)} ({number(power.low)} to {number(power.high)})"


def read_point(swept: Swept, line: int, column: int) -> tuple[str, ...]:
    """What hovering over a point says."""
    lines = [swept.name_of(line, column)]
    values = swept.values[line, column]
    values = values[np.isfinite(values)]
    ended = int(swept.ended[line, column])
    if values.size:
        said = f"{swept.label} {number(float(middle(swept)[0][line, column]))}"
        if values.size > 1 and np.ptp(values) > 0:
            said += f", runs {number(float(values.min()))} to {number(float(values.max()))}"
        lines.append(said)
    if swept.own is not None and np.isfinite(swept.own[line, column]):
        lines.append(f"the limit's own error {number(float(swept.own[line, column]))}")
        if swept.limited()[line, column]:
            lines.append("limited by the reference: not fitted")
    lines.append(f"{ended} of {swept.planned} runs done" if ended < swept.planned else f"{ended} runs")
    if reason := swept.reasons.get((line, column)):
        lines += wrap(f"without a number: {reason}", _WIDTH)
    lines.append("click: open this run")
    return tuple(lines)
