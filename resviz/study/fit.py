"""Rates fitted to measured errors, with intervals by bootstrap.

Errors are positive and span decades, so every fit is least squares in log error: a point counts by its ratio
to the curve, not by its size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resviz.errors import RequestError

__all__ = ["Interval", "Law", "PowerLaw", "fit_law", "intervals", "power_law", "slope"]

Array = NDArray[np.float64]
_DRAWS = 400
_FEWEST = 100
_BLOCK = 1_000_000  # numbers of a block of draws


@dataclass(frozen=True)
class Interval:
    """A fitted number and the central 95 % of its bootstrap draws."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


@dataclass(frozen=True, eq=False)
class Law:
    """error = sum_t c_t term_t, or the root of the sum of their squares.

    Attributes:
        coefficients: (T,) c_t >= 0.
        quadrature: the terms add as squares.
        spread: RMS of the logarithm of measured over fitted; exp of it is a typical factor.
    """

    coefficients: Array
    quadrature: bool
    spread: float

    def at(self, terms: Array) -> Array:
        """The error for ``terms`` (T, ...)."""
        parts = np.tensordot(
            self.coefficients**2 if self.quadrature else self.coefficients,
            _powered(terms, self.quadrature),
            1,
        )
        made: Array = np.sqrt(parts) if self.quadrature else np.asarray(parts)
        return made


def _powered(terms: Array, quadrature: bool) -> Array:
    values: Array = np.asarray(terms, dtype=np.float64)
    return values**2 if quadrature else values


def fit_law(terms: Array, errors: Array, *, quadrature: bool = False) -> Law:
    """Coefficients of an error law.

    Args:
        terms: (T, n) the law's terms at n points, each without its constant.
        errors: (n,) measured errors > 0; points that are not finite are left out.

    Raises:
        RequestError: fewer points than terms.
    """
    from scipy.optimize import least_squares

    terms, errors = np.atleast_2d(np.asarray(terms, np.float64)), np.asarray(errors, np.float64)
    good = np.isfinite(errors) & (errors > 0)
    terms, errors = terms[:, good], errors[good]
    count = len(terms)
    if errors.size < count:
        raise RequestError(
            f"{errors.size} finite errors cannot fix {count} constants", remedy="Measure at more points."
        )
    target, powered = np.log(errors), _powered(terms, quadrature)
    half = 0.5 if quadrature else 1.0
    # each term alone, halved: a start from which none is lost
    start = np.array([np.mean(target - np.log(term)) for term in terms]) - np.log(count)

    def residual(logs: Array) -> Array:
        inner: Array = np.exp(logs / half) @ powered
        return half * np.log(inner) - target

    found = least_squares(residual, start, bounds=(start - 30.0, start + 30.0))
    return Law(np.exp(found.x), quadrature, float(np.sqrt(np.mean(found.fun**2))))


def slope(x: Array, y: Array) -> float:
    """Exponent of y ~ x^slope: least squares in logarithms over the finite positive points.

    Raises:
        RequestError: fewer than two of them.
    """
    a, b = _logarithms(x, y)
    if a.size < 2 or np.ptp(a) == 0:
        raise RequestError("a rate needs two finite points apart", remedy="Measure at more points.")
    return float(np.polyfit(a, b, 1)[0])


def _logarithms(x: Array, y: Array) -> tuple[Array, Array]:
    """log x and log y of the finite positive points."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    good = np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)
    return np.log(x[good]), np.log(y[good])


@dataclass(frozen=True)
class PowerLaw:
    """y = factor x^exponent."""

    exponent: Interval
    factor: float

    def at(self, x: Array) -> Array:
        """The fitted y at ``x``."""
        made: Array = self.factor * np.asarray(x, np.float64) ** self.exponent.value
        return made


def power_law(x: Array, y: Array, *, draws: int = _DRAWS, seed: int = 0) -> PowerLaw:
    """`slope` with its factor and a 95 % interval by bootstrap over the measurements.

    All draws are fitted by one product each instead of one call each: a curve of a sweep costs a millisecond.

    Args:
        x, y: (n,) measurements, repetitions side by side.

    Raises:
        RequestError: finite positive points at fewer than three different x: two points have a slope, but
            nothing that tells how sure it is.
    """
    a, b = _logarithms(x, y)
    if len(np.unique(a)) < 3:
        raise RequestError("a fitted rate needs three finite points apart", remedy="Measure at more points.")
    a_0, b_0 = a.mean(), b.mean()
    a, b = a - a_0, b - b_0
    value = float(a @ b / (a @ a))
    generator = np.random.default_rng(seed)
    draws = min(draws, max(_FEWEST, 4 * _BLOCK // len(a)))  # of tens of thousands, fewer tell as much
    block = max(1, _BLOCK // len(a))
    found = []
    for first in range(0, draws, block):
        index = generator.integers(0, len(a), (min(block, draws - first), len(a)))
        p, q = a[index], b[index]  # (draws, n)
        p -= p.mean(axis=1, keepdims=True)
        spread = np.einsum("ij,ij->i", p, p)
        apart = spread > 1e-12 * (a @ a)  # not one x drawn again and again
        found.append(np.einsum("ij,ij->i", p, q)[apart] / spread[apart])
    low, high = np.percentile(np.concatenate(found), [2.5, 97.5])
    return PowerLaw(Interval(value, float(low), float(high)), float(np.exp(b_0 - value * a_0)))


def intervals(
    fit: Callable[[NDArray[np.intp]], Sequence[float] | Array],
    count: int,
    *,
    draws: int = _DRAWS,
    seed: int = 0,
) -> list[Interval]:
    """What a fit gives on all of ``count`` measurements, with 95 % intervals by bootstrap.

    Args:
        fit: indices of measurements, with repetition -> fitted numbers. Draws that it refuses are left out.
    """
    whole = np.asarray(fit(np.arange(count)), dtype=np.float64)
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        try:
            drawn.append(np.asarray(fit(generator.integers(0, count, count)), dtype=np.float64))
        except RequestError:
            continue
    table = np.stack(drawn) if drawn else whole[None]
    low, high = np.percentile(table, [2.5, 97.5], axis=0)
    return [Interval(float(v), float(a), float(b)) for v, a, b in zip(whole, low, high, strict=True)]
