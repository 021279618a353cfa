"""Opening and saving: sessions at once, recordings in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from resviz.config import Session, load_session
from resviz.errors import ResvizError
from resviz.gui.state import RECORDING
from resviz.gui.work import Stage, open_file, save_file
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording


class Files(QObject):
    """Reads and writes files for the controller.

    Signals:
        loaded(Session, Path), opened(Recording, Path), saved(Path): what was asked for is done.
        doing(str): for the status line, empty when done.
        refused(str): a message for people.
        failed(error, report): what went unexpectedly wrong.
    """

    loaded = Signal(object, object)
    opened = Signal(object, object)
    saved = Signal(object)
    doing = Signal(str)
    refused = Signal(str)
    failed = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = Path()
        self._reading = self._writing = False
        self._worker = Worker("files", parent=self)
        self._worker.yielded.connect(self._on_value)
        self._worker.finished.connect(self._on_finished)

    def open(self, path: Path) -> None:
        """Load a session (.toml) or open a recording (.resviz)."""
        if path.suffix != RECORDING:
            try:
                self.loaded.emit(load_session(path), path)
            except ResvizError as error:
                self.refused.emit(str(error))
        elif self._free():
            self._path, self._reading = path, True  # in the place of one that is still being read
            self._worker.start(lambda: open_file(path))

    def save(self, path: Path, session: Session, recording: Recording | None) -> None:
        """Write ``session`` (.toml) or ``recording`` (.resviz)."""
        if path.suffix != RECORDING:
            try:
                self.saved.emit(session.save(path))
            except ResvizError as error:
                self.refused.emit(str(error))
        elif recording is None:
            self.refused.emit("Nothing is recorded yet: run the session first.")
        elif self._reading:
            self.refused.emit(f"{self._path.name} is being read; try again when it is here.")
        elif self._free():
            self._writing = True
            self._worker.start(lambda: save_file(recording, path))

    def give_up(self) -> str:
        """Another run was begun: a recording that is being read does not come in its place.

        Returns:
            Its file's name; empty if none is being read.
        """
        if not self._reading:
            return ""
        self._reading = False
        self._worker.cancel()
        return self._path.name

    def _free(self) -> bool:
        # starting would cancel what is being written
        if self._writing:
            self.refused.emit("Another file is being written; try again when it is done.")
        return not self._writing

    def _on_value(self, run: int, value: Any) -> None:
        if isinstance(value, Stage):
            self.doing.emit(value.doing)
        elif isinstance(value, Path):
            self.saved.emit(value)
        else:
            self._reading = False
            self.opened.emit(value, self._path)

    def _on_finished(self, end: Finished) -> None:
        if end.run != self._worker.run:
            return  # another file is being read by now
        self._reading = self._writing = False
        self.doing.emit("")
        if end.how != "failed":
            return
        if isinstance(end.error, ResvizError):
            self.refused.emit(str(end.error))
        else:
            self.failed.emit(end.error, end.report)

    def close(self, wait_ms: int) -> bool:
        """End the thread; a file that is being written keeps its old contents."""
        self._worker.blockSignals(True)
        return self._worker.close(wait_ms)
