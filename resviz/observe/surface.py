"""The limit's density over the whole depth: one estimate for all places, on one grid.

Units of some tens of places are binned together and smoothed along the value by FFT, each place with its own
kernel width (the fourth-order estimate of `resviz.observe.density`), then along the depth: the limit is
smooth in s, so neighbouring places lend one another their units. A place costs a tenth of its own density.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resviz.observe.limits import LimitValues
from resviz.observe.observables import Observable

__all__ = ["Surface", "surface"]

Array = NDArray[np.float64]

_CELLS = (256, 1024)  # fewest and most along the value
_FINE = 1.5  # cells a kernel width of the narrowest place
_PAD = 5.0
_ALONG = 0.025  # kernel width in s
_TAIL = 1e-3


@dataclass(frozen=True, eq=False)
class Surface:
    """Densities at several depths.

    Attributes:
        depths: (G,) s of each, rising.
        x: (n,) evenly spaced values, the same at every depth.
        pdf: (G, n) densities, float32; NaN at a depth where all units coincide.
        low, high: the 0.1 % and 99.9 % quantiles, over all depths.
    """

    depths: Array
    x: Array
    pdf: NDArray[np.float32]
    low: float
    high: float

    @property
    def peak(self) -> float:
        """The largest density; NaN if there is none."""
        return float(np.nanmax(self.pdf)) if np.isfinite(self.pdf).any() else float("nan")

    def at(self, depths: Array) -> Array:
        """Densities at other depths, linear between those known: (R, n)."""
        return self._between(self.pdf, depths)

    def heights(self, depths: Array, edges: Array) -> Array:
        """Mean densities over bins, what a histogram of infinitely many units would show: (R, B)."""
        cell = float(self.x[1] - self.x[0])
        ends = np.append(self.x - cell / 2, self.x[-1] + cell / 2)
        # at the few known depths first: means over bins, and between depths, may change places
        mass = np.zeros((len(self.pdf), len(ends)))
        np.cumsum(self.pdf, axis=1, dtype=np.float64, out=mass[:, 1:])
        # the grid is even: one set of weights serves all depths
        where = np.clip((edges - ends[0]) / cell, 0.0, len(ends) - 1.0)
        left = np.minimum(where.astype(np.intp), len(ends) - 2)
        share = where - left
        at = (1.0 - share) * mass[:, left] + share * mass[:, left + 1]
        return self._between(np.diff(at, axis=1) * (cell / np.diff(edges)), depths)

    def _between(self, known: NDArray[Any], depths: Array) -> Array:
        """Rows at ``depths``, linear between those ``known`` (G, .), constant beyond."""
        if len(self.depths) == 1:
            return np.repeat(known.astype(np.float64), len(depths), axis=0)
        after = np.clip(np.searchsorted(self.depths, depths), 1, len(self.depths) - 1)
        left, right = self.depths[after - 1], self.depths[after]
        share = np.clip((depths - left) / (right - left), 0.0, 1.0)[:, None]
        made: Array = (1.0 - share) * known[after - 1] + share * known[after]
        return made


def surface(depths: Array, values: Sequence[LimitValues], chosen: Observable) -> Surface | None:
    """The densities of ``values`` at ``depths``; None where none has a density."""
    if not values:
        return None
    exact = [one.exact_deviation for one in values]
    deviations = [d for d in exact if d is not None]
    if len(deviations) == len(values):
        return _gaussian(depths, np.array(deviations))
    units = np.stack([np.concatenate(one.inside) for one in values]).astype(np.float64)  # (G, P)
    if not np.isfinite(units).all():
        return None
    found = _estimated(depths, units, values[0].blur, chosen)
    if found is None or values[0].blur == 0:
        return found
    # the tails are those of the units with their part outside the span
    whole = np.stack([np.concatenate(one.replicas) for one in values])
    low, high = np.quantile(whole, (_TAIL, 1.0 - _TAIL), axis=1)
    return replace(found, low=float(low.min()), high=float(high.max()))


def _gaussian(depths: Array, deviations: Array) -> Surface | None:
    widest = float(deviations.max())
    if not widest > 0:
        return None
    x = np.linspace(-_PAD * widest, _PAD * widest, _CELLS[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        pdf = np.exp(-0.5 * (x / deviations[:, None]) ** 2) / (deviations[:, None] * np.sqrt(2 * np.pi))
    pdf[deviations <= 0] = np.nan
    return Surface(depths, x, pdf.astype(np.float32), -3.09 * widest, 3.09 * widest)


def _estimated(depths: Array, units: Array, blur: float, chosen: Observable) -> Surface | None:
    from scipy.fft import dct, idct

    places, count = units.shape
    ordered = np.sort(units, axis=1)
    low, first, third, high = (ordered[:, int(q * (count - 1))] for q in (_TAIL, 0.25, 0.75, 1 - _TAIL))
    spread = np.minimum(units.std(axis=1), (third - first) / 1.349)
    spread = np.where(spread > 0, spread, units.std(axis=1))
    widths = 0.65 * spread * count**-0.2
    scale = np.abs(units.mean(axis=1)) + 1.0
    solid = np.maximum(widths, blur) > 1e-9 * scale
    if not solid.any():
        return None
    widths = np.maximum(widths, max(0.02 * blur, 1e-12))
    pad = _PAD * max(float(widths[solid].max()), blur)
    start = ordered[:, 0].min() - pad if chosen.low is None else chosen.low
    end = ordered[:, -1].max() + pad if chosen.high is None else max(chosen.high, ordered[:, -1].max())
    narrow = float(np.hypot(widths[solid], blur).min())
    cells = int(np.clip(_FINE * (end - start) / narrow, *_CELLS))
    cell = (end - start) / cells
    x = start + cell * (np.arange(cells) + 0.5)
    # linear binning of all places at once
    at = np.clip((units - x[0]) / cell, 0.0, cells - 1.0)
    left = np.minimum(at.astype(np.intp), cells - 2)
    share = (at - left).ravel()
    index = (left + cells * np.arange(places)[:, None]).ravel()
    size = places * cells
    binned = np.bincount(index, 1.0 - share, size) + np.bincount(index + 1, share, size)
    frequencies = dct(binned.reshape(places, cells) / (count * cell), type=2, axis=1)
    angle = (np.pi * np.arange(cells) / cells) ** 2

    def damped(factor: float) -> Array:
        variance = factor * (widths / cell) ** 2 + (blur / cell) ** 2  # (G,)
        made: Array = np.exp(-0.5 * variance[:, None] * angle)
        return made

    pdf = idct(frequencies * (2.0 * damped(1.0) - damped(2.0)), type=2, axis=1)
    pdf = np.maximum(_lent(depths, solid) @ pdf, 0.0)
    pdf[~solid] = np.nan
    return Surface(depths, x, pdf.astype(np.float32), float(low.min()), float(high.max()))


def _lent(depths: Array, solid: NDArray[np.bool_]) -> Array:
    """Weights (G, G) with which places are averaged along the depth."""
    weights = np.exp(-0.5 * ((depths[:, None] - depths) / _ALONG) ** 2) * solid
    weights[~solid, ~solid] = 1.0
    made: Array = weights / weights.sum(axis=1, keepdims=True)
    return made
