"""The Units grid: one panel a pinned layer, histogram of the finite units over the density of the limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from resviz.scene.axes import PEAK_CAP, Range, Ranges, density_top, grown
from resviz.scene.feature import TOO_WIDE, feature_width, too_wide
from resviz.scene.histogram import bin_edges, histogram
from resviz.scene.model import (
    Array,
    Axis,
    Band,
    Bars,
    LegendEntry,
    Line,
    Mark,
    Panel,
    Role,
    Scene,
)
from resviz.scene.series import Density, Series
from resviz.scene.show import Show
from resviz.scene.ticks import number

LEGEND = (
    LegendEntry("finite units", Role.FINITE, filled=True),
    LegendEntry("Mean ODE (band: its error)", Role.LIMIT),
    LegendEntry("k = 0", Role.START, "dash"),
)

LIMITED = ("limited by", "the reference")
"""Said beside a distance that the limit's own error exceeds; two lines, as corners are narrow."""

_MOST_BINS = 256
_KEPT = 64  # densities whose marks and measures are kept: one is asked for several times a picture
_NARROW_CAP = 150.0  # a density narrower than this part of its axis is cut even at the newest step


def grid_shape(panels: int) -> tuple[int, int]:
    """(rows, columns) for a number of panels, wider than high: 6 is 2 x 3, 12 is 3 x 4."""
    columns = {1: 1, 2: 2, 3: 3, 4: 2}.get(panels) or math.ceil(math.sqrt(1.3 * panels))
    return math.ceil(panels / columns), columns


def grid_ranges(
    series: Series,
    show: Show,
    before: Ranges | None = None,
    step: int | None = None,
    others: Sequence[Series] = (),
) -> Ranges:
    """The ranges of the grid's axes with the steps recorded so far, grown from ``before`` and never shrunk.

    Names are "layer 3 x" and "layer 3 y"; with locked axes all layers have the same ranges. A new run, or
    another observable, starts from ``before = None``.

    Args:
        step: the step that is to be shown, whose peak has to fit; None takes the newest.
        others: series of other runs at the same depths, whose units have to fit too.
    """
    before = Ranges() if before is None else before
    step = series.newest if step is None else step
    names = [f"layer {layer}" for layer in series.layers]
    needed = [_hull([_needed(one, g) for one in (series, *others)]) for g in range(len(names))]
    if not any(low < high for low, high in needed):
        return before  # nothing has a width yet (travel at k = 0): a guess would stay for the whole run
    x = {
        name: grown(before.get(f"{name} x"), need, nonnegative=series.observable.nonnegative)
        for name, need in zip(names, needed, strict=True)
    }
    if show.lock_axes and x:
        x = dict.fromkeys(x, Range(min(r.low for r in x.values()), max(r.high for r in x.values())))
    edges = _edges(series, [x[name] for name in names], show)
    top = {name: _top(series, step, g, x[name], edges[g]) for g, name in enumerate(names)}
    if show.lock_axes and top:
        top = dict.fromkeys(top, max(top.values()))
    new = {f"{name} x": x[name] for name in names}
    for name in names:
        old = before.get(f"{name} y")
        # only a wider x range may bring the top down: density_top caps narrow densities
        if old is not None and before.get(f"{name} x") == x[name]:
            top[name] = max(top[name], old.high)
        new[f"{name} y"] = Range(0.0, top[name])
    return before.with_ranges(new)


def _edges(series: Series, x: Sequence[Range], show: Show) -> list[Array]:
    """Bin edges of every layer; automatic bins are halved until the newest density has a shape."""
    edges = [bin_edges(over, _units(series, g), show.bins) for g, over in enumerate(x)]
    if show.bins is not None or not series.has(series.newest):
        return edges
    densities = [series.density(series.newest, g) for g in range(len(x))]
    narrow = [_feature(d) if d is not None and usable(d) else math.inf for d in densities]
    if show.lock_axes:  # one range, one set of bins
        narrow = [min(narrow)] * len(narrow)
    for g, over in enumerate(x):
        bins = len(edges[g]) - 1
        while too_wide(over.width / bins, narrow[g]) and 2 * bins <= _MOST_BINS:
            bins *= 2
        edges[g] = bin_edges(over, 0, bins)
    return edges


