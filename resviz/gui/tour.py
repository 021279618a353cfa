"""The first start: at most five hints, each beside what it is about, gone at a click."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from resviz.draw.virtuals import virtuals


@dataclass(frozen=True, slots=True)
class Hint:
    """One sentence or two about the widget of that name."""

    about: str
    text: str


HINTS = (
    Hint("grid", "Bars are the units of a layer, the line is what the Mean ODE predicts for them."),
    Hint("timeline.view", "Drag here to go back and forth in training. Space runs and pauses it."),
    Hint(
        "experiment",
        "All that makes the run. ● goes on with it, ↻ starts another; Runs keeps them.",
    ),
    Hint("contrast", "The same network far in the lazy regime: its units hardly move, and yet it learns."),
    Hint("preset", "More to see, each with a paragraph of its own. F1 shows all keys."),
)


@virtuals
class Tour(QFrame):
    """Shows one hint after the other over ``window``.

    Signals:
        over(): the last was seen, or the rest was not wanted.
    """

    over = Signal()

    def __init__(self, window: QWidget, hints: tuple[Hint, ...] = HINTS) -> None:
        super().__init__(window)
        self.setObjectName("tour")
        self._window, self._hints, self._at = window, hints, 0
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setMinimumWidth(280)
        self._count = QLabel()
        self.next = QPushButton("Next")
        self.next.setObjectName("tour.next")
        self.next.clicked.connect(self.go_on)
        self.skip = QPushButton("Skip")
        self.skip.setObjectName("tour.skip")
        self.skip.clicked.connect(self.end)
        row = QHBoxLayout()
        row.addWidget(self._count, 1)
        row.addWidget(self.skip)
        row.addWidget(self.next)
        layout = QVBoxLayout(self)
        layout.addWidget(self._text)
        layout.addLayout(row)
        window.installEventFilter(self)
        self._show()

    def _show(self) -> None:
        hint = self._hints[self._at]
        self._text.setText(hint.text)
        self._count.setText(f"{self._at + 1} of {len(self._hints)}")
        self.next.setText("Done" if self._at == len(self._hints) - 1 else "Next")
        self.setAccessibleName(f"Hint {self._count.text()}")
        self.setAccessibleDescription(hint.text)
        self._place()
        self.show()
        self.raise_()  # and leaves the focus where it is: Space is to run, not to turn pages

    def _place(self) -> None:
        """In the lower right of what it is about, within the window."""
        about = self._window.findChild(QWidget, self._hints[self._at].about)
        self.setFixedWidth(320)
        self.adjustSize()
        room = self._window.rect().adjusted(8, 8, -8, -8)
        corner = room.bottomRight()
        if about is not None and about.isVisible():
            corner = about.mapTo(self._window, about.rect().bottomRight()) - QPoint(12, 12)
        wanted = QRect(corner - QPoint(self.width(), self.height()), self.size())
        wanted.moveLeft(min(max(wanted.left(), room.left()), max(room.right() - self.width(), room.left())))
        wanted.moveTop(min(max(wanted.top(), room.top()), max(room.bottom() - self.height(), room.top())))
        self.move(wanted.topLeft())

    def go_on(self) -> None:
        """The next hint, or the end."""
        if self._at == len(self._hints) - 1:
            self.end()
            return
        self._at += 1
        self._show()

    def end(self) -> None:
        """No more hints; a second click on the last one comes before it is gone."""
        if self.isHidden():
            return
        self._window.removeEventFilter(self)
        self.hide()
        self.deleteLater()
        self.over.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False


def show_hints(window: QWidget) -> None:
    """Show the hints over ``window``, unless they are there."""
    if all(tour.isHidden() for tour in window.findChildren(Tour)):  # those before may not be gone yet
        Tour(window)
