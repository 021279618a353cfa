"""Marks cut to the axis ranges with numbers, because SVG writers ignore a painter's clipping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from resviz.scene.model import Array, Axis, Band, Bars, Heat, Line, Mark, Points, Rule, Span, Words


def clipped(mark: Mark, x: Axis, y: Axis) -> Mark | None:
    """``mark`` cut to the panel's axes; None if nothing of it is left.

    A line that leaves the panel and comes back is cut at the border, its pieces separated by NaN. On a
    logarithmic axis values <= 0 lie outside, and crossings are those of the straight line that is drawn.
    """
    match mark:
        case Line():
            return _clip_line(mark, x, y)
        case Bars():
            return _clip_bars(mark, x, y)
        case Band():
            return _clip_band(mark, x, y)
        case Rule():
            axis = x if mark.across == "x" else y
            return mark if axis.low <= mark.at <= axis.high else None
        case Points():
            return _clip_points(mark, x, y)
        case Heat():
            return _clip_heat(mark, x, y)
        case Words():
            return mark if x.low <= mark.x <= x.high and y.low <= mark.y <= y.high else None
        case Span():
            low, high = max(mark.low, x.low), min(mark.high, x.high)
            return replace(mark, low=low, high=high) if low < high else None


def inside(lines: Sequence[Line], x: Axis, y: Axis) -> NDArray[np.bool_]:
    """Which of ``lines`` lie within the axes as they are, NaN nowhere; all of them at once."""
    starts = np.cumsum([0, *(len(line.x) for line in lines[:-1])])
    within = np.ones(len(lines), bool)
    for axis, values in ((x, [line.x for line in lines]), (y, [line.y for line in lines])):
        every = np.concatenate(values)
        within &= np.minimum.reduceat(every, starts) >= axis.low
        within &= np.maximum.reduceat(every, starts) <= axis.high
    return within


def straight(values: Array, axis: Axis) -> Array:
    """Values as the axis spaces them: log10 on a logarithmic axis (NaN at <= 0), else unchanged."""
    if axis.scale == "linear":
        return values
    return np.log10(values, out=np.full(len(values), np.nan), where=values > 0)


def _clip_line(line: Line, x: Axis, y: Axis) -> Line | None:
    a, b = straight(line.x, x), straight(line.y, y)
    (x_low, x_high), (y_low, y_high) = _bounds(x), _bounds(y)
    inside_x, inside_y = _inside(a, x_low, x_high), _inside(b, y_low, y_high)
    if inside_x and inside_y and a.size:
        return line
    if not inside_x:
        a, b = (_sliced if inside_y and _rises(a) else _cut)(a, b, x_low, x_high)
    if not inside_y:
        b, a = _cut(b, a, y_low, y_high)
    if not np.isfinite(a).any():
        return None
    return replace(line, x=_back(a, x), y=_back(b, y))


def _inside(values: Array, low: float, high: float) -> bool:
    """Whether all values lie within; NaN lies nowhere."""
    return not values.size or bool(values.min() >= low and values.max() <= high)


def _bounds(axis: Axis) -> tuple[float, float]:
    if axis.scale == "linear":
        return axis.low, axis.high
    return float(np.log10(axis.low)), float(np.log10(axis.high))


def _back(values: Array, axis: Axis) -> Array:
    if axis.scale == "linear":
        return values
    powers: Array = 10.0**values
    return np.clip(powers, axis.low, axis.high)


def _rises(t: Array) -> bool:
    return t.size > 1 and bool((t[1:] > t[:-1]).all())


def _sliced(t: Array, other: Array, low: float, high: float) -> tuple[Array, Array]:
    """`_cut` for the common curve, whose ``t`` rises: its middle and two interpolated ends."""
    first, last = int(t.searchsorted(low, "left")), int(t.searchsorted(high, "right"))
    before = 0 < first < len(t) and bool(t[first] > low)
    after = 0 < last < len(t) and bool(t[last - 1] < high)
    if not (before or after):
        return t[first:last], other[first:last]
    cut_t, cut_o = (np.empty(before + last - first + after) for _ in range(2))
    middle = slice(int(before), int(before) + last - first)
    cut_t[middle], cut_o[middle] = t[first:last], other[first:last]
    if before:
        cut_t[0], cut_o[0] = low, np.interp(low, t, other)
    if after:
        cut_t[-1], cut_o[-1] = high, np.interp(high, t, other)
    return cut_t, cut_o


def _cut(t: Array, other: Array, low: float, high: float) -> tuple[Array, Array]:
    """Cuts a polyline where its coordinate ``t`` crosses ``low`` or ``high``; outside becomes NaN."""
    if t.size < 2:
        outside = ~((t >= low) & (t <= high))
        return np.where(outside, np.nan, t), np.where(outside, np.nan, other)
    step = t[1:] - t[:-1]
    # a step of almost nothing crosses at infinity, which is no crossing
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        to_low, to_high = (low - t[:-1]) / step, (high - t[:-1]) / step
    first, second = np.minimum(to_low, to_high), np.maximum(to_low, to_high)
    rise = other[1:] - other[:-1]
    keep = np.ones((t.size - 1, 3), bool)  # (segment, start | first crossing | second crossing)
    cut_t, cut_o = np.empty((t.size - 1, 3)), np.empty((t.size - 1, 3))
    cut_t[:, 0], cut_o[:, 0] = t[:-1], other[:-1]
    for column, at, low_side in ((1, first, first == to_low), (2, second, second == to_low)):
        with np.errstate(invalid="ignore", over="ignore"):
            keep[:, column] = (at > 0) & (at < 1)
            cut_t[:, column] = np.where(low_side, low, high)
            cut_o[:, column] = other[:-1] + at * rise
    t_all = np.append(cut_t[keep], t[-1])
    o_all = np.append(cut_o[keep], other[-1])
    outside = ~((t_all >= low) & (t_all <= high))
    t_all[outside] = np.nan
    o_all[outside] = np.nan
    return t_all, o_all


def _clip_bars(bars: Bars, x: Axis, y: Axis) -> Bars | None:
    edges, heights = bars.edges, bars.heights
    if not (edges[0] >= x.low and edges[-1] <= x.high):
        # bars that are there in part, of edges that rise
        first = int(edges[1:].searchsorted(x.low, "right"))
        last = int(edges[:-1].searchsorted(x.high, "left"))
        if first >= last:
            return None
        edges, heights = np.clip(edges[first : last + 1], x.low, x.high), heights[first:last]
    base = min(max(bars.base, y.low), y.high)
    tops = np.minimum(np.maximum(bars.base + heights, y.low), y.high)
    return replace(bars, edges=edges, heights=tops - base, base=base)


def _clip_points(points: Points, x: Axis, y: Axis) -> Points | None:
    with np.errstate(invalid="ignore"):
        keep = (points.x >= x.low) & (points.x <= x.high) & (points.y >= y.low) & (points.y <= y.high)
    if keep.all():
        return points
    if not keep.any():
        return None
    shades = None if points.shades is None else points.shades[keep]
    return replace(points, x=points.x[keep], y=points.y[keep], shades=shades)


def _clip_heat(heat: Heat, x: Axis, y: Axis) -> Heat | None:
    columns = (heat.x[1:] > x.low) & (heat.x[:-1] < x.high)
    rows = (heat.y[1:] > y.low) & (heat.y[:-1] < y.high)
    if columns.all() and rows.all() and _within(heat.x, x) and _within(heat.y, y):
        return heat
    if not (columns.any() and rows.any()):
        return None
    # cells that the panel cuts become thinner
    at_x = np.clip(np.append(heat.x[:-1][columns], heat.x[1:][columns][-1]), x.low, x.high)
    at_y = np.clip(np.append(heat.y[:-1][rows], heat.y[1:][rows][-1]), y.low, y.high)
    return replace(heat, x=at_x, y=at_y, values=heat.values[np.ix_(rows, columns)])


def _within(edges: Array, axis: Axis) -> bool:
    return bool(axis.low <= edges[0] and edges[-1] <= axis.high)


def _clip_band(band: Band, x: Axis, y: Axis) -> Band | None:
    at, low, high = band.x, band.low, band.high
    if not (_rises(at) and np.isfinite(low).all() and np.isfinite(high).all()):
        good = np.isfinite(at) & np.isfinite(low) & np.isfinite(high)
        at, low, high = at[good], low[good], high[good]
    if not at.size or at[0] > x.high or at[-1] < x.low:
        return None
    if not _inside(at, x.low, x.high):
        (at, low), (_, high) = _sliced(at, low, x.low, x.high), _sliced(at, high, x.low, x.high)
    low, high = (np.minimum(np.maximum(edge, y.low), y.high) for edge in (low, high))
    return replace(band, x=at, low=low, high=high)
