"""A sweep as curves: one axis across, the other as lines; repetitions as bars, rates as fitted lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from resviz.scene.axes import Range, grown, log_range
from resviz.scene.model import (
    Array,
    Axis,
    LegendEntry,
    Line,
    Mark,
    Panel,
    Points,
    Role,
    Scene,
)
from resviz.scene.sweep_lines import MOST_LINES, marker, shares, style, sweep_axis
from resviz.scene.sweep_rates import rates_apart, rates_panel
from resviz.scene.swept import Power, Swept, middle, power_text, read_point
from resviz.scene.ticks import number

__all__ = ["curve_at", "empty_scene", "sweep_scene"]

_FAILED = 9.0  # points across
_REACH = 0.04  # of the axes: so near a point the mouse means it
_FOOT = 0.03  # of the axis above its lower end, where points without a number stand
_FINE = 33  # points of a fitted line


def empty_scene(message: str) -> Scene:
    """The panel before there is anything to draw, saying what to do."""
    panel = Panel("sweep", "What a sweep shows", Axis(0.0, 1.0), Axis(0.0, 1.0), (), message=message)
    return Scene((panel,))


def sweep_scene(swept: Swept, *, title: str = "", message: str = "", caption: str = "") -> Scene:
    """Panel "sweep"; of many lines with fitted rates also "rates", over the second axis.

    Args:
        title: of the figure.
        message: what is going on while there are no points.
        caption: what is said under the figure, before what bars and fits are.
    """
    centre, low, high = middle(swept)
    shown = range(min(MOST_LINES, len(centre)))
    x = sweep_axis(swept.x)
    y = _value_axis(swept, [low[: len(shown)], high[: len(shown)]])
    marks: list[Mark] = []
    legend: list[LegendEntry] = []
    for line in shown:
        marks += _line(swept, line, centre[line], low[line], high[line])
        if np.isfinite(centre[line]).any():
            legend += _entries(swept, line)
    if swept.lines is not None and any(power is not None for power in swept.powers):
        legend.append(LegendEntry(f"fitted powers of {swept.x.symbol}, 95 % by bootstrap", Role.MUTED, "dot"))
    if swept.own is not None and swept.lines is None and np.isfinite(swept.own).any():
        marks.append(Line(swept.x.at, swept.own[0], Role.LIMIT, "dot", 1.0))
        legend.append(LegendEntry("the limit's own error", Role.LIMIT, "dot"))
    bare = swept.bare()[: len(shown)]
    if bare.any():
        columns = np.flatnonzero(bare.any(axis=0))
        foot = np.full(len(columns), _foot(y))
        marks.append(Points(swept.x.at[columns], foot, Role.CURSOR, size=_FAILED, ring=True))
        legend.append(LegendEntry("rings: points without a number", Role.CURSOR, filled=True))
    panel = Panel(
        key="sweep",
        title=_title(swept),
        x=x,
        y=y,
        marks=tuple(marks),
        message=message if not np.isfinite(centre).any() else "",
        reading=lambda at, up: _reading(swept, x, y, at, up),
    )
    said = "   ·   ".join(part for part in (caption, *_notes(swept, len(shown))) if part)
    if not rates_apart(swept):
        return Scene((panel,), legend=tuple(legend), title=title, caption=said)
    return Scene(
        (panel, rates_panel(swept)), row_heights=(1.0, 0.4), legend=tuple(legend), title=title, caption=said
    )


def curve_at(swept: Swept, x: float, y: float) -> tuple[int, int] | None:
    """(line, column) of the point that a click at (x, y) means; None where none is near."""
    centre, low, high = middle(swept)
    count = min(MOST_LINES, len(centre))
    return _nearest(swept, sweep_axis(swept.x), _value_axis(swept, [low[:count], high[:count]]), x, y)


def _nearest(swept: Swept, across: Axis, up: Axis, x: float, y: float) -> tuple[int, int] | None:
    centre = middle(swept)[0][:MOST_LINES]
    at_y = np.where(swept.bare()[: len(centre)], _foot(up), centre)  # (lines, n)
    away_x = shares(swept.x.at, across) - shares(np.array([x]), across)
    away_y = shares(at_y.ravel(), up).reshape(at_y.shape) - shares(np.array([y]), up)
    away = np.hypot(away_x[None], away_y)
    if not np.isfinite(away).any():
        return None
    line, column = np.unravel_index(int(np.nanargmin(away)), away.shape)
    return (int(line), int(column)) if away[line, column] <= _REACH else None


def _foot(y: Axis) -> float:
    if y.scale == "log":
        return float(y.low * (y.high / y.low) ** _FOOT)
    return float(y.low + _FOOT * (y.high - y.low))


def _value_axis(swept: Swept, ends: Sequence[Array]) -> Axis:
    if swept.log:
        own = None if swept.own is None or swept.lines is not None else swept.own.ravel()
        reach = log_range(*(end.ravel() for end in ends), own)
    elif swept.quantity == "diverged":
        reach = Range(0.0, 1.0)
    else:
        good = np.concatenate([end[np.isfinite(end)] for end in ends])
        needed = (0.0, float(good.max())) if good.size else (0.0, 1.0)
        reach = grown(None, needed, nonnegative=True)
    return Axis(reach.low, reach.high, swept.label, "log" if swept.log else "linear")


def _line(swept: Swept, line: int, centre: Array, low: Array, high: Array) -> list[Mark]:
    role, dash = style(line)
    at, good = swept.x.at, np.isfinite(centre)
    marks: list[Mark] = []
    if not good.any():
        return marks
    barred = good & (high > low)
    if barred.any():
        gap = np.full(int(barred.sum()), np.nan)
        bars_x = np.stack([at[barred], at[barred], gap], axis=1).ravel()
        bars_y = np.stack([low[barred], high[barred], gap], axis=1).ravel()
        marks.append(Line(bars_x, bars_y, role, width=1.0))
    # points that are still missing leave a gap
    marks.append(Line(at, centre, role, dash, width=1.0))
    marks.append(marker(line, at[good], centre[good]))
    power = _power(swept, line)
    if power is not None:
        ends = np.geomspace(power.first, power.last, _FINE)
        marks.append(Line(ends, power.at(ends), role, "dot", width=1.5))
    return marks


def _power(swept: Swept, line: int) -> Power | None:
    return swept.powers[line] if line < len(swept.powers) else None


def _entries(swept: Swept, line: int) -> list[LegendEntry]:
    """What a line is; where it is the only one, its fit has an entry of its own."""
    role, dash = style(line)
    power = _power(swept, line)
    if swept.lines is not None:
        name = f"{swept.lines.symbol} = {swept.lines.names[line]}"
        if power is not None and not rates_apart(swept):
            name += f": {power_text(power)}"
        return [LegendEntry(name, role, dash)]
    measured = [LegendEntry("measured", role, dash)]
    if power is None:
        return measured
    return [*measured, LegendEntry(f"{power_text(power)}, 95 % by bootstrap", role, "dot")]


def _title(swept: Swept) -> str:
    lines = "" if swept.lines is None else f", lines: {swept.lines.label.partition(':')[0]}"
    return f"{swept.label[0].upper()}{swept.label[1:]} over {swept.x.label.partition(':')[0]}{lines}"


def _notes(swept: Swept, shown: int) -> list[str]:
    notes = []
    if shown < len(swept.points):
        notes.append(f"{shown} of {len(swept.points)} lines drawn, all in the heat map")
    if limited := int(swept.limited().sum()):
        notes.append(f"{limited} limited by the reference, not fitted")
    if swept.planned > 1 and swept.quantity not in ("output_std", "diverged"):
        mean = "geometric mean and std" if swept.log else "mean and std"
        notes.append(f"{mean} of {swept.planned} runs")
    return notes


def _reading(swept: Swept, across: Axis, up: Axis, x: float, y: float) -> tuple[str, ...]:
    hit = _nearest(swept, across, up, x, y)
    if hit is not None:
        return read_point(swept, *hit)
    return (f"{swept.x.symbol} = {number(x)}", f"{swept.label} {number(y)}")
