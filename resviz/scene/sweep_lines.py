"""What curves and fitted rates of a sweep share: axes of its values, and how its lines are told apart."""

from __future__ import annotations

import numpy as np

from resviz.scene.axes import Range, grown, log_range
from resviz.scene.clip import straight
from resviz.scene.model import Array, Axis, Dash, Points, Role
from resviz.scene.swept import Along

__all__ = ["MOST_LINES", "marker", "shares", "style", "sweep_axis"]

_ROLES = (Role.FIRST, Role.SECOND, Role.THIRD, Role.FOURTH, Role.FIFTH)
_DASHES: tuple[Dash, ...] = ("solid", "dash")  # fits are dotted
MOST_LINES = len(_ROLES) * len(_DASHES)
"""More lines than colours times dashes cannot be told apart: the others are left to the heat map."""

_POINT, _RING = 5.0, 6.0


def sweep_axis(along: Along) -> Axis:
    """The axis of a sweep's values, with room for the outer markers."""
    if along.scale == "log":
        reach = log_range(np.array([along.at[0] / 1.1, along.at[-1] * 1.1]))
    elif along.numeric:
        away = 0.03 * (along.at[-1] - along.at[0])
        reach = grown(None, (along.at[0] - away, along.at[-1] + away))
    else:
        reach = Range(0.5, len(along.at) + 0.5)
    return Axis(reach.low, reach.high, along.label, along.scale)


def style(line: int) -> tuple[Role, Dash]:
    """Colour and dash of a line: neighbours differ in colour and marker, lines of one colour in dash."""
    return _ROLES[line % len(_ROLES)], _DASHES[line // len(_ROLES) % len(_DASHES)]


def marker(line: int, x: Array, y: Array) -> Points:
    """The points of a line: filled and hollow by turns."""
    ring = line % 2 == 1
    return Points(x, y, style(line)[0], size=_RING if ring else _POINT, ring=ring)


def shares(values: Array, axis: Axis) -> Array:
    """Values as shares of the axis's length."""
    low, high = straight(np.array([axis.low, axis.high]), axis)
    made: Array = (straight(values, axis) - low) / (high - low)
    return made
