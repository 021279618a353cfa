"""What a plot reads at a point under the mouse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from resviz.scene.model import Bars, LegendEntry, Line, Panel, Role, Rule
from resviz.scene.ticks import number

_NAMES = {
    Role.FINITE: "finite",
    Role.LIMIT: "limit",
    Role.START: "k = 0",
    Role.SESSION: "session",
    Role.TWIN: "twin",
    Role.LAZY: "lazy limit",
}


def readout(panel: Panel, x: float, y: float = 0.0, legend: Sequence[LegendEntry] = ()) -> tuple[str, ...]:
    """Lines of text: the position ``x``, then every bar and line of ``panel`` that has a value there.

    A panel with a reading of its own says what is at (x, y).

    Args:
        legend: names lines whose role says nothing.
    """
    if panel.reading is not None:
        return panel.reading(x, y)
    # a step is exact, not rounded to three digits
    lines = [f"k = {round(x)}" if panel.x.label == "step k" else f"{panel.x.label or 'x'} = {number(x)}"]
    filled = {mark.role for mark in panel.marks if isinstance(mark, Bars)}
    for mark in panel.marks:
        if isinstance(mark, Bars):
            i = int(np.searchsorted(mark.edges, x, side="right")) - 1
            if 0 <= i < len(mark.heights):
                lines.append(f"{_NAMES.get(mark.role, mark.role)} units {number(mark.heights[i])}")
        elif isinstance(mark, Line) and mark.x.size and mark.x[0] <= x <= mark.x[-1]:
            value = float(np.interp(x, mark.x, mark.y))
            # a line over bars of its own colour is their limit
            said = {entry.text for entry in legend if (entry.role, entry.dash) == (mark.role, mark.dash)}
            name = _NAMES.get(mark.role) or next(iter(said), str(mark.role))
            name += " limit" if mark.role in filled else ""
            lines.append(f"{name} {number(value)}")
        elif isinstance(mark, Rule) and mark.text and mark.across == "x" and round(x) == round(mark.at):
            lines.append(mark.text)
    return tuple(lines)
