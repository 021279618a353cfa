"""What part of a scene is looked at: panels with narrower axes, or one panel alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from resviz.scene.axes import Range
from resviz.scene.model import Axis, Panel, Scene

__all__ = ["Zoom"]

_DEEPEST = 1e-6  # of the whole axis
_NOTHING: Mapping[str, tuple[Range, Range]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Zoom:
    """A view's own choice, which outlives the scenes it is shown.

    Attributes:
        ranges: (x, y) of the panels that are zoomed, by key.
        enlarged: key of the panel that has the whole view; empty for all of them.
    """

    ranges: Mapping[str, tuple[Range, Range]] = field(default_factory=lambda: _NOTHING)
    enlarged: str = ""

    def of(self, scene: Scene) -> Scene:
        """``scene`` as it is looked at; itself where nothing is zoomed."""
        if not self.ranges and not self.enlarged:
            return scene
        panels = tuple(self._zoomed(panel) for panel in scene.panels)
        alone = next((panel for panel in panels if panel.key == self.enlarged), None)
        if alone is None:
            return replace(scene, panels=panels)
        whole = replace(alone, cell=(0, 0, 1, 1))
        return replace(scene, panels=(whole,), row_heights=(1.0,), column_widths=(1.0,))

    def _zoomed(self, panel: Panel) -> Panel:
        if panel.key not in self.ranges:
            return panel
        x, y = self.ranges[panel.key]
        return replace(panel, x=_narrowed(panel.x, x), y=_narrowed(panel.y, y))

    def about(self, panel: Panel, x: float, y: float, factor: float, axes: str = "xy") -> Zoom:
        """Axes ``factor`` times as long, with the point (x, y) left where it is; never longer than whole.

        Args:
            panel: as the scene gives it, whole.
            axes: "x", "y" or "xy".
        """
        now = self._zoomed(panel)
        across = _scaled(now.x, panel.x, x, factor) if "x" in axes else Range(now.x.low, now.x.high)
        # a density stands on 0
        foot = panel.y.low if panel.y.low == 0 and panel.y.scale == "linear" else y
        up = _scaled(now.y, panel.y, foot, factor) if "y" in axes else Range(now.y.low, now.y.high)
        return self._with(panel, across, up)

    def moved(self, panel: Panel, seized: tuple[float, float], to: tuple[float, float]) -> Zoom:
        """Axes moved so that the point ``seized`` lies where ``to`` was, as far as the whole axes go.

        Args:
            panel: as the scene gives it, whole.
        """
        now = self._zoomed(panel)
        across = _shifted(now.x, panel.x, seized[0], to[0])
        return self._with(panel, across, _shifted(now.y, panel.y, seized[1], to[1]))

    def _with(self, panel: Panel, across: Range, up: Range) -> Zoom:
        ranges = {key: both for key, both in self.ranges.items() if key != panel.key}
        if (across.low, across.high, up.low, up.high) != (
            panel.x.low,
            panel.x.high,
            panel.y.low,
            panel.y.high,
        ):
            ranges[panel.key] = (across, up)
        return replace(self, ranges=MappingProxyType(ranges))

    def enlarging(self, key: str) -> Zoom:
        """One panel alone, or with an empty key all of them."""
        return replace(self, enlarged=key)


def _narrowed(whole: Axis, part: Range) -> Axis:
    # an axis may have become logarithmic since: what does not lie above 0 cannot be shown on it
    if whole.scale == "log" and part.low <= 0:
        return whole
    return replace(whole, low=part.low, high=part.high)


def _scaled(now: Axis, whole: Axis, about: float, factor: float) -> Range:
    if now.scale == "log":
        straight = [Axis(math.log10(a.low), math.log10(a.high)) for a in (now, whole)]
        if not about > 0:
            return Range(now.low, now.high)
        found = _scaled(straight[0], straight[1], math.log10(about), factor)
        ends = (10.0**found.low, 10.0**found.high)
        return Range(
            whole.low if found.low == straight[1].low else ends[0],
            whole.high if found.high == straight[1].high else ends[1],
        )
    about = min(max(about, now.low), now.high)
    low, high = about + (now.low - about) * factor, about + (now.high - about) * factor
    low, high = max(low, whole.low), min(high, whole.high)
    if high - low < _DEEPEST * (whole.high - whole.low):
        return Range(now.low, now.high)
    return Range(low, high)


def _shifted(now: Axis, whole: Axis, seized: float, to: float) -> Range:
    if now.scale == "log":
        if not (seized > 0 and to > 0):
            return Range(now.low, now.high)
        # within the whole axis in logarithms too, whatever rounding says
        factor = min(max(seized / to, whole.low / now.low), whole.high / now.high)
        return Range(max(now.low * factor, whole.low), min(now.high * factor, whole.high))
    by = min(max(seized - to, whole.low - now.low), whole.high - now.high)
    return Range(max(now.low + by, whole.low), min(now.high + by, whole.high))
