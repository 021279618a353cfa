"""Export of a film, frames, a figure or its numbers: what, how large, which steps, where; cancel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from resviz.draw.virtuals import virtuals
from resviz.errors import RequestError, ResvizError
from resviz.export import VIEWS, Options, check
from resviz.export.command import export_words
from resviz.export.film import QUALITIES
from resviz.export.options import MAPPED
from resviz.export.written import parse_size, parse_steps
from resviz.gui.export_process import ExportEnd, ExportProcess, ExportState
from resviz.scene.theme import THEMES

if TYPE_CHECKING:
    from resviz.recording import Recording

_SIZES = ("1280x720", "1920x1080", "2560x1440", "3840x2160")
_KINDS = "Film (*.mp4 *.webm *.gif);;Figure (*.svg *.pdf *.png);;Its numbers (*.csv *.npz);;All files (*)"
_DATA = {"none": "", "CSV": "csv", "NPZ": "npz"}
_ALONE = "this run alone"
_TOGETHER = {_ALONE: "", "pinned runs beside it": "beside", "pinned runs over it": "overlay"}


@virtuals
class ExportDialog(QDialog):
    """Exports ``recording`` in a process of its own; ``failed(error, report)`` says what went wrong there.

    The runs that are ``pinned`` can be drawn too, beside it or over it.
    """

    failed = Signal(object, str)

    def __init__(
        self,
        recording: Recording,
        options: Options,
        parent: QWidget | None = None,
        steps: tuple[int, int] | None = None,
        pinned: Sequence[Recording] = (),
    ) -> None:
        """
        Args:
            steps: first and last of those that are asked for at first; None: all.
            pinned: recordings of other runs, none of them empty.
        """
        super().__init__(parent)
        self.setObjectName("export_dialog")
        self.setWindowTitle("Export")
        self._recording, self._options = recording, options
        self._pinned = list(pinned)
        self._replaces = ""  # what the file dialog has asked about
        self._process = ExportProcess(self)
        self._process.progressed.connect(self._on_progress)
        self._process.ended.connect(self._on_ended)

        self._make_fields(options)
        if steps is not None:
            self.steps.setText(f"{steps[0]}:{min(steps[1], recording.step) + 1}")
        self._form = QTabWidget()
        self._form.setObjectName("export.more")
        self._form.addTab(self._film_page(), "Film")
        self._form.addTab(self._paper_page(), "Words and paper")
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
        self._top = self._first_page()
        rows = QVBoxLayout(self)
        rows.addWidget(self._top)
        rows.addWidget(self._form)
        rows.addWidget(self.message)
        rows.addWidget(self.progress)
        rows.addWidget(buttons)
        self.resize(560, self.sizeHint().height())

    # -- making -----------------------------------------------------------------------------------------

    def _make_fields(self, options: Options) -> None:
        self.view = _choice(VIEWS, options.view)
        self.maps = QCheckBox("depth maps below the grid")
        self.maps.setChecked(options.maps)
        self.view.currentTextChanged.connect(self._show_view)
        self._show_view(options.view)
        self.runs = _choice(tuple(_TOGETHER), _ALONE)
        self.runs.setEnabled(bool(self._pinned))
        self.runs.setToolTip("Runs are pinned in the list of runs; all are drawn on the same axes and bins")
        self.size_box = _choice(_SIZES, "")
        self.size_box.setEditable(True)
        self.size_box.setCurrentText("x".join(map(str, options.size)))
        self.size_box.setToolTip("In pixels; or on paper, as 85x60mm, with pixels an inch")
        self.steps = QLineEdit()
        self.steps.setPlaceholderText(f"all, 0:{self._recording.step + 1}")
        self.steps.setToolTip("A:B:C takes every C-th step from A to before B; one number for a figure")
        self.output = QLineEdit()
        self.output.setPlaceholderText("film.mp4, figure.svg, or a folder for frames")
        self._browse = QPushButton("Choose…")
        self._browse.setAutoDefault(False)
        self._browse.clicked.connect(self._choose)

        self.fps = _number(1, 240, options.fps)
        self.duration = _number(0, 3600, options.duration or 0, none="one frame a step", unit=" s")
        self.quality = _choice(QUALITIES, options.quality)
        self.loop = QSpinBox()
        self.loop.setRange(0, 65535)
        self.loop.setSpecialValueText("for ever")
        self.loop.setValue(options.loop)

        self.title = QLineEdit(options.title or "")
        self.title.setPlaceholderText("none; {step} and {title} are filled in")
        self.caption = QLineEdit(options.caption or "")
        self.caption.setPlaceholderText("the view's own")
        self.theme = _choice(tuple(THEMES), options.theme)
        self.transparent = QCheckBox("no ground")
        self.transparent.setChecked(options.transparent)
        self.dpi = _number(0, 2400, options.dpi or 0, none="of a screen, 96")
        self.font_scale = _number(0.25, 4, options.font_scale)
        self.data = _choice(tuple(_DATA), "none")

    def _first_page(self) -> QWidget:
        place = QHBoxLayout()
        place.addWidget(self.output, 1)
        place.addWidget(self._browse)
        return self._page(
            ("view", "View", self.view),
            ("maps", "With", self.maps),
            ("runs", "Runs", self.runs),
            ("size", "Size", self.size_box),
            ("steps", "Steps", self.steps),
            ("output", "Output", self.output, place),
        )

    def _film_page(self) -> QWidget:
        return self._page(
            ("fps", "Frames a second", self.fps),
            ("duration", "Duration", self.duration),
            ("quality", "Quality", self.quality),
            ("loop", "A gif plays", self.loop),
        )

    def _paper_page(self) -> QWidget:
        return self._page(
            ("title", "Title", self.title),
            ("caption", "Caption", self.caption),
            ("theme", "Colours", self.theme),
            ("transparent", "Transparent", self.transparent),
            ("dpi", "Pixels an inch", self.dpi),
            ("font_scale", "Size of type", self.font_scale),
            ("data", "Numbers beside it", self.data),
        )

    def _page(self, *rows: tuple[str, str, QWidget] | tuple[str, str, QWidget, QHBoxLayout]) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        for name, label, widget, *place in rows:
            widget.setObjectName(f"export.{name}")
            widget.setAccessibleName(label)
            form.addRow(label, place[0] if place else widget)
        return page

    def _show_view(self, view: str) -> None:
        self.maps.setEnabled(view in MAPPED)

    # -- asking -----------------------------------------------------------------------------------------

    def _choose(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export to", self.output.text(), _KINDS)
        if path:
            self.output.setText(path)
            self._replaces = path  # the file dialog has asked already

    def chosen(self) -> tuple[Path, Options]:
        """Where to and how.

        Raises:
            RequestError: a field that makes no sense.
        """
        text = self.output.text().strip()
        if not text:
            raise RequestError("no output is named", remedy="Name a film, a figure, or a folder for frames.")
        dpi = self.dpi.value() or None
        options = replace(
            self._options,
            view=self.view.currentText(),
            maps=self.maps.isEnabled() and self.maps.isChecked(),
            together=_TOGETHER[self.runs.currentText()] or self._options.together,
            size=parse_size(self.size_box.currentText(), dpi),
            steps=parse_steps(self.steps.text()),
            fps=self.fps.value(),
            duration=self.duration.value() or None,
            quality=self.quality.currentText(),
            loop=self.loop.value(),
            title=self.title.text() or None,
            caption=self.caption.text() or None,
            theme=self.theme.currentText(),
            transparent=self.transparent.isChecked(),
            dpi=dpi,
            font_scale=self.font_scale.value(),
        )
        return Path(text).expanduser(), options

    def _start(self) -> None:
        overwrite = bool(self._replaces) and self._replaces == self.output.text()
        data = _DATA[self.data.currentText()]
        others = self._pinned if _TOGETHER[self.runs.currentText()] else []
        recordings = (self._recording, *others)
        sessions, newest = [one.session for one in recordings], [one.step for one in recordings]
        try:
            path, options = self.chosen()
            # the process would refuse the same, seconds later
            check(path, options, sessions, newest=newest, overwrite=overwrite, data=data)
            words = export_words((), path, options, data=data, overwrite=overwrite)
        except ResvizError as error:
            self.message.setText(str(error))
            return
        self.message.setText("")
        self._working(True)
        self._process.start(recordings, words)

    def _working(self, on: bool) -> None:
        for widget in (self._top, self._form, self.start):
            widget.setEnabled(not on)
        self.progress.setVisible(on)
        if on:
            self.progress.setRange(0, 0)
        self.stop.setEnabled(True)
        self.stop.setText("Cancel" if on else "Close")

    def _on_progress(self, state: ExportState) -> None:
        self.progress.setRange(0, state.total if state.done else 0)
        self.progress.setValue(state.done)
        parts = [state.message] if state.message else []
        if state.done:
            parts.append(f"{state.done} of {state.total}")
        if state.left is not None:
            parts.append(f"{state.left:.0f} s left")
        self.message.setText("   ·   ".join(parts))

    def _on_ended(self, end: ExportEnd) -> None:
        self._working(False)
        if end.how == "done":
            written = f"Written: {self.output.text().strip()}"
            self.message.setText("\n".join(filter(None, (written, end.message))))
        elif end.how == "cancelled":
            self.message.setText("Cancelled; nothing was written over.")
        else:
            self.message.setText(end.message)
            if end.how == "failed":
                self.failed.emit(end.error, end.report)

    def _stop(self) -> None:
        if self._process.busy:
            self.stop.setEnabled(False)
            self._process.cancel()
        else:
            self.reject()

    def reject(self) -> None:
        """Close, and cancel what is being drawn."""
        self._process.close()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._process.close()
        super().closeEvent(event)


def _choice(texts: Sequence[str], chosen: str) -> QComboBox:
    box = QComboBox()
    box.addItems(list(texts))
    box.setCurrentText(chosen)
    return box


def _number(low: float, high: float, value: float, none: str = "", unit: str = "") -> QDoubleSpinBox:
    """A number; at ``low`` it reads ``none``, which leaves it out."""
    box = QDoubleSpinBox()
    box.setLocale(QLocale.c())
    box.setRange(low, high)
    box.setDecimals(2)
    box.setSpecialValueText(none)
    box.setSuffix(unit)
    box.setValue(value)
    return box
