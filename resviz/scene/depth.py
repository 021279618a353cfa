"""What the views over the whole depth read, their ranges, and the histograms of their rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from resviz.scene.axes import Range, Ranges, density_top, grown, hull, nice_bound
from resviz.scene.feature import TOO_WIDE, feature_width, too_wide
from resviz.scene.histogram import bin_edges
from resviz.scene.model import Array
from resviz.scene.series import Observable
from resviz.scene.show import Show
from resviz.scene.ticks import number

GAP = "   ·   "  # between the parts of a caption
_PROBES = 5  # depths at which bins are compared with the density


class Rows(Protocol):
    """Layers pooled into R rows along the depth."""

    @property
    def total(self) -> int: ...  # L
    @property
    def count(self) -> int: ...  # R
    @property
    def units(self) -> int: ...  # of each layer
    @property
    def whole(self) -> bool: ...  # all units of all layers
    @property
    def depths(self) -> Array: ...  # (R,) mean s
    @property
    def edges(self) -> Array: ...  # (R + 1,)


class Surface(Protocol):
    """The limit's densities over depth."""

    @property
    def x(self) -> Array: ...  # (n,)
    def at(self, depths: Array, /) -> Array: ...  # (R, n)
    def heights(self, depths: Array, edges: Array, /) -> Array: ...  # (R, B), means over bins


class Filled(Protocol):
    """What is known of a step."""

    @property
    def values(self) -> NDArray[Any]: ...  # (n,)
    @property
    def row(self) -> NDArray[np.intp]: ...  # (n,)
    @property
    def totals(self) -> NDArray[np.intp]: ...  # (R,)
    @property
    def limit(self) -> Surface | None: ...


class DepthSeries(Protocol):
    """One observable over the whole depth; `has` names the steps that can be read, perhaps coarsely."""

    @property
    def observable(self) -> Observable: ...
    @property
    def rows(self) -> Rows: ...
    @property
    def newest(self) -> int: ...
    def has(self, step: int, /) -> bool: ...
    def filled(self, step: int, /) -> Filled | None: ...
    def limit_range(self) -> tuple[float, float] | None: ...
    def peak(self) -> float: ...


def depth_ranges(
    series: DepthSeries, show: Show, before: Ranges | None = None, others: Sequence[DepthSeries] = ()
) -> Ranges:
    """The value axis "depth x" and the density axis "depth y" (colours, ridges), grown from ``before``.

    Args:
        others: series of other runs, whose values have to fit too.
    """
    before = Ranges() if before is None else before
    needed = hull(series.limit_range(), *(one.limit_range() for one in others))
    if needed is None:
        return before  # nothing has a width yet
    x = grown(before.get("depth x"), needed, nonnegative=series.observable.nonnegative)
    top = density_top(series.peak(), x.width, 0, 0.0)
    old = before.get("depth y")
    if old is not None and before.get("depth x") == x:
        top = max(top, old.high)
    return before.with_ranges({"depth x": x, "depth y": Range(0.0, top)})


@dataclass(frozen=True, slots=True, eq=False)
class Binned:
    """Histograms of rows beside the limit's means over the same bins.

    Attributes:
        edges: (B + 1,) of the bins.
        finite: (R, B) densities; NaN in rows that are not there yet.
        limit: (R, B), or None.
        known: (R,) whether a row has units.
        units: units of a row, on average.
        coarse: the bins are too wide for the limit's density.
    """

    edges: Array
    finite: Array
    limit: Array | None
    known: NDArray[np.bool_]
    units: float
    coarse: bool

    @property
    def bin_width(self) -> float:
        return float(self.edges[1] - self.edges[0])

    def spread(self) -> Array:
        """``finite`` with each missing row taken from its nearest neighbour: (R, B)."""
        if self.known.all() or not self.known.any():
            return self.finite
        there = np.flatnonzero(self.known)
        rows = np.arange(len(self.known))
        nearest = there[np.abs(rows[:, None] - there).argmin(axis=1)]
        made: Array = self.finite[nearest]
        return made

    def noise(self, density: float) -> float:
        """Standard deviation of a bar where the density is ``density``."""
        return math.sqrt(density / max(self.units * self.bin_width, 1e-300))


