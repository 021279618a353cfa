"""Fitted rates of many lines of a sweep, over its second axis."""

from __future__ import annotations

import numpy as np

from resviz.scene.axes import grown
from resviz.scene.model import Axis, Line, Mark, Panel
from resviz.scene.sweep_lines import marker, shares, style, sweep_axis
from resviz.scene.swept import Along, Swept, power_text

__all__ = ["rates_apart", "rates_panel"]

_SPOKEN = 5  # lines whose rates stand in the legend; of more lines they are a plot of their own


def rates_apart(swept: Swept) -> bool:
    """Whether rates are too many for the legend."""
    return len(swept.powers) > _SPOKEN and any(power is not None for power in swept.powers)


def rates_panel(swept: Swept) -> Panel:
    """Fitted exponents over the second axis, of all lines, with their intervals."""
    lines = swept.lines
    if lines is None:
        raise ValueError("rates over a second axis need one")
    marks: list[Mark] = []
    ends = []
    for line, power in enumerate(swept.powers):
        if power is None:
            continue
        at = lines.at[line : line + 1]
        marks.append(Line(np.repeat(at, 2), np.array([power.low, power.high]), style(line)[0], width=1.0))
        marks.append(marker(line, at, np.array([power.exponent])))
        ends += [power.low, power.high]
    reach = grown(None, (min(ends), max(ends)))
    x = sweep_axis(lines)
    return Panel(
        key="rates",
        title=f"Fitted power of {swept.x.symbol}, bars: 95 % by bootstrap",
        x=x,
        y=Axis(reach.low, reach.high, "fitted rate"),
        marks=tuple(marks),
        cell=(1, 0, 1, 1),
        reading=lambda at, up: _read_rate(swept, lines, x, at),
    )


def _read_rate(swept: Swept, lines: Along, axis: Axis, at: float) -> tuple[str, ...]:
    """The rate of the line whose value is nearest."""
    away = np.abs(shares(lines.at, axis) - shares(np.array([at]), axis))
    line = int(away.argmin())
    power = swept.powers[line]
    name = f"{lines.symbol} = {lines.names[line]}"
    return name, power_text(power) if power is not None else "no rate can be fitted"
