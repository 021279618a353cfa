"""Where ticks stand and what they say: pure arithmetic, C locale, three significant digits.

Linear axes step by 1, 2 or 5 times a power of ten; logarithmic axes label decades only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from resviz.errors import RequestError
from resviz.scene.model import Axis

MINUS = "−"  # the real minus sign, as wide as a plus
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN_DECADES = range(-2, 4)  # 0.01 .. 1000 read better than powers


@dataclass(frozen=True, slots=True)
class Ticks:
    """Labelled ticks, increasing, and unlabelled minor ones (logarithmic axes only)."""

    values: tuple[float, ...]
    labels: tuple[str, ...]
    minor: tuple[float, ...] = ()


def number(value: float, digits: int = 3) -> str:
    """``value`` with ``digits`` significant digits: 0.256, 12.0, −3.40, 1.20×10⁻⁵; "n/a" where not finite.

    Magnitudes from 1e-3 to below 1e5 are written out, others as a power of ten.
    """
    if not math.isfinite(value):
        return "n/a"
    if value == 0:
        return "0"
    mantissa, exponent = f"{abs(value):.{digits - 1}e}".split("e")
    power = int(exponent)
    sign = MINUS if value < 0 else ""
    if -3 <= power < 5:
        return f"{sign}{float(mantissa) * 10.0**power:.{max(0, digits - 1 - power)}f}"
    return f"{sign}{mantissa}×{power_of_ten(power)}"


def power_of_ten(exponent: int) -> str:
    """10 to ``exponent`` in Unicode superscripts: 10⁻²."""
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least ``least`` > 0."""
    power = math.floor(math.log10(least))
    for mantissa in (1, 2, 5, 10):
        step = float(f"{mantissa}e{power}")
        if step >= least * (1 - 1e-12):
            return step
    return float(f"1e{power + 2}")  # log10 rounded down across a decade


def linear_ticks(low: float, high: float, most: int) -> Ticks:
    """At most ``most`` (>= 1) nice ticks inside [low, high], with labels that differ from each other.

    Raises:
        RequestError: unless low < high, both finite and further apart than float64 can resolve.
    """
    _check(low, high)
    step = nice_step((high - low) / most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    while last - first + 1 > most:
        step = nice_step(step * 1.5)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # rounding to the step's own digits makes 3 * 0.1 the number 0.3
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    values = [min(max(round(n * step, decimals), low), high) for n in range(first, last + 1)]
    return Ticks(tuple(values), _linear_labels(values, step))


def _linear_labels(values: list[float], step: float) -> tuple[str, ...]:
    power = math.floor(math.log10(step) + 1e-9)
    largest = max((abs(value) for value in values), default=0.0)
    if power >= -4 and largest < 1e5:
        return tuple(_signed(f"{value:.{max(0, -power)}f}") for value in values)
    top = math.floor(math.log10(largest)) if largest > 0 else power
    digits = max(0, top - power)
    return tuple(
        "0" if abs(value) < step / 2 else f"{_signed(f'{value / 10.0**top:.{digits}f}')}×{power_of_ten(top)}"
        for value in values
    )


def _signed(text: str) -> str:
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.") else MINUS + text[1:]
    return text


def log_ticks(low: float, high: float, most: int) -> Ticks:
    """At most ``most`` labelled decades inside [low, high], 0 < low < high.

    Minor ticks stand at 2..9 times a decade; where decades are skipped, at the skipped ones.

    Raises:
        RequestError: unless 0 < low < high, both finite.
    """
    _check(low, high)
    if low <= 0:
        raise RequestError(f"axis range: a logarithmic axis starts above 0, got {low:g}")
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    stride = 1
    while (last - -(-first // stride) * stride) // stride + 1 > most:
        stride += 1
    # multiples of the stride, so that 10⁰ stays labelled while the range grows
    decades = list(range(-(-first // stride) * stride, last + 1, stride))
    plain = all(decade in _PLAIN_DECADES for decade in decades)
    labels = tuple(
        f"{10.0**decade:.{max(0, -decade)}f}" if plain else power_of_ten(decade) for decade in decades
    )
    if stride == 1:
        between = [m * 10.0**decade for decade in range(first - 1, last + 1) for m in range(2, 10)]
    else:
        between = [10.0**decade for decade in range(first, last + 1) if decade not in decades]
    minor = tuple(value for value in between if low <= value <= high)
    return Ticks(tuple(min(max(10.0**decade, low), high) for decade in decades), labels, minor)


@lru_cache(maxsize=256)
def axis_ticks(axis: Axis, most: int) -> Ticks:
    """Ticks of ``axis``, at most ``most`` labelled ones; kept: a layout tries the same axes many times."""
    make = log_ticks if axis.scale == "log" else linear_ticks
    return make(axis.low, axis.high, max(1, most))


def _check(low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise RequestError(f"axis range: needs finite low < high, got {low!r}, {high!r}")
    if high - low < 1e-12 * max(abs(low), abs(high)):
        raise RequestError(f"axis range: {low!r}, {high!r} are too close to tell apart")
