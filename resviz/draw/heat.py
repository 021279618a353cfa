"""Heat maps and their colour bars.

A map is painted as one image with a pixel of its own for every pixel of the device, so that cells stay sharp
in every reader and cut cells need no clipping; it costs the area of the plot, however many cells there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QImage, QPainter

from resviz.draw.colours import brush_of, colour_of, line_pen
from resviz.draw.geometry import BarLayout, PanelGeometry, Rect, Sizes
from resviz.draw.text import draw_text, measure
from resviz.scene.model import Heat, Role, Scale
from resviz.scene.ramp import STEPS, colours
from resviz.scene.theme import Theme

_VECTOR_PIXELS = 2.0  # image pixels a logical pixel in files that can be enlarged
_BAR_STEPS = 64


def paint_heat(painter: QPainter, heat: Heat, at: PanelGeometry, theme: Theme, ratio: float | None) -> None:
    """Paint ``heat`` at ``ratio`` device pixels a logical one; None: the device has none (SVG, PDF)."""
    x, y = at.pixel_x(heat.x), at.pixel_y(heat.y)  # y falls
    fine = _VECTOR_PIXELS if ratio is None else ratio
    width, height = (max(1, round(fine * side)) for side in (x[-1] - x[0], y[0] - y[-1]))
    columns = _cells(x, np.linspace(x[0], x[-1], 2 * width + 1)[1::2])
    rows = _cells(y[::-1], np.linspace(y[-1], y[0], 2 * height + 1)[1::2])
    rows = len(heat.y) - 2 - rows
    # across first: rows are then copied whole
    packed = _coloured(heat, theme).take(columns, axis=1).take(rows, axis=0)
    # a copy: files may read it after `packed` is gone
    image = QImage(packed.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    if ratio is None:
        image = image.copy()
        painter.setBrush(brush_of((0, 0, 0, 255)))  # Qt gives an image in a PDF the opacity of the last brush
    painter.drawImage(QRectF(x[0], y[-1], x[-1] - x[0], y[0] - y[-1]), image)


def _cells(edges: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.intp]:
    """The cells between rising ``edges`` that hold the points ``at``."""
    found = edges.searchsorted(at, side="right") - 1
    return np.minimum(np.maximum(found, 0), len(edges) - 2)


def _coloured(heat: Heat, theme: Theme) -> NDArray[np.uint32]:
    """Cells (R, C) as 32-bit colours; NaN transparent."""
    table = colours(heat.scale.ramp, theme).astype(np.uint32)
    argb = np.uint32(0xFF000000) | table[:, 0] << 16 | table[:, 1] << 8 | table[:, 2]
    share = (heat.values - heat.scale.low) / (heat.scale.high - heat.scale.low)
    share *= STEPS
    bare = np.isnan(share)
    holes = bool(bare.any())
    if holes:
        share[bare] = 0.0
    np.minimum(np.maximum(share, 0.0, out=share), STEPS - 1, out=share)
    packed = np.asarray(argb[share.astype(np.intp)], np.uint32)
    if holes:
        packed[bare] = 0
    return packed


def paint_bar(painter: QPainter, placed: BarLayout, scale: Scale, sizes: Sizes, theme: Theme) -> None:
    """The colour bar of a panel, as vectors: its ramp, ticks and label."""
    rect = placed.rect
    table = colours(scale.ramp, theme)[np.linspace(0, STEPS - 1, _BAR_STEPS).round().astype(int)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for i, (red, green, blue) in enumerate(table.tolist()):
        # each colour reaches to the top and is covered by the next: no seams between them
        height = rect.height * (1 - i / _BAR_STEPS)
        painter.fillRect(QRectF(rect.left, rect.top, rect.width, height), brush_of((red, green, blue, 255)))
    painter.setPen(line_pen(theme.colour(Role.AXIS), 1.0, sizes.scale))
    tops = placed.pixels
    painter.drawLines([QLineF(rect.right, y, rect.right + sizes.tick_length / 2, y) for y in tops])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    muted = colour_of(theme, Role.MUTED)
    for y, label in zip(tops, placed.ticks.labels, strict=True):
        width, height = measure(label, sizes.tick)
        left = rect.right + sizes.tick_length / 2 + sizes.gap / 2
        draw_text(painter, Rect(left, y - height / 2, width, height), label, sizes.tick, muted, "left")
