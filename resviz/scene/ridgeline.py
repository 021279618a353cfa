"""The ridgeline: depth upward, one ridge some layers, finite units filled and the limit's density on top."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resviz.scene.axes import Range, Ranges
from resviz.scene.depth import (
    Binned,
    DepthSeries,
    binned,
    depth_ranges,
    layers_of,
    several,
    why_empty,
    why_no_limit,
)
from resviz.scene.feature import TOO_WIDE
from resviz.scene.model import Array, Axis, Bars, LegendEntry, Line, Mark, Panel, Role, Scene
from resviz.scene.show import Show
from resviz.scene.ticks import number

RIDGES = 24
_LEGEND = (LegendEntry("finite units", Role.FINITE, filled=True), LegendEntry("Mean ODE", Role.LIMIT))
_OVERLAP = 2.3  # height of the largest density in distances between ridges
_BARE = 2e-3  # of the largest density: where a line lies on its base it is left out
_POINTS = 200  # of a line


@dataclass(frozen=True, slots=True, eq=False)
class RidgeReading:
    """What the ridge under the mouse reads."""

    of: Binned
    bases: Array  # (n,) rising
    layers: tuple[str, ...]
    symbol: str

    def __call__(self, x: float, y: float) -> tuple[str, ...]:
        ridge = min(max(int(np.searchsorted(self.bases, y, side="right")) - 1, 0), len(self.bases) - 1)
        edges = self.of.edges
        bin_ = min(max(int(np.searchsorted(edges, x, side="right")) - 1, 0), len(edges) - 2)
        lines = [f"s = {self.bases[ridge]:.3f}   {self.layers[ridge]}", f"{self.symbol} = {number(x)}"]
        if math.isfinite(finite := float(self.of.finite[ridge, bin_])):
            lines.append(f"finite {number(finite)}")
        if self.of.limit is not None:
            lines.append(f"limit {number(float(self.of.limit[ridge, bin_]))}")
        return tuple(lines)


def ridgeline(
    series: DepthSeries,
    step: int,
    show: Show,
    ranges: Ranges | None = None,
    *,
    ridges: int = RIDGES,
    waiting: str = "",
) -> Scene:
    """One panel of up to ``ridges`` histograms over the limit's densities, each standing at its depth s.

    Between fewer layers the limit's densities go on alone, as fine lines.

    Args:
        series: one observable over the whole depth.
        step: the shown step.
        show: its bins.
        ranges: of `depth_ranges`; None takes the steps recorded so far.
        waiting: why there is nothing yet, where the scene cannot know.
    """
    ranges = depth_ranges(series, show) if ranges is None else ranges
    x = ranges.get("depth x") or Range(-1.0, 1.0)
    top = (ranges.get("depth y") or Range(0.0, 1.0)).high
    rows = series.rows
    count = min(ridges, rows.count)
    groups: NDArray[np.intp] = (np.arange(rows.count) * count // rows.count).astype(np.intp)
    bases = np.bincount(groups, rows.depths) / np.bincount(groups)
    unit = _OVERLAP / (RIDGES * top)  # depth a unit of density; the same for every number of ridges
    filled = series.filled(step)
    marks: list[Mark] = []
    message, caption, reading = "", f"step {step}", None
    if filled is None:
        message = why_empty(series, step, waiting)
    else:
        of = binned(rows, filled, x, show.bins, groups)
        # the limit goes on between few layers: as many of its densities are drawn whatever L is
        depths = _depths(bases, max(1, ridges // count))
        lines = filled.limit.at(depths) if filled.limit is not None else None
        if lines is None:
            message = why_no_limit(filled)
        at = len(depths) - 1
        for ridge in range(count - 1, -1, -1):  # from the back to the front
            base = float(bases[ridge])
            while lines is not None and filled.limit is not None and depths[at] > base:
                marks.extend(_limit(filled.limit.x, lines[at], x, float(depths[at]), unit, top, 1.0))
                at -= 1
            if of.known[ridge]:
                heights = unit * np.minimum(of.finite[ridge], 3.0 * top)
                marks.append(Bars(of.edges, heights, base=base, opaque=True))
            if lines is not None and filled.limit is not None:
                marks.extend(_limit(filled.limit.x, lines[at], x, base, unit, top, 1.4))
                at -= 1
        ends = np.searchsorted(groups, np.arange(count + 1)).tolist()
        names = tuple(layers_of(rows, ends[i], ends[i + 1] - 1) for i in range(count))
        reading = RidgeReading(of, bases, names, series.observable.symbol)
        caption = _caption(series, step, of, count, top)
        if lines is not None and len(depths) > count:
            caption += "   ·   thin: the limit between the layers"
    panel = Panel(
        key="ridgeline",
        title="Units of all layers, by depth",
        x=Axis(x.low, x.high, series.observable.symbol),
        y=Axis(0.0, 1.0 + 0.6 * _OVERLAP / RIDGES, "depth s"),
        marks=tuple(marks),
        message=message,
        reading=reading,
    )
    return Scene(panels=(panel,), legend=_LEGEND, caption=caption)


def _depths(bases: Array, each: int) -> Array:
    """The ridges' depths and ``each`` - 1 more between every two of them, rising."""
    share = np.arange(each) / each
    between = bases[:-1, None] + share * np.diff(bases)[:, None]
    made: Array = np.append(between.ravel(), bases[-1])
    return made


def _limit(at: Array, pdf: Array, x: Range, base: float, unit: float, top: float, width: float) -> list[Mark]:
    if not np.isfinite(pdf).all():
        return []
    shown = np.flatnonzero((at >= x.low) & (at <= x.high) & (pdf > _BARE * top))
    if not shown.size:
        return []
    chosen = np.arange(shown[0], shown[-1] + 1)
    chosen = chosen[:: max(1, len(chosen) // _POINTS)]
    heights = unit * np.minimum(pdf[chosen], 3.0 * top)
    return [Line(at[chosen], base + heights, Role.LIMIT, width=width)]


def _caption(series: DepthSeries, step: int, of: Binned, ridges: int, top: float) -> str:
    parts = [
        f"step {step}",
        f"a ridge is {several(series.rows.total, ridges)}: {round(of.units)} {series.observable.counts}",
        f"bins of {of.bin_width:.3g}",
        f"a density of {number(top, 2)} is {_OVERLAP / RIDGES:.2g} high",
    ]
    if of.coarse:
        parts.append(TOO_WIDE)
    return "   ·   ".join(parts)
