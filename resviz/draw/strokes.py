"""Bars, bands and curves as what a painter is told: polygons in logical pixels with their pen and brush.

A view keeps the strokes of its last picture: of two steps most marks differ, but the density at k = 0, the
notches of pinned layers and whatever is only painted again cost no arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QPaintEngine, QPainter, QPainterPath, QPen, QPolygonF
from shiboken6 import Shiboken

from resviz.draw.colours import brush_of, curve_pen, line_pen
from resviz.draw.geometry import Layout, PanelGeometry, Sizes
from resviz.scene.clip import clipped
from resviz.scene.model import Array, Band, Bars, Line, Mark, Points
from resviz.scene.ramp import shade_colour
from resviz.scene.theme import RGBA, Theme

# the type stub of VoidPtr lacks its size and its buffer interface
_block: Any = Shiboken.VoidPtr

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

    def followed_by(self, other: Stroke) -> Stroke:
        """Both as one."""
        path = QPainterPath(self.path)
        path.addPath(other.path)
        return self._replace(polygons=self.polygons + other.polygons, path=path)


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
        self, mark: Stroked, at: PanelGeometry, sizes: Sizes, theme: Theme, device: Device, first: bool
    ) -> tuple[Stroke, ...]:
        """The strokes of ``mark``; ``first``: nothing of its panel lies below it."""
        key = (id(mark), at.key)  # panels may share a mark
        known = self._before.get(key)
        strokes = known[1] if known is not None else strokes_of(mark, at, sizes, theme, device, first)
        self._now[key] = mark, strokes  # the mark too, or another might come to have its id
        return strokes


def strokes_of(
    mark: Stroked, at: PanelGeometry, sizes: Sizes, theme: Theme, device: Device, first: bool
) -> tuple[Stroke, ...]:
    """What is painted of ``mark`` within its panel's axes."""
    match clipped(mark, at.x, at.y):
        case Bars() as bars:
            return _of_bars(bars, at, theme, device, first)
        case Band() as band:
            return _of_band(band, at, theme, device)
        case Line() as line:
            return _of_line(line, at, sizes, theme, device)
        case _:
            return ()


Act = Stroke | Callable[[], None]
"""A stroke, or what else is painted."""


def paint_in_turn(painter: QPainter, acts: Iterable[Act]) -> None:
    """Paint one after the other, each polygon by itself; the painter is antialiasing before and after."""
    for act in acts:
        if not isinstance(act, Stroke):
            act()
            continue
        with _looking(painter, act):
            for polygon in act.polygons:
                if act.brush is None:
                    painter.drawPolyline(polygon)
                else:
                    painter.drawPolygon(polygon)


@contextmanager
def _looking(painter: QPainter, stroke: Stroke) -> Iterator[None]:
    """Give the painter the look of ``stroke``."""
    if not stroke.smooth:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(_NO_PEN if stroke.pen is None else stroke.pen)
    painter.setBrush(_NO_BRUSH if stroke.brush is None else stroke.brush)
    yield
    if not stroke.smooth:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def paint_side_by_side(painter: QPainter, panels: Sequence[Sequence[Act]]) -> None:
    """Paint panels that do not overlap, each in its own order, with one call for all strokes of a look.

    Each call that draws lets another thread have the interpreter, and waits to get it back: beside a thread
    that computes, a hundred calls took 10 ms more than ten.
    """
    for level in zip_longest(*map(_joined, panels)):
        paths: dict[tuple[int, int, bool], tuple[Stroke, QPainterPath]] = {}
        for act in level:
            if isinstance(act, Stroke):
                look = (id(act.pen), id(act.brush), act.smooth)
                paths.setdefault(look, (act, QPainterPath()))[1].addPath(act.path)
            elif act is not None:
                act()
        for stroke, path in paths.values():
            with _looking(painter, stroke):
                painter.drawPath(path)


def _joined(acts: Sequence[Act]) -> Iterator[Act]:
    """Lines of one look that follow each other, as one; areas might cover each other and stay apart."""
    last: Stroke | None = None
    for act in acts:
        if not isinstance(act, Stroke):
            if last is not None:
                yield last
            last = None
            yield act
        elif last is None:
            last = act
        elif act.brush is None and act.pen is last.pen and act.smooth == last.smooth:
            last = last.followed_by(act)
        else:
            yield last
            last = act
    if last is not None:
        yield last


def blank(points: int) -> tuple[QPolygonF, Array]:
    """A Qt polygon and its coordinates (points, 2): filled as one block of memory, not by a call a point."""
    made = QPolygonF()
    made.resize(points)
    if not points:
        return made, np.empty((0, 2))
    memory = _block(made.data(), 16 * points, True)  # two float64 a point
    return made, np.frombuffer(memory, np.float64).reshape(-1, 2)


def polygon(x: Array, y: Array) -> QPolygonF:
    """A Qt polygon of the points."""
    made, points = blank(len(x))
    points[:, 0], points[:, 1] = x, y
    return made


def _pieces(made: QPolygonF, points: Array) -> Iterator[QPolygonF]:
    """Polygons of the runs between NaN."""
    finite = np.isfinite(points)
    if finite.all():
        yield made
        return
    good = finite[:, 0] & finite[:, 1]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(np.int8)))
    for start, end in edges.reshape(-1, 2):
        if end - start > 1:
            yield polygon(points[start:end, 0], points[start:end, 1])


