"""Moving along the axes of a zoomed plot: the middle button seizes a point and takes it along."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from resviz.draw.view import SceneView
from resviz.draw.virtuals import virtuals


@virtuals
class Panning(QObject):
    """Watches ``view`` for drags with the middle button; other buttons it leaves to the view."""

    def __init__(self, view: SceneView) -> None:
        super().__init__(view)
        self._view = view
        self._panel = ""  # that was seized
        self._at = QPointF()  # where, or where it has been taken by now
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QMouseEvent):
            return False
        middle = Qt.MouseButton.MiddleButton
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() == middle:
                self._panel, self._at = self._view.panel_at(event.position()) or "", event.position()
            case QEvent.Type.MouseButtonRelease if event.button() == middle:
                self._panel = ""
            case QEvent.Type.MouseMove if self._panel and event.buttons() & middle:
                self._take(event.position())
                return False  # the view reads out where the mouse is
            case _:
                return False
        return True

    def _take(self, to: QPointF) -> None:
        view, key = self._view, self._panel
        if key not in {panel.key for panel in view.seen.panels}:  # another scene is shown by now
            self._panel = ""
            return
        place = view.geometry_of_panels.panel(key)
        seized, there = (place.to_data(at.x(), at.y()) for at in (self._at, to))
        view.set_zoom(view.zoom.moved(view.scene.panel(key), seized, there))
        self._at = to
