"""Densities of transported units, with an error band that is measured.

A fourth-order kernel estimate on a grid: binned once, smoothed by FFT with Gaussians of widths
w/sqrt(2), w and sqrt(2) w. Writing f_w for the Gaussian estimate, the density is g_w = 2 f_w - f_{sqrt 2 w},
whose bias is O(w^4): up to twice what it loses against g_{w/sqrt 2} (four thirds where the density is smooth,
more at the kinks that relu makes), the noise of that difference taken off. The sampling error is half the
difference of two replicas (independent starts through independently solved fields).

A bounded sigma(p), or one with flat parts, is not smoothed at all: its density is that of p, pushed through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from resviz.fields.fields import AnyArray

__all__ = [
    "Density",
    "estimate",
    "gaussian",
    "in_order",
    "merged",
    "pushed",
    "quantiles",
    "reference_error",
]

Array = NDArray[np.float64]
_GRID = 512
_PAD = 6.0  # grid beyond the data, in kernel widths
_WIDTHS = (np.sqrt(0.5), 1.0, np.sqrt(2.0))
_CELLS = 2**15  # of p, in pushing its density


@dataclass(frozen=True, eq=False)
class Density:
    """A density on a grid.

    Attributes:
        x: (n,) grid.
        pdf: (n,) density there.
        error: (n,) its estimated standard error, sampling and smoothing.
        sorted_values: (P,) the transported units it was made from, in order: the distribution function is
            theirs, so distances see no smoothing.
        replicas: the same in sets (P/R,) that never met, each in order; none for an exact law.
        atoms: probability of single values (units of relu that are off), which ``pdf`` leaves out.
    """

    x: Array
    pdf: Array
    error: Array
    sorted_values: Array = field(repr=False)
    replicas: Sequence[AnyArray] = field(default=(), repr=False)
    atoms: float = 0.0

    @cached_property
    def distances_error(self) -> tuple[float, float]:
        """(W1, KS) between this law and the limit's true one, as `reference_error` measures it."""
        return reference_error(self.replicas)

    def cdf(self, x: float | Array) -> Array:
        """Distribution function of the transported units, linear between them."""
        ranks = _ranks(len(self.sorted_values))
        return np.asarray(np.interp(np.asarray(x), self.sorted_values, ranks, left=0.0, right=1.0))

    def quantile(self, q: float | Array) -> Array:
        """Inverse of `cdf`."""
        return np.asarray(np.interp(np.asarray(q), _ranks(len(self.sorted_values)), self.sorted_values))

    def sample(self, n: int, seed: int = 0) -> Array:
        """``n`` independent draws."""
        return self.quantile(np.random.default_rng(seed).random(n))


@lru_cache(maxsize=8)
def _ranks(count: int) -> Array:
    """Where a distribution function stands at ``count`` values in order, halfway up their steps."""
    ranks = (np.arange(count) + 0.5) / count
    ranks.flags.writeable = False
    return ranks


def in_order(values: AnyArray) -> Array:
    """The values as float64 and in order; themselves if they are."""
    if values.dtype == np.float64 and (values[1:] >= values[:-1]).all():
        return np.asarray(values, np.float64)
    return np.sort(values).astype(np.float64, copy=False)  # float32 is sorted twice as fast


def merged(parts: Sequence[Array]) -> Array:
    """All values of ``parts``, each in order, in order."""
    if len(parts) == 1:
        return parts[0]
    together = np.concatenate(parts)
    together.sort(kind="stable")  # which finds the parts and merges them, a fifth of the time of sorting
    return together


def reference_error(replicas: Sequence[AnyArray]) -> tuple[float, float]:
    """How far the mean law of ``replicas`` is from the truth, in W1 and KS: half of what parts them.

    Even and odd ones are compared, which differ in depth scheme too; 0 for less than two, as of exact laws.
    """
    if len(replicas) < 2:
        return 0.0, 0.0
    one, other = (merged([in_order(r) for r in replicas[which::2]]) for which in (0, 1))
    if len(one) == len(other):
        apart = float(np.mean(np.abs(one - other)))
    else:
        both = merged([one, other])
        gap = np.abs(
            *np.diff([part.searchsorted(both, "right") / len(part) for part in (one, other)], axis=0)
        )
        apart = float(np.sum(gap[:-1] * np.diff(both)))
    # the largest gap is at a value of one, or just before it
    n = len(one)
    up_to = other.searchsorted(one, "right")
    before = up_to
    if (other[np.maximum(up_to - 1, 0)] == one).any():
        before = other.searchsorted(one, "left")
    above = np.arange(1, n + 1) / n - up_to / len(other)
    below = before / len(other) - np.arange(n) / n
    return 0.5 * apart, 0.5 * float(max(above.max(), below.max()))


def quantiles(ordered: Array, *shares: float) -> tuple[float, ...]:
    """Quantiles of values that are in order, linear between them as `numpy.quantile` gives them."""
    at = [q * (len(ordered) - 1) for q in shares]
    return tuple(
        float(ordered[i] + (p - i) * (ordered[min(i + 1, len(ordered) - 1)] - ordered[i]))
        for p, i in zip(at, map(int, at), strict=True)
    )


def _width(ordered: Array) -> float:
    """Kernel width: 0.65 of a spread that ignores tails, at the rate of the normal-scale rule."""
    first, third = quantiles(ordered, 0.25, 0.75)
    deviation = float(ordered.std())
    spread = min(deviation, (third - first) / 1.349)
    return float(0.65 * (spread if spread > 0 else deviation) * len(ordered) ** -0.2)


