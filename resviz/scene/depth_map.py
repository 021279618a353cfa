"""Depth maps: value across, depth upward, density as colour; finite units, limit, and their difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from resviz.scene.axes import Range, Ranges
from resviz.scene.depth import (
    GAP,
    Binned,
    DepthSeries,
    Rows,
    binned,
    depth_caption,
    depth_ranges,
    difference_bound,
    layers_of,
    row_at,
    why_empty,
    why_no_limit,
)
from resviz.scene.model import Array, Axis, Heat, Line, Mark, Panel, Role, Scale, Scene
from resviz.scene.show import Show
from resviz.scene.ticks import number

KEYS = ("depth finite", "depth limit", "depth difference")
_TITLES = ("Depth map: finite {}", "Depth map: Mean ODE", "Depth map: finite − Mean ODE")
_NOTCH = 0.035  # of the value axis: the marks of pinned layers


@dataclass(frozen=True, slots=True, eq=False)
class MapReading:
    """What a depth map reads under the mouse."""

    rows: Rows
    of: Binned
    symbol: str

    def __call__(self, x: float, y: float) -> tuple[str, ...]:
        row = row_at(self.rows, y)
        edges = self.of.edges
        bin_ = int(np.searchsorted(edges, x, side="right")) - 1
        bin_ = min(max(bin_, 0), len(edges) - 2)
        lines = [f"s = {y:.3f}   {layers_of(self.rows, row)}", f"{self.symbol} = {number(x)}"]
        finite = float(self.of.finite[row, bin_])
        if math.isfinite(finite):
            lines.append(f"finite {number(finite)}")
        if self.of.limit is not None:
            limit = float(self.of.limit[row, bin_])
            lines.append(f"limit {number(limit)}")
            if math.isfinite(finite):
                deviations = (finite - limit) / max(self.of.noise(max(limit, 1e-300)), 1e-300)
                if limit > 1e-6 and abs(deviations) < 100:
                    lines.append(f"difference {number(finite - limit)} ({deviations:+.1f} sd)")
        return tuple(lines)


def depth_map(
    series: DepthSeries,
    step: int,
    show: Show,
    ranges: Ranges | None = None,
    *,
    pinned: Sequence[int] = (),
    waiting: str = "",
    when: str = "",
) -> Scene:
    """Three heat maps side by side.

    Args:
        series: one observable over the whole depth.
        step: the shown step.
        show: its bins.
        ranges: of `depth_ranges`; None takes the steps recorded so far.
        pinned: layers marked at the maps' sides.
        waiting: why there is nothing yet, where the scene cannot know.
        when: set in the maps' corners, where the step is not that of other panels.
    """
    ranges = depth_ranges(series, show) if ranges is None else ranges
    x = ranges.get("depth x") or Range(-1.0, 1.0)
    top = (ranges.get("depth y") or Range(0.0, 1.0)).high
    filled = series.filled(step)
    of = None if filled is None else binned(series.rows, filled, x, show.bins)
    scale = Scale(0.0, top)
    bound = top if of is None else difference_bound(of, top)
    scales = (scale, scale, Scale(-bound, bound, "diverging"))
    values: tuple[Array | None, ...] = (None, None, None)
    message = ""
    if of is None or filled is None:
        message = why_empty(series, step, waiting)
    else:
        finite = of.spread()
        values = (finite, of.limit, None if of.limit is None else finite - of.limit)
    notches = _notches(tuple(pinned), series.rows.total, x)
    reading = None if of is None else MapReading(series.rows, of, series.observable.symbol)
    roles = (Role.FINITE, Role.LIMIT, Role.FINITE)
    panels = []
    for place, key in enumerate(KEYS):
        marks: tuple[Mark, ...] = ()
        cells = values[place]
        note = message
        if cells is not None and of is not None:
            marks = (Heat(of.edges, series.rows.edges, cells, scales[place], roles[place]),)
        elif filled is not None and of is not None:
            note = why_no_limit(filled)
        panels.append(
            Panel(
                key=key,
                title=_TITLES[place].format(series.observable.counts),
                x=Axis(x.low, x.high, series.observable.symbol),
                y=Axis(0.0, 1.0, "depth s"),
                marks=marks + notches,
                cell=(0, place, 1, 1),
                corner=(when,) if when else (),
                message=note,
                bar=scales[place],
                reading=reading,
            )
        )
    return Scene(
        panels=tuple(panels),
        column_widths=(1.0, 1.0, 1.0),
        caption=f"step {step}" if of is None else depth_caption(series, step, of),
    )


@lru_cache(maxsize=8)
def _notches(pinned: tuple[int, ...], total: int, x: Range) -> tuple[Line, ...]:
    """Short marks at the left side, where the pinned layers lie; the same ones again for a view's sake."""
    across = np.array([x.low, x.low + _NOTCH * x.width])
    return tuple(Line(across, np.full(2, (layer + 0.5) / total), Role.CURSOR, width=2.0) for layer in pinned)


def _joined(grid: str, maps: str) -> str:
    """The grid's caption, and what that of the maps says besides."""
    known = grid.split(GAP)
    return GAP.join([*known, *(part for part in maps.split(GAP) if part not in known and "step" not in part)])


def ranges_below(grid: Scene, ranges: Ranges, show: Show) -> Ranges:
    """Those of maps below ``grid``: on its value axis, where all its panels share one."""
    if not show.lock_axes or not grid.panels:
        return ranges
    x = grid.panels[0].x
    return ranges.with_ranges({"depth x": Range(x.low, x.high)})


def with_maps(grid: Scene, maps: Scene) -> Scene:
    """The Units grid with the depth maps below it, on one set of columns."""
    rows, columns = len(grid.row_heights), len(grid.column_widths)
    across = math.lcm(columns, len(maps.panels))
    wide, narrow = across // columns, across // len(maps.panels)
    above = tuple(
        replace(panel, cell=(row, left * wide, height, width * wide))
        for panel in grid.panels
        for row, left, height, width in (panel.cell,)
    )
    below = tuple(
        replace(panel, cell=(rows, place * narrow, 1, narrow)) for place, panel in enumerate(maps.panels)
    )
    return Scene(
        panels=above + below,
        row_heights=(*grid.row_heights, 1.05 if rows < 3 else 1.2),
        column_widths=(1.0,) * across,
        legend=grid.legend,
        title=grid.title,
        caption=_joined(grid.caption, maps.caption),
    )
