"""An export in a process of its own: `resviz export` on what is recorded, its progress over a pipe.

Pictures are painted in a GUI thread, and the window's own has better to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from resviz.errors import ResvizError
from resviz.gui.child import Child, ChildEnd, remove_parts
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording


@dataclass(frozen=True, slots=True)
class ExportState:
    """How far an export is; ``left`` is in seconds, None while unknown."""

    done: int = 0
    total: int = 0
    message: str = ""
    left: float | None = None


@dataclass(frozen=True, slots=True)
class ExportEnd:
    """How an export ended: what to tell people, and for an unexpected end the error itself."""

    how: Literal["done", "cancelled", "refused", "failed"]
    message: str = ""
    error: BaseException | None = None
    report: str = ""


class ExportProcess(QObject):
    """Runs one export at a time.

    Signals:
        progressed(ExportState): as it goes on.
        ended(ExportEnd): once for every `start`.
    """

    progressed = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._folder: TemporaryDirectory[str] | None = None
        self._notes: list[str] = []
        self._cancelled = False
        self._child = Child(self)
        self._child.said.connect(self._on_said)
        self._child.ended.connect(self._on_ended)
        self._worker = Worker("export source", parent=self)
        self._worker.yielded.connect(self._on_sources)
        self._worker.finished.connect(self._on_prepared)

    @property
    def busy(self) -> bool:
        """Whether an export has not ended yet."""
        return self._worker.busy or self._child.busy

    def start(self, recordings: Sequence[Recording], words: list[str]) -> None:
        """Export ``recordings``; ``words`` are the command's, without those of the recordings."""
        self._words, self._notes, self._cancelled = words, [], False
        self._folder = TemporaryDirectory(prefix="resviz-export-")
        folder = Path(self._folder.name)
        self.progressed.emit(ExportState(message="handing the recording over"))
        self._worker.start(lambda: _sources(recordings, folder))

    def cancel(self) -> None:
        """Ask it to end; what it was writing is removed."""
        self._cancelled = True
        if self._child.busy:
            self._child.cancel()
        else:
            self._worker.cancel()

    def close(self) -> None:
        """End what runs, before the window goes."""
        self.blockSignals(True)
        self._worker.close()
        self._child.close()
        self._clean()

    def _on_sources(self, run: int, sources: list[Path]) -> None:
        if not self._cancelled:
            command, *rest = self._words
            self._child.start([command, *map(str, sources), *rest])

    def _on_prepared(self, end: Finished) -> None:
        if self._child.busy:
            return  # the process says how it ends
        if end.how == "failed":
            how: Literal["refused", "failed"] = "refused" if isinstance(end.error, ResvizError) else "failed"
            self._end(ExportEnd(how, str(end.error), end.error, end.report))
        else:
            self._end(ExportEnd("cancelled"))

    def _on_said(self, facts: dict[str, Any]) -> None:
        if "notes" in facts:
            self._notes = list(facts["notes"])
        else:
            self.progressed.emit(ExportState(**facts))

    def _on_ended(self, end: ChildEnd) -> None:
        if end.crashed:
            out = Path(self._words[self._words.index("-o") + 1])
            remove_parts(out if out.is_dir() else out.parent, end.number)
        message = "\n".join(self._notes) if end.how == "done" else end.message
        self._end(ExportEnd(end.how, message, end.error, end.report))

    def _end(self, end: ExportEnd) -> None:
        self._clean()
        self.ended.emit(end)

    def _clean(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _sources(recordings: Sequence[Recording], folder: Path) -> Iterator[list[Path]]:
    """The places to read the recordings at, once: a generator, as workers run them."""
    from resviz.recording.spool import handed

    yield [handed(one, folder / f"recording-{number}.resviz") for number, one in enumerate(recordings, 1)]
