"""The legend: a swatch or a piece of line beside what it stands for."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter

from resviz.draw.colours import brush_of, colour_of, curve_pen, line_pen
from resviz.draw.geometry import Layout, Rect
from resviz.draw.text import draw_text
from resviz.scene.model import Role
from resviz.scene.theme import Theme


def paint_legend(painter: QPainter, layout: Layout, theme: Theme) -> None:
    """All entries of the layout's legend."""
    sizes = layout.sizes
    for entry, rect in layout.legend:
        middle = rect.top + rect.height / 2
        if entry.filled:
            side = sizes.swatch / 2
            painter.setPen(line_pen(theme.colour(entry.role), 1.0, sizes.scale))
            painter.setBrush(brush_of(theme.fill(entry.role)))
            painter.drawRect(QRectF(rect.left, middle - side / 2, side, side))
        else:
            painter.setPen(curve_pen(theme.colour(entry.role), 1.5, entry.dash, sizes.scale, screen=False))
            painter.drawLine(QLineF(rect.left, middle, rect.left + sizes.swatch, middle))
        before = (sizes.swatch / 2 if entry.filled else sizes.swatch) + sizes.gap
        text = Rect(rect.left + before, rect.top, rect.width - before, rect.height)
        draw_text(painter, text, entry.text, sizes.label, colour_of(theme, Role.TEXT), "left")
