"""What changes from step to step: bars, curves, bands, rules, and the numbers in a panel's corners."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPolygonF
from shiboken6 import Shiboken

from resviz.draw.colours import PIXELS_PER_POINT, brush_of, colour_of, curve_pen, line_pen
from resviz.draw.geometry import Layout, PanelGeometry, Rect, Sizes
from resviz.draw.heat import paint_heat
from resviz.draw.layout import wrapped
from resviz.draw.text import draw_text, measure
from resviz.scene.clip import clipped
from resviz.scene.model import Array, Band, Bars, Heat, Line, Panel, Points, Role, Rule, Scene, Span, Words
from resviz.scene.ramp import shade_colour
from resviz.scene.theme import RGBA, Theme

# the type stub of VoidPtr lacks its size and its buffer interface
_block: Any = Shiboken.VoidPtr

_BAND_OPACITY = 0.22
_SPAN_OPACITY = 0.18
_POINT_OPACITY = 0.75
_BOLD = 1.5  # curves so wide at export (points) are so wide (pixels) on the screen, others 1
_VECTOR = (QPaintEngine.Type.SVG, QPaintEngine.Type.Pdf, QPaintEngine.Type.Picture)


def paint_marks(painter: QPainter, layout: Layout, scene: Scene, theme: Theme, screen: bool) -> None:
    """All marks of all panels, then the texts that lie over them, and the scene's caption."""
    for panel, placed in zip(scene.panels, layout.panels, strict=True):
        for mark in panel.marks:
            match clipped(mark, panel.x, panel.y):
                case Bars() as bars:
                    _paint_bars(painter, bars, placed.geometry, theme, first=mark is panel.marks[0])
                case Band() as band:
                    _paint_band(painter, band, placed.geometry, theme, screen)
                case Line() as line:
                    _paint_line(painter, line, placed.geometry, layout.sizes, theme, screen)
                case Points() as points:
                    _paint_points(painter, points, placed.geometry, layout.sizes, theme)
                case Heat() as heat:
                    ratio = painter.deviceTransform().m11() if _on_pixels(painter) else None
                    paint_heat(painter, heat, placed.geometry, theme, ratio)
                case Rule() as rule:
                    _paint_rule(painter, rule, placed.geometry, layout.sizes, theme)
                case Span() as span:
                    _paint_span(painter, span, placed.geometry, layout.sizes, theme)
                case Words() as words:
                    _paint_words(painter, words, placed.geometry, layout.sizes, theme)
        _paint_texts(painter, panel, placed.geometry.plot, layout.sizes, theme)
    if scene.caption:
        draw_text(
            painter,
            layout.caption_rect,
            scene.caption,
            layout.sizes.tick,
            colour_of(theme, Role.MUTED),
            "left",
        )


def polygon(x: Array, y: Array) -> QPolygonF:
    """A Qt polygon of the points, filled as one block of memory instead of a call a point."""
    made = QPolygonF()
    made.resize(len(x))
    if len(x):
        memory = _block(made.data(), 16 * len(x), True)  # two float64 a point
        points = np.frombuffer(memory, np.float64).reshape(-1, 2)
        points[:, 0], points[:, 1] = x, y
    return made


def _pieces(x: Array, y: Array) -> Iterator[QPolygonF]:
    """Polygons of the runs between NaN."""
    good = np.isfinite(x) & np.isfinite(y)
    if good.all():
        yield polygon(x, y)
        return
    edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(np.int8)))
    for start, end in edges.reshape(-1, 2):
        if end - start > 1:
            yield polygon(x[start:end], y[start:end])


def _snapped(values: Array, factor: float, offset: float) -> Array:
    """Logical coordinates moved to the nearest edge of a device pixel."""
    return (np.round(values * factor + offset) - offset) / factor


def _on_pixels(painter: QPainter) -> bool:
    """Whether the device is made of pixels (not SVG, PDF)."""
    engine = painter.paintEngine()
    return engine is None or engine.type() not in _VECTOR


