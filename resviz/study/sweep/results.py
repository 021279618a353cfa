"""A sweep's rows gathered into what its plots show: one quantity over the axes, with fitted rates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from resviz.config.describe import FIELDS
from resviz.errors import RequestError
from resviz.scene.swept import LOGARITHMIC, Along, Power, Swept
from resviz.scene.ticks import number
from resviz.study.fit import power_law
from resviz.study.sweep.follow import Reported
from resviz.study.sweep.model import Axis
from resviz.study.sweep.plan import Plan

__all__ = ["Results", "along", "key_label", "key_symbol"]

_LABELS = {field.path: field.label for field in FIELDS}


class Results:
    """Rows of a plan's runs, as far as they are there; rows of other sessions are counted and left out.

    Numbers are kept by column as they come, (points, repetitions), so that a plot of a large sweep costs what
    is new and no loop over its runs.

    Attributes:
        rows: (point, repetition) -> its newest row.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows: dict[tuple[int, int], Reported] = {}
        self._foreign: set[str] = set()
        shape = len(plan.values), plan.sweep.repetitions
        self._ended = np.zeros(shape, bool)
        self._columns = {name: np.full(shape, np.nan) for name in plan.sweep.columns}

    def take(self, rows: Sequence[Reported]) -> None:
        """Add rows; a run that was tried again has its newest one."""
        for row in rows:
            places = self.plan.places.get(row.id)
            if places is None:
                self._foreign.add(row.id)
                continue
            for place in places:
                self.rows[place] = row
                self._ended[place] = True
                for name, column in self._columns.items():
                    column[place] = row.measured.get(name, math.nan)

    @property
    def foreign(self) -> int:
        """Rows of runs that the plan does not hold."""
        return len(self._foreign)

    @property
    def failed(self) -> int:
        """Runs whose row is an error."""
        return sum(bool(row.error) for row in self.rows.values())

    def run_at(self, point: int) -> int:
        """The repetition of a point that a click opens: the first that has ended."""
        return int(self._ended[point].argmax())

    def swept(self, quantity: str, across: int = 0, *, fits: bool = True) -> Swept:
        """The values of one measured column.

        Args:
            across: number of the axis that goes across; the other one makes lines.
            fits: fit a power law to every line that has points enough.

        Raises:
            RequestError: more than two axes.
        """
        axes = self.plan.sweep.axes
        if not 1 <= len(axes) <= 2:
            raise RequestError(f"{len(axes)} axes cannot be drawn", remedy="Draw sweeps of one or two axes.")
        made = [along(axis) for axis in axes]
        orders = [order for _, order in made]
        counts = [len(order) for order in orders]
        numbers = np.arange(math.prod(counts)).reshape(counts)[np.ix_(*orders)]
        if len(axes) == 1:
            x, lines, points = made[0][0], None, numbers[None]
        else:
            across = min(max(across, 0), 1)
            x, lines = made[across][0], made[1 - across][0]
            points = numbers if across == 1 else numbers.T
        values = self._values(quantity)[points]  # (lines, n, R)
        ended = self._ended[points]
        swept = Swept(
            x=x,
            lines=lines,
            quantity=quantity,
            points=points,
            values=values,
            own=self._own(points) if quantity == "output_error" else None,
            ended=ended.sum(axis=-1),
            planned=self.plan.sweep.repetitions,
            reasons=self._reasons(quantity, points, ended & ~np.isfinite(values)),
        )
        if not fits:
            return swept
        # an error that is largely the limit's own would flatten the rate
        fitted = np.where(swept.limited()[..., None], np.nan, values)
        return replace(swept, powers=tuple(_powers(x, fitted, quantity)))

    def _values(self, quantity: str) -> NDArray[np.float64]:
        """(points, R); a run that diverged has no number: its last ones are those of its blow-up."""
        column, diverged = self._columns[quantity], self._columns.get("diverged")
        if diverged is None:
            return np.where(np.isfinite(column), column, np.nan)
        blown = diverged >= 0  # false where nothing is known
        if quantity == "diverged":
            return np.where(np.isfinite(diverged), blown, np.nan)
        return np.where(blown | ~np.isfinite(column), np.nan, column)

    def _own(self, points: NDArray[np.intp]) -> NDArray[np.float64]:
        """The limit's own error at each point: the largest of its runs, NaN where none is known."""
        errors = self._columns["limit_error"]
        largest = np.where(np.isfinite(errors), errors, -np.inf).max(axis=1)
        return np.where(np.isfinite(largest), largest, np.nan)[points]

    def _reasons(
        self, quantity: str, points: NDArray[np.intp], without: NDArray[np.bool_]
    ) -> dict[tuple[int, int], str]:
        """Why runs that have ended have no number, the first of each point."""
        found: dict[tuple[int, int], str] = {}
        for line, column, repetition in np.argwhere(without).tolist():
            row = self.rows[int(points[line, column]), repetition]
            found.setdefault((line, column), _reason(row))
        return found