def _snapped(values: Array, factor: float, offset: float) -> Array:
    """Logical coordinates moved to the nearest edge of a device pixel."""
    return (np.rint(values * factor + offset) - offset) / factor


def _of_bars(bars: Bars, at: PanelGeometry, theme: Theme, device: Device, first: bool) -> tuple[Stroke, ...]:
    heights = np.empty(len(bars.edges))
    np.add(bars.heights, bars.base, out=heights[:-1])
    heights[-1] = bars.base
    x, y = at.pixel_x(bars.edges), at.pixel_y(heights)
    # over the bare ground an opaque fill of the same look takes a tenth of the time
    opaque = first or bars.opaque
    brush = brush_of(theme.flat_fill(bars.role) if opaque else theme.fill(bars.role))
    if device.pixels:
        x, y = _snapped(x, device.across, device.left), _snapped(y, device.up, device.top)
    top, base = y[:-1], float(y[-1])
    # one staircase: neighbouring bars have no seam, and it fills 20 times as fast as translucent rectangles
    area, stairs = blank(2 * len(x))
    stairs[::2, 0] = stairs[1::2, 0] = x
    stairs[1:-1:2, 1] = stairs[2::2, 1] = top
    stairs[0, 1] = stairs[-1, 1] = base
    pen = line_pen(theme.colour(bars.role), 1.0, 1.0)
    outline = _pieces(*_outline(bars, at, x, top, base))
    return Stroke.of(brush, (area,), device), Stroke.of(pen, outline, device)


def _outline(bars: Bars, at: PanelGeometry, x: Array, top: Array, base: float) -> tuple[QPolygonF, Array]:
    """The staircase without empty bins and without the tops of bars that the panel cuts."""
    filled = bars.heights > 0
    keep = np.empty((len(top), 3), bool)  # (bar, its start | gap | its end)
    # a side stands where one of its two bars does
    keep[0, 0], keep[-1, 2] = filled[0], filled[-1]
    keep[1:, 0] = keep[:-1, 2] = filled[1:] | filled[:-1]
    keep[:, 1] = ~filled | (bars.base + bars.heights >= at.y.high)
    line = np.empty((len(top), 3, 2))
    line[:, 1] = np.nan
    line[:, 0, 0], line[:, 2, 0] = x[:-1], x[1:]
    line[:, 0, 1] = line[:, 2, 1] = top
    kept = line[keep]
    made, points = blank(len(kept) + 2)
    points[0], points[1:-1], points[-1] = (x[0], base), kept, (x[-1], base)
    return made, points


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


def _of_line(line: Line, at: PanelGeometry, sizes: Sizes, theme: Theme, device: Device) -> tuple[Stroke, ...]:
    made, points = blank(len(line.x))
    at.pixel_x(line.x, out=points[:, 0])
    at.pixel_y(line.y, out=points[:, 1])
    if device.screen and len(points) > _MANY * at.plot.width * device.across:
        made, points = _thinned(made, points, 0.5 / device.across)
    shifts = _shifts(line, device.across) if device.screen else []
    drawn: list[QPolygonF] = []
    for piece in _pieces(made, points):
        drawn.append(piece)
        for shift in shifts:
            drawn += (piece.translated(shift, 0.0), piece.translated(0.0, shift))
    pen = curve_pen(curve_colour(line, theme), line.width, line.dash, sizes.scale, device.screen)
    return (Stroke.of(pen, drawn, device, smooth=True),)


def _thinned(made: QPolygonF, points: Array, room: float) -> tuple[QPolygonF, Array]:
    """The least and the greatest of so many points that they share ``room``: losses of a long run.

    Where the curve has gaps, or points that are spaced unevenly, all of them are kept.
    """
    x, y = points[:, 0], points[:, 1]
    each = int(room * len(x) / max(abs(float(x[-1] - x[0])), room))
    groups = len(x) // max(each, 1)
    if each < 4 or not np.isfinite(points).all():
        return made, points
    across = x[: groups * each].reshape(groups, each)
    if not (x[1:] >= x[:-1]).all() or (across[:, -1] - across[:, 0]).max() > 2 * room:
        return made, points
    upward = y[: groups * each].reshape(groups, each)
    both = np.stack([upward.argmin(axis=1), upward.argmax(axis=1)], axis=1)
    both.sort(axis=1)
    both += each * np.arange(groups)[:, None]
    chosen = np.concatenate(([0], both.ravel(), np.arange(groups * each, len(x)), [len(x) - 1]))
    thin, kept = blank(len(chosen))
    kept[:] = points[chosen]
    return thin, kept


def curve_colour(mark: Line | Points, theme: Theme) -> RGBA:
    """The colour of a curve or of points."""
    return theme.colour(mark.role) if mark.shade is None else shade_colour(mark.shade, theme)


def _shifts(line: Line, ratio: float) -> list[float]:
    """How far, in logical pixels, a stroke of one device pixel is repeated to look as wide as it should.

    Three strokes of one pixel take a quarter of the time of a pen 1.5 pixels wide.
    """
    width = ratio * (_BOLD if line.width >= _BOLD and line.dash == "solid" else 1.0)
    strokes = math.ceil(width - 1)
    return [(width - 1) * (i + 1) / strokes / ratio for i in range(strokes)]
