"""A strip above the pictures for messages that need no dialog: divergence, refusals, what was saved."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget


class Notice(QFrame):
    """Shows one message until it is closed or another takes its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._error = "red"
        self._kind = ""
        self._text = QLabel()
        self._text.setObjectName("notice_text")
        self._text.setAccessibleName("Message")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        close.setText("×")
        close.setAutoRaise(True)
        close.setAccessibleName("Close the message")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 4, 4)
        row.addWidget(self._text, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.hide()

    @property
    def text(self) -> str:
        """The message shown; empty when there is none."""
        return "" if self.isHidden() else self._text.text()

    def show_notice(self, text: str, kind: str) -> None:
        """Show ``text`` as "note" or "error"; an empty one hides the strip."""
        self._kind = kind
        self._text.setText(text)
        self.setVisible(bool(text))
        self._colour()

    def set_colours(self, error: str) -> None:
        """Text colour of errors, as CSS."""
        self._error = error
        self._colour()

    def _colour(self) -> None:
        self._text.setStyleSheet(f"color: {self._error}; font-weight: bold" if self._kind == "error" else "")
