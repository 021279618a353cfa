"""Histograms with shared, stated bins, computed in float64."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from resviz.scene.axes import Range
from resviz.scene.model import Array

_BIN_WIDTHS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Heights (B,) over edges (B + 1,), and what is not in them.

    The bars integrate to the fraction of the units that lie inside the edges.
    """

    edges: Array
    heights: Array
    below: int
    above: int
    not_finite: int


@lru_cache(maxsize=64)
def bin_edges(over: Range, units: int, bins: int | None = None) -> Array:
    """Edges (B + 1,) of equal bins across ``over``; the same read-only array whenever they are asked for.

    Without ``bins`` the width is a nice number that makes about 2.5 sqrt(units) bins, between 12 and 60.
    """
    if bins is None:
        wish = min(max(2.5 * np.sqrt(units), 12.0), 60.0) if units > 0 else 40.0
        power = 10.0 ** np.floor(np.log10(over.width / wish))
        width = min((m * power for m in _BIN_WIDTHS), key=lambda w: abs(np.log(over.width / w / wish)))
        bins = max(1, round(over.width / width))
    edges: Array = np.linspace(over.low, over.high, bins + 1)
    edges.flags.writeable = False
    return edges


def staircase(edges: Array, heights: Array) -> tuple[Array, Array]:
    """The outline of a histogram as a curve from the ground to the ground: x and y, (2 B + 2,)."""
    return np.repeat(edges, 2), np.concatenate(([0.0], np.repeat(heights, 2), [0.0]))


def histogram(values: ArrayLike, edges: Array) -> Histogram:
    """The density histogram of ``values`` (m,): heights = counts / (m x bin width).

    Values beyond the edges and values that are not finite count in m, so that bars do not grow when units
    leave the axis.
    """
    given = np.asarray(values, dtype=np.float64).ravel()
    good = np.isfinite(given)
    ordered = np.sort(given if good.all() else given[good])
    # values below each edge; the last bin holds its right edge too
    ranks = ordered.searchsorted(edges, "left")
    ranks[-1] = ordered.searchsorted(edges[-1], "right")
    heights = (ranks[1:] - ranks[:-1]) / (max(given.size, 1) * (edges[1:] - edges[:-1]))
    above = ordered.size - int(ranks[-1])
    return Histogram(edges, heights, int(ranks[0]), above, given.size - ordered.size)
