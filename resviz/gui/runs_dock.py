"""The list of this window's runs: colour, name, settings, note; which are pinned over the present one."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from resviz.config import Session
from resviz.draw.virtuals import virtuals
from resviz.gui.state import AppState, KeptRun
from resviz.scene.model import Role
from resviz.scene.others import look_of
from resviz.scene.theme import LIGHT, Theme
from resviz.scene.ticks import number

RUN, PIN, SHOW, SETTINGS, STEPS, NOTE, NAME = range(7)
_HEADS = ("Run", "Pin", "Show", "Settings", "Steps", "Note", "Name")
_TIPS = {
    RUN: "Return or a double click makes a run the present one",
    PIN: "Draw the run over the present one, on the same axes and bins",
    SHOW: "Hide a pinned run for a while",
    NAME: "A name of your own",
    NOTE: "A note of your own",
}
_SWATCH = QSize(22, 12)
_PENS = {"solid": Qt.PenStyle.SolidLine, "dash": Qt.PenStyle.DashLine, "dot": Qt.PenStyle.DotLine}


@virtuals
class RunsDock(QWidget):
    """Shows the runs, the newest on top.

    Signals:
        shown(number): make this run the present one.
        changed(number, dict): name, note, visible or pinned of a run.
        removed(number): take this run off the list.
    """

    shown = Signal(int)
    changed = Signal(int, dict)
    removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runs")
        self._theme: Theme = LIGHT
        self._rows: tuple[tuple[KeptRun, bool], ...] = ()
        self._written: list[tuple[KeptRun, bool, str] | None] = []  # what each row says; None: to be written
        self.table = _Table(0, len(_HEADS))
        self.table.setObjectName("runs.table")
        self.table.setAccessibleName("Runs of this window")
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setIconSize(_SWATCH)
        self.table.setWordWrap(False)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setMinimumSectionSize(20)
        header.setHighlightSections(False)
        for column in (RUN, PIN, SHOW, SETTINGS, STEPS, NOTE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        for column, title in enumerate(_HEADS):
            head = QTableWidgetItem(title)
            head.setToolTip(_TIPS.get(column, ""))
            self.table.setHorizontalHeaderItem(column, head)
        self.table.itemChanged.connect(self._on_changed)
        self.table.cellDoubleClicked.connect(self._on_double_click)
        self.table.entered_row.connect(self._ask)
        self.table.deleted_row.connect(self._remove)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._open_menu)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(4, 4, 4, 4)
        rows.addWidget(self.table)

    def sizeHint(self) -> QSize:
        return QSize(300, 600)

    def show_runs(self, state: AppState) -> None:
        """Write the state's runs into the table."""
        present = state.present
        runs = [present if one.number == state.run else one for one in state.runs]
        rows = tuple((one, one.number == state.run) for one in reversed(runs))
        if rows == self._rows:
            return
        place = self.table.currentRow(), self.table.currentColumn()
        self._rows = rows
        self.table.blockSignals(True)
        # what all runs have in common tells none of them apart
        parts = [settings_parts(run.session) for run, _ in rows]
        common = set.intersection(*map(set, parts)) if len(parts) > 1 else set()
        told = ["  ".join(part for part in own if part not in common) or "the same" for own in parts]
        wanted = [(run, is_present, text) for (run, is_present), text in zip(rows, told, strict=True)]
        self._make_rows([run.number for run, _ in rows])
        for row, content in enumerate(wanted):
            if content != self._written[row]:  # a row costs 3 ms
                self._fill(row, *content)
                self._written[row] = content
        if place[0] >= 0 > self.table.currentRow():
            self.table.setCurrentCell(min(place[0], len(rows) - 1), place[1])
        self.table.blockSignals(False)

    def _make_rows(self, numbers: list[int]) -> None:
        """A row for every run; those that stay move with what they say."""
        for row in reversed(range(len(self._written))):
            if (one := self._written[row]) is None or one[0].number not in numbers:
                self.table.removeRow(row)
                del self._written[row]
        for row, wanted in enumerate(numbers):
            one = self._written[row] if row < len(self._written) else None
            if one is None or one[0].number != wanted:
                self.table.insertRow(row)
                self._written.insert(row, None)
        self.table.setRowCount(len(numbers))
        del self._written[len(numbers) :]

    def _fill(self, row: int, run: KeptRun, present: bool, settings: str) -> None:
        texts = {
            RUN: str(run.number),
            NAME: run.name or run.session.title,
            SETTINGS: settings,
            STEPS: _steps_text(run),
            NOTE: run.note,
        }
        for column in range(len(_HEADS)):
            item = self._item(row, column)
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            if column in (PIN, SHOW):
                flags |= Qt.ItemFlag.ItemIsUserCheckable
                on = run.pinned if column == PIN else run.visible
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
                what = "pinned" if column == PIN else "shown while pinned"
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"run {run.number} {what}")
            elif column in (NAME, NOTE):
                flags |= Qt.ItemFlag.ItemIsEditable
            if item.flags() != flags:  # setting them writes the old text into an open editor
                item.setFlags(flags)
            item.setText(texts.get(column, ""))
            tip = settings_text(run.session) if column == SETTINGS else texts.get(column, "")
            item.setToolTip(tip or _TIPS.get(column, ""))
            font = item.font()
            font.setBold(present)
            item.setFont(font)
        self._item(row, RUN).setIcon(self._swatch(run.number, present))

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            self.table.setItem(row, column, item)
        return item

    def _swatch(self, number: int, present: bool) -> QIcon:
        """The present run's fill, or the outline that a run has over it."""
        pixmap = QPixmap(_SWATCH * 2)
        pixmap.setDevicePixelRatio(2)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        if present:
            painter.fillRect(0, 1, 20, 10, QColor(*self._theme.flat_fill(Role.FINITE)))
        else:
            role, dash = look_of(number)
            painter.setPen(QPen(QColor(*self._theme.colour(role)), 2, _PENS[dash]))
            painter.drawLine(0, 6, 20, 6)
        painter.end()
        return QIcon(pixmap)

    def set_theme(self, theme: Theme) -> None:
        """Draw the swatches in the colours of ``theme``."""
        self._theme = theme
        for row, (run, present) in enumerate(self._rows):
            self._item(row, RUN).setIcon(self._swatch(run.number, present))

    def _on_changed(self, item: QTableWidgetItem) -> None:
        run = self._rows[item.row()][0]
        match item.column():
            case c if c == PIN:
                change: dict[str, object] = {"pinned": item.checkState() == Qt.CheckState.Checked}
            case c if c == SHOW:
                change = {"visible": item.checkState() == Qt.CheckState.Checked}
            case c if c == NAME:
                text = item.text().strip()
                change = {"name": "" if text == run.session.title else text[:200]}
            case c if c == NOTE:
                change = {"note": item.text().strip()[:2000]}
            case _:
                return
        self.changed.emit(run.number, change)

    def _on_double_click(self, row: int, column: int) -> None:
        if column not in (NAME, NOTE, PIN, SHOW):
            self._ask(row)

    def _ask(self, row: int) -> None:
        run, present = self._rows[row]
        if not present:
            self.shown.emit(run.number)

    def _remove(self, row: int) -> None:
        run, present = self._rows[row]
        if not present:
            self.removed.emit(run.number)

    def _open_menu(self, at: QPoint) -> None:
        row = self.table.rowAt(at.y())
        if row >= 0:
            self.menu(row).popup(self.table.viewport().mapToGlobal(at))

    def menu(self, row: int) -> QMenu:
        """What can be done with the run in ``row``."""
        run, present = self._rows[row]
        pinning = {"pinned": not run.pinned}
        menu = QMenu(self.table)
        menu.setObjectName("runs.menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name, text, asked, possible in (
            ("show", "Show this run\tReturn", lambda: self.shown.emit(run.number), not present),
            ("pin", "Unpin" if run.pinned else "Pin", lambda: self.changed.emit(run.number, pinning), True),
            ("name", "Name it\tF2", lambda: self._name(run.number), True),
            ("remove", "Remove from the list\tDelete", lambda: self.removed.emit(run.number), not present),
        ):
            action = menu.addAction(text)
            action.setObjectName(f"runs.{name}")
            action.setEnabled(possible)
            action.triggered.connect(asked)
        return menu

    def _name(self, number: int) -> None:
        row = next((row for row, (run, _) in enumerate(self._rows) if run.number == number), None)
        if row is not None:
            self.table.setCurrentCell(row, NAME)
            if not self.table.editing:  # asked for twice
                self.table.editItem(self._item(row, NAME))


