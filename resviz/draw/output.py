"""Scenes into files: PNG bytes, RGB arrays, SVG and PDF, laid out at their own size.

Qt is started if nothing has started it, without a screen where there is none, so that this works over ssh.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from resviz.draw.application import ensure_application
from resviz.draw.geometry import Sizes
from resviz.draw.page import Page
from resviz.draw.paint import paint
from resviz.draw.picture import bgra, picture, rgb
from resviz.draw.text import font
from resviz.errors import OutputError
from resviz.scene.model import Scene

_INCH = 0.0254  # metres


def pixels(scene: Scene, page: Page) -> NDArray[np.uint8]:
    """``scene`` as 8-bit RGB, (height, width, 3)."""
    return rgb(picture(scene, page.size, page.theme, page.scale, page.type_scale))


def screen(scene: Scene, page: Page) -> NDArray[np.uint8]:
    """``scene`` as it is painted, (height, width, 4) of blue, green, red and nothing: for encoders of films.

    To turn 4K into RGB would take 11 ms, and the encoder's own conversion takes either.
    """
    return bgra(picture(scene, page.size, page.theme, page.scale, page.type_scale))


def png(scene: Scene, page: Page) -> bytes:
    """``scene`` as a PNG file that knows its size on paper."""
    image = picture(scene, page.size, page.theme, page.scale, page.type_scale)
    image.setDotsPerMeterX(round(page.dpi / _INCH))
    image.setDotsPerMeterY(round(page.dpi / _INCH))
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise OutputError("Qt cannot encode a PNG", remedy="`resviz doctor` checks the installation.")
    return bytes(held.data())


def write_svg(
    path: Path,
    scene: Scene,
    page: Page,
    *,
    title: str,
    description: str,
) -> None:
    """``scene`` as SVG with text as text; ``description`` is kept in its <desc>.

    Raises:
        OutputError: the file cannot be written.
    """
    ensure_application()
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setResolution(round(page.dpi))
    generator.setSize(QSize(*page.size))
    generator.setViewBox(QRectF(0, 0, *page.size))
    generator.setTitle(title)
    generator.setDescription(description)
    _painted(generator, path, scene, page)
    text = path.read_text("utf-8")
    # readers without the bundled font take another that has no feet
    text = re.sub(r'font-family="([^",]+)"', r'font-family="\1, sans-serif"', text)
    # heat maps are to keep their cells when they are enlarged
    text = text.replace("<image ", '<image style="image-rendering:pixelated" ')
    path.write_text(text, "utf-8")


def write_pdf(
    path: Path,
    scene: Scene,
    page: Page,
    *,
    title: str,
    creator: str,
    session: str,
) -> None:
    """``scene`` as a one-page PDF of its own size, with ``session`` attached as session.toml.

    Raises:
        OutputError: the file cannot be written.
    """
    ensure_application()
    writer = QPdfWriter(str(path))
    writer.setResolution(round(page.dpi))
    points = QSizeF(*(side * 72 / round(page.dpi) for side in page.size))
    # exact: otherwise Qt takes a paper size near it
    match = QPageSize.SizeMatchPolicy.ExactMatch
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point, "", match))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(title)
    writer.setCreator(creator)
    writer.addFileAttachment("session.toml", QByteArray(session.encode("utf-8")), "application/toml")
    _painted(writer, path, scene, page)


def _painted(device: QSvgGenerator | QPdfWriter, path: Path, scene: Scene, page: Page) -> None:
    painter = QPainter()
    if not painter.begin(device):
        raise OutputError(f"{path} cannot be written", remedy="Check the permissions of its folder.")
    try:
        # SVG names a font even where there is no text
        painter.setFont(font(Sizes(page.scale, page.type_scale).tick))
        rect = QRectF(0, 0, *page.size)
        paint(painter, rect, scene, page.theme, scale=page.scale, type_scale=page.type_scale)
    finally:
        painter.end()
