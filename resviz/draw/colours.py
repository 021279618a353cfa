"""Theme colours as Qt pens and brushes."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from resviz.scene.model import Dash, Role
from resviz.scene.theme import RGBA, Theme

PIXELS_PER_POINT = 4 / 3  # at scale 1, 96 dpi

_LOOKS = 256  # pens and brushes that are kept: a picture asks for the same ones a hundred times

_DASHES: dict[Dash, list[float]] = {"dash": [5.0, 3.5], "dot": [1.5, 2.5]}


def colour_of(theme: Theme, role: Role) -> QColor:
    """The colour of lines and text of ``role``."""
    return QColor(*theme.colour(role))


@lru_cache(maxsize=_LOOKS)
def brush_of(colour: RGBA) -> QBrush:
    """A flat brush; shared, so copy it to change it."""
    return QBrush(QColor(*colour))


@lru_cache(maxsize=_LOOKS)
def line_pen(colour: RGBA, width: float, scale: float) -> QPen:
    """A pen ``width`` logical pixels wide at scale 1, with square corners.

    Shared, so copy it to change it.
    """
    pen = QPen(QColor(*colour), width * scale)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    return pen


@lru_cache(maxsize=_LOOKS)
def point_pen(colour: RGBA, width: float) -> QPen:
    """The pen of round points ``width`` logical pixels across.

    Shared, so copy it to change it.
    """
    pen = QPen(QColor(*colour), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen


@lru_cache(maxsize=_LOOKS)
def curve_pen(colour: RGBA, points: float, dash: Dash, scale: float, screen: bool) -> QPen:
    """The pen of a curve: ``points`` wide in files, one device pixel on the screen (Qt's fast path).

    Shared, so copy it to change it.
    """
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