def _top(series: Series, step: int, g: int, x: Range, edges: Array) -> float:
    peak = series.peak(g)
    newest = series.density(series.newest, g) if series.has(series.newest) else None
    # narrow densities of earlier steps are cut, that of the newest fits (as the loss falls, backward shrinks)
    fits = 0.0 if newest is None or not usable(newest) else 1.4 * _highest(newest) * x.width
    cap = max(PEAK_CAP, min(fits, _NARROW_CAP))
    for density in (series.start(g), series.density(step, g) if series.has(step) else None):
        if density is not None and usable(density):
            peak = max(peak, _highest(density))
    values = read_units(series, series.newest, g)
    units = values.size
    if not peak > 0 and units:
        # without a limit the bars give the range, with room for the message above them
        shown = (values, read_units(series, step, g))
        highest = max(float(histogram(one, edges).heights.max()) for one in shown)
        return density_top(1.2 * highest, x.width, 0, 0.0)
    return density_top(peak, x.width, units, float(edges[1] - edges[0]), cap)


def _hull(needed: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The range that holds all that are known."""
    known = [one for one in needed if all(math.isfinite(end) for end in one)]
    if not known:
        return math.nan, math.nan
    return min(low for low, _ in known), max(high for _, high in known)


def _needed(series: Series, g: int) -> tuple[float, float]:
    """Quantiles of the limit; before the limit is known, those of the newest finite units."""
    needed = series.limit_range(g)
    if needed is not None and all(math.isfinite(end) for end in needed):
        return needed
    values = read_units(series, series.newest, g)
    values = values[np.isfinite(values)]
    if not values.size:
        return math.nan, math.nan
    low, high = np.quantile(values, (0.001, 0.999))
    return float(low), float(high)


def read_units(series: Series, step: int, place: int) -> Array:
    """The finite units (m,) as float64; m = 0 without a net, or at a step that cannot be read."""
    values = series.finite(step, place) if series.has(step) else None
    return np.empty(0) if values is None else np.asarray(values, np.float64)


def _units(series: Series, g: int) -> int:
    values = series.finite(series.newest, g) if series.has(series.newest) else None
    return 0 if values is None else int(values.size)


def units_grid(series: Series, step: int, show: Show, ranges: Ranges | None = None) -> Scene:
    """The scene of all pinned layers of ``series`` after ``step`` gradient steps.

    Args:
        series: one observable at the pinned layers.
        step: the shown step; panels of a step that is not recorded yet say so.
        show: bins and axis lock (the rest of it chose the series).
        ranges: of `grid_ranges`; None takes the steps recorded so far.
    """
    ranges = grid_ranges(series, show, step=step) if ranges is None else ranges
    rows, columns = grid_shape(max(1, len(series.layers)))
    panels, widths, sizes = [], set(), set()
    coarse = False
    spans = [
        ranges.get(f"layer {layer} x") or grown(None, _needed(series, g))
        for g, layer in enumerate(series.layers)
    ]
    all_edges = _edges(series, spans, show)
    for g, layer in enumerate(series.layers):
        x_range, edges = spans[g], all_edges[g]
        y_range = ranges.get(f"layer {layer} y") or Range(0.0, 1.0)
        widths.add(float(f"{edges[1] - edges[0]:.6g}"))
        sizes.add(_units(series, g))
        density = series.density(step, g) if series.has(step) else None
        if density is not None and usable(density):
            coarse = coarse or too_wide(edges[1] - edges[0], _feature(density))
        panels.append(_panel(series, step, g, edges, x_range, y_range, (*divmod(g, columns), 1, 1)))
    return Scene(
        panels=tuple(panels),
        row_heights=(1.0,) * rows,
        column_widths=(1.0,) * columns,
        legend=LEGEND,
        caption=_caption(step, widths, sizes, coarse, series.observable.counts),
    )


def _caption(step: int, widths: set[float], sizes: set[int], coarse: bool, counts: str) -> str:
    parts = [f"step {step}"]
    if sizes - {0}:
        few, many = min(sizes), max(sizes)
        parts.append(f"{few if few == many else f'{few} to {many}'} {counts} a panel")
        parts.append("bins of " + ", ".join(f"{width:.3g}" for width in sorted(widths)[:3]))
        if coarse:
            parts.append(TOO_WIDE)
    return "   ·   ".join(parts)


def layer_title(series: Series, g: int) -> str:
    """'layer 2   s = 0.03', with a depth window 'layers 2–65   s = 0.03'."""
    return placed_title(series.layers[g], series.depths[g], series.window)


def placed_title(layer: int, depth: float, window: int) -> str:
    """The title of a panel at ``layer``, s = ``depth``, with ``window`` layers pooled."""
    if window > 1:
        first, last = pooled_layers(layer, depth, window)
        return f"layers {first}\u2013{last}   s = {depth:.2f}"
    return f"layer {layer}   s = {depth:.2f}"


def pooled_layers(layer: int, depth: float, window: int) -> tuple[int, int]:
    """First and last of the ``window`` layers round ``layer``, moved inwards at the ends of the net."""
    first = layer - window // 2
    if depth > 0:  # L = l / s
        first = min(first, round(layer / depth) - window)
    first = max(0, first)
    return first, first + window - 1


@lru_cache(maxsize=_KEPT)
def limit_marks(density: Density, role: Role = Role.LIMIT) -> tuple[Mark, ...]:
    """A density as line with its error band (no band where the error is zero: exact densities).

    Whoever asks again gets the same marks, which a view then need not prepare again.
    """
    x, pdf, error = (np.asarray(a, np.float64) for a in (density.x, density.pdf, density.error))
    line = Line(x, pdf, role)
    if not (error > 0).any():
        return (line,)
    return Band(x, np.maximum(pdf - error, 0.0), pdf + error, role), line


@lru_cache(maxsize=_KEPT)
def _start_line(density: Density) -> Line:
    x, pdf = (np.asarray(a, np.float64) for a in (density.x, density.pdf))
    return Line(x, pdf, Role.START, "dash", 1.0)


def _panel(
    series: Series,
    step: int,
    g: int,
    edges: Array,
    x_range: Range,
    y_range: Range,
    cell: tuple[int, int, int, int],
) -> Panel:
    marks: list[Mark] = []
    corner: tuple[str, ...] = ()
    beyond = (0, 0)
    message = ""
    values = read_units(series, step, g)
    recorded = series.has(step)
    density = series.density(step, g) if recorded else None
    if values.size:
        bars = histogram(values, edges)
        beyond = (bars.below, bars.above)
        marks.append(Bars(bars.edges, bars.heights))
        if bars.not_finite:
            message = f"{bars.not_finite} of {values.size} units are not finite"
    start = series.start(g) if recorded else None
    if start is not None and usable(start):
        marks.append(_start_line(start))
    if density is not None and usable(density):
        marks.extend(limit_marks(density))
        distance = series.distance(step, g) if values.size else None
        if distance is not None:
            corner = (f"W₁ {number(distance[0])}", f"KS {number(distance[1])}")
            if series.limited(step, g):
                corner += LIMITED
    elif values.size:
        message = message or _why_no_limit(values)
    if not marks:
        message = f"step {step} is not recorded yet" if series.newest >= 0 else "nothing recorded yet"
    return Panel(
        key=f"layer {series.layers[g]}",
        title=layer_title(series, g),
        x=Axis(x_range.low, x_range.high, series.observable.symbol),
        y=Axis(y_range.low, y_range.high, "density"),
        marks=tuple(marks),
        cell=cell,
        corner=corner,
        beyond=beyond,
        message=message,
    )


@lru_cache(maxsize=_KEPT)
def _feature(density: Density) -> float:
    return feature_width(np.asarray(density.x, np.float64), np.asarray(density.pdf, np.float64))


@lru_cache(maxsize=_KEPT)
def _highest(density: Density) -> float:
    return float(np.max(density.pdf))


def _why_no_limit(values: Array) -> str:
    if values.min() == values.max():
        return f"all units are at {number(float(values[0]))}"
    return "the limit is not solved yet"


@lru_cache(maxsize=_KEPT)
def usable(density: Density) -> bool:
    """Whether a density can be drawn: not an atom (travel at k = 0), whose pdf is not finite or empty."""
    pdf = np.asarray(density.pdf)
    return pdf.size > 1 and bool(np.isfinite(pdf).all())
