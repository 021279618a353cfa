"""Earlier runs over the present one: outlines of their histograms on its bins and axes, and their curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from resviz.scene.axes import Range, log_range, nice_bound
from resviz.scene.fields import COLOURS, FieldCurves
from resviz.scene.grid import read_units
from resviz.scene.histogram import histogram, staircase
from resviz.scene.model import Array, Bars, Dash, LegendEntry, Line, Mark, Panel, Role, Rule, Scene
from resviz.scene.series import Series
from resviz.scene.timeline import loss_curve

__all__ = ["LOOKS", "Other", "look_of", "with_errors", "with_fields", "with_losses", "with_outlines"]

_ROLES = (Role.THIRD, Role.FOURTH, Role.FIFTH, Role.SECOND)
_DASHES: tuple[Dash, ...] = ("solid", "dash", "dot")

LOOKS = len(_ROLES) * len(_DASHES)
"""Colours times dashes that tell runs apart; one more looks like the first."""


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """A run that is drawn over the present one.

    Attributes:
        name: for the legend.
        number: of the run; chooses its look.
        series: its finite units at the same depths; None until they are visited.
        loss: (k + 1,) losses of its net.
        whole: what views that are no grid show of it: a DepthSeries, CloudSeries or PathSeries.
        seen: which view, numbers and places its series are of.
    """

    name: str
    number: int
    series: Series | None = None
    loss: Array | None = None
    whole: Any = None
    seen: Any = None

    def shown(self, step: int) -> bool:
        """Whether a view that is no grid can show ``step`` of it."""
        return self.whole is not None and bool(self.whole.has(step))

    @property
    def entry(self) -> LegendEntry:
        """Its line in a legend."""
        return LegendEntry(self.name, *look_of(self.number))


def look_of(number: int) -> tuple[Role, Dash]:
    """Colour and dash of the run ``number`` = 1, 2, ...: colours first."""
    index = (number - 1) % LOOKS
    return _ROLES[index % len(_ROLES)], _DASHES[index // len(_ROLES)]


def with_outlines(scene: Scene, step: int, others: Sequence[Other], tops: dict[str, float]) -> Scene:
    """The grid with the outlines of other runs at ``step``, where they have it, in its own bins.

    Args:
        tops: the highest outline of every panel so far, grown in place: axes never shrink.
    """
    drawn = [other for other in others if other.series is not None and other.series.has(step)]
    if not drawn:
        return scene
    marks: dict[str, list[Mark]] = {}
    for place, panel in enumerate(scene.panels):
        bars = next((m for m in panel.marks if isinstance(m, Bars) and m.role is Role.FINITE), None)
        if bars is None:
            continue
        lines = [_outline(other, step, place, bars.edges) for other in drawn]
        marks[panel.key] = [line for line in lines if line is not None]
        highest = max((float(line.y.max()) for line in lines if line is not None), default=0.0)
        tops[panel.key] = max(tops.get(panel.key, 0.0), highest)
    shared = len({(panel.y.low, panel.y.high) for panel in scene.panels}) == 1
    panels = tuple(
        _higher(panel, max(tops.values(), default=0.0) if shared else tops.get(panel.key, 0.0), marks)
        for panel in scene.panels
    )
    entries = tuple(other.entry for other in drawn)
    return replace(scene, panels=panels, legend=(*scene.legend, *entries))


def _outline(other: Other, step: int, place: int, edges: Array) -> Line | None:
    if other.series is None or place >= len(other.series.layers):
        return None
    values = read_units(other.series, step, place)
    if not values.size:
        return None
    heights = histogram(values, edges).heights
    role, dash = look_of(other.number)
    return Line(*staircase(edges, heights), role, dash, 1.0)


def _higher(panel: Panel, top: float, marks: dict[str, list[Mark]]) -> Panel:
    """The panel with its outlines below the limit's curve, and room for the highest."""
    y = panel.y if top <= panel.y.high else replace(panel.y, high=nice_bound(1.02 * top))
    bars = [m for m in panel.marks if isinstance(m, Bars)]
    rest = [m for m in panel.marks if not isinstance(m, Bars)]
    return replace(panel, y=y, marks=(*bars, *marks.get(panel.key, ()), *rest))


def with_losses(scene: Scene, key: str, others: Sequence[Other]) -> Scene:
    """The panel called ``key``, a logarithmic plot over steps, with the losses of other runs."""
    curves = [(other, *loss_curve(other.loss)) for other in others]
    lines = [Line(at, values, *look_of(other.number), width=1.0) for other, at, values in curves if at.size]
    return _with_lines(scene, key, lines)


def with_errors(scene: Scene, others: Sequence[tuple[str, int, Array]]) -> Scene:
    """The Error tab with the measured errors (k + 1,) of other runs, by name and number."""
    drawn = [(name, number, errors) for name, number, errors in others if errors.size]
    lines = [Line(np.arange(float(e.size)), e, *look_of(number), width=1.0) for _, number, e in drawn]
    entries = tuple(LegendEntry(name, *look_of(number)) for name, number, _ in drawn)
    return replace(_with_lines(scene, "error", lines), legend=(*scene.legend, *entries))


def with_fields(scene: Scene, others: Sequence[FieldCurves], name: str = "pinned runs") -> Scene:
    """The Fields tab with the fields of other runs' nets, dotted in the colours of their coordinates.

    Args:
        name: what the legend calls them.
    """
    if not others or not any(panel.marks for panel in scene.panels):
        return scene
    panels = []
    for panel in scene.panels:
        marks = panel.marks
        if panel.key in ("h", "b"):
            for one in others:
                values = one.h if panel.key == "h" else one.b  # (L + 1, C)
                roles = zip(COLOURS, values.T, strict=False)
                marks += tuple(Line(one.depths, of, role, "dot", 1.0) for role, of in roles)
        panels.append(replace(panel, marks=marks))
    entry = LegendEntry(name, Role.TEXT, "dot")
    return replace(scene, panels=tuple(panels), legend=(*scene.legend, entry))


def _with_lines(scene: Scene, key: str, lines: Sequence[Line]) -> Scene:
    """The panel called ``key``, logarithmic upward, with ``lines`` below its own and room for them."""
    panel = next((panel for panel in scene.panels if panel.key == key), None)
    if panel is None or not lines:
        return scene
    y = Range(panel.y.low, panel.y.high)  # what the panel leaves out, an error near 0, say, stays out
    if any((line.y > 0).any() for line in lines):
        new = log_range(*(line.y for line in lines))
        y = Range(min(y.low, new.low), max(y.high, new.high))
    rules = [m for m in panel.marks if isinstance(m, Rule)]
    below = [m for m in panel.marks if not isinstance(m, Rule)]
    higher = replace(panel, y=replace(panel.y, low=y.low, high=y.high), marks=(*lines, *below, *rules))
    return replace(scene, panels=tuple(higher if one.key == key else one for one in scene.panels))
