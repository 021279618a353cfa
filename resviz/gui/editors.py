"""One editor for each kind of session value: text that becomes a value, and back."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget

from resviz.config.describe import FieldDescription
from resviz.draw.virtuals import virtuals
from resviz.gui.data_file import DATA_FILES

_UNCHOSEN = "—"
# counts that one changes by doubling rather than by one
_DOUBLED = ("samples", "layers", "units", "nodes", "dimension", "batch")


class Refused(ValueError):
    """Text that is no value of the field's kind; the message is the rule."""


def value_text(value: Any) -> str:
    """A session value as the form writes it: C locale, 1e-3 where that is shorter, empty if left out."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}".replace("e-0", "e-").replace("e+0", "e")
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def text_value(field: FieldDescription, text: str) -> Any:
    """The session value that ``text`` stands for; None is *left out*.

    Raises:
        Refused: the text is not of the field's kind.
    """
    text = text.strip()
    if not text:
        if field.optional or field.default is None:
            return None
        return field.default
    if field.path == "data.targets":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if field.kind == "int":
        if text == "auto":
            return text  # of the limit's nodes and units; the session refuses it elsewhere
        try:
            number = float(text)
        except ValueError:
            raise Refused("a whole number is needed") from None
        if not number.is_integer():
            raise Refused("a whole number is needed")
        # digits as they stand, because a seed of 19 digits is no float
        return int(text) if text.lstrip("+-").isdigit() else int(number)
    if field.kind == "float":
        try:
            number = float(text)
        except ValueError:
            raise Refused("a number is needed, as in 0.5 or 1e-3") from None
        if not math.isfinite(number):
            raise Refused("a finite number is needed")
        return number
    return text


def stepped(field: FieldDescription, value: Any, up: bool) -> Any:
    """The next value up or down: decades of α and rates by 1-2-5, sizes by doubling, others by one."""
    if field.kind == "float":
        if not math.isfinite(value):
            return value
        if value < 0:  # refused by most fields, but no less a number
            return -stepped(field, -value, not up)
        if not value:
            return 0.01 if up else 0.0
        decade = math.floor(math.log10(value) + 1e-9)
        steps = [float(f"{m}e{d}") for d in (decade - 1, decade, decade + 1) for m in (1, 2, 5)]
        good = [s for s in steps if (s > value * (1 + 1e-9) if up else s < value * (1 - 1e-9))]
        new = (min(good) if up else max(good)) if good else value
        return new if math.isfinite(new) else value
    doubled = field.path.rpartition(".")[2] in _DOUBLED
    above, below = (value * 2, max(1, value // 2)) if doubled else (value + 1, value - 1)
    new = above if up else below
    low = field.minimum if field.minimum is not None else new
    high = field.maximum if field.maximum is not None else new
    return int(min(max(new, low), high))


@virtuals
class TextEditor(QLineEdit):
    """Numbers and text; Return or leaving the field commits, Escape takes back, Up and Down step a number."""

    committed = Signal(object)
    refused = Signal(str)

    def __init__(self, field: FieldDescription, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._shown = ""
        self.setPlaceholderText(
            "auto" if field.optional or field.default is None else value_text(field.default)
        )
        self.setFrame(False)
        self.editingFinished.connect(self._commit)

    def show_value(self, value: Any) -> None:
        """Write the session's value, unless the user is in the middle of another."""
        text = value_text(value)
        if text != self._shown or not self.hasFocus():
            self._shown = text
            self.setText(text)
            self.setCursorPosition(0)

    def take_back(self) -> None:
        """Show the session's value again."""
        self.setText(self._shown)

    def _commit(self) -> None:
        if self.text().strip() == self._shown:
            return
        try:
            value = text_value(self.field, self.text())
        except Refused as error:
            self.refused.emit(str(error))
            return
        self.committed.emit(value)

    def _step(self, up: bool) -> None:
        try:
            value = text_value(self.field, self.text())
        except Refused:
            return
        if isinstance(value, int | float):
            self.setText(value_text(stepped(self.field, value, up)))
            self.setModified(True)
            self._commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(event.key() == Qt.Key.Key_Up)
            event.accept()
        elif event.key() == Qt.Key.Key_Escape and self.text() != self._shown:
            self.take_back()
            self.refused.emit("")
            event.accept()
        else:
            super().keyPressEvent(event)


@virtuals
class ChoiceEditor(QComboBox):
    """One of a few names; the wheel passes to the form, which scrolls."""

    committed = Signal(object)
    refused = Signal(str)

    def __init__(self, field: FieldDescription, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.addItems(field.choices)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrame(False)
        self.setMinimumContentsLength(4)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda: self.committed.emit(self.currentText()))

    def show_value(self, value: Any) -> None:
        """Show the session's value; one that is not among the offered names is added."""
        text = _UNCHOSEN if value is None else str(value)
        if self.findText(text) < 0:
            self.addItem(text)
        self.setCurrentText(text)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class SwitchEditor(QCheckBox):
    """True or false."""

    committed = Signal(object)
    refused = Signal(str)

    def __init__(self, field: FieldDescription, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.clicked.connect(lambda on: self.committed.emit(bool(on)))

    def show_value(self, value: Any) -> None:
        """Show the session's value."""
        self.setChecked(bool(value))


class PathEditor(TextEditor):
    """A file's path, typed or chosen."""

    def __init__(self, field: FieldDescription, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.setPlaceholderText("none")
        self.button = QToolButton(self)
        self.button.setText("…")
        self.button.setAccessibleName("Choose a data file")
        self.button.setCursor(Qt.CursorShape.ArrowCursor)
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self.button)
        self.setTextMargins(0, 0, self.button.sizeHint().width(), 0)

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Data file", self.text(), DATA_FILES)
        if path:
            self.setText(path)
            self._commit()


Editor = TextEditor | ChoiceEditor | SwitchEditor


def make_editor(field: FieldDescription, parent: QWidget | None = None) -> Editor:
    """The editor of ``field``, named by its path and with its label as accessible name."""
    kinds: dict[str, type[Editor]] = {"choice": ChoiceEditor, "bool": SwitchEditor, "path": PathEditor}
    editor = kinds.get(field.kind, TextEditor)(field, parent)
    editor.setObjectName(field.path)
    editor.setAccessibleName(f"{field.group}: {field.label}")
    editor.setAccessibleDescription(field.tooltip)
    return editor
