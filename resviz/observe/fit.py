"""How well the limit fits, layer by layer and step by step, in units of what independent draws would give.

A cell of the map is

    W1(units of the layer, limit at s = l/L) / E W1(M independent draws from the limit, limit)

so 1 is a perfect fit at that M. The limit is known up to sampling and up to the error of its fields; half the
W1 distance of its two replicas measures that, and where it is not small the map says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resviz.observe.distance import wasserstein_between, wasserstein_null
from resviz.observe.laziness import spread_layers
from resviz.observe.limits import LimitValues
from resviz.observe.observables import Look, observable
from resviz.observe.passage import Passage, Run

__all__ = ["Fit", "FitMap", "coarse_first"]

Array = NDArray[np.float64]
_LAYERS, _STEPS = 32, 64  # cells at most: their cost does not grow with the network
_TOGETHER = 8  # layers followed together; the first eight, spread over depth, are the coarse picture
_STARTS = 2**12  # of the limit at each depth, fewer where a push of theirs would take longer than
_FLOPS = 4e8  # operations
_FEWEST = 2**9
_UNITS = 4096  # of a layer
_MEMORY = 8e6  # a cohort's checkpoints: the map goes forward and rarely back


@dataclass(frozen=True, eq=False)
class FitMap:
    """What is known of the map; NaN where a cell was not computed yet or nothing has a width (travel at 0).

    Attributes:
        layers: (R,) rows; steps: (C,) columns.
        total: L of the net; planned: K.
        ratio: (R, C) W1 over its null mean.
        reference: (R, C) the limit's own error in the same unit.
        symbol: of the observable.
        window: layers pooled round each row; units: values compared in a cell.
    """

    layers: tuple[int, ...]
    steps: tuple[int, ...]
    total: int
    planned: int
    ratio: Array
    reference: Array
    symbol: str
    window: int
    units: int

    @property
    def known(self) -> float:
        """Share of the cells that are computed."""
        return float(np.mean(np.isfinite(self.ratio)))


class Fit:
    """The map of one run and observable, filled as far as the run is recorded.

    Args:
        run: a recording; it may grow.
        name: of the observable.
        look: sample, coordinate, direction.
        window: layers pooled round each; left out, the smallest number that holds 256 units.
    """

    def __init__(self, run: Run, name: str, look: Look | None = None, *, window: int | None = None) -> None:
        total, planned = run.session.network.layers, run.session.training.last_step
        self._run, self._look, self._window = run, look or Look(), window
        self._observable = observable(name)
        self.layers = spread_layers(total, _LAYERS)
        self.steps = tuple(int(k) for k in np.unique(np.linspace(0, planned, _STEPS).round()))
        shape = (len(self.layers), len(self.steps))
        self._ratio, self._reference = np.full(shape, np.nan), np.full(shape, np.nan)
        self._done = np.zeros(shape, bool)
        order = coarse_first(len(self.layers))
        self._groups = [order[i : i + _TOGETHER] for i in range(0, len(order), _TOGETHER)]
        self._passages: dict[int, Passage] = {}
        self._units = 0
        self._limit = run.limit
        # 8 N D operations a unit and step
        affordable = _FLOPS / (8.0 * run.problem.samples * run.problem.dimension * _TOGETHER)
        self._starts = int(min(max(affordable, _FEWEST), _STARTS))

    @property
    def map(self) -> FitMap:
        """What is known by now, as a copy."""
        run = self._run
        return FitMap(
            self.layers, self.steps, run.session.network.layers, run.session.training.last_step,
            self._ratio.copy(), self._reference.copy(), self._observable.symbol,
            next((p.window for p in self._passages.values()), 1), self._units,
        )  # fmt: skip

    def missing(self) -> bool:
        """Whether a recorded cell was not computed yet."""
        return any(self._columns(group) for group in range(len(self._groups)))

    def fill(self) -> Iterator[FitMap | None]:
        """Compute what is recorded, coarse first: a map for every column of some layers, None within one."""
        for group in range(len(self._groups)):
            while columns := self._columns(group):
                for _ in self._column(group, columns[0]):
                    yield None
                yield self.map

    def _columns(self, group: int) -> list[int]:
        """Recorded columns that a group of rows lacks."""
        if self._limit is None:
            return []
        newest = self._run.step if self._limit.ended else min(self._run.step, self._limit.newest)
        rows = self._groups[group]
        lacking: NDArray[np.bool_] = np.any(~self._done[rows], axis=0)
        return [c for c, k in enumerate(self.steps) if k <= newest and lacking[c]]

    def _column(self, group: int, column: int) -> Iterator[None]:
        rows, step = self._groups[group], self.steps[column]
        if group not in self._passages:
            layers = [self.layers[row] for row in rows]
            self._passages[group] = Passage(
                self._run, layers, window=self._window, starts=self._starts, memory=_MEMORY, most=_UNITS
            )
            yield None
        passage = self._passages[group]
        yield from passage.approach(step)
        finite = passage.finite_values(step, self._observable, self._look)
        yield None
        limit = passage.limit_values(step, self._observable, self._look)
        yield None
        for place, row in enumerate(rows):
            self._done[row, column] = True
            if limit and np.isfinite(finite[place]).all():
                self._units = len(finite[place])
                self._ratio[row, column], self._reference[row, column] = _cell(finite[place], limit[place])
                yield None


def _cell(values: NDArray[np.floating], limit: LimitValues) -> tuple[float, float]:
    """W1 and the limit's own error in units of the null's mean; NaN where the limit has no width."""
    reference = limit.ordered()
    null = wasserstein_null(len(values), reference)
    # an atom's width is rounding
    if not null > 1e-6 * max(1e-30, float(np.abs(reference).max())):
        return float("nan"), float("nan")
    return wasserstein_between(values, reference) / null, limit.own_error()[0] / null


def coarse_first(count: int) -> list[int]:
    """0..count - 1 in an order whose every beginning is spread evenly (van der Corput, bits reversed)."""
    bits = max(1, (count - 1).bit_length())
    turned = [int(f"{i:0{bits}b}"[::-1], 2) for i in range(1 << bits)]
    return [i for i in turned if i < count]
