"""What stays while units move: ground, grid, axes, ticks, titles."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from resviz.draw.colours import brush_of, colour_of, line_pen
from resviz.draw.geometry import Layout, PanelLayout, Rect, Sizes
from resviz.draw.heat import paint_bar
from resviz.draw.text import draw_text, measure
from resviz.scene.model import Panel, Role, Scene
from resviz.scene.theme import Theme


def paint_frame(painter: QPainter, layout: Layout, scene: Scene, theme: Theme) -> None:
    """The ground of the figure, its title, and every panel's axes; no marks."""
    if not theme.bare:
        painter.fillRect(QRectF(*layout.rect), brush_of(theme.colour(Role.GROUND)))
    sizes = layout.sizes
    if scene.title:
        draw_text(
            painter, layout.title_rect, scene.title, sizes.figure, colour_of(theme, Role.TEXT), "left", True
        )
    for panel, placed in zip(scene.panels, layout.panels, strict=True):
        _paint_axes(painter, panel, placed, sizes, theme)
        if panel.bar is not None and placed.bar is not None:
            paint_bar(painter, placed.bar, panel.bar, sizes, theme)


def _paint_axes(painter: QPainter, panel: Panel, placed: PanelLayout, sizes: Sizes, theme: Theme) -> None:
    plot = placed.geometry.plot
    x_at = placed.geometry.pixel_x(np.array(placed.x_ticks.values, np.float64))
    y_at = placed.geometry.pixel_y(np.array(placed.y_ticks.values, np.float64))
    # straight lines along pixels are sharper without antialiasing
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(line_pen(theme.colour(Role.GRID), 1.0, sizes.scale))
    painter.drawLines([QLineF(plot.left, y, plot.right, y) for y in y_at])
    axis_pen = QPen(line_pen(theme.colour(Role.AXIS), 1.0, sizes.scale))
    axis_pen.setCapStyle(Qt.PenCapStyle.SquareCap)
    painter.setPen(axis_pen)
    lines = [
        QLineF(plot.left, plot.bottom, plot.right, plot.bottom),
        QLineF(plot.left, plot.top, plot.left, plot.bottom),
    ]
    long, short = sizes.tick_length, sizes.tick_length / 2
    lines += [QLineF(x, plot.bottom, x, plot.bottom + long) for x in x_at]
    lines += [QLineF(plot.left - long, y, plot.left, y) for y in y_at]
    minor_x = placed.geometry.pixel_x(np.array(placed.x_ticks.minor, np.float64))
    minor_y = placed.geometry.pixel_y(np.array(placed.y_ticks.minor, np.float64))
    lines += [QLineF(x, plot.bottom, x, plot.bottom + short) for x in minor_x]
    lines += [QLineF(plot.left - short, y, plot.left, y) for y in minor_y]
    painter.drawLines(lines)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    _paint_labels(painter, panel, placed, x_at.tolist(), y_at.tolist(), sizes, theme)


def _paint_labels(
    painter: QPainter,
    panel: Panel,
    placed: PanelLayout,
    x_at: list[float],
    y_at: list[float],
    sizes: Sizes,
    theme: Theme,
) -> None:
    plot = placed.geometry.plot
    muted, text = colour_of(theme, Role.MUTED), colour_of(theme, Role.TEXT)
    for x, label in zip(x_at, placed.x_ticks.labels, strict=True):
        width, height = measure(label, sizes.tick)
        at = Rect(x - width / 2, plot.bottom + sizes.under_axis, width, height)
        draw_text(painter, at, label, sizes.tick, muted)
    for y, label in zip(y_at, placed.y_ticks.labels, strict=True):
        width, height = measure(label, sizes.tick)
        at = Rect(plot.left - sizes.tick_length - sizes.gap - width, y - height / 2, width, height)
        draw_text(painter, at, label, sizes.tick, muted, "right")
    draw_text(painter, placed.title_rect, placed.title, sizes.title, text)
    if placed.x_label_rect is not None:
        draw_text(painter, placed.x_label_rect, panel.x.label, sizes.label, text)
    if placed.y_label_rect is not None:
        draw_text(painter, placed.y_label_rect, panel.y.label, sizes.label, muted, upward=True)
