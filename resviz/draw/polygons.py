"""Polygons of bars and curves in logical pixels; those of many marks of a kind are computed at once.

Of a hundred marks the arithmetic of each took ten times as long as to paint it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPolygonF
from shiboken6 import Shiboken

from resviz.draw.geometry import PanelGeometry
from resviz.scene.model import Array, Bars, Line

# the type stub of VoidPtr lacks its size and its buffer interface
_block: Any = Shiboken.VoidPtr

Snap = tuple[float, float]
"""Device pixels a logical one along an axis, and those at the logical origin."""


def blank(points: int) -> tuple[QPolygonF, Array]:
    """A Qt polygon and its coordinates (points, 2): filled as one block of memory, not by a call a point."""
    made = QPolygonF()
    made.resize(points)
    if not points:
        return made, np.empty((0, 2))
    memory = _block(made.data(), 16 * points, True)  # two float64 a point
    return made, np.frombuffer(memory, np.float64).reshape(-1, 2)


def polygon(x: Array, y: Array) -> QPolygonF:
    """A Qt polygon of the points."""
    made, points = blank(len(x))
    points[:, 0], points[:, 1] = x, y
    return made


def _polygon(points: Array) -> QPolygonF:
    made, into = blank(len(points))
    into[:] = points
    return made


def _runs(points: Array) -> NDArray[np.intp]:
    """Where runs of two points or more between NaN begin and end: (runs, 2)."""
    good = np.zeros(len(points) + 2, bool)
    good[1:-1] = np.isfinite(points[:, 0]) & np.isfinite(points[:, 1])
    found = np.flatnonzero(good[1:] != good[:-1]).reshape(-1, 2)
    made: NDArray[np.intp] = found[found[:, 1] - found[:, 0] > 1]
    return made


def _snapped(values: Array, to: Snap) -> Array:
    """Logical coordinates moved to the nearest edge of a device pixel."""
    factor, offset = to
    return (np.rint(values * factor + offset) - offset) / factor


def staircases(
    group: Sequence[Bars], at: PanelGeometry, snap: tuple[Snap, Snap] | None
) -> Iterator[tuple[QPolygonF, list[QPolygonF]]]:
    """The area of each histogram, and its outline; all of one array of edges.

    Args:
        snap: edges are moved to those of device pixels, across and up.
    """
    edges = group[0].edges
    bases = np.array([bars.base for bars in group])[:, None]
    heights = np.stack([bars.heights for bars in group])  # (G, B)
    ends = bases + heights
    x, top, base = at.pixel_x(edges), at.pixel_y(ends), at.pixel_y(bases)
    if snap is not None:
        x, top, base = _snapped(x, snap[0]), _snapped(top, snap[1]), _snapped(base, snap[1])
    # one staircase: neighbouring bars have no seam, and it fills 20 times as fast as translucent rectangles
    areas = np.empty((len(group), 2 * len(x), 2))
    areas[:, ::2, 0] = areas[:, 1::2, 0] = x
    areas[:, 1:-1:2, 1] = areas[:, 2::2, 1] = top
    areas[:, :1, 1] = areas[:, -1:, 1] = base
    # a side stands where one of its two bars does, a top where the panel does not cut it
    filled = heights > 0
    drawn = np.zeros((*top.shape, 3), bool)  # (histogram, bar, its start | top | its end)
    drawn[:, 0, 0], drawn[:, -1, 2] = filled[:, 0], filled[:, -1]
    drawn[:, 1:, 0] = drawn[:, :-1, 2] = filled[:, 1:] | filled[:, :-1]
    drawn[:, :, 1] = filled & (ends < at.y.high)
    for area, outline in zip(areas, _outlines(x, top, base[:, 0], drawn), strict=True):
        yield _polygon(area), outline


def _outlines(x: Array, top: Array, base: Array, drawn: NDArray[np.bool_]) -> list[list[QPolygonF]]:
    """The staircases (G, B) over edges ``x``, without what is not ``drawn`` (G, B, start | top | end)."""
    line = np.empty((*drawn.shape, 2))
    line[:, :, 1] = np.nan  # in place of a top: a gap
    line[:, :, 0, 0], line[:, :, 2, 0] = x[:-1], x[1:]
    line[:, :, 0, 1] = line[:, :, 2, 1] = top
    keep = drawn.copy()
    keep[:, :, 1] = ~drawn[:, :, 1]
    # all of them as one row of points, each between its two feet and followed by a gap
    kept = keep.sum(axis=(1, 2))
    ends = np.cumsum(kept + 3)
    starts = ends - kept - 3
    points = np.full((int(ends[-1]), 2), np.nan)
    points[starts, 0], points[ends - 2, 0] = x[0], x[-1]
    points[starts, 1] = points[ends - 2, 1] = base
    inner = np.ones(len(points), bool)
    inner[np.concatenate([starts, ends - 2, ends - 1])] = False
    points[inner] = line[keep]
    made: list[list[QPolygonF]] = [[] for _ in top]
    runs = _runs(points)
    owners = ends.searchsorted(runs[:, 0], "right")
    for g, (first, last) in zip(owners.tolist(), runs.tolist(), strict=True):
        made[g].append(_polygon(points[first:last]))
    return made


def curves(
    group: Sequence[Line], at: PanelGeometry, many: float = math.inf, room: float = 0.0
) -> Iterator[list[QPolygonF]]:
    """The pieces of each line.

    Args:
        many: a line of more points is thinned out to two in ``room`` logical pixels across.
    """
    sizes = [len(line.x) for line in group]
    points = np.empty((sum(sizes), 2))
    at.pixel_x(np.concatenate([line.x for line in group]), out=points[:, 0])
    at.pixel_y(np.concatenate([line.y for line in group]), out=points[:, 1])
    gaps = not np.isfinite(points).all()
    end = 0
    for size in sizes:
        begin, end = end, end + size
        part = points[begin:end]
        if len(part) > many:
            part = _thinned(part, room)
        yield [_polygon(part[first:last]) for first, last in _runs(part)] if gaps else [_polygon(part)]


def _thinned(points: Array, room: float) -> Array:
    """The least and the greatest of so many points that they share ``room``: losses of a long run.

    Where the curve has gaps, or points that are spaced unevenly, all of them are kept.
    """
    x, y = points[:, 0], points[:, 1]
    each = int(room * len(x) / max(abs(float(x[-1] - x[0])), room))
    groups = len(x) // max(each, 1)
    if each < 4 or not np.isfinite(points).all():
        return points
    across = x[: groups * each].reshape(groups, each)
    if not (x[1:] >= x[:-1]).all() or (across[:, -1] - across[:, 0]).max() > 2 * room:
        return points
    upward = y[: groups * each].reshape(groups, each)
    both = np.stack([upward.argmin(axis=1), upward.argmax(axis=1)], axis=1)
    both.sort(axis=1)
    both += each * np.arange(groups)[:, None]
    chosen = np.concatenate(([0], both.ravel(), np.arange(groups * each, len(x)), [len(x) - 1]))
    return points[chosen]
