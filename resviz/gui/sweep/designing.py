"""The design of the Sweep tab: planned off the window's thread as one types, opened from files and saved.

It varies the window's session until the sweep is run, saved, opened from a file, or one of its points is
shown: from then on the session is kept, so that looking at a point does not change the sweep.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog

from resviz.config import Session
from resviz.errors import InputError, ResvizError, SessionError
from resviz.gui.controller import Controller
from resviz.gui.state import AppState
from resviz.gui.sweep.design import Design, made_design, present_base
from resviz.gui.sweep.form import SweepForm
from resviz.gui.worker import Finished, Worker
from resviz.study.sweep.model import COPY, Sweep, load_sweep
from resviz.study.sweep.table import NAME

_TYPING_MS = 250  # without a change before a design is planned
_FILES = "Sweeps (*.toml);;All files (*)"


class Designing(QObject):
    """Reads ``form`` and says what it comes to.

    Signals:
        changed(): there is another design; ``design`` is None where it is refused or still planned.
    """

    changed = Signal()

    def __init__(self, controller: Controller, form: SweepForm, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller, self._form = controller, form
        self._base: Session | None = None  # None: the window's
        self._file: Path | None = None  # that says the same as the design
        self.design: Design | None = None
        self.frozen = False  # while it is run
        self._seen = self._closed = False
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self.plan)
        self._planner = Worker("sweep plan", rate=10.0, parent=self)
        self._planner.yielded.connect(self._on_design)
        self._planner.finished.connect(self._on_planned)
        controller.changed.connect(self._on_changed)
        form.changed.connect(self._on_edited)
        form.open_asked.connect(self._ask_open)
        form.save_asked.connect(self._ask_save)
        form.present_asked.connect(self._take_present)

    @property
    def base(self) -> Session:
        """The session that is varied."""
        return self._controller.state.session if self._base is None else self._base

    @property
    def file(self) -> Path | None:
        """A file that says what the design says; None where there is none."""
        if self._file is not None or self.design is None:
            return self._file
        copy = self.design.folder / COPY
        with suppress(InputError):
            if load_sweep(copy).to_toml() == self.design.plan.sweep.to_toml():
                return copy
        return None

    @property
    def planning(self) -> bool:
        """Whether the design is being found out."""
        return self._typing.isActive() or self._planner.busy

    def see(self) -> None:
        """The form is looked at: the first time something is proposed."""
        if not self._seen:
            self._seen = True
            self._show_base()
            self._form.axes[0].propose("network.alpha")
            self.plan()
        elif self.design is None or self.design.plan.sweep.session != present_base(self.base):
            self._typing.start()

    def keep_base(self) -> None:
        """From now on the session is this sweep's own."""
        if self._base is None:
            self._base = self._controller.state.session
            self._show_base()

    def _on_changed(self, old: AppState, new: AppState) -> None:
        if new.session != old.session and self._seen and self._base is None:
            self._show_base()
            if self._form.isVisible():
                self._typing.start()

    def _show_base(self) -> None:
        self._form.show_base(self.base, present=self._base is None)

    def _take_present(self) -> None:
        self._base = self._file = None
        self._show_base()
        self.plan()

    def _on_edited(self) -> None:
        self._file = None
        self._typing.start()

    # -- planning ---------------------------------------------------------------------------------------

    def plan(self) -> None:
        """Read the form, and find out off the window's thread what it comes to."""
        self._typing.stop()
        if self._closed or self.frozen:
            return
        self._planner.cancel()
        self.design = None
        mapping = self._form.read()
        if mapping is not None:
            try:
                sweep = Sweep.from_mapping({"session": present_base(self.base), **mapping})
            except SessionError as error:
                self._form.refuse(error.message.removeprefix("sweep: "))
            else:
                folder = self._form.chosen_folder()
                self._planner.start(lambda: made_design(sweep, folder))
        self.changed.emit()

    def _on_design(self, run: int, design: Design) -> None:
        self.design = design
        self._form.folder.setPlaceholderText(str(design.folder))
        self.changed.emit()

    def _on_planned(self, end: Finished) -> None:
        if end.run != self._planner.run or end.how != "failed" or end.error is None:
            return
        if not isinstance(end.error, ResvizError):
            self._controller.failed.emit(end.error, end.report)
        elif NAME in end.error.message:
            self._form.folder_note.say(str(end.error), refused=True)
        else:
            self._form.refuse(str(end.error))
        self.changed.emit()  # nothing is being estimated any more

    # -- files ------------------------------------------------------------------------------------------

    def _ask_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._form, "Open a sweep", self._beside(), _FILES)
        if path:
            self.open(Path(path))

    def _ask_save(self) -> None:
        start = str(Path(self._beside()) / COPY)
        path, _ = QFileDialog.getSaveFileName(self._form, "Save the sweep", start, _FILES)
        if path:
            chosen = Path(path)
            self.save(chosen if chosen.suffix else chosen.with_suffix(".toml"))

    def _beside(self) -> str:
        return "" if self._file is None else str(self._file.parent)

    def open(self, path: Path) -> None:
        """Show the sweep in a file, and its results where a table lies beside it."""
        form = self._form
        try:
            sweep = load_sweep(path)
            base = sweep.base()
            if not 1 <= len(sweep.axes) <= 2:
                raise SessionError(
                    f"{path}: axes: {len(sweep.axes)} of them; this tab draws one or two",
                    remedy=f"Run it with: resviz sweep {path} -o DIR",
                )
        except InputError as error:
            form.note.say(str(error), refused=True)
            return
        self._seen, self._base = True, base
        self._show_base()
        form.show_sweep(sweep)
        form.folder.setText(str(path.parent) if (path.parent / NAME).is_file() else "")
        self._file = path
        self.plan()

    def save(self, path: Path) -> None:
        """Write the design as a sweep file."""
        if self.design is None:
            self._form.note.say("The design is not complete: nothing was saved.", refused=True)
            return
        try:
            self.design.plan.sweep.save(path)
        except ResvizError as error:
            self._form.note.say(str(error), refused=True)
            return
        self.keep_base()
        self._file = path
        self._form.note.say(f"Saved {path.name}.")

    def close(self, wait_ms: int = 1500) -> bool:
        """End the thread; whether it ended in time."""
        self._closed = True
        self._typing.stop()
        self._planner.blockSignals(True)
        return self._planner.close(wait_ms)