def _reason(row: Reported) -> str:
    if row.error:
        return row.error
    diverged = row.measured.get("diverged", -1.0)
    return f"diverged at step {round(diverged)}" if diverged >= 0 else "the run gave no finite number"


def _powers(x: Along, values: NDArray[np.float64], quantity: str) -> Iterator[Power | None]:
    for line in values:  # (n, R)
        try:
            if not x.numeric or quantity not in LOGARITHMIC:
                raise RequestError("no power law is meant")
            at = np.repeat(x.at, line.shape[1])
            law = power_law(at, line.ravel())
        except RequestError:
            yield None
            continue
        known = x.at[np.isfinite(line).any(axis=1) & (x.at > 0)]
        exponent = law.exponent
        yield Power(
            exponent.value, exponent.low, exponent.high, law.factor, float(known.min()), float(known.max())
        )


def along(axis: Axis) -> tuple[Along, list[int]]:
    """An axis as it is drawn, in rising order, and which of its steps stands where.

    Values that are no numbers stand at 1, 2, ... in their own order.
    """
    steps = axis.steps()
    key = axis.keys[0]
    names = [_name(step) for step in steps]
    first = [step[0] for step in steps]
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in first)
    numeric = numeric and len(set(first)) == len(first)
    label = key_label(key)
    if len(axis.keys) > 1:
        label += f" (with {', '.join(map(key_label, axis.keys[1:]))})"
    symbol = key_symbol(key) if len(axis.keys) == 1 else ", ".join(map(key_symbol, axis.keys))
    if not numeric:
        at = np.arange(1.0, len(steps) + 1)
        label += ": " + ", ".join(f"{i} {name}" for i, name in enumerate(names, 1))
        return Along(label, symbol, at, tuple(names), "linear", numeric=False), list(range(len(steps)))
    order = sorted(range(len(steps)), key=lambda i: first[i])
    at = np.array([first[i] for i in order], np.float64)
    log = axis.logspace is not None or (axis.values is not None and _geometric(at))
    scale: Literal["linear", "log"] = "log" if log and at[0] > 0 else "linear"
    return Along(label, symbol, at, tuple(names[i] for i in order), scale), order


def _geometric(at: NDArray[np.float64]) -> bool:
    """Whether rising values are spaced by their ratios rather than by their differences."""
    if at[0] <= 0 or len(at) < 2:
        return False
    if len(at) == 2:
        return bool(at[1] >= 4 * at[0])
    ratios, differences = np.diff(np.log(at)), np.diff(at)
    return bool(ratios.std() / ratios.mean() < differences.std() / differences.mean())


def _name(step: tuple[Any, ...]) -> str:
    return ", ".join(
        number(v) if isinstance(v, float) else str(v) if not isinstance(v, list | tuple) else str(list(v))
        for v in step
    )


def key_label(key: str) -> str:
    """A session key in the field's words: "layers L"."""
    return _LABELS.get(key, key)


def key_symbol(key: str) -> str:
    """Its symbol where it has one: "L", else the label."""
    label = key_label(key)
    last = label.rpartition(" ")[2]
    return last if len(last) <= 2 else label
