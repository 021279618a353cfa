"""Published experiments from the window: choose, run in the background, see figure and verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QFontDatabase
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from resviz.draw.view import SceneView
from resviz.draw.virtuals import virtuals
from resviz.errors import ResvizError
from resviz.gui.worker import Finished, Worker
from resviz.scene.theme import Theme
from resviz.study.reproduce import (
    EXPERIMENTS,
    Plan,
    Progress,
    Result,
    check_folder,
    experiments,
    write_result,
)

__all__ = ["ReproduceDialog"]

_EVERY = 100  # of the progress bar's steps, for one experiment


@dataclass(frozen=True)
class _Shown:
    """Where the work stands; complete in itself, since between two deliveries only the newest is kept."""

    results: tuple[Result, ...]
    running: str
    fraction: float
    message: str


def _work(names: Sequence[str], quick: bool, folder: Path, overwrite: bool) -> Iterator[_Shown]:
    check_folder(folder, names, overwrite=overwrite)
    plan = Plan(quick=quick)
    results: tuple[Result, ...] = ()
    for experiment in experiments(names):
        states = experiment.run(plan)
        try:
            for state in states:
                if isinstance(state, Progress):
                    yield _Shown(results, experiment.name, state.fraction, state.message)
                else:
                    write_result(state, folder)
                    results = (*results, state)
                    yield _Shown(results, experiment.name, 1.0, "")
        finally:
            states.close()  # cancelled between two yields: its threads stop now


@virtuals
class ReproduceDialog(QDialog):
    """Runs the checked experiments; ``failed(error, report)`` says what went unexpectedly wrong."""

    failed = Signal(object, str)

    def __init__(self, theme: Theme, checked: Sequence[str] = (), parent: QWidget | None = None) -> None:
        """
        Args:
            checked: names of the experiments that are checked first.
        """
        super().__init__(parent)
        self.setObjectName("reproduce_dialog")
        self.setWindowTitle("Reproduce published experiments")
        self._results: dict[str, Result] = {}
        self._running: tuple[str, ...] = ()
        self._worker = Worker("reproduce", rate=10.0, background=True, parent=self)
        self._worker.yielded.connect(self._on_progress)
        self._worker.finished.connect(self._on_finished)

        self.names = QListWidget()
        self.names.setAccessibleName("Experiments")
        for experiment in EXPERIMENTS:
            item = QListWidgetItem(experiment.name)
            item.setToolTip(f"{experiment.title} ({experiment.source})")
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(
                Qt.CheckState.Checked if experiment.name in checked else Qt.CheckState.Unchecked
            )
            self.names.addItem(item)
        self.names.currentItemChanged.connect(lambda item, _: self._show(item))
        self.quick = QCheckBox("Reduced grid (at most two minutes each)")
        self.quick.setChecked(True)
        self.folder = QLineEdit(str(Path.home() / "reproduced"))
        self.folder.setAccessibleName("Folder for figures and numbers")
        self.overwrite = QCheckBox("Replace earlier results")
        browse = QPushButton("Choose…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._choose)
        self._browse = browse
        self.view = SceneView(name="Figure")
        self.view.set_theme(theme)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setAccessibleName("Settings, published values beside ours, verdict")
        self.message = QLabel("Check experiments, and run them; a figure appears with its verdict.")
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the experiments")
        self.progress.hide()
        self.start = QPushButton("Run")
        self.start.setDefault(True)
        self.start.clicked.connect(self._start)
        self.stop = QPushButton("Close")
        self.stop.setAutoDefault(False)
        self.stop.clicked.connect(self._stop)
        for name, widget in (
            ("names", self.names), ("quick", self.quick), ("folder", self.folder), ("text", self.text),
            ("overwrite", self.overwrite), ("view", self.view), ("message", self.message),
            ("progress", self.progress), ("start", self.start), ("stop", self.stop),
        ):  # fmt: skip
            widget.setObjectName(f"reproduce.{name}")
        self._lay_out()

    def _lay_out(self) -> None:
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(self._browse)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.names, 1)
        column.addWidget(self.quick)
        column.addWidget(self.overwrite)
        column.addLayout(place)
        shown = QSplitter(Qt.Orientation.Vertical)
        shown.addWidget(self.view)
        shown.addWidget(self.text)
        shown.setSizes([420, 220])
        both = QSplitter()
        both.addWidget(left)
        both.addWidget(shown)
        both.setSizes([300, 780])
        both.setStretchFactor(1, 1)
        buttons = QDialogButtonBox()
        buttons.addButton(self.start, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.stop, QDialogButtonBox.ButtonRole.RejectRole)
        rows = QVBoxLayout(self)
        rows.addWidget(both, 1)
        rows.addWidget(self.message)
        rows.addWidget(self.progress)
        rows.addWidget(buttons)
        self.resize(1100, 740)

    @property
    def checked(self) -> tuple[str, ...]:
        """Names of the experiments that are checked."""
        items = (self.names.item(row) for row in range(self.names.count()))
        return tuple(
            EXPERIMENTS[self.names.row(item)].name
            for item in items
            if item.checkState() == Qt.CheckState.Checked
        )

    def _choose(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder for figures and numbers", self.folder.text())
        if path:
            self.folder.setText(path)

    def _start(self) -> None:
        names, text = self.checked, self.folder.text().strip()
        if not names or not text:
            self.message.setText("Check an experiment first." if text else "Name a folder first.")
            return
        folder, quick, overwrite = Path(text).expanduser(), self.quick.isChecked(), self.overwrite.isChecked()
        self._running = names
        self.message.setText("")
        self._working(True)
        self._worker.start(lambda: _work(names, quick, folder, overwrite))

    def _working(self, on: bool) -> None:
        for widget in (self.quick, self.overwrite, self.folder, self._browse, self.start):
            widget.setEnabled(not on)
        self.progress.setVisible(on)
        self.progress.setRange(0, _EVERY * max(1, len(self._running)))
        self.progress.setValue(0)
        self.stop.setText("Cancel" if on else "Close")

    def _on_progress(self, run: int, value: Any) -> None:
        if not isinstance(value, _Shown):
            return
        at = self._running.index(value.running)
        self.progress.setValue(round(_EVERY * (at + value.fraction)))
        self.message.setText(f"{value.running}: {value.message}" if value.message else value.running)
        for result in value.results:
            if self._results.get(result.name) is not result:
                self._keep(result)

    def _keep(self, result: Result) -> None:
        self._results[result.name] = result
        row = next(i for i, experiment in enumerate(EXPERIMENTS) if experiment.name == result.name)
        item = self.names.item(row)
        item.setText(f"{result.name}: {'reproduced' if result.reproduced else 'differs'}")
        if self.names.currentItem() is item:
            self._show(item)
        else:
            self.names.setCurrentItem(item)

    def _show(self, item: QListWidgetItem | None) -> None:
        result = None if item is None else self._results.get(EXPERIMENTS[self.names.row(item)].name)
        if result is not None:
            self.view.show_scene(result.scene)
            self.text.setPlainText(result.text())

    def _on_finished(self, end: Finished) -> None:
        self._working(False)
        if end.how == "done":
            self.message.setText(f"Figures and numbers are in {self.folder.text().strip()}")
        elif end.how == "cancelled":
            self.message.setText("Cancelled; results that were there already are kept.")
        else:
            self.message.setText(str(end.error))
            if not isinstance(end.error, ResvizError):
                self.failed.emit(end.error, end.report)

    def _stop(self) -> None:
        if self._worker.busy:
            self._worker.cancel()
        else:
            self.reject()

    def reject(self) -> None:
        """Close, and cancel what runs; an experiment between two of its yields ends by itself."""
        self._worker.close(0)
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._worker.close(0)
        super().closeEvent(event)
