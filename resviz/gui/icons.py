"""The toolbar's symbols, drawn in the palette's own text colour so that they suit light and dark."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

_SIZE = 16
_RATIOS = (1, 2, 3)
_APP_SIZES = (16, 32, 48, 128, 256)


def icon(name: str, colour: QColor) -> QIcon:
    """The symbol ``name`` (a key of the table below) in ``colour``, sharp at display scales up to 3."""
    made = QIcon()
    for ratio in _RATIOS:
        pixmap = QPixmap(_SIZE * ratio, _SIZE * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        _SYMBOLS[name](painter, colour)
        painter.end()
        made.addPixmap(pixmap)
    return made


def app_icon() -> QIcon:
    """The program's own icon, as its menu entry shows it."""
    made = QIcon()
    folder = resources.files("resviz") / "desktop"
    for size in _APP_SIZES:
        pixmap = QPixmap()
        pixmap.loadFromData((folder / f"resviz-{size}.png").read_bytes())
        made.addPixmap(pixmap)
    return made


def _triangle(painter: QPainter, left: float, right: float) -> None:
    painter.drawPolygon(QPolygonF([QPointF(left, 3), QPointF(right, 8), QPointF(left, 13)]))


def _play(painter: QPainter, colour: QColor) -> None:
    _triangle(painter, 4, 13)


def _pause(painter: QPainter, colour: QColor) -> None:
    painter.drawRect(QRectF(4, 3, 3, 10))
    painter.drawRect(QRectF(9, 3, 3, 10))


def _step(painter: QPainter, colour: QColor) -> None:
    _triangle(painter, 3, 10)
    painter.drawRect(QRectF(11, 3, 2, 10))


def _reset(painter: QPainter, colour: QColor) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.8))
    painter.drawArc(QRectF(3, 3, 10, 10), 70 * 16, 280 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(9.2, 0.4), QPointF(9.2, 6.2), QPointF(4.8, 3.2)]))


def _seed(painter: QPainter, colour: QColor) -> None:
    """A die that shows five."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.5))
    painter.drawRoundedRect(QRectF(2.5, 2.5, 11, 11), 2, 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for x, y in ((5.5, 5.5), (10.5, 5.5), (8, 8), (5.5, 10.5), (10.5, 10.5)):
        painter.drawEllipse(QPointF(x, y), 1.1, 1.1)


def _export(painter: QPainter, colour: QColor) -> None:
    painter.drawPolygon(QPolygonF([QPointF(4.5, 5.5), QPointF(11.5, 5.5), QPointF(8, 1.5)]))
    painter.drawRect(QRectF(7.2, 5, 1.6, 5))
    path = QPainterPath(QPointF(2.8, 8.5))
    for x, y in ((2.8, 13.2), (13.2, 13.2), (13.2, 8.5)):
        path.lineTo(x, y)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.6))
    painter.drawPath(path)


_SYMBOLS: dict[str, Callable[[QPainter, QColor], None]] = {
    "play": _play,
    "pause": _pause,
    "step": _step,
    "reset": _reset,
    "seed": _seed,
    "export": _export,
}
