"""Axis ranges: from the limit's quantiles, growing in nice steps, never shrinking during a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from resviz.scene.model import Array
from resviz.scene.ticks import nice_step

_BOUNDS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_TOPS = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)
# A density narrower than about a tenth of its axis is cut at the top instead of flattening all the others.
PEAK_CAP = 10.0
_FURTHEST = 1e300


@dataclass(frozen=True, slots=True)
class Range:
    """A closed interval low < high of an axis."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Ranges:
    """The ranges that a run's panels have come to, by name ("layer 3 x"); empty at the start of a run."""

    known: Mapping[str, Range] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, name: str) -> Range | None:
        return self.known.get(name)

    def with_ranges(self, new: Mapping[str, Range]) -> Ranges:
        """A copy in which ``new`` replaces what it names."""
        return Ranges(MappingProxyType({**self.known, **new}))


def log_edges(centres: Sequence[float] | Array) -> Array:
    """Borders of cells round rising ``centres``, half way in logarithms, outer ones mirrored: (n + 1,)."""
    at = np.log10(np.asarray(centres, np.float64))
    middle = (at[1:] + at[:-1]) / 2
    half = ((at[1] - at[0]) / 2, (at[-1] - at[-2]) / 2) if len(at) > 1 else (0.25, 0.25)
    edges: Array = 10.0 ** np.concatenate(([at[0] - half[0]], middle, [at[-1] + half[1]]))
    return edges


def nice_bound(value: float, bounds: tuple[float, ...] = _BOUNDS) -> float:
    """The smallest of ``bounds`` times a power of ten that is at least ``value`` > 0; it grows with it.

    It is 1e300 at most, infinity's too: an axis has to end.
    """
    value = min(value, _FURTHEST)
    power = math.floor(math.log10(value))
    for bound in bounds:
        nice = bound * 10.0**power
        if nice >= value * (1 - 1e-12):
            return nice
    return 10.0 ** (power + 1)


def grown(current: Range | None, needed: tuple[float, float], *, nonnegative: bool = False) -> Range:
    """``current`` if it holds ``needed``, else the smallest nice range that holds both.

    A range on both sides of 0 gets nice bounds, equal ones where the two sides are alike; a range away from
    0 grows to multiples of a nice step; a nonnegative one starts at 0. An empty ``needed`` (a point, or not
    finite) asks for a width of 1 around it.

    Args:
        current: the range so far; None at the start of a run.
        needed: (low, high) that must fit.
        nonnegative: the quantity cannot be below 0 (norms, travel).
    """
    low, high = (float(value) for value in needed)
    if not (math.isfinite(low) and math.isfinite(high)):
        low = high = 0.0
    if nonnegative:
        low = 0.0
    if not high - low > 1e-9 * max(abs(low), abs(high), 1e-3):
        low, high = (0.0, max(high, 1.0)) if nonnegative else (low - 0.5, high + 0.5)
    if current is not None and current.low <= low and high <= current.high:
        return current
    if low < 0 < high:
        below, above = nice_bound(-low), nice_bound(high)
        if 2 / 3 <= below / above <= 3 / 2:
            below = above = max(below, above)
        low, high = -below, above
    elif low == 0:
        high = nice_bound(high)
    else:
        step = nice_step((high - low) / 10)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))  # 29 * 0.1 is to be 2.9
        low, high = round(math.floor(low / step) * step, digits), round(math.ceil(high / step) * step, digits)
    if current is None:
        return Range(low, high)
    return Range(min(low, current.low), max(high, current.high))


def density_top(peak: float, width: float, units: int, bin_width: float, cap: float = PEAK_CAP) -> float:
    """The top of a density axis: room for the limit's peak and for 1.5 standard deviations of a bar on it.

    A bar of width w over m units has standard deviation sqrt(pdf / (m w)). The peak is capped at
    ``cap`` / width: as the x range of a narrow density (travel in the first steps) grows, its top comes down.

    Args:
        peak: largest pdf value, or not finite if unknown.
        width: width of the x range.
        units: finite units behind the histogram, 0 if there are none.
        bin_width: width of a bar.
    """
    if not (math.isfinite(peak) and peak > 0):
        peak = 3.0 / width
    noise = 1.5 * math.sqrt(peak / (units * bin_width)) if units > 0 and bin_width > 0 else 0.0
    return nice_bound(min(1.06 * peak + min(noise, 0.5 * peak), cap / width), _TOPS)


def log_range(*curves: Array | None) -> Range:
    """A logarithmic range of 1-2-5 bounds round all positive values, with room for two decades' labels.

    It only grows as curves grow longer. Without a positive value it is 0.1..1.
    """
    low, high = math.inf, 0.0
    for curve in curves:
        if curve is None:
            continue
        good = curve[np.isfinite(curve) & (curve > 0)]
        if good.size:
            good = good.clip(1 / _FURTHEST, _FURTHEST)  # 1 / 1e-310 is infinite
            low, high = min(low, float(good.min())), max(high, float(good.max()))
    if high == 0:
        return Range(0.1, 1.0)
    top = nice_step(high)
    bottom = 1 / nice_step(1 / low)
    highest_decade = math.floor(math.log10(top) + 1e-9)
    return Range(min(bottom, 10.0 ** (highest_decade - 1)), top)


def hull(*needed: tuple[float, float] | None) -> tuple[float, float] | None:
    """The least range that holds all that are known and have a width."""
    known = [one for one in needed if one is not None and one[0] < one[1]]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None
