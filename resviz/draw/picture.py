"""Scenes as images in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from resviz.draw.application import ensure_application
from resviz.draw.paint import paint
from resviz.errors import RequestError
from resviz.scene.model import Scene
from resviz.scene.theme import LIGHT, Theme

_LARGEST = 16384


def natural_scale(size: tuple[int, int]) -> float:
    """The scale at which type has the same share of the picture as at 1600 x 1000, at least 0.9."""
    return max(0.9, min(size[0] / 1600, size[1] / 1000))


def picture(
    scene: Scene,
    size: tuple[int, int],
    theme: Theme = LIGHT,
    scale: float | None = None,
    type_scale: float = 1.0,
) -> QImage:
    """``scene`` as an image of ``size`` = (width, height) pixels, opaque unless the theme has no ground.

    Args:
        scale: of type and lines; None takes `natural_scale`.
        type_scale: of type alone, on top of ``scale``.

    Raises:
        RequestError: a side is not within 16..16384 pixels.
    """
    if not all(16 <= side <= _LARGEST for side in size):
        raise RequestError(
            f"size: each side must be 16..{_LARGEST} pixels, got {size[0]}x{size[1]}",
            remedy="for instance 1920x1080",
        )
    ensure_application()
    image = QImage(
        *size, QImage.Format.Format_ARGB32_Premultiplied if theme.bare else QImage.Format.Format_RGB32
    )
    if theme.bare:
        image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    try:
        rect = QRectF(0, 0, *size)
        paint(painter, rect, scene, theme, scale=scale or natural_scale(size), type_scale=type_scale)
    finally:
        painter.end()
    return image


def rgb(image: QImage) -> NDArray[np.uint8]:
    """The image's pixels (H, W, 3), contiguous: one conversion and one copy, 2 ms at 1920 x 1080."""
    packed = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(packed.constBits(), np.uint8).reshape(packed.height(), packed.bytesPerLine())
    # rows are padded to 4 bytes; the copy also outlives the image
    return rows[:, : 3 * packed.width()].reshape(packed.height(), packed.width(), 3).copy()


def bgra(image: QImage) -> NDArray[np.uint8]:
    """The bytes of an image as they lie in memory (H, W, 4): blue, green, red, opacity; nothing is copied."""
    rows = np.asarray(_Bytes(image))
    return rows.reshape(image.height(), -1)[:, : 4 * image.width()].reshape(image.height(), -1, 4)


class _Bytes:
    """The bytes of an image, which stays as long as an array of them does."""

    def __init__(self, image: QImage) -> None:
        self._image = image
        seen = np.frombuffer(image.constBits(), np.uint8)
        self.__array_interface__ = seen.__array_interface__


def read_picture(path: Path) -> NDArray[np.uint8]:
    """A picture file's pixels with their opacity, (H, W, 4).

    Raises:
        RequestError: it is no picture that Qt can read.
    """
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGBA8888)
    if image.isNull():
        raise RequestError(f"{path} is no picture that can be read", remedy="Export it again.")
    rows = np.frombuffer(image.constBits(), np.uint8)
    return rows.reshape(image.height(), image.width(), 4).copy()
