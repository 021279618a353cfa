"""The numbers of a picture, as they were computed: one table of all marks, or arrays by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resviz.scene.model import Band, Bars, Heat, Line, Mark, Panel, Points, Rule, Scene, Span, Words

__all__ = ["COLUMNS", "Row", "arrays", "rows"]

COLUMNS = ("panel", "mark", "x", "x_end", "y", "y_end", "value")
"""A bar has x..x_end and its height y, a band y..y_end, a cell of a heat map both and its value."""


class Row(NamedTuple):
    """One number or one bar, cell or point of a picture; None where a column does not apply."""

    panel: str
    mark: str
    x: float | None = None
    x_end: float | None = None
    y: float | None = None
    y_end: float | None = None
    value: float | None = None


def rows(scene: Scene, panel: str = "") -> Iterator[Row]:
    """Everything that ``scene`` draws, whole curves also where a panel is zoomed.

    Args:
        panel: key of the one panel wanted; empty for all.
    """
    for one in scene.panels:
        if panel and one.key != panel:
            continue
        for name, mark in named_marks(one):
            yield from _rows(one.key, name, mark)


def named_marks(panel: Panel) -> Iterator[tuple[str, Mark]]:
    """Marks with names that are each their own: "finite bars", "limit line", "third line 2"."""
    seen: dict[str, int] = {}
    for mark in panel.marks:
        if isinstance(mark, Words):
            continue
        name = f"{mark.role} {type(mark).__name__.lower()}"
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} {seen[name]}", mark


def _rows(panel: str, name: str, mark: Mark) -> Iterator[Row]:
    match mark:
        case Bars():
            ends = zip(mark.edges[:-1], mark.edges[1:], mark.heights, strict=True)
            for x, end, y in ends:
                yield Row(panel, name, float(x), float(end), float(y))
        case Line() | Points():
            for x, y in zip(mark.x, mark.y, strict=True):
                yield Row(panel, name, float(x), None, float(y))
        case Band():
            for x, low, high in zip(mark.x, mark.low, mark.high, strict=True):
                yield Row(panel, name, float(x), None, float(low), float(high))
        case Heat():
            for r, values in enumerate(mark.values):
                for c, value in enumerate(values):
                    x, y = mark.x[c : c + 2], mark.y[r : r + 2]
                    yield Row(panel, name, *map(float, (*x, *y, value)))
        case Rule():
            yield Row(panel, name, mark.at) if mark.across == "x" else Row(panel, name, y=mark.at)
        case Span():
            yield Row(panel, name, mark.low, mark.high)


def arrays(scene: Scene) -> dict[str, NDArray[np.float64]]:
    """Every array of the scene as "panel/mark/field", with dashes for blanks: "layer-2/finite-bars/edges"."""
    found: dict[str, NDArray[np.float64]] = {}
    for panel in scene.panels:
        for name, mark in named_marks(panel):
            for field in type(mark).__dataclass_fields__:
                value = getattr(mark, field)
                if isinstance(value, np.ndarray):
                    found[f"{panel.key}/{name}/{field}".replace(" ", "-")] = value
    return found
