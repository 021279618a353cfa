"""Text: one bundled typeface, so that a picture is the same on every machine, and its measures."""

from __future__ import annotations

from functools import cache
from importlib import resources

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter

from resviz.draw.geometry import Rect
from resviz.errors import WorkError

_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")


@cache
def family() -> str:
    """The name of the bundled typeface, loaded at the first call (needs a QGuiApplication)."""
    for name in _FILES:
        number = QFontDatabase.addApplicationFontFromData(
            resources.files("resviz.draw").joinpath("fonts", name).read_bytes()
        )
        if number < 0:
            raise WorkError(
                f"font {name}: Qt cannot load the bundled file", remedy="reinstall resviz; see resviz doctor"
            )
    return QFontDatabase.applicationFontFamilies(number)[0]


@cache
def font(size: float, bold: bool = False) -> QFont:
    """The typeface at ``size`` logical pixels."""
    made = QFont(family())
    made.setPixelSize(max(1, round(size)))
    made.setBold(bold)
    # unhinted glyphs have the same widths at every scale, so a layout holds in window, PNG, SVG and PDF
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


@cache
def _metrics(size: float, bold: bool) -> QFontMetricsF:
    return QFontMetricsF(font(size, bold))


@cache
def _advance(text: str, size: float, bold: bool) -> float:
    return _metrics(size, bold).horizontalAdvance(text)


def measure(text: str, size: float, bold: bool = False) -> tuple[float, float]:
    """Width and line height of ``text`` in logical pixels."""
    # running numbers (steps, distances) would fill a cache of whole strings
    width = _advance(text, size, bold) if len(text) <= 6 else _metrics(size, bold).horizontalAdvance(text)
    return width, _metrics(size, bold).height()


# as numbers: to join flags of Qt takes longer than to draw a word
_FLAGS = {
    name: int(side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip)
    for name, side in (
        ("left", Qt.AlignmentFlag.AlignLeft),
        ("center", Qt.AlignmentFlag.AlignHCenter),
        ("right", Qt.AlignmentFlag.AlignRight),
    )
}


def draw_text(
    painter: QPainter,
    rect: Rect,
    text: str,
    size: float,
    colour: QColor,
    align: str = "center",
    bold: bool = False,
    upward: bool = False,
) -> None:
    """One line of text in ``rect``, vertically centred; ``upward`` turns it by 90 degrees to the left."""
    painter.setFont(font(size, bold))
    painter.setPen(colour)
    flags = _FLAGS[align]
    if not upward:
        painter.drawText(QRectF(*rect), flags, text)
        return
    painter.save()
    painter.translate(QPointF(rect.left + rect.width / 2, rect.top + rect.height / 2))
    painter.rotate(-90)
    painter.drawText(QRectF(-rect.height / 2, -rect.width / 2, rect.height, rect.width), flags, text)
    painter.restore()
