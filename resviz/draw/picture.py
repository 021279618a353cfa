"""Scenes as images in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
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


def picture(scene: Scene, size: tuple[int, int], theme: Theme = LIGHT, scale: float | None = None) -> QImage:
    """``scene`` as an opaque image of ``size`` = (width, height) pixels.

    Args:
        scale: of type and lines; None takes `natural_scale`.

    Raises:
        RequestError: a side is not within 16..16384 pixels.
    """
    if not all(16 <= side <= _LARGEST for side in size):
        raise RequestError(
            f"size: each side must be 16..{_LARGEST} pixels, got {size[0]}x{size[1]}",
            remedy="for instance 1920x1080",
        )
    ensure_application()
    image = QImage(*size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    try:
        paint(painter, QRectF(0, 0, *size), scene, theme, scale=scale or natural_scale(size))
    finally:
        painter.end()
    return image


def rgb(image: QImage) -> NDArray[np.uint8]:
    """The image's pixels (H, W, 3), contiguous: one conversion and one copy, 2 ms at 1920 x 1080."""
    packed = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(packed.constBits(), np.uint8).reshape(packed.height(), packed.bytesPerLine())
    # rows are padded to 4 bytes; the copy also outlives the image
    return rows[:, : 3 * packed.width()].reshape(packed.height(), packed.width(), 3).copy()
