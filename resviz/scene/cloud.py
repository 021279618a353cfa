"""The cloud: two observables of the same units against each other, one panel a pinned layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from resviz.scene.axes import Range, Ranges, grown, hull
from resviz.scene.grid import grid_shape, placed_title
from resviz.scene.model import Array, Axis, LegendEntry, Line, Mark, Panel, Points, Role, Scene
from resviz.scene.others import Other
from resviz.scene.overlaid import points_entry, points_of, shown_of
from resviz.scene.series import Observable

_MOST_POINTS = 4096  # of a panel: more cover one another
_WIDTHS = (2.0, 1.5, 1.0)  # of the outlines, the innermost first
_LEGEND = (
    LegendEntry("finite units", Role.FINITE, filled=True),
    LegendEntry("Mean ODE: 50, 80, 95 % of its units", Role.LIMIT),
    LegendEntry("tracked start (ring: in the limit)", Role.CURSOR, filled=True),
)


class Aspect(Protocol):
    """An observable at a sample or a coordinate."""

    @property
    def symbol(self) -> str: ...
    @property
    def chosen(self) -> Observable: ...


class Cloud(Protocol):
    """One place at one step."""

    @property
    def points(self) -> NDArray[Any]: ...  # (2, m)
    @property
    def outlines(self) -> tuple[tuple[Array, Array], ...] | None: ...  # innermost first
    @property
    def ghost(self) -> Array | None: ...  # (2,)
    @property
    def limit_ghost(self) -> Array | None: ...


class CloudSeries(Protocol):
    """A pair of observables at pinned places; `has` names the steps that can be read."""

    @property
    def pair(self) -> tuple[Aspect, Aspect]: ...
    @property
    def mixed(self) -> bool: ...  # one of units, one of fields: no pairs
    @property
    def layers(self) -> tuple[int, ...]: ...
    @property
    def depths(self) -> tuple[float, ...]: ...
    @property
    def window(self) -> int: ...
    @property
    def newest(self) -> int: ...
    def has(self, step: int, /) -> bool: ...
    def place(self, step: int, place: int, /) -> Cloud | None: ...
    def limits(self, axis: int, /) -> tuple[float, float] | None: ...


def cloud_ranges(
    series: CloudSeries, before: Ranges | None = None, others: Sequence[CloudSeries] = ()
) -> Ranges:
    """The axes "cloud 0" and "cloud 1" of all panels, grown from ``before`` and never shrunk.

    Args:
        others: series of other runs, whose units have to fit too.
    """
    before = Ranges() if before is None else before
    new: dict[str, Range] = {}
    for axis in (0, 1):
        needed = hull(*(one.limits(axis) for one in (series, *others)))
        if needed is not None:
            name = f"cloud {axis}"
            new[name] = grown(before.get(name), needed, nonnegative=series.pair[axis].chosen.nonnegative)
    return before.with_ranges(new)


def cloud(
    series: CloudSeries,
    step: int,
    ranges: Ranges | None = None,
    *,
    waiting: str = "",
    others: Sequence[Other] = (),
) -> Scene:
    """Points of the finite units over outlines of the limit's density.

    Args:
        series: the pair at the pinned layers.
        step: the shown step.
        ranges: of `cloud_ranges`; None takes the steps visited so far.
        waiting: why there is nothing yet, where the scene cannot know.
        others: other runs, whose units lie below the present one's.
    """
    ranges = cloud_ranges(series) if ranges is None else ranges
    x, y = (ranges.get(f"cloud {axis}") or Range(-1.0, 1.0) for axis in (0, 1))
    rows, columns = grid_shape(max(1, len(series.layers)))
    labels = tuple(aspect.symbol for aspect in series.pair)
    panels, most = [], 0
    for g, layer in enumerate(series.layers):
        found = series.place(step, g)
        marks, beyond, message = _marks(found, x)
        if found is not None:
            below = [points_of(one, step, g) for one in others]
            marks = (*(points for points in below if points is not None), *marks)
        if found is not None:
            most = max(most, found.points.shape[1])
        elif series.mixed:
            message = f"{labels[0]} and {labels[1]} belong to units and to a field: choose two of a kind"
        else:
            message = waiting or (
                f"step {step} is not recorded yet" if series.newest >= 0 else "nothing recorded yet"
            )
        panels.append(
            Panel(
                key=f"layer {layer}",
                title=placed_title(layer, series.depths[g], series.window),
                x=Axis(x.low, x.high, labels[0]),
                y=Axis(y.low, y.high, labels[1]),
                marks=marks,
                cell=(*divmod(g, columns), 1, 1),
                beyond=beyond,
                message=message,
            )
        )
    counts = series.pair[0].chosen.counts
    legend = _LEGEND if counts == "units" else _LEGEND[:2]
    caption = f"step {step}" + (f"   ·   {most} {counts} a panel" if most else "")
    if most > _MOST_POINTS:
        caption += f", of which {_MOST_POINTS} are drawn"
    return Scene(
        panels=tuple(panels),
        row_heights=(1.0,) * rows,
        column_widths=(1.0,) * columns,
        legend=(*legend, *(points_entry(one) for one in shown_of(others, step))),
        caption=caption,
    )


def _marks(found: Cloud | None, x: Range) -> tuple[tuple[Mark, ...], tuple[int, int], str]:
    """Marks, units beyond the sides, and what has to be said."""
    if found is None:
        return (), (0, 0), ""
    marks: list[Mark] = []
    at_x, at_y = (np.asarray(values, np.float64) for values in found.points)
    finite = np.isfinite(at_x) & np.isfinite(at_y)
    message = "" if finite.all() else f"{int((~finite).sum())} of {finite.size} units are not finite"
    at_x, at_y = at_x[finite], at_y[finite]
    beyond = int((at_x < x.low).sum()), int((at_x > x.high).sum())
    if at_x.size:
        stride = -(-at_x.size // _MOST_POINTS)
        marks.append(Points(at_x[::stride], at_y[::stride], Role.FINITE, 2.6 if at_x.size < 600 else 2.0))
    if found.outlines is None:
        message = message or "the limit has no density of both here"
    else:
        marks += [
            Line(line_x, line_y, Role.LIMIT, width=width)
            for (line_x, line_y), width in zip(found.outlines, _WIDTHS, strict=False)
        ]
    for where, ring in ((found.limit_ghost, True), (found.ghost, False)):
        if where is not None:
            place = np.asarray(where, np.float64)
            marks.append(Points(place[:1], place[1:], Role.CURSOR, 8.0 if ring else 4.5, ring=ring))
    return tuple(marks), beyond, message
