"""The Experiment form: the session's values as a tree, what they will cost, and the preset's commentary."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QSplitter,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from resviz.config import Session
from resviz.config.describe import FIELDS, FieldDescription
from resviz.draw.virtuals import virtuals
from resviz.gui.depth_width import DepthWidth
from resviz.gui.editors import Editor, make_editor, value_text
from resviz.gui.estimate import estimate, size_text, time_text
from resviz.gui.look import error_colour, muted, small
from resviz.scene.theme import Theme

_LIVE, _RESTARTS = "●", "↻"
FIELDS_BY_PATH = {field.path: field for field in FIELDS}


@virtuals
class Experiment(QWidget):
    """Shows a session and asks for changes of it.

    Signals:
        edited(path, value): the user asks for a value (None: left out); the answer is `show_session` or
            `refuse`.
        reshaped(layers, units): the user asks for another shape of as many units.
    """

    edited = Signal(str, object)
    reshaped = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("experiment")
        self._editors: dict[str, Editor] = {}
        self._items: dict[str, QTreeWidgetItem] = {}
        self._rules: dict[str, QTreeWidgetItem] = {}  # the rule broken, in a row of its own below the field
        self._session: Session | None = None
        self._speed = 1.0
        self._commentary = ""
        self._split_by_hand = False
        self._error = "red"

        self._tree = QTreeWidget()
        self._tree.setColumnCount(3)
        self._tree.setHeaderLabels(["Setting", "Value", ""])
        self._tree.setAccessibleName("Settings of the experiment")
        self._tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self._tree.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._tree.setIndentation(10)
        self._tree.setUniformRowHeights(False)
        self._tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self._tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(16)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(2, 3 * self.fontMetrics().averageCharWidth())
        self._fill()
        header.resizeSection(0, self._widest_label())

        self._cost = QLabel()
        self._cost.setObjectName("estimate")
        self._cost.setAccessibleName("Estimated cost")
        self._cost.setWordWrap(True)
        self._marks = QLabel(f"{_LIVE} live   {_RESTARTS} restarts the run")
        self._marks.setFont(small(self._marks.font()))
        self._shape = DepthWidth()
        self._shape.chosen.connect(self.reshaped)
        upper = QWidget()
        rows = QVBoxLayout(upper)
        rows.setContentsMargins(4, 4, 4, 4)
        rows.addWidget(self._tree, 1)
        rows.addWidget(self._marks)
        rows.addWidget(self._shape)
        rows.addWidget(self._cost)

        self._text = QTextBrowser()
        self._text.setObjectName("commentary")
        self._text.setAccessibleName("What this preset shows")
        self._text.setOpenExternalLinks(True)
        self._text.hide()  # until there is a paragraph
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(upper)
        self._split.addWidget(self._text)
        self._split.setStretchFactor(0, 4)
        self._split.setStretchFactor(1, 1)
        self._split.setCollapsible(0, False)
        self._split.splitterMoved.connect(self._split_moved)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._split)

    def sizeHint(self) -> QSize:
        return QSize(300, 600)

    def _fill(self) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for field in FIELDS:
            if field.path == "contrast.alpha":
                continue  # it has its own slider, in the dock it belongs to
            if field.group not in groups:
                group = QTreeWidgetItem(self._tree, [field.group])
                font = group.font(0)
                font.setBold(True)
                group.setFont(0, font)
                group.setFirstColumnSpanned(True)
                groups[field.group] = group
            self._add(groups[field.group], field)
        self._tree.expandAll()

    def _add(self, group: QTreeWidgetItem, field: FieldDescription) -> None:
        item = QTreeWidgetItem(group, [field.label, "", _LIVE if field.live else _RESTARTS])
        tip = _tooltip(field)
        for column in range(3):
            item.setToolTip(column, tip)
        editor = make_editor(field)
        editor.setToolTip(tip)
        editor.committed.connect(lambda value, path=field.path: self._commit(path, value))
        editor.refused.connect(lambda rule, path=field.path: self.refuse(path, rule))
        editor.setAutoFillBackground(True)
        self._editors[field.path], self._items[field.path] = editor, item
        self._tree.setItemWidget(item, 1, editor)

    def _widest_label(self) -> int:
        """Width of the first column: its longest label, twice indented, with the style's margins."""
        metrics = self._tree.fontMetrics()
        widest = max(metrics.horizontalAdvance(item.text(0)) for item in self._items.values())
        return widest + 2 * self._tree.indentation() + metrics.averageCharWidth()

    def editor(self, path: str) -> Editor:
        """The editor of a session value."""
        return self._editors[path]

    def _commit(self, path: str, value: Any) -> None:
        self.refuse(path, "")
        self.edited.emit(path, value)

    def refuse(self, path: str, rule: str) -> None:
        """Write under an editor why its text was not taken; an empty rule takes the message away."""
        editor, item = self._editors[path], self._items[path]
        editor.setStyleSheet(f"QLineEdit {{ color: {self._error}; }}" if rule else "")
        editor.setAccessibleDescription(rule or FIELDS_BY_PATH[path].tooltip)
        row = self._rules.pop(path, None)
        if row is not None:
            row.parent().removeChild(row)
        if not rule:
            return
        label = QLabel(rule)
        label.setObjectName(f"{path}.rule")
        label.setWordWrap(True)
        label.setFont(small(label.font()))
        label.setStyleSheet(f"color: {self._error}")
        label.setContentsMargins(4, 0, 4, 4)
        row = QTreeWidgetItem()
        group = item.parent()
        group.insertChild(group.indexOfChild(item) + 1, row)
        row.setFirstColumnSpanned(True)
        width = self._tree.viewport().width() - 2 * self._tree.indentation()
        row.setSizeHint(0, QSize(0, label.heightForWidth(max(width, 80)) + 2))
        self._tree.setItemWidget(row, 0, label)
        self._rules[path] = row

    def show_session(self, session: Session) -> None:
        """Write every value of ``session``, fold away what does not apply to it, estimate its cost."""
        if session == self._session:
            return
        self._session = session
        self._shape.show_session(session)
        for path, editor in self._editors.items():
            editor.show_value(session.get(path))
            self.refuse(path, "")
            self._items[path].setHidden(not _applies(path, session))
        self._show_cost()

    def take_back(self, path: str) -> None:
        """Show the session's value of one field again."""
        if self._session is not None:
            self._editors[path].show_value(self._session.get(path))

    def show_speed(self, speed: float) -> None:
        """Correct the estimate: this machine was ``speed`` times as fast as first guessed."""
        self._speed = speed
        self._show_cost()

    def show_commentary(self, commentary: str) -> None:
        """The paragraph under the form; without one its place is given to the form."""
        if commentary == self._commentary:
            return
        self._commentary = commentary
        self._text.setHtml(commentary)
        self._text.setVisible(bool(commentary))
        self._fit_commentary()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_commentary()

    def _split_moved(self) -> None:
        self._split_by_hand = True

    def _fit_commentary(self) -> None:
        """Give the paragraph the height it needs, up to a quarter of the whole."""
        if not self._commentary or self._split_by_hand:
            return
        document = self._text.document()
        document.setTextWidth(self.width() - 24)
        needed = round(document.size().height()) + 2 * self._text.frameWidth()
        text = min(needed, self.height() // 4)
        self._split.setSizes([self.height() - text, text])
        self._text.verticalScrollBar().setValue(0)

    def show_theme(self, of: Theme) -> None:
        """Take the colours of ``of`` where the palette has none."""
        self._error = error_colour(of)
        self._marks.setStyleSheet(f"color: {muted(of)}")
        self._show_cost()

    def _show_cost(self) -> None:
        if self._session is None:
            return
        cost = estimate(self._session, speed=self._speed)
        text = (
            f"Estimated: {time_text(cost.ms)} a step · {size_text(cost.units)} units · "
            f"{size_text(cost.recorded)} recorded"
        )
        if not cost.fits:
            text += f". Will not fit: this machine has {size_text(cost.available)} of memory"
        self._cost.setText(text)
        self._cost.setStyleSheet("" if cost.fits else f"color: {self._error}")


def _tooltip(field: FieldDescription) -> str:
    lines = [field.tooltip]
    if field.unit:
        lines.append(f"In units of {field.unit}.")
    if field.minimum is not None or field.maximum is not None:
        low = "" if field.minimum is None else f"{_plain(field.minimum)} ≤ "
        high = "" if field.maximum is None else f" ≤ {_plain(field.maximum)}"
        lines.append(f"{low}value{high}")
    lines.append("Live: the run goes on." if field.live else "Restarts the run.")
    return "\n".join(lines)


def _plain(value: float) -> str:
    return value_text(float(value)) if abs(value) >= 1e5 else f"{value:g}"


def _applies(path: str, session: Session) -> bool:
    """Whether a value has a meaning in this session; others are folded away, not lost."""
    data, training = session.data, session.training
    match path:
        case "data.dimension":
            return data.kind == "gaussian"
        case "data.path":
            return data.kind == "file"
        case "data.targets":
            return data.kind == "file" and (data.path or "").lower().endswith(".csv")
        case "training.batch" | "training.batch_seed":
            return training.optimizer == "sgd"
        case "training.momentum":
            return training.optimizer == "momentum"
    return True
