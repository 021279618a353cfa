"""Runs that ended before they were saved: offered after a crash, and whenever they take too much room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from resviz.errors import ResvizError
from resviz.gui.estimate import size_text
from resviz.gui.runs_dock import settings_text
from resviz.gui.stored import read_remembered, write_remembered
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording
    from resviz.recording.spool import Found

_HEADS = ("Title", "Steps", "Last written", "Size", "Settings")


class Recovery(QObject):
    """Looks for unsaved runs, opens and deletes them, in a thread of its own.

    Signals:
        found(list[Found], bool): those that there are, and whether they take more room than they may.
        recovered(Recording): one that was asked for.
        refused(str): why something could not be done.
    """

    found = Signal(object, bool)
    recovered = Signal(object)
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = Worker("recovery", parent=self)
        self._worker.yielded.connect(self._on_value)
        self._worker.finished.connect(self._on_finished)

    def look(self, folder: Path | None, limit: float, *, all_of_them: bool) -> None:
        """Look for runs whose program was killed; ``all_of_them``: also those left unsaved on purpose."""
        known = set() if all_of_them else set(read_remembered().left)
        self._worker.start(lambda: _look(folder, limit, known, all_of_them))

    def open(self, path: Path) -> None:
        """Open an unsaved run; it goes on in its own spool."""
        self._worker.start(lambda: _open(path))

    def drop(self, paths: Sequence[Path]) -> None:
        """Delete unsaved runs."""
        self._worker.start(lambda: _drop(paths))

    def _on_value(self, run: int, value: Any) -> None:
        if isinstance(value, tuple):
            self.found.emit(*value)
        else:
            self.recovered.emit(value)

    def _on_finished(self, end: Finished) -> None:
        if end.how == "failed":
            self.refused.emit(str(end.error))

    def close(self, wait_ms: int) -> bool:
        """End the thread."""
        self._worker.blockSignals(True)
        return self._worker.close(wait_ms)


def _look(folder: Path | None, limit: float, known: set[str], all_of_them: bool) -> Iterator[Any]:
    from resviz.recording import spool  # the package first, see test_import

    runs = spool.unfinished(folder)
    crowded = sum(one.bytes for one in runs) > limit
    offered = runs if crowded or all_of_them else [one for one in runs if str(one.path) not in known]
    yield offered, crowded


def _open(path: Path) -> Iterator[Recording]:
    from resviz.recording import spool

    yield spool.recover(path)


def _drop(paths: Sequence[Path]) -> Iterator[None]:
    from resviz.recording import spool

    for path in paths:
        spool.drop(path)
        yield None


def leave(recordings: Sequence[Recording]) -> None:
    """Close the spools of recordings whose window is closed: what is not saved stays, but is not offered.

    A run that anybody can make again with one click, an unedited preset, is not kept.
    """
    from resviz.config import preset, preset_names

    presets = [preset(name).session for name in preset_names()]
    left = []
    for recording in recordings:
        spool = recording.spool
        if spool is None:
            continue
        if recording.step < 1 or recording.session in presets:
            spool.drop()
            continue
        with suppress(ResvizError):  # kept as far as it was written
            spool.close()
        left.append(str(spool.path))
    remembered = read_remembered()
    still = tuple(name for name in remembered.left if Path(name).exists() and name not in left)
    if (*still, *left) != remembered.left:
        write_remembered(remembered.model_copy(update={"left": (*still, *left)}))


class RecoveryDialog(QDialog):
    """Lists unsaved runs; calls ``open`` with the one to go on with, ``drop`` with those to delete."""

    def __init__(
        self,
        found: Sequence[Found],
        crowded: bool,
        limit: float,
        open: Callable[[Path], None],
        drop: Callable[[Sequence[Path]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("recovery")
        self.setWindowTitle("Unsaved runs")
        self._found, self._open, self._drop = list(found), open, drop
        total = sum(one.bytes for one in found)
        if crowded:
            text = (
                f"Unsaved runs take {size_text(total)}, more than the {size_text(limit)} of the settings. "
                "Choose those to delete; what you keep is asked about again at the next start."
            )
        elif found:
            text = "These runs ended before they were saved. Nothing that was recorded is lost."
        else:
            text = "There are no unsaved runs."
        said = QLabel(text)
        said.setObjectName("recovery.text")
        said.setWordWrap(True)
        self.table = QTableWidget(len(found), len(_HEADS))
        self.table.setObjectName("recovery.table")
        self.table.setAccessibleName("Unsaved runs")
        self.table.setHorizontalHeaderLabels(_HEADS)
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        for row, one in enumerate(found):
            texts = (
                one.title or "untitled",
                f"{one.step} of {one.steps}",
                f"{one.when:%Y-%m-%d %H:%M}",
                size_text(one.bytes),
                settings_text(one.session),
            )
            for column, cell in enumerate(texts):
                self.table.setItem(row, column, QTableWidgetItem(cell))
        if found:
            self.table.selectRow(0)
        self.table.itemSelectionChanged.connect(self._allow)
        self.table.doubleClicked.connect(self._on_open)
        buttons = QDialogButtonBox()
        self.open_button = buttons.addButton("Open", QDialogButtonBox.ButtonRole.ActionRole)
        self.open_button.setObjectName("recovery.open")
        self.open_button.clicked.connect(self._on_open)
        self.drop_button = buttons.addButton("Delete", QDialogButtonBox.ButtonRole.ActionRole)
        self.drop_button.setObjectName("recovery.drop")
        self.drop_button.clicked.connect(self._on_drop)
        later = buttons.addButton("Later" if found else "Close", QDialogButtonBox.ButtonRole.RejectRole)
        later.setObjectName("recovery.later")
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(said)
        layout.addWidget(self.table, 1)
        layout.addWidget(buttons)
        self.resize(760, 320)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._allow()

    def _rows(self) -> list[int]:
        return sorted({index.row() for index in self.table.selectedIndexes()})

    def _allow(self) -> None:
        self.open_button.setEnabled(len(self._rows()) == 1)
        self.drop_button.setEnabled(bool(self._rows()))

    def _on_open(self) -> None:
        rows = self._rows()
        if len(rows) == 1:
            self._open(self._found[rows[0]].path)
            self.accept()

    def _on_drop(self) -> None:
        rows = self._rows()
        self._drop([self._found[row].path for row in rows])
        for row in reversed(rows):
            self.table.removeRow(row)
            del self._found[row]
        if not self._found:
            self.accept()
