"""Paths: one tracked start in every layer, coloured by depth, the net's solid and the limit's dashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from resviz.scene.axes import Range, Ranges, grown
from resviz.scene.cloud import Aspect
from resviz.scene.model import Array, Axis, LegendEntry, Line, Mark, Panel, Points, Role, Scale, Scene
from resviz.scene.others import Other
from resviz.scene.overlaid import paths_of, shown_of
from resviz.scene.ticks import number

_MOST_STEPS = 160  # points of a path: a frame's cost does not grow with K
_LIMIT_PATHS = 6  # dashed: more hide what they lie on
_DEPTH = Scale(0.0, 1.0, "depth", "depth s")
_LEGEND = (
    LegendEntry("in a layer, coloured by its depth s", Role.FINITE),
    LegendEntry("in the limit", Role.LIMIT, "dash"),
)


class PathSeries(Protocol):
    """Paths of one start in G layers, in the planes of some pairs of numbers."""

    @property
    def pairs(self) -> Sequence[tuple[Aspect, Aspect]]: ...
    @property
    def layers(self) -> tuple[int, ...]: ...
    @property
    def depths(self) -> Array: ...  # (G,)
    @property
    def newest(self) -> int: ...
    def has(self, step: int, /) -> bool: ...
    def path(self, pair: int, steps: Array, /) -> tuple[Array, Array | None]: ...  # (k, G, 2)


@dataclass(frozen=True, slots=True, eq=False)
class PathReading:
    """The point of a path that is nearest to the mouse."""

    points: Array  # (k, G, 2)
    steps: Array  # (k,)
    layers: tuple[int, ...]
    depths: Array
    symbols: tuple[str, str]
    size: tuple[float, float]  # widths of the axes

    def __call__(self, x: float, y: float) -> tuple[str, ...]:
        gaps = (self.points - np.array([x, y])) / np.array(self.size)
        k, g = np.unravel_index(int(np.nanargmin(np.square(gaps).sum(axis=2))), gaps.shape[:2])
        at = self.points[k, g]
        return (
            f"layer {self.layers[g]}   s = {self.depths[g]:.2f}   k = {int(self.steps[k])}",
            f"{self.symbols[0]} = {number(float(at[0]))}",
            f"{self.symbols[1]} = {number(float(at[1]))}",
        )


def shown_steps(step: int) -> Array:
    """Steps 0..``step`` at which a path has a point: at most 160, the shown one always among them."""
    return np.unique(np.linspace(0, step, min(step + 1, _MOST_STEPS)).round())


def path_ranges(
    series: PathSeries, before: Ranges | None = None, others: Sequence[PathSeries] = ()
) -> Ranges:
    """The axes "path 0 x", "path 0 y", ... grown to hold all steps visited.

    Args:
        others: series of other runs, whose paths have to fit too.
    """
    before = Ranges() if before is None else before
    if series.newest < 0:
        return before
    new: dict[str, Range] = {}
    held = [(one, shown_steps(one.newest)) for one in (series, *others) if one.newest >= 0]
    for pair, aspects in enumerate(series.pairs):
        every = [
            points
            for one, steps in held
            if pair < len(one.pairs)
            for points in one.path(pair, steps)
            if points is not None
        ]
        for axis, letter in enumerate("xy"):
            values = np.concatenate([points[..., axis].ravel() for points in every])
            values = values[np.isfinite(values)]
            if not values.size:
                continue
            name = f"path {pair} {letter}"
            low, high = float(values.min()), float(values.max())
            margin = 0.04 * (high - low)  # room for the marks at its ends
            positive = aspects[axis].chosen.nonnegative
            new[name] = grown(before.get(name), (low - margin, high + margin), nonnegative=positive)
    return before.with_ranges(new)


def paths(
    series: PathSeries,
    step: int,
    ranges: Ranges | None = None,
    *,
    waiting: str = "",
    others: Sequence[Other] = (),
) -> Scene:
    """One panel a pair: the first large on the left, the others above one another on its right.

    Args:
        series: paths visited up to ``step`` at least.
        step: the shown step, where paths end.
        ranges: of `path_ranges`; None takes the steps visited so far.
        waiting: why there is nothing yet, where the scene cannot know.
        others: other runs, six paths of each below the present one's.
    """
    ranges = path_ranges(series) if ranges is None else ranges
    small = len(series.pairs) - 1
    beside = shown_of(others, step)
    panels = []
    for pair, aspects in enumerate(series.pairs):
        cell = (0, 0, max(1, small), 1) if pair == 0 else (pair - 1, 1, 1, 1)
        panels.append(_panel(series, pair, aspects, step, ranges, cell, waiting, beside))
    caption = f"step {step}   ·   one start, tracked in {len(series.layers)} layers from k = 0 (ring)"
    return Scene(
        panels=tuple(panels),
        row_heights=(1.0,) * max(1, small),
        column_widths=(1.9, 1.0) if small else (1.0,),
        legend=(*_LEGEND, *(one.entry for one in beside)),
        caption=caption,
    )


def _panel(
    series: PathSeries,
    pair: int,
    aspects: tuple[Aspect, Aspect],
    step: int,
    ranges: Ranges,
    cell: tuple[int, int, int, int],
    waiting: str,
    others: Sequence[Other],
) -> Panel:
    x, y = (ranges.get(f"path {pair} {letter}") or Range(-1.0, 1.0) for letter in "xy")
    symbols = aspects[0].symbol, aspects[1].symbol
    marks: list[Mark] = []
    message, reading = "", None
    if series.has(step):
        steps = shown_steps(step)
        finite, limit = series.path(pair, steps)
        marks = [line for one in others for line in paths_of(one, pair, steps)]
        marks += _marks(finite, limit, series.depths)
        reading = PathReading(finite, steps, series.layers, series.depths, symbols, (x.width, y.width))
    else:
        message = waiting or f"step {step} is not recorded yet"
    return Panel(
        key=f"paths {pair}",
        title=f"One start in every layer: {symbols[0]} and {symbols[1]}",
        x=Axis(x.low, x.high, symbols[0]),
        y=Axis(y.low, y.high, symbols[1]),
        marks=tuple(marks),
        cell=cell,
        message=message,
        bar=_DEPTH if pair == 0 else None,
        reading=reading,
    )


def _marks(finite: Array, limit: Array | None, depths: Array) -> list[Mark]:
    marks: list[Mark] = []
    for g, depth in enumerate(depths.tolist()):
        marks.append(Line(finite[:, g, 0], finite[:, g, 1], Role.FINITE, width=1.4, shade=depth))
    if limit is not None:
        few = np.unique(np.linspace(0, len(depths) - 1, min(len(depths), _LIMIT_PATHS)).round().astype(int))
        marks += [Line(limit[:, g, 0], limit[:, g, 1], Role.LIMIT, "dash", 1.0) for g in few.tolist()]
    there = np.isfinite(finite[-1]).all(axis=1)
    ends = finite[-1, there]
    marks.append(Points(ends[:, 0], ends[:, 1], Role.FINITE, 4.0, shades=depths[there]))
    start = finite[0]
    marks.append(Points(start[:, 0].mean()[None], start[:, 1].mean()[None], Role.START, 6.0, ring=True))
    return marks
