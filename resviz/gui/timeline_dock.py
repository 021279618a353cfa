"""The timeline: losses as the track, a cursor that is dragged, and a play button."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from resviz.draw.view import SceneView


class TimelineDock(QWidget):
    """Emits ``scrubbed(step)`` while the cursor is pressed or dragged."""

    scrubbed = Signal(int)

    def __init__(self, play: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self.button = QToolButton()
        self.button.setDefaultAction(play)
        self.button.setAccessibleName("Play what is recorded")
        self.button.setIconSize(QSize(16, 16))
        self.button.setMinimumWidth(44)
        self.view = SceneView(name="Loss over steps; drag to move the cursor")
        self.view.setObjectName("timeline.view")
        self.view.zoom_axes = "x"
        self.view.setMinimumHeight(74)
        self.view.setCursor(Qt.CursorShape.SizeHorCursor)
        self.view.pressed.connect(self._scrub)
        self.view.dragged.connect(self._scrub)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 4, 0)
        row.addWidget(self.button)
        row.addWidget(self.view, 1)

    def sizeHint(self) -> QSize:
        return QSize(800, 120)

    def _scrub(self, panel: str, x: float, y: float) -> None:
        self.scrubbed.emit(round(x))
