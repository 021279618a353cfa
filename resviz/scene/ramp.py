"""Colour ramps of heat maps and of depth, told apart by every eye: lightness alone carries their order.

Each ramp is a row of anchor colours, joined by straight lines in sRGB. "sequential" is close to viridis
(S. van der Walt and N. Smith, CC0); "diverging" goes from Okabe and Ito's blue to their vermilion through
the theme's ground; "depth" is the part of the sequential one that stands out from the ground as a line.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from resviz.scene.model import Ramp, Role
from resviz.scene.theme import RGBA, Theme

STEPS = 256

_SEQUENTIAL = (
    "440154", "482878", "3E4989", "31688E", "26828E", "1F9E89", "35B779", "6ECE58", "B5DE2B", "FDE725",
)  # fmt: skip
_DIVERGING_LIGHT = ("00365C", "0072B2", "86BFE0", "GROUND", "F2AE86", "D55E00", "6E2C00")
_DIVERGING_DARK = ("8FD0F5", "4AA8DF", "2B6E9A", "GROUND", "9C5228", "F0813A", "FFB680")
_DEPTH = {"light": (0.0, 0.74), "dark": (0.3, 1.0), "print": (0.0, 0.74)}


@cache
def _anchored(codes: tuple[str, ...]) -> NDArray[np.uint8]:
    colours = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for code in codes], np.float64)
    at = np.linspace(0.0, len(codes) - 1.0, STEPS)
    channels = [np.interp(at, np.arange(len(codes)), channel) for channel in colours.T]
    made: NDArray[np.uint8] = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    made.flags.writeable = False
    return made


def colours(ramp: Ramp, theme: Theme) -> NDArray[np.uint8]:
    """The ramp's colours from its low to its high end: (256, 3)."""
    if ramp == "diverging":
        red, green, blue, _ = theme.colour(Role.GROUND)
        dark = red + green + blue < 3 * 128
        codes = _DIVERGING_DARK if dark else _DIVERGING_LIGHT
        middle = f"{red:02X}{green:02X}{blue:02X}"
        return _anchored(tuple(middle if code == "GROUND" else code for code in codes))
    whole = _anchored(_SEQUENTIAL)
    if ramp == "sequential":
        return whole
    return _part(*_DEPTH[theme.name])


@cache
def _part(low: float, high: float) -> NDArray[np.uint8]:
    """The sequential ramp from ``low`` to ``high`` of it, in as many colours as the whole."""
    at = np.rint(np.linspace(low, high, STEPS) * (STEPS - 1)).astype(int)
    chosen: NDArray[np.uint8] = _anchored(_SEQUENTIAL)[at]
    chosen.flags.writeable = False
    return chosen


def shade_colour(shade: float, theme: Theme) -> RGBA:
    """The colour at ``shade`` (0..1) of the ramp "depth"."""
    return _depth_colour(theme.name, round(min(max(shade, 0.0), 1.0) * (STEPS - 1)))


@cache
def _depth_colour(theme: str, at: int) -> RGBA:
    red, green, blue = _part(*_DEPTH[theme])[at].tolist()
    return red, green, blue, 255