def _paint_bars(painter: QPainter, bars: Bars, at: PanelGeometry, theme: Theme, first: bool) -> None:
    x, top = at.pixel_x(bars.edges), at.pixel_y(bars.base + bars.heights)
    base = float(at.pixel_y(np.array([bars.base]))[0])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    # over the bare ground an opaque fill of the same look takes a tenth of the time
    opaque = first or bars.opaque
    painter.setBrush(brush_of(theme.flat_fill(bars.role) if opaque else theme.fill(bars.role)))
    if _on_pixels(painter):
        device = painter.deviceTransform()
        x = _snapped(x, device.m11(), device.dx())
        top = _snapped(top, device.m22(), device.dy())
        base = float(_snapped(np.array([base]), device.m22(), device.dy())[0])
    # one staircase: neighbouring bars have no seam, and it fills 20 times as fast as translucent rectangles
    stairs = np.concatenate(([base], np.repeat(top, 2), [base]))
    painter.drawPolygon(polygon(np.repeat(x, 2), stairs))
    painter.setPen(line_pen(theme.colour(bars.role), 1.0, 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for piece in _pieces(*_outline(bars, at, x, top, base)):
        painter.drawPolyline(piece)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def _outline(bars: Bars, at: PanelGeometry, x: Array, top: Array, base: float) -> tuple[Array, Array]:
    """The staircase (n,), (n,) without empty bins and without the tops of bars that the panel cuts."""
    empty, cut = bars.heights <= 0, bars.base + bars.heights >= at.y.high
    nothing = np.full(len(top), np.nan)
    # a side stands where one of its two bars does
    sides = ~(np.append(True, empty) & np.append(empty, True))
    keep = np.stack([sides[:-1], empty | cut, sides[1:]], 1)  # (bar, its start | gap | its end)
    line_x = np.stack([x[:-1], nothing, x[1:]], 1)[keep]
    line_y = np.stack([top, nothing, top], 1)[keep]
    return np.concatenate(([x[0]], line_x, [x[-1]])), np.concatenate(([base], line_y, [base]))


def _paint_band(painter: QPainter, band: Band, at: PanelGeometry, theme: Theme, screen: bool) -> None:
    x, high, low = at.pixel_x(band.x), at.pixel_y(band.high), at.pixel_y(band.low)
    if screen:
        # faint edges need neither antialiasing nor more than a point every other pixel
        stride = max(1, int(2 * len(x) / max(1.0, float(x[-1] - x[0]))))
        chosen = np.append(np.arange(0, len(x) - 1, stride), len(x) - 1)
        x, high, low = x[chosen], high[chosen], low[chosen]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush_of(theme.fill(band.role, _BAND_OPACITY)))
    painter.drawPolygon(polygon(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]])))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def _paint_line(
    painter: QPainter, line: Line, at: PanelGeometry, sizes: Sizes, theme: Theme, screen: bool
) -> None:
    painter.setPen(curve_pen(_colour(line, theme), line.width, line.dash, sizes.scale, screen))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    shifts = _shifts(line, painter.deviceTransform().m11()) if screen else ()
    for piece in _pieces(at.pixel_x(line.x), at.pixel_y(line.y)):
        painter.drawPolyline(piece)
        for shift in shifts:
            painter.drawPolyline(piece.translated(shift, 0.0))
            painter.drawPolyline(piece.translated(0.0, shift))


def _colour(mark: Line | Points, theme: Theme) -> RGBA:
    return theme.colour(mark.role) if mark.shade is None else shade_colour(mark.shade, theme)


def _paint_points(painter: QPainter, points: Points, at: PanelGeometry, sizes: Sizes, theme: Theme) -> None:
    x, y = at.pixel_x(points.x), at.pixel_y(points.y)
    across = points.size * PIXELS_PER_POINT * sizes.scale
    colour = _colour(points, theme)
    faint = (*colour[:3], round(255 * _POINT_OPACITY)) if len(x) > 1 else colour
    if not points.ring and _on_pixels(painter):
        # one call for all; SVG and PDF have no points, only circles
        pen = line_pen(faint, across, 1.0)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPoints(polygon(x, y))
        return
    if points.ring:
        painter.setPen(line_pen(colour, 1.5, sizes.scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush_of(faint))
    for one_x, one_y in zip(x.tolist(), y.tolist(), strict=True):
        painter.drawEllipse(QPointF(one_x, one_y), across / 2, across / 2)


def _shifts(line: Line, ratio: float) -> list[float]:
    """How far, in logical pixels, a stroke of one device pixel is repeated to look as wide as it should.

    Three strokes of one pixel take a quarter of the time of a pen 1.5 pixels wide.
    """
    width = ratio * (_BOLD if line.width >= _BOLD and line.dash == "solid" else 1.0)
    strokes = math.ceil(width - 1)
    return [(width - 1) * (i + 1) / strokes / ratio for i in range(strokes)]


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
    long, line = measure(words.text, sizes.label)
    width, height = (line, long) if words.upward else (long, line)
    if width > at.plot.width or height > at.plot.height:
        return
    # moved inwards at the border of the plot
    left = min(max(x - width / 2, at.plot.left), at.plot.right - width)
    top = min(max(y - height / 2, at.plot.top), at.plot.bottom - height)
    place, colour = Rect(left, top, width, height), colour_of(theme, words.role)
    if words.upward:
        painter.fillRect(QRectF(*place), brush_of(theme.plate()))
        draw_text(painter, place, words.text, sizes.label, colour, upward=True)
    else:
        paint_plated(painter, place, words.text, sizes.label, colour, theme)


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
