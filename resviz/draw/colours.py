"""Theme colours as Qt pens and brushes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from resviz.scene.model import Dash, Role
from resviz.scene.theme import RGBA, Theme

PIXELS_PER_POINT = 4 / 3  # at scale 1, 96 dpi

_DASHES: dict[Dash, list[float]] = {"dash": [5.0, 3.5], "dot": [1.5, 2.5]}


def colour_of(theme: Theme, role: Role) -> QColor:
    """The colour of lines and text of ``role``."""
    return QColor(*theme.colour(role))


def brush_of(colour: RGBA) -> QBrush:
    """A flat brush."""
    return QBrush(QColor(*colour))


def line_pen(colour: RGBA, width: float, scale: float) -> QPen:
    """A pen ``width`` logical pixels wide at scale 1, with square corners."""
    pen = QPen(QColor(*colour), width * scale)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    return pen


def curve_pen(colour: RGBA, points: float, dash: Dash, scale: float, screen: bool) -> QPen:
    """The pen of a curve: ``points`` wide in files, one device pixel on the screen (Qt's fast path)."""
    pen = QPen(QColor(*colour))
    if screen:
        pen.setWidthF(1.0)
        pen.setCosmetic(True)
    else:
        pen.setWidthF(points * PIXELS_PER_POINT * scale)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dash != "solid":
        pen.setDashPattern(_DASHES[dash])
    return pen
