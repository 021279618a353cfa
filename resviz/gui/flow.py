"""A row of controls that goes on in the next line where it does not fit."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QLayoutItem, QWidget

from resviz.draw.virtuals import virtuals


@virtuals
class FlowLayout(QLayout):
    """Items from left to right and from top to bottom; hidden ones take no room."""

    def __init__(self, parent: QWidget | None = None, *, gap: int = 12, line_gap: int = 2) -> None:
        super().__init__(parent)
        self._gap, self._line_gap = gap, line_gap
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), place=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, place=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        left, top, right, bottom = self._margins()
        return size + QSize(left + right, top + bottom)

    def _margins(self) -> tuple[int, int, int, int]:
        margins = self.contentsMargins()
        return margins.left(), margins.top(), margins.right(), margins.bottom()

    def _arrange(self, rect: QRect, *, place: bool) -> int:
        """Place the items in ``rect``, or only find out how high they get."""
        left, top, right, bottom = self._margins()
        room = rect.width() - left - right
        lines: list[list[tuple[QLayoutItem, QSize]]] = [[]]
        used = 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if lines[-1] and used + size.width() > room:
                lines.append([])
                used = 0
            lines[-1].append((item, size))
            used += size.width() + self._gap
        y = rect.y() + top
        for number, line in enumerate(lines):
            high = max((size.height() for _, size in line), default=0)
            y += self._line_gap if number else 0
            x = rect.x() + left
            for item, size in line:
                if place:
                    middle = y + (high - size.height()) // 2
                    item.setGeometry(QRect(x, middle, min(size.width(), max(1, room)), size.height()))
                x += size.width() + self._gap
            y += high
        return y + bottom - rect.y()


def labelled(text: str | QLabel, *widgets: QWidget) -> QWidget:
    """A label and its controls, which stay in one line; the label names the first."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    label = QLabel(text) if isinstance(text, str) else text
    label.setBuddy(widgets[0])
    row.addWidget(label)
    for widget in widgets:
        row.addWidget(widget)
    return holder
