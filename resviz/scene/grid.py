"""The Units grid: one panel a pinned layer, histogram of the finite units over the density of the limit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from resviz.scene.axes import Range, Ranges, density_top, grown
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


def grid_shape(panels: int) -> tuple[int, int]:
    """(rows, columns) for a number of panels, wider than high: 6 is 2 x 3, 12 is 3 x 4."""
    columns = {1: 1, 2: 2, 3: 3, 4: 2}.get(panels) or math.ceil(math.sqrt(1.3 * panels))
    return math.ceil(panels / columns), columns


def grid_ranges(series: Series, show: Show, before: Ranges | None = None) -> Ranges:
    """The ranges of the grid's axes with the steps recorded so far, grown from ``before`` and never shrunk.

    Names are "layer 3 x" and "layer 3 y"; with locked axes all layers have the same ranges. A new run, or
    another observable, starts from ``before = None``.
    """
    before = Ranges() if before is None else before
    names = [f"layer {layer}" for layer in series.layers]
    new: dict[str, Range] = {}
    for g, name in enumerate(names):
        new[f"{name} x"] = grown(
            before.get(f"{name} x"), _needed(series, g), nonnegative=series.observable.nonnegative
        )
    if show.lock_axes and new:
        lows, highs = [r.low for r in new.values()], [r.high for r in new.values()]
        new = dict.fromkeys(new, Range(min(lows), max(highs)))
    tops = {}
    for g, name in enumerate(names):
        x = new[f"{name} x"]
        units = _units(series, g)
        edges = bin_edges(x, units, show.bins)
        tops[name] = density_top(series.peak(g), x.width, units, float(edges[1] - edges[0]))
    for name in names:
        x, old = new[f"{name} x"], before.get(f"{name} y")
        top = max(tops.values()) if show.lock_axes else tops[name]
        # only a wider x range may bring the top down: density_top caps narrow densities
        if old is not None and before.get(f"{name} x") == x:
            top = max(top, old.high)
        new[f"{name} y"] = Range(0.0, top)
    return before.with_ranges(new)


def _needed(series: Series, g: int) -> tuple[float, float]:
    low, high = series.limit_range(g)
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    # before the limit is known the finite units of the newest step give the range
    values = _finite(series, series.newest, g)
    if values is None:
        return math.nan, math.nan
    low, high = np.quantile(values, (0.001, 0.999))
    return float(low), float(high)


def _finite(series: Series, k: int, g: int) -> NDArray[np.float64] | None:
    if not 0 <= k <= series.newest:
        return None
    values = series.finite(k, g)
    if values is None or np.size(values) == 0:
        return None
    return np.asarray(values, np.float64)


def _units(series: Series, g: int) -> int:
    values = _finite(series, max(series.newest, 0), g)
    return 0 if values is None else values.size


def units_grid(series: Series, step: int, show: Show, ranges: Ranges | None = None) -> Scene:
    """The scene of all pinned layers of ``series`` after ``step`` gradient steps.

    Args:
        series: one observable at the pinned layers.
        step: the shown step; panels of a step that is not recorded yet say so.
        show: bins and axis lock (the rest of it chose the series).
        ranges: of `grid_ranges`; None takes the steps recorded so far.
    """
    ranges = grid_ranges(series, show) if ranges is None else ranges
    rows, columns = grid_shape(max(1, len(series.layers)))
    panels, widths, sizes = [], set(), set()
    for g, layer in enumerate(series.layers):
        x_range = ranges.get(f"layer {layer} x") or grown(None, _needed(series, g))
        y_range = ranges.get(f"layer {layer} y") or Range(0.0, 1.0)
        units = _units(series, g)
        edges = bin_edges(x_range, units, show.bins)
        widths.add(float(f"{edges[1] - edges[0]:.6g}"))
        sizes.add(units)
        panels.append(_panel(series, step, g, edges, x_range, y_range, (*divmod(g, columns), 1, 1)))
    return Scene(
        panels=tuple(panels),
        row_heights=(1.0,) * rows,
        column_widths=(1.0,) * columns,
        legend=LEGEND,
        caption=_caption(step, widths, sizes),
    )


def _caption(step: int, widths: set[float], sizes: set[int]) -> str:
    parts = [f"step {step}"]
    if sizes - {0}:
        few, many = min(sizes), max(sizes)
        parts.append(f"{few if few == many else f'{few} to {many}'} units a panel")
        parts.append("bins of " + ", ".join(number(width) for width in sorted(widths)[:3]))
    return "   ·   ".join(parts)


def layer_title(series: Series, g: int) -> str:
    """'layer 2   s = 0.03', with a depth window 'layers 2–65   s = 0.03'."""
    layer = series.layers[g]
    if series.window > 1:
        first, last = pooled_layers(layer, series.window)
        return f"layers {first}\u2013{last}   s = {series.depths[g]:.2f}"
    return f"layer {layer}   s = {series.depths[g]:.2f}"


def pooled_layers(layer: int, window: int) -> tuple[int, int]:
    """First and last layer of a depth window of ``window`` layers round ``layer``."""
    first = max(0, layer - window // 2)
    return first, first + window - 1


def limit_marks(density: Density, role: Role = Role.LIMIT) -> list[Mark]:
    """A density as line with its error band (no band where the error is zero: exact densities)."""
    x, pdf, error = (np.asarray(a, np.float64) for a in (density.x, density.pdf, density.error))
    marks: list[Mark] = []
    if np.any(error > 0):
        marks.append(Band(x, np.maximum(pdf - error, 0.0), pdf + error, role))
    marks.append(Line(x, pdf, role))
    return marks


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
    values = _finite(series, step, g)
    recorded = 0 <= step <= series.newest
    density = series.density(step, g) if recorded else None
    if values is not None:
        bars = histogram(values, edges)
        beyond = (bars.below, bars.above)
        marks.append(Bars(bars.edges, bars.heights))
        if bars.not_finite:
            message = f"{bars.not_finite} of {values.size} units are not finite"
    start = series.start(g) if recorded else None
    if start is not None and usable(start):
        marks.append(Line(np.asarray(start.x), np.asarray(start.pdf), Role.START, "dash", 1.0))
    if density is not None and usable(density):
        marks.extend(limit_marks(density))
        if values is not None:
            w1, ks = series.distance(step, g)
            corner = (f"W₁ {number(w1)}", f"KS {number(ks)}")
    elif values is not None and density is None:
        message = message or "the limit is not solved yet"
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


def usable(density: Density) -> bool:
    """Whether a density can be drawn: not an atom (travel at k = 0), whose pdf is not finite or empty."""
    pdf = np.asarray(density.pdf)
    return pdf.size > 1 and bool(np.isfinite(pdf).all())
