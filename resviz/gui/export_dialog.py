"""Export of a film, frames or a figure: what, how large, which steps, where; progress and cancel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from resviz.errors import RequestError, ResvizError
from resviz.export import VIEWS, ExportProgress, Options, export_steps
from resviz.export.written import parse_size, parse_steps
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording

_SIZES = ("1280x720", "1920x1080", "2560x1440", "3840x2160")
_KINDS = "Film (*.mp4 *.webm *.gif);;Figure (*.svg *.pdf *.png);;All files (*)"


class ExportDialog(QDialog):
    """Draws ``recording`` in the background; ``failed(error, report)`` says what went unexpectedly wrong."""

    failed = Signal(object, str)

    def __init__(self, recording: Recording, options: Options, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export_dialog")
        self.setWindowTitle("Export")
        self._recording, self._options = recording, options
        self._worker = Worker("export", rate=20.0, parent=self)
        self._worker.yielded.connect(self._on_progress)
        self._worker.finished.connect(self._on_finished)

        self.view = QComboBox()
        self.view.addItems(VIEWS)
        self.view.setCurrentText(options.view)
        self.size_box = QComboBox()
        self.size_box.addItems(_SIZES)
        self.size_box.setEditable(True)
        self.size_box.setCurrentText("x".join(map(str, options.size)))
        self.fps = QSpinBox()
        self.fps.setRange(1, 240)
        self.fps.setValue(round(options.fps))
        self.steps = QLineEdit()
        self.steps.setPlaceholderText(f"all, 0:{recording.step + 1}")
        self.steps.setToolTip("A:B:C takes every C-th step from A to before B; one number for a figure")
        self.output = QLineEdit()
        self.output.setPlaceholderText("film.mp4, figure.svg, or a folder for frames")
        self._browse = QPushButton("Choose…")
        self._browse.setAutoDefault(False)
        self._browse.clicked.connect(self._choose)
        place = QHBoxLayout()
        place.addWidget(self.output, 1)
        place.addWidget(self._browse)
        form = QFormLayout()
        for name, label, widget in (
            ("export.view", "View", self.view),
            ("export.size", "Size", self.size_box),
            ("export.fps", "Frames a second", self.fps),
            ("export.steps", "Steps", self.steps),
            ("export.output", "Output", self.output),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(label)
            form.addRow(label, place if widget is self.output else widget)

        self.message = QLabel()
        self.message.setObjectName("export.message")
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.progress = QProgressBar()
        self.progress.setObjectName("export.progress")
        self.progress.setAccessibleName("Progress of the export")
        self.progress.hide()
        self.start = QPushButton("Export")
        self.start.setObjectName("export.start")
        self.start.setDefault(True)
        self.start.clicked.connect(self._start)
        self.stop = QPushButton("Close")
        self.stop.setObjectName("export.stop")
        self.stop.setAutoDefault(False)
        self.stop.clicked.connect(self._stop)
        buttons = QDialogButtonBox()
        buttons.addButton(self.start, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.stop, QDialogButtonBox.ButtonRole.RejectRole)
        rows = QVBoxLayout(self)
        rows.addLayout(form)
        rows.addWidget(self.message)
        rows.addWidget(self.progress)
        rows.addWidget(buttons)
        self.resize(520, self.sizeHint().height())

    def _choose(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export to", self.output.text(), _KINDS)
        if path:
            self.output.setText(path)
            self._replaces = path  # the file dialog has asked already

    _replaces = ""

    def chosen(self) -> tuple[Path, Options]:
        """Where to and how.

        Raises:
            RequestError: a field that makes no sense.
        """
        text = self.output.text().strip()
        if not text:
            raise RequestError("no output is named", remedy="Name a film, a figure, or a folder for frames.")
        options = replace(
            self._options,
            view=self.view.currentText(),
            size=parse_size(self.size_box.currentText()),
            fps=float(self.fps.value()),
            steps=parse_steps(self.steps.text()),
        )
        return Path(text).expanduser(), options

    def _start(self) -> None:
        try:
            path, options = self.chosen()
        except ResvizError as error:
            self.message.setText(str(error))
            return
        recording, overwrite = self._recording, self._replaces == self.output.text()
        self.message.setText("")
        self._working(True)
        self._worker.start(lambda: export_steps(recording, path, options, overwrite=overwrite))

    def _working(self, on: bool) -> None:
        for widget in (self.view, self.size_box, self.fps, self.steps, self.output, self._browse, self.start):
            widget.setEnabled(not on)
        self.progress.setVisible(on)
        if on:
            self.progress.setRange(0, 0)
        self.stop.setText("Cancel" if on else "Close")

    def _on_progress(self, run: int, value: Any) -> None:
        if isinstance(value, ExportProgress):
            self.progress.setRange(0, value.total if value.done else 0)
            self.progress.setValue(value.done)
            self.message.setText("\n".join(filter(None, (value.message, *value.notes))))

    def _on_finished(self, end: Finished) -> None:
        self._working(False)
        if end.how == "done":
            notes = self.message.text()
            self.message.setText("\n".join(filter(None, (f"Written: {self.output.text().strip()}", notes))))
        elif end.how == "cancelled":
            self.message.setText("Cancelled; nothing was written over.")
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
        """Close, and cancel what is being drawn."""
        self._worker.close()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._worker.close()
        super().closeEvent(event)
