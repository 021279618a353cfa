"""The ridgeline: depth upward, one ridge some layers, finite units filled and the limit's density on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resviz.scene.axes import Range, Ranges
from resviz.scene.depth import (
    Binned,
    DepthSeries,
    Surface,
    binned,
    depth_ranges,
    layers_of,
    several,
    why_empty,
    why_no_limit,
)
from resviz.scene.feature import TOO_WIDE
from resviz.scene.model import Array, Axis, Bars, LegendEntry, Line, Mark, Panel, Role, Scene
from resviz.scene.others import Other
from resviz.scene.overlaid import ridge_outline, ridges_of, shown_of
from resviz.scene.show import Show
from resviz.scene.ticks import number

RIDGES = 10  # as many as stand clear of one another in a small window
LINES = 24  # densities of the limit at most, at the ridges and between them: they go on smoothly
_LEGEND = (LegendEntry("finite units", Role.FINITE, filled=True), LegendEntry("Mean ODE", Role.LIMIT))
_HIGH = 2.3 / LINES  # depth that the largest density is high
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
    others: Sequence[Other] = (),
) -> Scene:
    """One panel of up to ``ridges`` histograms over the limit's densities, each standing at its depth s.

    Between them the limit's densities go on alone, as fine lines: some twenty in all, whatever L is.

    Args:
        series: one observable over the whole depth.
        step: the shown step.
        show: its bins.
        ranges: of `depth_ranges`; None takes the steps recorded so far.
        waiting: why there is nothing yet, where the scene cannot know.
        others: other runs, outlined in the same bins at the same depths.
    """
    ranges = depth_ranges(series, show) if ranges is None else ranges
    x = ranges.get("depth x") or Range(-1.0, 1.0)
    top = (ranges.get("depth y") or Range(0.0, 1.0)).high
    rows = series.rows
    count = min(ridges, rows.count)
    groups: NDArray[np.intp] = (np.arange(rows.count) * count // rows.count).astype(np.intp)
    bases = np.bincount(groups, rows.depths) / np.bincount(groups)
    unit = _HIGH / top  # depth a unit of density; the same for every number of ridges
    filled = series.filled(step)
    marks: list[Mark] = []
    message, caption, reading = "", f"step {step}", None
    if filled is None:
        message = why_empty(series, step, waiting)
    else:
        of = binned(rows, filled, x, show.bins, groups)
        each = max(1, LINES // count)
        depths = _depths(bases, each)
        lines: list[Line | None] = [None] * len(depths)
        if filled.limit is None:
            message = why_no_limit(filled)
        else:
            lines = _limits(filled.limit, depths, x, unit, top, each)
        heights = unit * np.minimum(of.finite, 3.0 * top)
        ends = np.searchsorted(groups, np.arange(count + 1))
        beside = [(one, ridges_of(one, step, of.edges, rows.edges[ends])) for one in others]
        for ridge in range(count - 1, -1, -1):  # from the back to the front
            marks += [line for line in lines[: ridge * each : -1] if line is not None]
            if of.known[ridge]:
                marks.append(Bars(of.edges, heights[ridge], base=float(bases[ridge]), opaque=True))
            base = float(bases[ridge])
            outlines = [
                ridge_outline(one, of.edges, unit * np.minimum(density[ridge], 3.0 * top), base)
                for one, density in beside
                if density is not None
            ]
            marks += [line for line in (*outlines, lines[ridge * each]) if line is not None]
            del lines[ridge * each :]
        names = tuple(layers_of(rows, int(ends[i]), int(ends[i + 1]) - 1) for i in range(count))
        reading = RidgeReading(of, bases, names, series.observable.symbol)
        caption = _caption(series, step, of, count, top)
        if filled.limit is not None and each > 1:
            caption += "   ·   thin: the limit between the ridges"
    panel = Panel(
        key="ridgeline",
        title="Units of all layers, by depth",
        x=Axis(x.low, x.high, series.observable.symbol),
        y=Axis(0.0, 1.0 + 0.6 * _HIGH, "depth s"),
        marks=tuple(marks),
        message=message,
        reading=reading,
    )
    legend = (*_LEGEND, *(one.entry for one in shown_of(others, step)))
    return Scene(panels=(panel,), legend=legend, caption=caption)


def _depths(bases: Array, each: int) -> Array:
    """The ridges' depths and ``each`` - 1 more between every two of them, rising."""
    share = np.arange(each) / each
    between = bases[:-1, None] + share * np.diff(bases)[:, None]
    made: Array = np.append(between.ravel(), bases[-1])
    return made


def _limits(limit: Surface, depths: Array, x: Range, unit: float, top: float, each: int) -> list[Line | None]:
    """The limit's densities at ``depths``, every ``each``-th a ridge's; None where there is none."""
    at, pdf = limit.x, limit.at(depths)
    shown = (at >= x.low) & (at <= x.high) & (pdf > _BARE * top)
    shown &= np.isfinite(pdf).all(axis=1, keepdims=True)
    begins, ends = shown.argmax(axis=1).tolist(), (len(at) - shown[:, ::-1].argmax(axis=1)).tolist()
    upward = depths[:, None] + unit * np.minimum(pdf, 3.0 * top)
    made: list[Line | None] = []
    for i, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        chosen = slice(begin, end, max(1, (end - begin) // _POINTS))
        line = Line(at[chosen], upward[i, chosen], Role.LIMIT, width=1.0 if i % each else 1.4)
        made.append(line if shown[i, begin] else None)
    return made


def _caption(series: DepthSeries, step: int, of: Binned, ridges: int, top: float) -> str:
    parts = [
        f"step {step}",
        f"a ridge is {several(series.rows.total, ridges)}: {round(of.units)} {series.observable.counts}",
        f"bins of {of.bin_width:.3g}",
        f"a density of {number(top, 2)} is {_HIGH:.2g} high",
    ]
    if of.coarse:
        parts.append(TOO_WIDE)
    return "   ·   ".join(parts)
