"""Histograms with shared, stated bins, computed in float64."""

from __future__ import annotations

from dataclasses import dataclass

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


def bin_edges(over: Range, units: int, bins: int | None = None) -> Array:
    """Edges (B + 1,) of equal bins across ``over``.

    Without ``bins`` the width is a nice number that makes about 2.5 sqrt(units) bins, between 12 and 60.
    """
    if bins is None:
        wish = min(max(2.5 * np.sqrt(units), 12.0), 60.0) if units > 0 else 40.0
        power = 10.0 ** np.floor(np.log10(over.width / wish))
        width = min((m * power for m in _BIN_WIDTHS), key=lambda w: abs(np.log(over.width / w / wish)))
        bins = max(1, round(over.width / width))
    edges: Array = np.linspace(over.low, over.high, bins + 1)
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
    finite = given[np.isfinite(given)]
    counts, _ = np.histogram(finite, bins=edges)
    heights = counts / (max(given.size, 1) * np.diff(edges))
    below, above = int((finite < edges[0]).sum()), int((finite > edges[-1]).sum())
    return Histogram(edges, heights, below, above, given.size - finite.size)
