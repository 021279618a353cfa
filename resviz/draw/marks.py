"""What changes from step to step: bars, curves, bands, rules, and the numbers in a panel's corners."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from resviz.draw.colours import PIXELS_PER_POINT, brush_of, colour_of, curve_pen, line_pen, point_pen
from resviz.draw.geometry import Layout, PanelGeometry, Rect, Sizes
from resviz.draw.heat import paint_heat
from resviz.draw.layout import wrapped
from resviz.draw.polygons import polygon
from resviz.draw.strokes import (
    Act,
    Device,
    Stroked,
    Strokes,
    paint_in_turn,
    paint_side_by_side,
)
from resviz.draw.text import draw_text, measure
from resviz.scene.clip import clipped
from resviz.scene.model import Heat, Mark, Panel, Points, Role, Rule, Scene, Span, Words
from resviz.scene.ramp import shade_colour
from resviz.scene.theme import Theme

_SPAN_OPACITY = 0.18
_POINT_OPACITY = 0.75


def paint_marks(
    painter: QPainter,
    layout: Layout,
    scene: Scene,
    theme: Theme,
    screen: bool,
    strokes: Strokes | None = None,
) -> None:
    """All marks of all panels, then the texts that lie over them, and the scene's caption.

    Args:
        strokes: of the picture before this one on the same widget.
    """
    device = Device.of(painter, screen)
    strokes = Strokes() if strokes is None else strokes
    strokes.begin(layout, theme, device)
    panels: list[list[Act]] = []
    for panel, placed in zip(scene.panels, layout.panels, strict=True):
        acts: list[Act] = []
        at = placed.geometry
        for mark, drawn in strokes.of(panel.marks, at, layout.sizes, theme, device):
            if isinstance(mark, Stroked):
                acts += drawn
            elif (cut := clipped(mark, panel.x, panel.y)) is not None:
                acts.append(partial(_paint, painter, cut, at, layout.sizes, theme, device))
        acts.append(partial(_paint_texts, painter, panel, at.plot, layout.sizes, theme))
        panels.append(acts)
    if screen:
        paint_side_by_side(painter, panels)
    else:
        for acts in panels:
            paint_in_turn(painter, acts)
    if scene.caption:
        draw_text(
            painter,
            layout.caption_rect,
            scene.caption,
            layout.sizes.tick,
            colour_of(theme, Role.MUTED),
            "left",
        )


def _paint(
    painter: QPainter, mark: Mark, at: PanelGeometry, sizes: Sizes, theme: Theme, device: Device
) -> None:
    """Paint a mark that is no stroke."""
    match mark:
        case Points():
            _paint_points(painter, mark, at, sizes, theme, device)
        case Heat():
            paint_heat(painter, mark, at, theme, device.across if device.pixels else None)
        case Rule():
            _paint_rule(painter, mark, at, sizes, theme)
        case Span():
            _paint_span(painter, mark, at, sizes, theme)
        case Words():
            _paint_words(painter, mark, at, sizes, theme)


def _paint_points(
    painter: QPainter, points: Points, at: PanelGeometry, sizes: Sizes, theme: Theme, device: Device
) -> None:
    x, y = at.pixel_x(points.x), at.pixel_y(points.y)
    across = points.size * PIXELS_PER_POINT * sizes.scale
    colours = [theme.colour(points.role)]
    if points.shades is not None:
        colours = [shade_colour(shade, theme) for shade in points.shades.tolist()]
    elif len(x) > 1 and not points.ring:
        colours = [(*colours[0][:3], round(255 * _POINT_OPACITY))]
    if not points.ring and device.pixels:
        # one call for all of a colour; SVG and PDF have no points, only circles
        together = polygon(x, y)
        for i, colour in enumerate(colours):
            painter.setPen(point_pen(colour, across))
            if points.shades is None:
                painter.drawPoints(together)
            else:
                painter.drawPoint(together.at(i))
        return
    each = colours if points.shades is not None else colours * len(x)
    for one_x, one_y, colour in zip(x.tolist(), y.tolist(), each, strict=True):
        if points.ring:
            painter.setPen(line_pen(colour, 1.5, sizes.scale))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(brush_of(colour))
        painter.drawEllipse(QPointF(one_x, one_y), across / 2, across / 2)


def _paint_rule(painter: QPainter, rule: Rule, at: PanelGeometry, sizes: Sizes, theme: Theme) -> None:
    plot = at.plot
    pen = curve_pen(theme.colour(rule.role), 1.2, rule.dash, sizes.scale, screen=False)
    painter.setPen(pen)
    if rule.across == "x":
        x = float(at.pixel_x(np.array([rule.at]))[0])
        painter.drawLine(QLineF(x, plot.top, x, plot.bottom))
        if rule.text:
            width, height = measure(rule.text, sizes.tick)
            left = x + sizes.gap if x + width + 2 * sizes.gap < plot.right else x - width - sizes.gap
            at_top = Rect(left, plot.top + sizes.gap / 2, width, height)
            muted = colour_of(theme, Role.MUTED)
            paint_plated(painter, at_top, rule.text, sizes.tick, muted, theme, "left")
    else:
        y = float(at.pixel_y(np.array([rule.at]))[0])
        painter.drawLine(QLineF(plot.left, y, plot.right, y))


def _paint_span(painter: QPainter, span: Span, at: PanelGeometry, sizes: Sizes, theme: Theme) -> None:
    left, right = at.pixel_x(np.array([span.low, span.high]))
    plot = at.plot
    painter.fillRect(
        QRectF(left, plot.top, right - left, plot.height), brush_of(theme.fill(span.role, _SPAN_OPACITY))
    )
    painter.setPen(line_pen(theme.colour(span.role), 1.0, sizes.scale))
    painter.drawLines([QLineF(x, plot.top, x, plot.bottom) for x in (left, right)])


def _paint_words(painter: QPainter, words: Words, at: PanelGeometry, sizes: Sizes, theme: Theme) -> None:
    x, y = at.to_pixel(words.x, words.y)
    rows = words.text.splitlines()
    line = measure("0", sizes.label)[1]
    long, across = max(measure(row, sizes.label)[0] for row in rows), line * len(rows)
    width, height = (across, long) if words.upward else (long, across)
    if width > at.plot.width or height > at.plot.height:
        return
    # moved inwards at the border of the plot
    left = min(max(x - width / 2, at.plot.left), at.plot.right - width)
    top = min(max(y - height / 2, at.plot.top), at.plot.bottom - height)
    place, colour = Rect(left, top, width, height), colour_of(theme, words.role)
    if words.upward:
        painter.fillRect(QRectF(*place), brush_of(theme.plate()))
        draw_text(painter, place, words.text, sizes.label, colour, upward=True)
        return
    for i, row in enumerate(rows):
        paint_plated(painter, Rect(left, top + i * line, width, line), row, sizes.label, colour, theme)


def _paint_texts(painter: QPainter, panel: Panel, plot: Rect, sizes: Sizes, theme: Theme) -> None:
    text = colour_of(theme, Role.TEXT)
    line = measure("0", sizes.tick)[1]
    top = plot.top + sizes.gap / 2
    widest = max((measure(entry, sizes.tick)[0] for entry in panel.corner), default=0.0)
    for i, entry in enumerate(panel.corner):
        at = Rect(plot.right - widest - sizes.gap, top + i * line, widest, line)
        paint_plated(painter, at, entry, sizes.tick, text, theme, "left")
    muted = colour_of(theme, Role.MUTED)
    bottom = plot.bottom - line - sizes.gap / 2
    for count, entry, right in (
        (panel.beyond[0], f"◂ {panel.beyond[0]}", False),
        (panel.beyond[1], f"{panel.beyond[1]} ▸", True),
    ):
        if count:
            width = measure(entry, sizes.tick)[0]
            left = plot.right - width - sizes.gap / 2 if right else plot.left + sizes.gap
            paint_plated(painter, Rect(left, bottom, width, line), entry, sizes.tick, muted, theme)
    if panel.message:
        rows = wrapped(panel.message, plot.width - 2 * sizes.gap, sizes.label, measure)
        height = measure("0", sizes.label)[1]
        # over marks it goes to the upper left, opposite to the corner numbers
        first = top if panel.marks else plot.top + (plot.height - height * len(rows)) / 2
        for i, row in enumerate(rows):
            width = measure(row, sizes.label)[0]
            left = plot.left + sizes.gap if panel.marks else plot.left + (plot.width - width) / 2
            at = Rect(left, first + i * height, width, height)
            paint_plated(painter, at, row, sizes.label, muted, theme)


def paint_plated(
    painter: QPainter, at: Rect, text: str, size: float, colour: QColor, theme: Theme, align: str = "center"
) -> None:
    """Text on a translucent plate of the ground's colour, readable over any mark."""
    edge = size / 5
    painter.fillRect(QRectF(at.left - edge, at.top, at.width + 2 * edge, at.height), brush_of(theme.plate()))
    draw_text(painter, at, text, size, colour, align)
