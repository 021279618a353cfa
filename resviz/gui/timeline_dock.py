"""The timeline: losses as the track, a cursor that is dragged, and a play button."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from resviz.draw.view import SceneView
from resviz.draw.virtuals import virtuals
from resviz.gui.state import Seek, SelectRange


@virtuals
class TimelineDock(QWidget):
    """Emits ``asked(Seek)`` while the cursor is dragged, ``asked(SelectRange)`` while Shift is held."""

    asked = Signal(object)

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
        self.view.setToolTip("Drag: move the cursor. Shift and drag: select steps to play and export")
        self._from: int | None = None  # where a selection began
        self.view.pressed.connect(self._press)
        self.view.dragged.connect(self._drag)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 4, 0)
        row.addWidget(self.button)
        row.addWidget(self.view, 1)

    def sizeHint(self) -> QSize:
        return QSize(800, 120)

    def _press(self, panel: str, x: float, y: float) -> None:
        shifted = QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier
        self._from = round(x) if shifted else None
        self._drag(panel, x, y)

    def _drag(self, panel: str, x: float, y: float) -> None:
        if self._from is None:
            self.asked.emit(Seek(round(x)))
        else:
            self.asked.emit(SelectRange(*sorted((self._from, round(x)))))
