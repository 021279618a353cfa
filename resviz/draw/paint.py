"""Painting a scene: the one path that window and files share."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from resviz.draw.axes import paint_frame
from resviz.draw.geometry import Geometry, Layout, Rect
from resviz.draw.layout import lay_out
from resviz.draw.legend import paint_legend
from resviz.draw.marks import paint_marks
from resviz.draw.text import measure
from resviz.scene.model import Scene
from resviz.scene.theme import Theme


def paint(
    painter: QPainter,
    rect: QRectF,
    scene: Scene,
    theme: Theme,
    *,
    scale: float = 1.0,
    type_scale: float = 1.0,
    screen: bool = False,
) -> Geometry:
    """Paints ``scene`` into ``rect`` and says where its panels are.

    Args:
        painter: on any device; its transformation is kept.
        rect: in the painter's logical coordinates.
        scene: what is drawn.
        theme: its colours.
        scale: of type and lines; 1 suits 96 dpi.
        type_scale: of type alone, on top of ``scale``.
        screen: curves one device pixel wide, for speed; else their width in points.
    """
    layout = layout_of(rect, scene, scale, type_scale)
    paint_static(painter, layout, scene, theme)
    paint_marks(painter, layout, scene, theme, screen)
    return layout.geometry


def layout_of(rect: QRectF, scene: Scene, scale: float = 1.0, type_scale: float = 1.0) -> Layout:
    """The layout of ``scene`` in ``rect`` with the bundled typeface."""
    at = Rect(rect.x(), rect.y(), rect.width(), rect.height())
    return lay_out(at, scene, scale, measure, type_scale)


def paint_static(painter: QPainter, layout: Layout, scene: Scene, theme: Theme) -> None:
    """Everything but the marks: ground, axes, ticks, titles, legend."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, True)
    paint_frame(painter, layout, scene, theme)
    paint_legend(painter, layout, theme)
