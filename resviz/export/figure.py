"""The data of a figure: every curve, bar and band that it shows, whole, in data coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resviz.scene.model import Band, Bars, Heat, Line, Mark, Points, Rule, Span, Words

if TYPE_CHECKING:
    from resviz.export.data import Columns
    from resviz.scene.model import Scene

_NUMBERS = ("x", "x_end", "y", "y_end", "value")


def figure_rows(scene: Scene) -> Columns:
    """One row a point, bar or step of a band: panel, mark (counted in the panel), kind, role, and where.

    A bar reaches from x to x_end and up to y; a band lies between y and y_end; a rule has one coordinate; a
    cell of a heat map has a value.
    """
    names: list[tuple[str, int, str, str]] = []
    parts: list[NDArray[np.float64]] = [np.empty((0, len(_NUMBERS)))]
    for panel in scene.panels:
        for number, mark in enumerate(panel.marks):
            where = _where(mark)
            size = max((len(column) for column in where.values()), default=0)
            nothing = np.full(size, np.nan)
            parts.append(np.column_stack([where.get(name, nothing) for name in _NUMBERS]))
            names += [(panel.key, number, type(mark).__name__.lower(), str(mark.role))] * size
    columns: dict[str, NDArray[Any]] = {
        name: np.array([row[at] for row in names])
        for at, name in enumerate(("panel", "mark", "kind", "role"))
    }
    return columns | dict(zip(_NUMBERS, np.concatenate(parts).T, strict=True))


def _where(mark: Mark) -> dict[str, NDArray[np.float64]]:
    match mark:
        case Bars():
            return {"x": mark.edges[:-1], "x_end": mark.edges[1:], "y": mark.heights}
        case Line() | Points():
            return {"x": mark.x, "y": mark.y}
        case Band():
            return {"x": mark.x, "y": mark.low, "y_end": mark.high}
        case Rule():
            return {mark.across: np.array([mark.at])}
        case Span():
            return {"x": np.array([mark.low]), "x_end": np.array([mark.high])}
        case Heat():
            rows, columns = mark.values.shape
            x, x_end = np.tile(mark.x[:-1], rows), np.tile(mark.x[1:], rows)
            y, y_end = np.repeat(mark.y[:-1], columns), np.repeat(mark.y[1:], columns)
            return {"x": x, "x_end": x_end, "y": y, "y_end": y_end, "value": mark.values.ravel()}
        case Words():
            return {}


def figure_arrays(scene: Scene) -> Columns:
    """The arrays of every mark as they are, called "panel/number kind role/name"."""
    return dict(_arrays(scene))


def _arrays(scene: Scene) -> Iterator[tuple[str, NDArray[Any]]]:
    for panel in scene.panels:
        for number, mark in enumerate(panel.marks):
            kind = type(mark).__name__.lower()
            for field in fields(mark):
                value = getattr(mark, field.name)
                if isinstance(value, np.ndarray):
                    yield f"{panel.key}/{number} {kind} {mark.role}/{field.name}", value
