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
from resviz.draw.paint import paint
from resviz.draw.picture import picture, rgb
from resviz.errors import OutputError
from resviz.scene.model import Scene
from resviz.scene.theme import Theme

_DOTS = 96  # an inch: a pixel of a vector file is the pixel of CSS


def pixels(scene: Scene, size: tuple[int, int], theme: Theme, scale: float) -> NDArray[np.uint8]:
    """``scene`` as 8-bit RGB, (height, width, 3)."""
    ensure_application()
    return rgb(picture(scene, size, theme, scale))


def png(scene: Scene, size: tuple[int, int], theme: Theme, scale: float) -> bytes:
    """``scene`` as a PNG file."""
    ensure_application()
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not picture(scene, size, theme, scale).save(buffer, "PNG"):  # type: ignore[call-overload]
        raise OutputError("Qt cannot encode a PNG", remedy="`resviz doctor` checks the installation.")
    return bytes(held.data())


def write_svg(
    path: Path,
    scene: Scene,
    size: tuple[int, int],
    theme: Theme,
    scale: float,
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
    generator.setResolution(_DOTS)
    generator.setSize(QSize(*size))
    generator.setViewBox(QRectF(0, 0, *size))
    generator.setTitle(title)
    generator.setDescription(description)
    _painted(generator, path, scene, size, theme, scale)
    text = path.read_text("utf-8")
    # readers without the bundled font take another that has no feet
    text = re.sub(r'font-family="([^",]+)"', r'font-family="\1, sans-serif"', text)
    # heat maps are to keep their cells when they are enlarged
    text = text.replace("<image ", '<image style="image-rendering:pixelated" ')
    path.write_text(text, "utf-8")


def write_pdf(
    path: Path,
    scene: Scene,
    size: tuple[int, int],
    theme: Theme,
    scale: float,
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
    writer.setResolution(_DOTS)
    points = QSizeF(size[0] * 72 / _DOTS, size[1] * 72 / _DOTS)
    # exact: otherwise Qt takes a paper size near it
    match = QPageSize.SizeMatchPolicy.ExactMatch
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point, "", match))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(title)
    writer.setCreator(creator)
    writer.addFileAttachment("session.toml", QByteArray(session.encode("utf-8")), "application/toml")
    _painted(writer, path, scene, size, theme, scale)


def _painted(
    device: QSvgGenerator | QPdfWriter,
    path: Path,
    scene: Scene,
    size: tuple[int, int],
    theme: Theme,
    scale: float,
) -> None:
    painter = QPainter()
    if not painter.begin(device):
        raise OutputError(f"{path} cannot be written", remedy="Check the permissions of its folder.")
    try:
        paint(painter, QRectF(0, 0, *size), scene, theme, scale=scale)
    finally:
        painter.end()