def binned(
    rows: Rows, filled: Filled, x: Range, bins: int | None, groups: NDArray[np.intp] | None = None
) -> Binned:
    """Histograms of every row, or of ``groups`` (R,) of rows, over ``x``.

    Units beyond ``x`` count in a row's total, so that its bars do not grow when units leave the axis.
    """
    groups = np.arange(rows.count) if groups is None else groups
    count = int(groups.max()) + 1
    totals = np.bincount(groups, filled.totals, count)
    known = totals > 0
    units = float(totals[known].mean()) if known.any() else 0.0
    edges = bin_edges(x, round(units), bins)
    size = len(edges) - 1
    # a column more on either side takes what lies beyond: cheaper than to leave it out
    place = (filled.values - x.low) * (size / x.width)
    place[place == size] = size - 0.5  # the last bin holds its right edge
    np.fmax(place, -1.0, out=place)  # NaN too
    np.fmin(place, size, out=place)
    place += 1.0
    column = place.astype(np.intp)
    column += (groups * (size + 2))[filled.row]
    counts = np.bincount(column, minlength=count * (size + 2)).reshape(count, size + 2)[:, 1:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        heights = counts / (totals[:, None] * float(edges[1] - edges[0]))
    heights[~known] = np.nan
    limit, coarse = None, False
    if filled.limit is not None:
        depths = np.bincount(groups, rows.depths) / np.bincount(groups)
        limit = filled.limit.heights(depths, edges)
        probes = filled.limit.at(np.linspace(depths[0], depths[-1], _PROBES))
        good = probes[np.isfinite(probes).all(axis=1)]
        feature = min((feature_width(filled.limit.x, pdf) for pdf in good), default=math.inf)
        coarse = too_wide(float(edges[1] - edges[0]), feature)
    return Binned(edges, heights, limit, known, units, coarse)


def difference_bound(of: Binned, top: float) -> float:
    """The symmetric bound of finite minus limit: three standard deviations of a bar at the limit's peak."""
    return nice_bound(min(3.0 * of.noise(top), top))


def depth_caption(series: DepthSeries, step: int, of: Binned) -> str:
    """Step, what a row holds, bins, and whether they are too wide."""
    rows = series.rows
    text = [
        f"step {step}",
        f"a row is {several(rows.total, rows.count)}: {round(of.units)} {series.observable.counts}",
    ]
    if not rows.whole and series.observable.counts == "units":
        text.append(f"the first {rows.units} units of a layer")
    text.append(f"bins of {of.bin_width:.3g}")
    if of.coarse:
        text.append(TOO_WIDE)
    return GAP.join(text)


def several(layers: int, groups: int) -> str:
    """How many layers each of ``groups`` equal groups holds: 'one layer', '8 layers', '7 to 8 layers'."""
    few, many = layers // groups, -(-layers // groups)
    if many == 1:
        return "one layer"
    return f"{many} layers" if few == many else f"{few} to {many} layers"


def row_at(rows: Rows, s: float) -> int:
    """The row at depth ``s``."""
    return int(np.clip(np.searchsorted(rows.edges, s, side="right") - 1, 0, rows.count - 1))


def layer_at(total: int, s: float) -> int:
    """The layer that fills depth ``s``: l/L <= s < (l + 1)/L."""
    return min(max(int(s * total), 0), total - 1)


def layers_of(rows: Rows, first: int, last: int | None = None) -> str:
    """'layer 5' or 'layers 8\u201315': what one row, or the rows ``first`` to ``last``, pool."""
    low = round(float(rows.edges[first]) * rows.total)
    high = round(float(rows.edges[(first if last is None else last) + 1]) * rows.total) - 1
    return f"layer {low}" if low == high else f"layers {low}\u2013{high}"


def why_empty(series: DepthSeries, step: int, waiting: str = "") -> str:
    """Why nothing of a step can be drawn."""
    if waiting:
        return waiting
    return f"step {step} is not recorded yet" if series.newest >= 0 else "nothing recorded yet"


def why_no_limit(filled: Filled) -> str:
    """Why a step has no limit's density."""
    values = filled.values
    if values.size and values.min() == values.max():
        return f"all units are at {number(float(values[0]))}"
    return "the limit is not solved yet"
