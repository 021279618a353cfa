"""A passive widget that shows a scene and reports what the mouse does in data coordinates."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from resviz.draw.colours import colour_of
from resviz.draw.geometry import Geometry, Layout, PanelGeometry, Rect
from resviz.draw.marks import paint_marks, paint_plated
from resviz.draw.paint import layout_of, paint_static
from resviz.draw.strokes import Strokes
from resviz.draw.text import measure
from resviz.draw.virtuals import virtuals
from resviz.scene.model import Role, Scene
from resviz.scene.readout import readout
from resviz.scene.theme import LIGHT, Theme
from resviz.scene.zoom import Zoom


@virtuals
class SceneView(QWidget):
    """Shows one scene at a time.

    Ground, axes, titles and legend are kept as a pixmap at the screen's own resolution and made again only
    when they change; a new step paints marks over it.

    The wheel, + and - zoom a panel about the mouse (with Shift across alone, with Ctrl up alone), A shows all
    of it again; a double click or Return gives it the whole view, Escape takes that back, Page Up and Down
    change to its neighbours.

    Signals carry the panel's key and data coordinates, held within the panel's axes during a drag:
    ``hovered``, ``pressed``, ``dragged``, ``released`` (left button), ``double_clicked`` (key alone).
    ``painted`` says that the shown scene is on the screen, ``seen_changed`` whether anybody can see it.
    """

    hovered = Signal(str, float, float)
    pressed = Signal(str, float, float)
    dragged = Signal(str, float, float)
    released = Signal(str, float, float)
    double_clicked = Signal(str)
    painted = Signal()
    seen_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None, *, name: str = "plots", scale: float = 1.0) -> None:
        """
        Args:
            name: what assistive tools call the widget.
            scale: of type and distances.
        """
        super().__init__(parent)
        self.zoom_axes = "xy"  # that the wheel alone zooms
        self._scene = Scene(panels=())  # as it was given
        self._seen = self._scene  # as it is looked at
        self._frame = frame_of(self._scene)
        self._zoom = Zoom()
        self._theme = LIGHT
        self._scale = scale
        self._layout: Layout | None = None
        self._static: QPixmap | None = None
        self._static_key: object = None
        self._strokes = Strokes()
        self._mouse: QPointF | None = None
        self._held: PanelGeometry | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def scene(self) -> Scene:
        """The scene that was given to show."""
        return self._scene

    @property
    def seen(self) -> Scene:
        """The scene as it is looked at: zoomed, or one of its panels alone."""
        return self._seen

    @property
    def scale(self) -> float:
        """The scale of type and distances."""
        return self._scale

    @property
    def theme(self) -> Theme:
        """The theme it is painted with."""
        return self._theme

    @property
    def zoom(self) -> Zoom:
        """What part of the scene is looked at."""
        return self._zoom

    @property
    def geometry_of_panels(self) -> Geometry:
        """Where the panels are, in the widget's logical pixels."""
        return self._placed().geometry

    def show_scene(self, scene: Scene) -> None:
        """Show ``scene`` from the next repaint on."""
        if scene is self._scene:
            return
        self._scene = scene
        if self._zoom.enlarged and self._zoom.enlarged not in {panel.key for panel in scene.panels}:
            self._zoom = self._zoom.enlarging("")
        self._look()

    def set_zoom(self, zoom: Zoom) -> None:
        """Look at another part of the scene."""
        self._zoom = zoom
        self._look()

    def _look(self) -> None:
        self._seen = self._zoom.of(self._scene)
        frame = frame_of(self._seen)
        if frame != self._frame:
            self._frame, self._layout = frame, None
            self.setAccessibleDescription("; ".join(panel.title or panel.key for panel in self._seen.panels))
        self.update()

    def enlarge(self, key: str) -> None:
        """Give one panel the whole view; an empty key, or the one that has it, shows all of them."""
        self.set_zoom(self._zoom.enlarging("" if key == self._zoom.enlarged else key))

    def show_all(self) -> None:
        """Every panel with the whole of its axes."""
        self.set_zoom(Zoom(enlarged=self._zoom.enlarged))

    def set_theme(self, theme: Theme) -> None:
        """Paint with ``theme`` from the next repaint on."""
        self._theme = theme
        self.update()

    def set_scale(self, scale: float) -> None:
        """Scale type and distances."""
        self._scale = scale
        self._layout = None
        self.update()

    def sizeHint(self) -> QSize:
        rows, columns = len(self._scene.row_heights), len(self._scene.column_widths)
        return QSize(60 + 300 * columns, 40 + 200 * rows)

    def minimumSizeHint(self) -> QSize:
        rows, columns = len(self._scene.row_heights), len(self._scene.column_widths)
        return QSize(40 + 120 * columns, 30 + 70 * rows)

    def panel_at(self, position: QPointF) -> str | None:
        """The key of the panel under a point of the widget, or None."""
        panel = self._placed().geometry.at(position.x(), position.y())
        return None if panel is None else panel.key

    def _placed(self) -> Layout:
        if self._layout is None:
            self._layout = layout_of(QRectF(self.rect()), self._seen, self._scale)
        return self._layout

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        layout = self._placed()
        painter.drawPixmap(0, 0, self._static_pixmap(layout))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        paint_marks(painter, layout, self._seen, self._theme, True, self._strokes)
        self._paint_readout(painter, layout)
        painter.end()
        self.painted.emit()

    def _static_pixmap(self, layout: Layout) -> QPixmap:
        ratio = self.devicePixelRatio()
        key = (self.size(), ratio, self._theme.name, self._scale, self._frame)
        if self._static is None or key != self._static_key:
            pixmap = QPixmap(self.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            painter = QPainter(pixmap)
            paint_static(painter, layout, self._seen, self._theme)
            painter.end()
            self._static, self._static_key = pixmap, key
        return self._static

    def _paint_readout(self, painter: QPainter, layout: Layout) -> None:
        if self._mouse is None:
            return
        at = layout.geometry.at(self._mouse.x(), self._mouse.y())
        if at is None:
            return
        where = at.to_data(self._mouse.x(), self._mouse.y())
        lines = readout(self._seen.panel(at.key), *where, self._seen.legend)
        size, edge = layout.sizes.tick, 2 * layout.sizes.gap
        width = max(measure(line, size)[0] for line in lines)
        height = measure("0", size)[1]
        # to the right of the mouse, or to its left where there is no room, and always inside the plot
        left = self._mouse.x() + 2 * edge
        if left + width > at.plot.right:
            left = max(at.plot.left + edge, self._mouse.x() - 2 * edge - width)
        top = min(self._mouse.y(), at.plot.bottom - height * len(lines))
        colour = colour_of(self._theme, Role.TEXT)
        for i, line in enumerate(lines):
            place = Rect(left, max(top, at.plot.top) + i * height, width, height)
            paint_plated(painter, place, line, size, colour, self._theme, "left")

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._layout = None
        super().resizeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        if self._held is not None:
            self.dragged.emit(self._held.key, *self._data(self._held, event))
        else:
            panel = self._placed().geometry.at(self._mouse.x(), self._mouse.y())
            if panel is not None:
                self.hovered.emit(panel.key, *self._data(panel, event))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        panel = self._placed().geometry.at(event.position().x(), event.position().y())
        if panel is None or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._held = panel
        self.pressed.emit(panel.key, *self._data(panel, event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held, self._held = self._held, None
        if held is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        self.released.emit(held.key, *self._data(held, event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        panel = self._placed().geometry.at(event.position().x(), event.position().y())
        if panel is not None and event.button() == Qt.MouseButton.LeftButton:
            if len(self._scene.panels) > 1:
                self.enlarge(panel.key)
            self.double_clicked.emit(panel.key)

    def wheelEvent(self, event: QWheelEvent) -> None:
        panel = self._placed().geometry.at(event.position().x(), event.position().y())
        turned = event.angleDelta().y() or event.angleDelta().x()  # some desktops turn Shift sideways
        if panel is None or not turned:
            super().wheelEvent(event)
            return
        x, y = panel.to_data(event.position().x(), event.position().y())
        keys = event.modifiers()
        axes = self.zoom_axes
        if keys & Qt.KeyboardModifier.ShiftModifier:
            axes = "x"
        elif keys & Qt.KeyboardModifier.ControlModifier:
            axes = "y"
        self._zoom_at(panel.key, x, y, 0.8 ** (turned / 120), axes)
        event.accept()

    def _zoom_at(self, key: str, x: float, y: float, factor: float, axes: str) -> None:
        self.set_zoom(self._zoom.about(self._scene.panel(key), x, y, factor, axes))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        key, keys = event.key(), Qt.Key
        handled = True
        if key in (keys.Key_Plus, keys.Key_Minus, keys.Key_Equal):  # + may need Shift
            self._zoom_by_key(1.25 if key == keys.Key_Minus else 0.8)
        elif key == keys.Key_A and plain:
            self.show_all()
        elif key in (keys.Key_Return, keys.Key_Enter) and plain and len(self._scene.panels) > 1:
            self.enlarge(self._zoom.enlarged or self._panel_meant())
        elif key == keys.Key_Escape and self._zoom.enlarged:
            self.enlarge("")
        elif key in (keys.Key_PageUp, keys.Key_PageDown) and self._zoom.enlarged:
            names = [panel.key for panel in self._scene.panels]
            step = 1 if key == keys.Key_PageDown else -1
            self.enlarge(names[(names.index(self._zoom.enlarged) + step) % len(names)])
        else:
            handled = False
            super().keyPressEvent(event)
        event.setAccepted(handled or event.isAccepted())

    def _panel_meant(self) -> str:
        """The key of the panel under the mouse, else of the first."""
        under = self.panel_at(self._mouse) if self._mouse is not None else None
        return under or next((panel.key for panel in self._seen.panels), "")

    def _zoom_by_key(self, factor: float) -> None:
        key = self._panel_meant()
        if not key:
            return
        place = self._placed().geometry.panel(key)
        middle = QPointF(place.plot.left + place.plot.width / 2, place.plot.top + place.plot.height / 2)
        at = self._mouse if self._mouse is not None and self.panel_at(self._mouse) == key else middle
        self._zoom_at(key, *place.to_data(at.x(), at.y()), factor, self.zoom_axes)

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse = None
        self.update()
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        # a hidden tab keeps no pixmap (33 MB at 4K)
        self._static, self._strokes = None, Strokes()
        super().hideEvent(event)
        self.seen_changed.emit(False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen_changed.emit(True)

    @staticmethod
    def _data(panel: PanelGeometry, event: QMouseEvent) -> tuple[float, float]:
        return panel.to_data(event.position().x(), event.position().y())


def frame_of(scene: Scene) -> tuple[object, ...]:
    """All that the static layer and the layout depend on: equal frames differ in marks and numbers only."""
    panels = tuple(
        (panel.key, panel.title, panel.x, panel.y, panel.cell, panel.bar) for panel in scene.panels
    )
    return (
        panels,
        scene.row_heights,
        scene.column_widths,
        scene.legend,
        scene.title,
        bool(scene.caption),
    )
