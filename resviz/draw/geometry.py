"""Rectangles of a laid-out figure, and the map between its pixels and its data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resviz.scene.clip import straight
from resviz.scene.model import Axis, LegendEntry
from resviz.scene.ticks import Ticks


class Rect(NamedTuple):
    """A rectangle in logical pixels, y downward."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom


@dataclass(frozen=True, slots=True)
class Sizes:
    """Type sizes and distances in logical pixels at one scale; ``type_scale`` is of type alone."""

    scale: float = 1.0
    type_scale: float = 1.0

    @property
    def tick(self) -> float:
        return 11 * self.scale * self.type_scale

    @property
    def label(self) -> float:
        return 12 * self.scale * self.type_scale

    @property
    def title(self) -> float:
        return 13 * self.scale * self.type_scale

    @property
    def figure(self) -> float:
        return 16 * self.scale * self.type_scale

    @property
    def gap(self) -> float:
        return 4 * self.scale

    @property
    def tick_length(self) -> float:
        return 4 * self.scale

    @property
    def under_axis(self) -> float:
        """From a plot's bottom to its tick labels: below the lower half of the lowest y label."""
        return 7 * self.scale

    @property
    def pad(self) -> float:
        return 8 * self.scale

    @property
    def swatch(self) -> float:
        return 22 * self.scale

    @property
    def bar(self) -> float:
        """Width of a colour bar."""
        return 9 * self.scale


@dataclass(frozen=True, slots=True)
class PanelGeometry:
    """The plot rectangle of a panel and the mapping between data and logical pixels."""

    key: str
    plot: Rect
    x: Axis
    y: Axis

    def pixel_x(
        self, values: NDArray[np.float64], out: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Pixels of values across; ``out`` is where they are written."""
        low, high = straight_ends(self.x)
        found = np.subtract(straight(values, self.x), low, out=out, dtype=np.float64)
        found *= self.plot.width / (high - low)
        found += self.plot.left
        return found

    def pixel_y(
        self, values: NDArray[np.float64], out: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Pixels of values upward; ``out`` is where they are written."""
        low, high = straight_ends(self.y)
        found = np.subtract(straight(values, self.y), low, out=out, dtype=np.float64)
        found *= self.plot.height / (high - low)
        return np.subtract(self.plot.bottom, found, out=found)

    def to_pixel(self, x: float, y: float) -> tuple[float, float]:
        """Logical pixel of a data point."""
        return float(self.pixel_x(np.array([x]))[0]), float(self.pixel_y(np.array([y]))[0])

    def to_data(self, pixel_x: float, pixel_y: float) -> tuple[float, float]:
        """Data coordinates of a logical pixel, held within the axes (a drag may leave the plot)."""
        right = (pixel_x - self.plot.left) / self.plot.width
        up = (self.plot.bottom - pixel_y) / self.plot.height
        return _at(self.x, right), _at(self.y, up)


def straight_ends(axis: Axis) -> tuple[float, float]:
    """The ends of an axis on the scale that is straight in pixels: log10 of them on a log axis."""
    if axis.scale == "linear":
        return axis.low, axis.high
    return math.log10(axis.low), math.log10(axis.high)


def _at(axis: Axis, fraction: float) -> float:
    low, high = straight_ends(axis)
    value = low + min(max(fraction, 0.0), 1.0) * (high - low)
    return value if axis.scale == "linear" else float(10.0**value)


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the panels of a painted scene are."""

    panels: tuple[PanelGeometry, ...] = ()

    def panel(self, key: str) -> PanelGeometry:
        """The panel named ``key``; KeyError if there is none."""
        for panel in self.panels:
            if panel.key == key:
                return panel
        raise KeyError(key)

    def at(self, pixel_x: float, pixel_y: float) -> PanelGeometry | None:
        """The panel whose plot holds the pixel, or None."""
        return next((panel for panel in self.panels if panel.plot.holds(pixel_x, pixel_y)), None)


@dataclass(frozen=True, slots=True)
class BarLayout:
    """The colour bar of a panel: its rectangle, its ticks and the heights (pixels) at which they stand."""

    rect: Rect
    ticks: Ticks
    pixels: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PanelLayout:
    """A panel's geometry, ticks, and the rectangles of its texts (None: not drawn)."""

    geometry: PanelGeometry
    x_ticks: Ticks
    y_ticks: Ticks
    title: str
    title_rect: Rect
    x_label_rect: Rect | None
    y_label_rect: Rect | None
    bar: BarLayout | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A figure's rectangles."""

    sizes: Sizes
    rect: Rect
    panels: tuple[PanelLayout, ...]
    title_rect: Rect
    legend: tuple[tuple[LegendEntry, Rect], ...]
    caption_rect: Rect

    @property
    def geometry(self) -> Geometry:
        return Geometry(tuple(panel.geometry for panel in self.panels))