@virtuals
class _Table(QTableWidget):
    """Return on a row asks for it and Delete removes it, unless a cell is being edited (F2 edits)."""

    entered_row = Signal(int)
    deleted_row = Signal(int)

    @property
    def editing(self) -> bool:
        """Whether a cell is being written in."""
        return self.state() == QAbstractItemView.State.EditingState

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain and not self.editing:
            if self.currentRow() >= 0:
                self.entered_row.emit(self.currentRow())
            event.accept()
        elif event.key() == Qt.Key.Key_Delete and not self.editing:
            if self.currentRow() >= 0:
                self.deleted_row.emit(self.currentRow())
            event.accept()
        else:
            super().keyPressEvent(event)


def settings_text(session: Session) -> str:
    """What mostly tells runs apart, in the field's letters."""
    return "  ".join(settings_parts(session))


def settings_parts(session: Session) -> list[str]:
    """The same, one setting each."""
    network, training = session.network, session.training
    rates = [training.rate, *(event.rate for event in training.events if event.rate is not None)]
    parts = [
        session.data.kind,
        f"L {network.layers}",
        f"M {network.units}",
        network.activation,
        f"α {network.alpha:g}",
        "η " + "→".join(f"{rate:g}" for rate in rates),
        f"seed {network.seed}",
    ]
    if training.optimizer != "gd":
        parts.insert(5, training.optimizer)
    return parts


def _steps_text(run: KeptRun) -> str:
    if not run.held:
        return "not in memory"
    if run.failure:
        return f"stopped at {number(run.newest)}"
    return f"{max(run.newest, 0)} of {run.steps}"
