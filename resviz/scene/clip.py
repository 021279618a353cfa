"""Marks cut to the axis ranges with numbers, because SVG writers ignore a painter's clipping."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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


def straight(values: Array, axis: Axis) -> Array:
    """Values as the axis spaces them: log10 on a logarithmic axis (NaN at <= 0), else unchanged."""
    if axis.scale == "linear":
        return values
    return np.log10(values, out=np.full(len(values), np.nan), where=values > 0)


def _clip_line(line: Line, x: Axis, y: Axis) -> Line | None:
    a, b = straight(line.x, x), straight(line.y, y)
    (x_low, x_high), (y_low, y_high) = _bounds(x), _bounds(y)
    with np.errstate(invalid="ignore"):
        inside_x = bool(((a >= x_low) & (a <= x_high)).all())
        inside_y = bool(((b >= y_low) & (b <= y_high)).all())
    if inside_x and inside_y and a.size:
        return line
    if not inside_x:
        a, b = (_sliced if inside_y and _rises(a) else _cut)(a, b, x_low, x_high)
    if not inside_y:
        b, a = _cut(b, a, y_low, y_high)
    if not np.isfinite(a).any():
        return None
    return replace(line, x=_back(a, x), y=_back(b, y))


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
    middle = slice(int(np.searchsorted(t, low, "left")), int(np.searchsorted(t, high, "right")))
    ends = np.array([end for end in (low, high) if t[0] < end < t[-1]])
    if not ends.size:
        return t[middle], other[middle]
    at = np.interp(ends, t, other)
    left, right = ends == low, ends == high
    return (
        np.concatenate([ends[left], t[middle], ends[right]]),
        np.concatenate([at[left], other[middle], at[right]]),
    )


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
    keep = (bars.edges[1:] > x.low) & (bars.edges[:-1] < x.high)
    if not keep.any():
        return None
    first, last = int(np.argmax(keep)), len(keep) - int(np.argmax(keep[::-1]))
    edges = np.clip(bars.edges[first : last + 1], x.low, x.high)
    base = float(np.clip(bars.base, y.low, y.high))
    tops = np.clip(bars.base + bars.heights[first:last], y.low, y.high)
    return replace(bars, edges=edges, heights=tops - base, base=base)


def _clip_points(points: Points, x: Axis, y: Axis) -> Points | None:
    with np.errstate(invalid="ignore"):
        keep = (points.x >= x.low) & (points.x <= x.high) & (points.y >= y.low) & (points.y <= y.high)
    if keep.all():
        return points
    return replace(points, x=points.x[keep], y=points.y[keep]) if keep.any() else None


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
    good = np.isfinite(band.x) & np.isfinite(band.low) & np.isfinite(band.high)
    at, low, high = band.x[good], band.low[good], band.high[good]
    inside = (at >= x.low) & (at <= x.high)
    if not inside.any():
        return None
    # the band's ends, interpolated at the borders that it crosses
    ends = [border for border in (x.low, x.high) if at[0] < border < at[-1]]
    grid = np.union1d(at[inside], ends)
    return replace(
        band,
        x=grid,
        low=np.clip(np.interp(grid, at, low), y.low, y.high),
        high=np.clip(np.interp(grid, at, high), y.low, y.high),
    )
