"""Drawing data: what a picture shows, frozen, in data coordinates, knowing neither Qt nor pixels.

A `Scene` is a grid of `Panel`s; a panel is two `Axis` and a tuple of marks. Colours are *roles* that a
`Theme` (scene/theme.py) turns into RGB, so light, dark and print share one scene. Marks hold read-only
float64 arrays as they were computed; `scene.clip.clipped` cuts them to the axis ranges before they are
painted (SVG ignores clipping), after any zoom, so that data export and read-out see whole curves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Dash = Literal["solid", "dash", "dot"]
Ramp = Literal["sequential", "diverging", "depth"]


class Role(StrEnum):
    """What a mark stands for; the theme gives it a colour, the dash is its second cue."""

    FINITE = "finite"  # the finite network's units
    LIMIT = "limit"  # the Neural Mean ODE
    START = "start"  # the density at k = 0
    SESSION = "session"  # the session's own alpha, beside the twin
    TWIN = "twin"  # the contrast twin (large alpha)
    LAZY = "lazy"  # the lazy limit, alpha -> infinity
    OLD = "old"  # a twin that another one is about to replace, an earlier run
    FIRST = "first"  # one of five curves of a kind, each with a colour of its own
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    FIFTH = "fifth"
    CURSOR = "cursor"  # the shown step
    RANGE = "range"  # a selected range of steps
    TEXT = "text"
    MUTED = "muted"  # secondary text
    GRID = "grid"
    AXIS = "axis"
    GROUND = "ground"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its range, what it measures, linear or logarithmic (decades labelled only)."""

    low: float
    high: float
    label: str = ""
    scale: Literal["linear", "log"] = "linear"


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """A histogram as density: ``heights[i]`` over ``edges[i]..edges[i+1]``, standing on ``base``.

    ``opaque`` hides what lies behind (the first bars of a panel do so anyway).
    """

    edges: Array  # (B + 1,)
    heights: Array  # (B,)
    role: Role = Role.FINITE
    base: float = 0.0
    opaque: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A curve; ``width`` in points at export, one device pixel on the screen.

    ``shade``, from 0 to 1, takes its colour from the ramp "depth" instead of the role.
    """

    x: Array
    y: Array
    role: Role
    dash: Dash = "solid"
    width: float = 1.5
    shade: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points (x[i], y[i]), ``size`` points of type across; ``ring`` leaves them hollow.

    ``shades``, from 0 to 1, take the colour of each from the ramp "depth" instead of the role.
    """

    x: Array
    y: Array
    role: Role
    size: float = 2.0
    ring: bool = False
    shades: Array | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """What colours say: values from ``low`` to ``high`` along a ramp; values beyond take its end colours."""

    low: float
    high: float
    ramp: Ramp = "sequential"
    label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """A heat map: ``values[r, c]`` over ``x[c]..x[c+1]`` and ``y[r]..y[r+1]``; NaN is left bare."""

    x: Array  # (C + 1,), rising
    y: Array  # (R + 1,), rising
    values: Array  # (R, C)
    scale: Scale
    role: Role = Role.FINITE


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """An uncertainty band between two curves."""

    x: Array
    low: Array
    high: Array
    role: Role


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line across the panel at one value, e.g. the cursor; ``text`` says what happened there."""

    at: float
    role: Role
    across: Literal["x", "y"] = "x"
    dash: Dash = "solid"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A shaded range of the horizontal axis."""

    low: float
    high: float
    role: Role = Role.RANGE


@dataclass(frozen=True, slots=True)
class Words:
    """Text centred at a point of the panel, e.g. the name of a region; left out where it does not fit.

    Level text may have several lines.
    """

    x: float
    y: float
    text: str
    role: Role = Role.TEXT
    upward: bool = False  # turned by 90 degrees to the left


Mark = Bars | Line | Band | Rule | Span | Points | Heat | Words


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One plot that answers one question, named in its title.

    Attributes:
        key: stable name of the panel within its scene, for hover, data export and tests.
        cell: (row, column, row span, column span) in the scene's grid.
        corner: short lines set in the upper right corner (W1, KS).
        beyond: how many finite units lie left and right of the axis.
        bar: the colour bar right of the plot.
        reading: what the plot reads at (x, y), where its marks alone do not say it.
    """

    key: str
    title: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    cell: tuple[int, int, int, int] = (0, 0, 1, 1)
    corner: tuple[str, ...] = ()
    beyond: tuple[int, int] = (0, 0)
    message: str = ""  # set in the middle of a panel that has nothing to draw yet, saying why
    bar: Scale | None = None
    reading: Callable[[float, float], tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """What a colour and dash mean; ``filled`` draws a swatch instead of a line."""

    text: str
    role: Role
    dash: Dash = "solid"
    filled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A whole figure: panels in a grid with relative row heights and column widths."""

    panels: tuple[Panel, ...]
    row_heights: tuple[float, ...] = (1.0,)
    column_widths: tuple[float, ...] = (1.0,)
    legend: tuple[LegendEntry, ...] = ()
    title: str = ""
    caption: str = ""

    def panel(self, key: str) -> Panel:
        """The panel named ``key``; KeyError if there is none."""
        for panel in self.panels:
            if panel.key == key:
                return panel
        raise KeyError(key)
