"""The design of a sweep: session, axes, repetitions, what is measured, and where it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from resviz.config import Session
from resviz.draw.virtuals import virtuals
from resviz.errors import RequestError
from resviz.gui.sweep.axis_editor import AxisEditor, Note
from resviz.study.sweep.cluster import check_address
from resviz.study.sweep.model import MEASURES, Sweep

MEASURED = {
    "loss": ("loss", "Loss at the last step"),
    "output_error": ("output error", "RMS error of the output against the limit, which is solved for it"),
    "output_std": ("output std", "Standard deviation of the output over the repetitions"),
    "travel": ("travel", "RMS change of u since k = 0"),
    "laziness": ("laziness", "How far preactivations moved, over what they were"),
    "kernel_drift": ("kernel drift", "Relative change of the feature kernel, mean over layers"),
    "distance": ("distance", "KS and W1 of the units over those of independent draws; each run by itself"),
    "diverged": ("diverged", "The step at which the loss blew up"),
}
"""What can be measured: label and tooltip."""

_FIRST = ("loss", "output_error", "travel", "diverged")


@virtuals
class SweepForm(QWidget):
    """Emits ``changed`` when another sweep is asked for.

    ``open_asked``, ``save_asked`` and ``present_asked`` are its buttons.
    """

    changed = Signal()
    open_asked = Signal()
    save_asked = Signal()
    present_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.session = QLabel()
        self.session.setObjectName("sweep.session")
        self.session.setWordWrap(True)
        self.present = QPushButton("Take the present session")
        self.present.setToolTip("Vary the window's session as it is now")
        self.present.clicked.connect(self.present_asked)
        self.title = QLineEdit()
        self.title.setPlaceholderText("none")
        self.axes = (AxisEditor(1), AxisEditor(2))
        self.axes[1].hide()
        self.add = QPushButton("Add a second axis")
        self.repetitions = QSpinBox()
        self.repetitions.setRange(1, 100_000)
        self.repetitions.setKeyboardTracking(False)
        self.repetitions.setToolTip("Each point is trained so many times: network.seed, network.seed + 1, …")
        self.measured = {name: QCheckBox(text) for name, (text, _) in MEASURED.items()}
        for name, box in self.measured.items():
            box.setToolTip(MEASURED[name][1])
            box.setChecked(name in _FIRST)
        self.folder = QLineEdit()
        self.folder.setToolTip("Folder of the table; a table of this sweep that is there goes on")
        self.browse = QPushButton("Choose…")
        self.scheduler = QLineEdit()
        self.scheduler.setPlaceholderText("this machine")
        self.scheduler.setToolTip("Address of a dask scheduler, as tcp://host:8786; empty: this machine")
        self.workers = QSpinBox()
        self.workers.setRange(-1, 1024)
        self.workers.setValue(-1)
        self.workers.setSpecialValueText("auto")
        self.workers.setKeyboardTracking(False)
        self.workers.setToolTip(
            "Worker processes here; auto: one a core or one a GPU, none for a small sweep; "
            "0: all in one process"
        )
        self.retry = QCheckBox("Try failed runs again")
        self.retry.setToolTip("Runs whose row is an error are trained once more")
        self.open, self.save = QPushButton("Open…"), QPushButton("Save…")
        self.open.setToolTip("A sweep file, as for resviz sweep; with its table if that lies beside it")
        self.save.setToolTip("This design as a sweep file")
        self._order: tuple[str, ...] = ()  # of an opened file: its columns stand so
        self._repeat = ""
        self.note = Note("sweep.note")
        self.folder_note = Note("sweep.folder.note")
        self.measure_note = Note("sweep.measure.note")
        self.scheduler_note = Note("sweep.scheduler.note")
        for name, widget, described in (
            ("present", self.present, "Take the present session"),
            ("title", self.title, "Title of the sweep"),
            ("add", self.add, "Add a second axis"),
            ("repetitions", self.repetitions, "Repetitions of every point"),
            ("folder", self.folder, "Folder of the results"),
            ("browse", self.browse, "Choose the folder of the results"),
            ("scheduler", self.scheduler, "Address of a dask scheduler"),
            ("workers", self.workers, "Worker processes"),
            ("retry", self.retry, "Try failed runs again"),
            ("open", self.open, "Open a sweep file"),
            ("save", self.save, "Save as a sweep file"),
            *((f"measure.{name}", box, f"Measure {box.text()}") for name, box in self.measured.items()),
        ):
            widget.setObjectName(f"sweep.{name}")
            widget.setAccessibleName(described)
        self._lay_out()
        self._connect()
        for kind in (QComboBox, QSpinBox):
            for child in self.findChildren(kind):
                child.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                child.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel scrolls the form; it turns a value only where the focus is."""
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        files = QHBoxLayout()
        files.addWidget(self.open)
        files.addWidget(self.save)
        boxes = QGridLayout()
        boxes.setContentsMargins(0, 0, 0, 0)
        for i, box in enumerate(self.measured.values()):
            boxes.addWidget(box, i // 2, i % 2)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(6, 4, 6, 4)
        rows.setSpacing(5)
        rows.addLayout(files)
        rows.addWidget(self.session)
        rows.addWidget(self.present)
        rows.addLayout(_row("Title", self.title))
        rows.addWidget(self.axes[0])
        rows.addWidget(self.axes[1])
        rows.addWidget(self.add)
        rows.addLayout(_row("Repetitions", self.repetitions))
        rows.addWidget(QLabel("Measure"))
        rows.addLayout(boxes)
        rows.addWidget(self.measure_note)
        rows.addLayout(_row("Folder", self.folder, self.browse))
        rows.addWidget(self.folder_note)
        rows.addLayout(_row("Scheduler", self.scheduler))
        rows.addWidget(self.scheduler_note)
        rows.addLayout(_row("Workers", self.workers))
        rows.addWidget(self.retry)
        rows.addWidget(self.note)
        rows.addStretch(1)

    def _connect(self) -> None:
        self.open.clicked.connect(self.open_asked)
        self.save.clicked.connect(self.save_asked)
        self.browse.clicked.connect(self._choose)
        self.add.clicked.connect(self._add)
        self.axes[1].removed.connect(self._remove)
        for axis in self.axes:
            axis.changed.connect(self.changed)
        for edit in (self.title, self.folder, self.scheduler):
            edit.textEdited.connect(lambda: self.changed.emit())
        for spin in (self.repetitions, self.workers):
            spin.valueChanged.connect(lambda: self.changed.emit())
        for box in (*self.measured.values(), self.retry):
            box.toggled.connect(lambda: self.changed.emit())

    def _choose(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder of the results", self.folder.text())
        if path:
            self.folder.setText(path)
            self.changed.emit()

    def _add(self) -> None:
        first = self.axes[0].text.keys
        self.axes[1].propose("network.units" if first == "network.layers" else "network.layers")
        self._show_second(True)
        self.axes[1].key.setFocus()
        self.changed.emit()

    def _remove(self) -> None:
        self._show_second(False)
        self.axes[0].key.setFocus()
        self.changed.emit()

    def _show_second(self, on: bool) -> None:
        self.axes[1].setVisible(on)
        self.add.setVisible(not on)

    @property
    def two_axes(self) -> bool:
        """Whether there is a second axis."""
        return not self.axes[1].isHidden()

    def show_base(self, session: Session, *, present: bool) -> None:
        """Say which session is varied; axes try their values on it."""
        title = session.title or "untitled"
        self.session.setText(f"Session: {title} (the window's)" if present else f"Session: {title} (kept)")
        self.session.setToolTip("" if present else "Edits of the window's session do not change this sweep")
        self.present.setVisible(not present)
        for axis in self.axes:
            axis.set_base(session)

    def show_sweep(self, sweep: Sweep) -> None:
        """Write a sweep into the fields, without asking for it."""
        self.blockSignals(True)
        self.title.setText(sweep.title)
        for editor, axis in zip(self.axes, sweep.axes, strict=False):
            editor.show_axis(axis)
        self._show_second(len(sweep.axes) > 1)
        self.repetitions.setValue(sweep.repetitions)
        for name, box in self.measured.items():
            box.setChecked(name in sweep.measure)
        self._order, self._repeat = tuple(sweep.measure), sweep.repeat
        self.blockSignals(False)

    def read(self) -> dict[str, Any] | None:
        """The sweep file's keys but its session; None where something was refused, which is said there."""
        editors = self.axes if self.two_axes else self.axes[:1]
        axes = [editor.read() for editor in editors]
        names = dict.fromkeys((*self._order, *MEASURES))
        measure = [name for name in names if self.measured[name].isChecked()]
        for note in (self.note, self.measure_note, self.folder_note, self.scheduler_note):
            note.say("")
        address = self.scheduler.text().strip()
        try:
            if address:
                check_address(address)
        except RequestError as error:
            self.scheduler_note.say(str(error), refused=True)
            axes.append(None)
        if not measure:
            self.measure_note.say("measure: nothing is chosen; choose at least one", refused=True)
        elif "output_std" in measure and self.repetitions.value() < 2:
            self.measure_note.say("output std needs repetitions = 2 or more", refused=True)
            measure = []
        if not measure or None in axes:
            return None
        return {
            "title": self.title.text().strip(),
            "axes": [axis.model_dump(by_alias=True, exclude_none=True) for axis in axes if axis is not None],
            "repetitions": self.repetitions.value(),
            "measure": measure,
            **({"repeat": self._repeat} if self._repeat else {}),
        }

    def refuse(self, message: str) -> None:
        """Say why the sweep is refused, below the axis that is named in it if there is one."""
        for editor in self.axes if self.two_axes else self.axes[:1]:
            keys = [key.strip() for key in editor.text.keys.split(",")]
            if any(f"{key} =" in message or f"{key}:" in message for key in keys if key):
                editor.refuse(message)
                return
        self.note.say(message, refused=True)

    def chosen_folder(self) -> Path | None:
        """The folder that was typed; None: one of the program's choice."""
        text = self.folder.text().strip()
        return Path(text).expanduser() if text else None


def _row(text: str, widget: QWidget, *more: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    label = QLabel(text)
    label.setBuddy(widget)
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance("Repetitions"))
    row.addWidget(label)
    row.addWidget(widget, 1)
    for other in more:
        row.addWidget(other)
    return row
