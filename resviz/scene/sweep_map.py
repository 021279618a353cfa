"""A sweep of two axes as a heat map: one across, one upward, the quantity as colours."""

from __future__ import annotations

import numpy as np

from resviz.scene.axes import Range
from resviz.scene.model import Array, Axis, Heat, LegendEntry, Mark, Panel, Points, Role, Scale, Scene
from resviz.scene.swept import Along, Swept, middle, read_point

__all__ = ["cell_at", "sweep_map_scene"]

_FAILED = 8.0


def sweep_map_scene(swept: Swept, *, title: str = "", message: str = "", caption: str = "") -> Scene:
    """One panel, "sweep"; cells that have not ended are bare, those that ended without a number have a ring.

    Args:
        title: of the figure.
        message: what is going on while there are no cells.
        caption: what is said under the figure.
    """
    lines = swept.lines
    if lines is None:
        raise ValueError("a heat map needs two axes")
    x_edges, y_edges = _edges(swept.x), _edges(lines)
    values = _coloured(swept)
    known = np.isfinite(values)
    scale = _scale(swept, values)
    marks: list[Mark] = []
    legend: list[LegendEntry] = []
    if known.any():
        marks.append(Heat(x_edges, y_edges, values, scale))
    bare = swept.bare()
    if bare.any():
        rows, columns = np.nonzero(bare)
        marks.append(Points(swept.x.at[columns], lines.at[rows], Role.CURSOR, size=_FAILED, ring=True))
        legend.append(LegendEntry("rings: points without a number", Role.CURSOR, filled=True))
    name = swept.label if not swept.log else f"log₁₀ {swept.label}"
    panel = Panel(
        key="sweep",
        title=f"Colours: {name}",
        x=_axis(swept.x, x_edges),
        y=_axis(lines, y_edges),
        marks=tuple(marks),
        message=message if not known.any() else "",
        bar=scale,
        reading=lambda x, y: read_point(swept, *cell_at(swept, x, y)),
    )
    notes = [caption, f"mean of {swept.planned} runs" if swept.planned > 1 else ""]
    said = "   ·   ".join(note for note in notes if note)
    return Scene((panel,), legend=tuple(legend), title=title, caption=said)


def cell_at(swept: Swept, x: float, y: float) -> tuple[int, int]:
    """(line, column) of the cell at (x, y), of the nearest one outside of the map."""
    if swept.lines is None:
        raise ValueError("a heat map needs two axes")
    line, column = (
        int(np.clip(np.searchsorted(_edges(along), at, side="right") - 1, 0, len(along.at) - 1))
        for along, at in ((swept.lines, y), (swept.x, x))
    )
    return line, column


def _coloured(swept: Swept) -> Array:
    centre = middle(swept)[0]
    if not swept.log:
        return centre
    return np.log10(centre, out=np.full(centre.shape, np.nan), where=np.isfinite(centre))


def _scale(swept: Swept, values: Array) -> Scale:
    good = values[np.isfinite(values)]
    if swept.quantity == "diverged":
        return Scale(0.0, 1.0, label=swept.label)
    low, high = (float(good.min()), float(good.max())) if good.size else (0.0, 1.0)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    return Scale(low, high, label=swept.label)


def _axis(along: Along, edges: Array) -> Axis:
    reach = Range(float(edges[0]), float(edges[-1]))
    return Axis(reach.low, reach.high, along.label, along.scale)


def _edges(along: Along) -> Array:
    """Cell borders half way between the values, as the axis spaces them; the outer cells are symmetric."""
    at = np.log(along.at) if along.scale == "log" else along.at
    if len(at) == 1:
        half = 0.5 if along.scale == "log" or along.at[0] == 0 else 0.5 * abs(along.at[0])
        edges = np.array([at[0] - half, at[0] + half])
    else:
        between = (at[1:] + at[:-1]) / 2
        edges = np.concatenate(([2 * at[0] - between[0]], between, [2 * at[-1] - between[-1]]))
    made: Array = np.exp(edges) if along.scale == "log" else edges
    return made
