"""Earlier runs over the views that are no grid: outlines of ridges, points of clouds, dotted paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from resviz.scene.axes import Range
from resviz.scene.depth import Rows, binned, row_at
from resviz.scene.histogram import staircase
from resviz.scene.model import Array, LegendEntry, Line, Points
from resviz.scene.others import Other, look_of

_MOST_POINTS = 512  # of a panel and a run: it lies beside the present one's
_MOST_PATHS = 6


def ridges_of(other: Other, step: int, edges: Array, depths: Array) -> NDArray[np.float64] | None:
    """Densities (R, B) of a run over ``edges`` in the ranges of depth between ``depths`` (R + 1,).

    A net of fewer layers has one at every depth all the same; NaN where none of its units are there yet.
    """
    if not other.shown(step):
        return None
    rows, filled = other.whole.rows, other.whole.filled(step)
    of = binned(rows, filled, Range(float(edges[0]), float(edges[-1])), len(edges) - 1)
    made = np.full((len(depths) - 1, len(edges) - 1), np.nan)
    for ridge, chosen in enumerate(_rows_between(rows, depths)):
        held = filled.totals[chosen]
        if held.sum() > 0:
            there = chosen[held > 0]
            made[ridge] = np.average(of.finite[there], axis=0, weights=held[held > 0])
    return made


def _rows_between(rows: Rows, depths: Array) -> Iterator[NDArray[np.intp]]:
    """The rows in each range of depth, or the one that fills its lower end."""
    ends = np.searchsorted(rows.depths, depths).tolist()
    for begin, end, s in zip(ends[:-1], ends[1:], depths.tolist(), strict=False):
        yield np.arange(begin, end) if begin < end else np.array([row_at(rows, s)])


def ridge_outline(other: Other, edges: Array, heights: Array, base: float) -> Line | None:
    """The outline of a histogram that stands on ``base``, as far as it has units."""
    x, y = standing(edges, heights, base)
    return Line(x, y, *look_of(other.number), 1.0) if x.size else None


def standing(edges: Array, heights: Array, base: float) -> tuple[Array, Array]:
    """The outline (x, y) of a histogram that stands on ``base``, from its first to its last unit."""
    there = np.flatnonzero(heights > 0)
    if not there.size:
        return np.empty(0), np.empty(0)
    first, last = int(there[0]), int(there[-1]) + 1
    x, y = staircase(edges[first : last + 1], heights[first:last])
    return x, base + y


def points_of(other: Other, step: int, place: int) -> Points | None:
    """Up to 512 of the units of a run at a place: hollow where its colour is another run's too."""
    if not other.shown(step) or place >= len(other.whole.layers):
        return None
    x, y = (np.asarray(values, np.float64) for values in other.whole.place(step, place).points)
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if not x.size:
        return None
    stride = -(-x.size // _MOST_POINTS)
    role, dash = look_of(other.number)
    ring = dash != "solid"
    return Points(x[::stride], y[::stride], role, 3.5 if dash == "dash" else 2.4, ring=ring)


def points_entry(other: Other) -> LegendEntry:
    """Its line in the legend of a cloud."""
    role, dash = look_of(other.number)
    shape = {"solid": "", "dash": " (rings)", "dot": " (small rings)"}[dash]
    return LegendEntry(other.name + shape, role, filled=True)


def paths_of(other: Other, pair: int, steps: Array) -> list[Line]:
    """Up to six paths of the start of a run, spread over its depth."""
    if pair >= len(other.whole.pairs):  # data of one dimension have no second coordinate
        return []
    finite, _ = other.whole.path(pair, steps)
    count = finite.shape[1]
    few = np.unique(np.linspace(0, count - 1, min(count, _MOST_PATHS)).round().astype(int))
    role, dash = look_of(other.number)
    return [Line(finite[:, g, 0], finite[:, g, 1], role, dash, 1.0) for g in few.tolist()]


def shown_of(others: Sequence[Other], step: int) -> list[Other]:
    """Those that can show ``step``."""
    return [other for other in others if other.shown(step)]
