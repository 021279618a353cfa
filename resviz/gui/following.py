"""A recording that another process is writing, shown as it grows: ``resviz REC --follow``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from resviz.errors import ResvizError
from resviz.gui.controller import Controller
from resviz.gui.state import AppState, Happened, Recorded
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording


class Following(QObject):
    """Polls the run that is recorded into ``path``, until it ends or another run is shown.

    Whoever presses Run takes a copy of what there is and goes on alone: the file is another process's.
    """

    def __init__(self, controller: Controller, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller, self._path = controller, path
        self._recording: Recording | None = None
        self._run = -1  # the state's run that is followed
        self._worker = Worker("follow", rate=10.0, parent=self)
        self._worker.yielded.connect(self._on_value)
        self._worker.finished.connect(self._on_finished)
        controller.changed.connect(self._on_changed)
        self._worker.start(lambda: _growing(path))

    def _on_value(self, run: int, recording: Recording) -> None:
        controller = self._controller
        if self._recording is None:
            controller.files.opened.emit(recording, self._path)
            self._run, self._recording = controller.state.run, recording
            controller.notice.emit(f"Following {self._path.name} as it grows.", "note")
            return
        if recording is not self._recording:  # the finished file, in place of its spool
            self._recording = recording
            controller.training.take(recording)
        if recording.session != controller.state.session:
            controller.ask(Happened(self._run, recording.session))
        if recording.step > controller.state.newest:
            controller.ask(Recorded(self._run, recording.step, recording.steps))

    def _on_changed(self, old: AppState, new: AppState) -> None:
        if self._run >= 0 and (new.run != self._run or new.training):
            self._run = -1
            self._worker.cancel()

    def _on_finished(self, end: Finished) -> None:
        if end.how == "done":
            self._controller.notice.emit(f"{self._path.name} grows no further.", "note")
        elif isinstance(end.error, ResvizError):
            self._controller.notice.emit(str(end.error), "error")
        elif end.how == "failed":
            self._controller.failed.emit(end.error, end.report)

    def close(self, wait_ms: int) -> bool:
        """End the thread."""
        self._worker.blockSignals(True)
        return self._worker.close(wait_ms)


def _growing(path: Path) -> Iterator[Recording]:
    """The newest state of the recording, again and again, so that nothing newer is lost by waiting."""
    from resviz.recording import spool  # the package first, see test_import

    newest = None
    for recording in spool.follow(path):
        newest = recording or newest
        if newest is not None:
            yield newest
