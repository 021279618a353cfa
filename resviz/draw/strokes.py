"""Bars, bands and curves as what a painter is told: polygons in logical pixels with their pen and brush.

A view keeps the strokes of its last picture: of two steps most marks differ, but the density at k = 0, the
notches of pinned layers and whatever is only painted again cost no arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QPaintEngine, QPainter, QPainterPath, QPen, QPolygonF

from resviz.draw.colours import brush_of, curve_pen, line_pen
from resviz.draw.geometry import Layout, PanelGeometry, Sizes
from resviz.draw.polygons import blank, curves, staircases
from resviz.scene.clip import clipped, inside
from resviz.scene.model import Band, Bars, Line, Mark
from resviz.scene.ramp import shade_colour
from resviz.scene.theme import RGBA, Theme

_BAND_OPACITY = 0.22
_MANY = 8  # points a device pixel from which a curve is thinned out
_BOLD = 1.5  # curves so wide at export (points) are so wide (pixels) on the screen, others 1
_VECTOR = (QPaintEngine.Type.SVG, QPaintEngine.Type.Pdf, QPaintEngine.Type.Picture)

_NO_PEN = Qt.PenStyle.NoPen
_NO_BRUSH = Qt.BrushStyle.NoBrush

Stroked = Bars | Band | Line
"""Marks that are painted as strokes."""


class Device(NamedTuple):
    """What a painter paints on.

    Attributes:
        pixels: it is made of pixels (not SVG, PDF).
        screen: curves are one device pixel wide.
        across, up: device pixels a logical one.
        left, top: device pixels at the logical origin.
    """

    pixels: bool
    screen: bool
    across: float
    up: float
    left: float
    top: float

    @classmethod
    def of(cls, painter: QPainter, screen: bool) -> Device:
        engine, to = painter.paintEngine(), painter.deviceTransform()
        pixels = engine is None or engine.type() not in _VECTOR
        return cls(pixels, screen, to.m11(), to.m22(), to.dx(), to.dy())


class Stroke(NamedTuple):
    """Polygons of one look: areas are filled, lines are drawn; ``smooth``: antialiased.

    Pens and brushes of one look are one object. ``path`` is all polygons, empty but on the screen.
    """

    pen: QPen | None
    brush: QBrush | None
    smooth: bool
    polygons: tuple[QPolygonF, ...]
    path: QPainterPath

    @classmethod
    def of(
        cls, look: QPen | QBrush, polygons: Iterable[QPolygonF], device: Device, *, smooth: bool = False
    ) -> Stroke:
        """Lines with a pen, or areas with a brush."""
        path, kept = QPainterPath(), tuple(polygons)
        if device.screen:
            for polygon in kept:
                path.addPolygon(polygon)
        pen, brush = (look, None) if isinstance(look, QPen) else (None, look)
        return cls(pen, brush, smooth, kept, path)


class Strokes:
    """The strokes of one picture, those of the picture before it taken over where the mark is the same."""

    def __init__(self) -> None:
        self._where: tuple[Layout, Theme, Device] | None = None
        self._before: dict[tuple[int, str], tuple[Mark, tuple[Stroke, ...]]] = {}
        self._now: dict[tuple[int, str], tuple[Mark, tuple[Stroke, ...]]] = {}

    def begin(self, layout: Layout, theme: Theme, device: Device) -> None:
        """Begin a picture; on another layout, or in other colours, nothing of the last one holds."""
        where, was = (layout, theme, device), self._where
        same = was is not None and was[0] is layout and was[1] is theme and was[2] == device
        self._before = self._now if same else {}
        self._now, self._where = {}, where

    def of(
        self, marks: Sequence[Mark], at: PanelGeometry, sizes: Sizes, theme: Theme, device: Device
    ) -> Iterator[tuple[Mark, tuple[Stroke, ...]]]:
        """All ``marks`` of a panel, those that are strokes with theirs."""
        stroked = [mark for mark in marks if isinstance(mark, Stroked)]
        new = [mark for mark in stroked if (id(mark), at.key) not in self._before]
        made = zip(new, strokes_of(new, at, sizes, theme, device, marks[0]), strict=True) if new else ()
        found = {id(mark): strokes for mark, strokes in made}
        for one in stroked:
            key = (id(one), at.key)  # panels may share a mark
            strokes = found[id(one)] if id(one) in found else self._before[key][1]
            self._now[key] = one, strokes  # the mark too, or another might come to have its id
        for mark in marks:
            yield mark, self._now[id(mark), at.key][1] if isinstance(mark, Stroked) else ()


def strokes_of(
    marks: Sequence[Stroked], at: PanelGeometry, sizes: Sizes, theme: Theme, device: Device, first: Mark
) -> list[tuple[Stroke, ...]]:
    """What is painted of each of ``marks`` within its panel's axes, those of a kind computed together.

    Args:
        first: nothing of the panel lies below this one.
    """
    made: list[tuple[Stroke, ...]] = [()] * len(marks)
    bars: dict[int, list[tuple[int, Bars]]] = {}  # by their edges
    lines: list[tuple[int, Line]] = []
    whole = _lying_within(marks, at)
    for i, mark in enumerate(marks):
        match mark if id(mark) in whole else clipped(mark, at.x, at.y):
            case Bars() as cut:
                bars.setdefault(id(cut.edges), []).append((i, cut))
            case Line() as cut:
                lines.append((i, cut))
            case Band() as cut:
                made[i] = _of_band(cut, at, theme, device)
    for group in bars.values():
        opaque = [marks[i] is first or cut.opaque for i, cut in group]
        found = _of_bars([cut for _, cut in group], opaque, at, theme, device)
        for (i, _), strokes in zip(group, found, strict=True):
            made[i] = strokes
    if lines:
        drawn = _of_lines([cut for _, cut in lines], at, sizes, theme, device)
        for (i, _), stroke in zip(lines, drawn, strict=True):
            made[i] = (stroke,)
    return made


Act = Stroke | Callable[[], None]
"""A stroke, or what else is painted."""


def paint_in_turn(painter: QPainter, acts: Iterable[Act]) -> None:
    """Paint one after the other, each polygon by itself; the painter is antialiasing before and after."""
    smooth = True
    for act in acts:
        if not isinstance(act, Stroke):
            smooth = _smoothed(painter, smooth, True)
            act()
            continue
        smooth = _look(painter, smooth, act)
        for polygon in act.polygons:
            if act.brush is None:
                painter.drawPolyline(polygon)
            else:
                painter.drawPolygon(polygon)
    _smoothed(painter, smooth, True)


def _look(painter: QPainter, smooth: bool, stroke: Stroke) -> bool:
    """Give the painter the look of ``stroke``; whether it is antialiasing before and after."""
    painter.setPen(_NO_PEN if stroke.pen is None else stroke.pen)
    painter.setBrush(_NO_BRUSH if stroke.brush is None else stroke.brush)
    return _smoothed(painter, smooth, stroke.smooth)


def _smoothed(painter: QPainter, before: bool, after: bool) -> bool:
    if before != after:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, after)
    return after


def paint_side_by_side(painter: QPainter, panels: Sequence[Sequence[Act]]) -> None:
    """Paint panels that do not overlap, each in its own order, with one call for all strokes of a look.

    Each call that draws lets another thread have the interpreter, and waits to get it back: beside a thread
    that computes, a hundred calls took 10 ms more than ten.
    """
    smooth = True
    for level in zip_longest(*map(_joined, panels)):
        looks: dict[tuple[int, int, bool], list[Stroke]] = {}
        for act in level:
            if isinstance(act, Stroke):
                looks.setdefault((id(act.pen), id(act.brush), act.smooth), []).append(act)
            elif act is not None:
                smooth = _smoothed(painter, smooth, True)
                act()
        for strokes in looks.values():
            smooth = _look(painter, smooth, strokes[0])
            painter.drawPath(_as_one(strokes).path)
    _smoothed(painter, smooth, True)


def _joined(acts: Sequence[Act]) -> Iterator[Act]:
    """Lines of one look that follow each other, as one; areas might cover each other and stay apart."""
    alike: list[Stroke] = []
    for act in acts:
        if isinstance(act, Stroke):
            last = alike[-1] if alike else None
            if last is None or (act.brush is None and act.pen is last.pen and act.smooth == last.smooth):
                alike.append(act)
                continue
        if alike:
            yield _as_one(alike)
        alike = [act] if isinstance(act, Stroke) else []
        if not alike:
            yield act
    if alike:
        yield _as_one(alike)


def _as_one(strokes: Sequence[Stroke]) -> Stroke:
    """Strokes of one look as one."""
    if len(strokes) == 1:
        return strokes[0]
    path = QPainterPath(strokes[0].path)
    for stroke in strokes[1:]:
        path.addPath(stroke.path)
    polygons = tuple(polygon for stroke in strokes for polygon in stroke.polygons)
    return strokes[0]._replace(polygons=polygons, path=path)


def _lying_within(marks: Sequence[Stroked], at: PanelGeometry) -> set[int]:
    """Ids of the lines that need no cutting."""
    lines = [mark for mark in marks if isinstance(mark, Line) and mark.x.size]
    if not lines:
        return set()
    return {id(line) for line, within in zip(lines, inside(lines, at.x, at.y), strict=True) if within}


def _of_bars(
    group: Sequence[Bars], opaque: Sequence[bool], at: PanelGeometry, theme: Theme, device: Device
) -> Iterator[tuple[Stroke, ...]]:
    """Histograms of one array of edges."""
    snap = ((device.across, device.left), (device.up, device.top)) if device.pixels else None
    for bars, solid, (area, outline) in zip(group, opaque, staircases(group, at, snap), strict=True):
        # over the bare ground an opaque fill of the same look takes a tenth of the time
        brush = brush_of(theme.flat_fill(bars.role) if solid else theme.fill(bars.role))
        pen = line_pen(theme.colour(bars.role), 1.0, 1.0)
        yield Stroke.of(brush, (area,), device), Stroke.of(pen, outline, device)


def _of_band(band: Band, at: PanelGeometry, theme: Theme, device: Device) -> tuple[Stroke, ...]:
    x, high, low = at.pixel_x(band.x), at.pixel_y(band.high), at.pixel_y(band.low)
    if device.screen:
        # faint edges need neither antialiasing nor more than a point every other pixel
        stride = max(1, int(2 * len(x) / max(1.0, float(x[-1] - x[0]))))
        chosen = np.append(np.arange(0, len(x) - 1, stride), len(x) - 1)
        x, high, low = x[chosen], high[chosen], low[chosen]
    n = len(x)
    area, points = blank(2 * n)
    points[:n, 0], points[n:, 0] = x, x[::-1]
    points[:n, 1], points[n:, 1] = high, low[::-1]
    brush = brush_of(theme.fill(band.role, _BAND_OPACITY))
    return (Stroke.of(brush, (area,), device, smooth=not device.screen),)


def _of_lines(
    group: Sequence[Line], at: PanelGeometry, sizes: Sizes, theme: Theme, device: Device
) -> Iterator[Stroke]:
    if device.screen:
        found = curves(group, at, _MANY * at.plot.width * device.across, 0.5 / device.across)
    else:
        found = curves(group, at)
    for line, pieces in zip(group, found, strict=True):
        shifts = _shifts(line, device.across) if device.screen else []
        drawn = pieces
        if shifts:
            drawn = []
            for piece in pieces:
                drawn.append(piece)
                for shift in shifts:
                    drawn += (piece.translated(shift, 0.0), piece.translated(0.0, shift))
        pen = curve_pen(_curve_colour(line, theme), line.width, line.dash, sizes.scale, device.screen)
        yield Stroke.of(pen, drawn, device, smooth=True)


def _curve_colour(mark: Line, theme: Theme) -> RGBA:
    return theme.colour(mark.role) if mark.shade is None else shade_colour(mark.shade, theme)


def _shifts(line: Line, ratio: float) -> list[float]:
    """How far, in logical pixels, a stroke of one device pixel is repeated to look as wide as it should.

    Three strokes of one pixel take a quarter of the time of a pen 1.5 pixels wide.
    """
    width = ratio * (_BOLD if line.width >= _BOLD and line.dash == "solid" else 1.0)
    strokes = math.ceil(width - 1)
    return [(width - 1) * (i + 1) / strokes / ratio for i in range(strokes)]