def _binned(values: Array, x: Array, mass: Array | float) -> Array:
    """The density on an even grid of ``mass`` at ``values``, each shared out to its two neighbours.

    Values beyond an end count there. Half a cell lies beyond each end: what falls on an end point belongs to
    half a bin.
    """
    n, cell = len(x), x[1] - x[0]
    place = np.minimum(np.maximum((values - x[0]) / cell, 0.0), n - 1.0)
    left = np.minimum(place.astype(np.intp), n - 2)
    right = (place - left) * mass
    found = np.asarray(np.bincount(left, mass - right, n) + np.bincount(left + 1, right, n), np.float64)
    found[[0, -1]] *= 2.0
    return np.asarray(found / cell)


@lru_cache(maxsize=1)
def _squared_frequencies() -> Array:
    angle = (np.pi * np.arange(_GRID) / _GRID) ** 2
    angle.flags.writeable = False
    return angle


def _smoothed(rows: Array, damping: Array) -> Array:
    """Rows (..., n) with their cosine frequencies damped, reflected at both ends."""
    from scipy.fft import dct, idct

    return np.asarray(idct(dct(rows, type=2) * damping, type=2))


def _bounded(ordered: Array, width: float, low: float | None, high: float | None) -> tuple[float, float]:
    """Ends of the grid: at a bound where there is one (the estimate is reflected there), else padded."""
    first = ordered[0] - _PAD * width if low is None else low
    last = ordered[-1] + _PAD * width if high is None else high
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
    parts = [in_order(r) for r in replicas]
    values = merged(parts)
    if not (np.isfinite(values[0]) and np.isfinite(values[-1])):  # NaN is sorted last
        return None
    width = _width(values)
    if max(width, blur) <= 1e-9 * (1.0 + abs(float(values.mean()))):
        return None
    width = max(width, 0.02 * blur)  # inside almost an atom: the blur alone makes the density
    first, last = _bounded(values, max(width, blur), low, high)
    x = np.linspace(first, last, _GRID)
    cell = x[1] - x[0]
    cells = width / cell
    angle = _squared_frequencies()
    f0, f1, f2 = (np.exp(-0.5 * angle * ((s * cells) ** 2 + (blur / cell) ** 2)) for s in _WIDTHS)
    fourth_order = np.stack([2.0 * f1 - f2, 2.0 * (3.0 * f1 - f2 - 2.0 * f0)])  # density, its bias
    binned = np.stack([_binned(part, x, 1.0 / len(part)) for part in parts])
    # all steps are linear: the estimate of the union is the mean of those of its parts
    each = _smoothed(binned[:, None], fourth_order)  # (R, 2, n)
    shares = [len(part) / len(values) for part in parts]
    pdf, bias = sum(share * one for share, one in zip(shares, each, strict=True))
    # two replicas give one degree of freedom at each x: pool it over neighbouring kernel widths
    deviations = each - each.sum(axis=0) / len(parts)
    variance = (deviations**2).sum(axis=0) / max(1, len(parts) * (len(parts) - 1))
    pooled = np.concatenate([bias[None] ** 2, variance])
    squared_bias, sampling, of_bias = np.maximum(_smoothed(pooled, np.exp(-4.5 * angle * cells**2)), 0.0)
    error = np.sqrt(np.maximum(squared_bias - of_bias, 0.0) + sampling)
    seen = parts if blurred is None else [in_order(r) for r in blurred]
    return Density(x, np.maximum(pdf, 0.0), error, values if blurred is None else merged(seen), seen)


def gaussian(mean: float, deviation: float) -> Density:
    """The exact normal density, as of p, q, u and v at k = 0."""
    from scipy.special import ndtri

    x = mean + deviation * np.linspace(-5.0, 5.0, _GRID)
    pdf = np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * np.sqrt(2.0 * np.pi))
    ordered = mean + deviation * ndtri((np.arange(4096) + 0.5) / 4096)
    return Density(x, pdf, np.zeros_like(x), ordered)


def pushed(of: Density, sigma: Callable[[Array], Array], replicas: Sequence[AnyArray]) -> Density | None:
    """The density of sigma(p) from that ``of`` p, by change of variables.

    Mass of narrow cells of p is put where sigma takes them, and their error with it: bounds, and the infinite
    density at an extremum of sigma, need no care. Where sigma is flat there is an atom, left out and counted.

    Args:
        replicas: values of sigma(p), each (P/R,), for the distribution function.

    Returns:
        None where sigma is flat everywhere.
    """
    edges = np.linspace(of.x[0], of.x[-1], _CELLS + 1)
    middle = 0.5 * (edges[1:] + edges[:-1])
    ends = sigma(edges)
    moving = np.abs(np.diff(ends)) > 1e-12 * (1.0 + np.abs(ends[:-1]))
    if not moving.any():
        return None
    a = sigma(middle[moving])
    x = np.linspace(float(ends.min()), float(ends.max()), _GRID)

    def put(density: Array) -> tuple[Array, float]:
        mass = np.interp(middle, of.x, density) * (edges[1] - edges[0])
        return _binned(a, x, mass[moving]), 1.0 - float(mass[moving].sum()) / max(float(mass.sum()), 1e-300)

    pdf, atoms = put(of.pdf)
    values = [in_order(r) for r in replicas]
    exact = not np.any(of.error > 0)
    ordered = np.sort(sigma(of.sorted_values)) if exact else merged(values)
    return Density(x, pdf, put(of.error)[0], ordered, () if exact else values, atoms)
