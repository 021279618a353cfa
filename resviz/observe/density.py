"""Densities of transported units, with an error band that is measured.

A fourth-order kernel estimate on a grid: binned once (KDEpy), smoothed by FFT with Gaussians of widths w,
sqrt(2) w and 2 w. Writing f_w for the Gaussian estimate, the density is 2 f_w - f_{sqrt 2 w}, whose bias is
O(w^4); the same at sqrt 2 w differs from it by three times that bias, which measures it. The sampling error
is half the difference of two replicas (independent starts through independently solved fields).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from resviz.fields.fields import AnyArray

__all__ = ["Density", "estimate", "gaussian"]

Array = NDArray[np.float64]
_GRID = 512
_PAD = 6.0  # grid beyond the data, in kernel widths


@dataclass(frozen=True, eq=False)
class Density:
    """A density on a grid.

    Attributes:
        x: (n,) grid.
        pdf: (n,) density there.
        error: (n,) its estimated standard error, sampling and smoothing.
        sorted_values: (P,) the transported units it was made from, in order: the distribution function is
            theirs, so distances see no smoothing.
    """

    x: Array
    pdf: Array
    error: Array
    sorted_values: Array = field(repr=False)

    def cdf(self, x: float | Array) -> Array:
        """Distribution function of the transported units, linear between them."""
        n = len(self.sorted_values)
        ranks = (np.arange(n) + 0.5) / n
        return np.asarray(np.interp(np.asarray(x), self.sorted_values, ranks, left=0.0, right=1.0))

    def quantile(self, q: float | Array) -> Array:
        """Inverse of `cdf`."""
        n = len(self.sorted_values)
        return np.asarray(np.interp(np.asarray(q), (np.arange(n) + 0.5) / n, self.sorted_values))

    def sample(self, n: int, seed: int = 0) -> Array:
        """``n`` independent draws."""
        return self.quantile(np.random.default_rng(seed).random(n))


def _width(values: Array) -> float:
    """Kernel width: 0.65 of a spread that ignores tails, at the rate of the normal-scale rule."""
    quartiles = np.quantile(values, [0.25, 0.75])
    spread = min(float(values.std()), float(quartiles[1] - quartiles[0]) / 1.349)
    if spread <= 0:
        spread = float(values.std())
    return float(0.65 * spread * len(values) ** -0.2)


def _smooth(weights: Array, width: float) -> Array:
    """Gaussian of ``width`` grid cells by FFT, reflected at both ends."""
    from scipy.fft import dct, idct

    n = len(weights)
    damping = np.exp(-0.5 * (np.pi * np.arange(n) / n * width) ** 2)
    return np.asarray(idct(dct(weights, type=2) * damping, type=2))


def _bounded(values: Array, width: float, low: float | None, high: float | None) -> tuple[float, float]:
    """Ends of the grid: at a bound where there is one (the estimate is reflected there), else padded."""
    first = values.min() - _PAD * width if low is None else low
    last = values.max() + _PAD * width if high is None else high
    return float(first), float(last)


def estimate(
    replicas: Sequence[AnyArray],
    *,
    low: float | None = None,
    high: float | None = None,
    blur: float = 0.0,
    blurred: Sequence[AnyArray] | None = None,
) -> Density | None:
    """Density of the union of ``replicas``, each (P,) values that never met the others.

    Args:
        low, high: bounds of the values, where the estimate is reflected.
        blur: standard deviation of an independent normal part that is added exactly, by convolution.
        blurred: the values with draws of that part, for the distribution function.

    Returns:
        None where all values coincide or are not finite: an atom has no density.
    """
    from KDEpy.binning import linear_binning

    parts = [np.asarray(r, dtype=np.float64) for r in replicas]
    values = np.concatenate(parts)
    if not np.isfinite(values).all():
        return None
    width = _width(values)
    if max(width, blur) <= 1e-9 * (1.0 + abs(float(values.mean()))):
        return None
    width = max(width, 0.02 * blur)  # inside almost an atom: the blur alone makes the density
    first, last = _bounded(values, max(width, blur), low, high)
    x = np.linspace(first, last, _GRID)
    cell = x[1] - x[0]
    cells = width / cell

    def fourth_order(v: Array, w: float) -> tuple[Array, Array]:
        binned = linear_binning(v[:, None], x) / cell
        # half a cell lies beyond each end: what falls on an end point belongs to half a bin
        binned[[0, -1]] *= 2.0
        f1, f2, f4 = (_smooth(binned, np.hypot(w * s, blur / cell)) for s in (1.0, np.sqrt(2.0), 2.0))
        return 2.0 * f1 - f2, ((2.0 * f2 - f4) - (2.0 * f1 - f2)) / 3.0

    pdf, bias = fourth_order(values, cells)
    variance = np.zeros_like(pdf)
    if len(parts) > 1:
        each = np.stack([fourth_order(p, cells)[0] for p in parts])
        # two replicas give one degree of freedom at each x: pool it over neighbouring kernel widths
        variance = _smooth(each.var(axis=0, ddof=1) / len(parts), 3.0 * cells)
    error = np.sqrt(np.maximum(variance, 0.0) + bias**2)
    ordered = values if blurred is None else np.concatenate([np.asarray(r, np.float64) for r in blurred])
    return Density(x, np.maximum(pdf, 0.0), error, np.sort(ordered))


def gaussian(mean: float, deviation: float) -> Density:
    """The exact normal density, as of p, q, u and v at k = 0."""
    from scipy.special import ndtri

    x = mean + deviation * np.linspace(-5.0, 5.0, _GRID)
    pdf = np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * np.sqrt(2.0 * np.pi))
    ordered = mean + deviation * ndtri((np.arange(4096) + 0.5) / 4096)
    return Density(x, pdf, np.zeros_like(x), ordered)
