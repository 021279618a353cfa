"""Several recordings in one figure: beside each other, or overlaid, on the same axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import lcm

from resviz.errors import RequestError
from resviz.scene.histogram import staircase
from resviz.scene.model import Axis, Bars, Heat, LegendEntry, Line, Mark, Panel, Points, Role, Scene
from resviz.scene.others import look_of
from resviz.scene.overlaid import standing

_MOST = 5  # more than one and the four colours of runs cannot be told apart


def beside(scenes: Sequence[Scene], labels: Sequence[str]) -> Scene:
    """The scenes from left to right as (a), (b), ...; panels that correspond share their axes.

    The caption says what the letters are.
    """
    scenes = _with_shared_axes(scenes)
    heights = scenes[0].row_heights
    if any(scene.row_heights != heights for scene in scenes):
        rows = lcm(*(len(scene.row_heights) for scene in scenes))
        heights = (1.0 / rows,) * rows
    panels: list[Panel] = []
    widths: list[float] = []
    for letter, scene in zip(_letters(len(scenes)), scenes, strict=True):
        stretch = len(heights) // len(scene.row_heights)
        for panel in scene.panels:
            row, column, high, wide = panel.cell
            title = f"({letter}) {panel.title}".rstrip()
            cell = (row * stretch, len(widths) + column, high * stretch, wide)
            panels.append(replace(panel, key=f"{letter}/{panel.key}", title=title, cell=cell))
        widths += [width / sum(scene.column_widths) for width in scene.column_widths]
    named = "   ".join(f"({a}) {label}" for a, label in zip(_letters(len(scenes)), labels, strict=True))
    return Scene(
        panels=tuple(panels),
        row_heights=heights,
        column_widths=tuple(widths),
        legend=_distinct(entry for scene in scenes for entry in scene.legend),
        title=scenes[0].title,
        caption="   ·   ".join(filter(None, (named, scenes[0].caption))),
    )


def overlaid(scenes: Sequence[Scene], labels: Sequence[str]) -> Scene:
    """The curves of all scenes over the first one: its own as they are, histograms of the others as outlines.

    What the others repeat is left out: starts, error bands, and rules.

    Raises:
        RequestError: too many scenes, or a view whose panels cannot lie over each other.
    """
    check_overlay(len(scenes))
    if len({len(scene.panels) for scene in scenes}) > 1:
        raise RequestError(
            "these recordings have different panels in this view",
            remedy="Set them beside each other, or choose another view.",
        )
    first, *others = _with_shared_axes(scenes)
    panels = list(first.panels)
    for number, scene in enumerate(others, 1):
        for at, panel in enumerate(scene.panels):
            lines = tuple(line for mark in panel.marks for line in _outlined(mark, look_of(number)[0]))
            panels[at] = replace(panels[at], marks=panels[at].marks + lines, corner=())
    own = next((entry for entry in first.legend if entry.role is Role.FINITE), None)
    named = replace(own, text=labels[0]) if own else LegendEntry(labels[0], Role.FINITE, filled=True)
    legend = [named, *(entry for entry in first.legend if entry.role is not Role.FINITE)]
    legend += [LegendEntry(label, look_of(number)[0]) for number, label in enumerate(labels[1:], 1)]
    return replace(first, panels=tuple(panels), legend=tuple(legend))


def check_overlay(count: int) -> None:
    """Refuse more recordings than can be told apart.

    Raises:
        RequestError: too many.
    """
    if count > _MOST:
        raise RequestError(
            f"{count} recordings are too many to overlay, at most {_MOST}",
            remedy="Set them beside each other.",
        )


def _outlined(mark: Mark, role: Role) -> list[Mark]:
    match mark:
        case Bars(base=0.0):
            return [Line(*staircase(mark.edges, mark.heights), role, "solid", 1.2)]
        case Bars():  # of a ridge
            return [Line(*standing(mark.edges, mark.heights, mark.base), role, "solid", 1.2)]
        case Line() if mark.role is not Role.START:
            # the network's own curves solid, those of limits dashed
            limit = mark.role in (Role.LIMIT, Role.LAZY)
            return [replace(mark, role=role, dash="dash" if limit else "solid", width=1.2, shade=None)]
        case Points():
            return [replace(mark, role=role, shades=None)]
        case Heat():
            raise RequestError(
                "heat maps cannot be overlaid",
                remedy="Set the recordings beside each other, or choose another view.",
            )
    return []


def _with_shared_axes(scenes: Sequence[Scene]) -> list[Scene]:
    if len({len(scene.panels) for scene in scenes}) > 1:
        return list(scenes)
    columns = [
        [replace(panel, x=x, y=y) for panel in group]
        for group in zip(*(scene.panels for scene in scenes), strict=True)
        for x, y in [(_union([p.x for p in group]), _union([p.y for p in group]))]
    ]
    return [replace(scene, panels=tuple(column[i] for column in columns)) for i, scene in enumerate(scenes)]


def _union(axes: Sequence[Axis]) -> Axis:
    return replace(axes[0], low=min(axis.low for axis in axes), high=max(axis.high for axis in axes))


def _letters(number: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[:number]


def _distinct(entries: Iterable[LegendEntry]) -> tuple[LegendEntry, ...]:
    return tuple(dict.fromkeys(entries))
