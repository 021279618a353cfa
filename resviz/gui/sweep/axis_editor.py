"""One axis of a sweep: the field that varies, how its values are spaced, and the values."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from resviz.config import Session
from resviz.config.describe import FIELDS
from resviz.gui.editors import Refused
from resviz.gui.look import small
from resviz.gui.sweep.words import KEYS, WAYS, AxisText, axis_text, preview, proposed, read_axis
from resviz.study.sweep.model import Axis

_LETTERS = 14


class Note(QLabel):
    """A line below a field: what it comes to, or in the colour of errors why it was not taken."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(small(self.font()))
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.refused = False
        self.hide()

    def say(self, text: str, *, refused: bool = False) -> None:
        """Show ``text``; an empty one takes the line away."""
        self.refused = refused and bool(text)
        self.setText(text)
        self.setForegroundRole(
            QPalette.ColorRole.BrightText if self.refused else QPalette.ColorRole.WindowText
        )
        self.setVisible(bool(text))


class AxisEditor(QWidget):
    """Emits ``changed`` when another axis is asked for, ``removed`` when none is."""

    changed = Signal()
    removed = Signal()

    def __init__(self, number: int) -> None:
        super().__init__()
        self._named = f"sweep.axis{number}"
        which = ("First", "Second")[number - 1]
        self.key = QComboBox()
        self.key.setEditable(True)
        self.key.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.key.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.key.setMinimumContentsLength(_LETTERS)
        self.key.addItems(KEYS)
        for row, field in enumerate(field for field in FIELDS if field.path in KEYS):
            self.key.setItemData(row, f"{field.label}: {field.tooltip}", Qt.ItemDataRole.ToolTipRole)
        self.key.setCurrentText("")
        self._typed = QLineEdit()
        self._typed.setPlaceholderText("a session field")
        self.key.setLineEdit(self._typed)
        self.key.setToolTip(
            "A field of the session; several that move together with commas between, "
            "as in network.layers, network.units"
        )
        completer = QCompleter(KEYS, self.key)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.key.setCompleter(completer)
        self.way = QComboBox()
        for name, text in WAYS.items():
            self.way.addItem(text, name)
        self.way.setToolTip("Equal ratios: logspace of the sweep file; equal steps: linspace")
        self.values, self.first, self.last, self.count = (QLineEdit() for _ in range(4))
        self.values.setToolTip("Values with spaces between; of fields that move together: 64 16; 256 4")
        self.remove = QToolButton()
        self.remove.setText("×")
        self.remove.setAutoRaise(True)
        self.remove.setToolTip("Take this axis away")
        self.remove.setVisible(number > 1)
        self.remove.clicked.connect(self.removed)
        self.note = Note(f"{self._named}.note")
        for widget, name, described in (
            (self.key, "key", "field"),
            (self.way, "way", "spacing of values"),
            (self.values, "values", "values"),
            (self.first, "first", "first value"),
            (self.last, "last", "last value"),
            (self.count, "count", "number of values"),
            (self.remove, "remove", "take away"),
        ):
            widget.setObjectName(f"{self._named}.{name}")
            widget.setAccessibleName(f"{which} axis: {described}")
        self._lay_out(which)
        self._key = ""  # whose values are proposed
        self._typed.editingFinished.connect(self._key_edited)
        self.key.activated.connect(self._key_edited)
        self.way.activated.connect(self._way_chosen)
        for edit in (self.values, self.first, self.last, self.count):
            edit.textEdited.connect(lambda: self.changed.emit())
        self._base = Session()

    def _lay_out(self, which: str) -> None:
        self._pages = QStackedWidget()
        spaced = QWidget()
        row = QHBoxLayout(spaced)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for text, widget, share in (("", self.first, 3), ("to", self.last, 3), ("in", self.count, 2)):
            if text:
                row.addWidget(QLabel(text))
            widget.setMinimumWidth(36)
            row.addWidget(widget, share)
        self._pages.addWidget(spaced)
        self._pages.addWidget(self.values)
        label = QLabel("Across" if which == "First" else "Second axis")
        label.setBuddy(self.key)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(3)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.key, 0, 1)
        grid.addWidget(self.remove, 0, 2)
        grid.addWidget(self.way, 1, 0)
        grid.addWidget(self._pages, 1, 1, 1, 2)
        grid.addWidget(self.note, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)

    @property
    def text(self) -> AxisText:
        """What stands in the editors."""
        return AxisText(
            self.key.currentText(), self.way.currentData(), self.values.text(),
            self.first.text(), self.last.text(), self.count.text(),
        )  # fmt: skip

    def set_base(self, session: Session) -> None:
        """The session that values are tried on, and round whose own they are proposed."""
        self._base = session

    def show_axis(self, axis: Axis) -> None:
        """Write an axis into the editors, without asking for it."""
        self._write(axis_text(axis))

    def propose(self, key: str) -> None:
        """Write a field and values round the session's own."""
        self._write(proposed(key, self._base))

    def clear(self) -> None:
        """No axis."""
        self._write(AxisText(way="logspace"))

    def _write(self, text: AxisText) -> None:
        self._key = text.keys
        self.key.setCurrentText(text.keys)
        self.way.setCurrentIndex(self.way.findData(text.way))
        for edit, said in (
            (self.values, text.values), (self.first, text.first), (self.last, text.last),
            (self.count, text.count),
        ):  # fmt: skip
            edit.setText(said)
            edit.setCursorPosition(0)
        self._turn()

    def read(self) -> Axis | None:
        """The axis; None where it was refused, which then is said below it."""
        try:
            axis = read_axis(self.text, self._base)
        except Refused as error:
            self.refuse(str(error))
            return None
        self.note.say(preview(axis))
        self.key.setAccessibleDescription(preview(axis))
        return axis

    def refuse(self, rule: str) -> None:
        """Say below the axis why it was not taken."""
        self.note.say(rule, refused=True)
        self.key.setAccessibleDescription(rule)

    def _key_edited(self) -> None:
        key = self.key.currentText().strip()
        if key == self._key:
            return
        if key in KEYS:
            self.propose(key)
        self._key = key
        self.changed.emit()

    def _way_chosen(self) -> None:
        """Another spacing of the same values, as far as they can be read."""
        way = self.way.currentData()
        if way == "list" and not self.values.text().strip():
            for before in ("logspace", "linspace"):
                try:
                    spaced = AxisText(self.key.currentText(), before, "", *self._span())
                    self.values.setText(axis_text(_listed(read_axis(spaced, self._base))).values)
                    break
                except Refused:
                    continue
        self._turn()
        self.changed.emit()

    def _span(self) -> tuple[str, str, str]:
        return self.first.text(), self.last.text(), self.count.text()

    def _turn(self) -> None:
        self._pages.setCurrentIndex(int(self.way.currentData() == "list"))


def _listed(axis: Axis) -> Axis:
    return Axis.model_validate({"key": axis.keys[0], "list": [value for (value,) in axis.steps()]})
