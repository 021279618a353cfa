"""An export in a process of its own: `resviz export` on what is recorded, its progress over a pipe.

Pictures are painted in a GUI thread, and the window's own has better to do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from resviz.errors import OutputError, ResvizError
from resviz.files import package_path
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording

_INTERRUPTED = 130
_PATIENCE_MS = 5000  # for a process to end after it was asked to
_CLOSING_MS = 1000  # the same where the window waits


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
        self._process: QProcess | None = None
        self._number = 0  # of the process
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._kill)
        self._lines, self._errors = b"", b""
        self._notes: list[str] = []
        self._cancelled = False
        self._worker = Worker("export source", parent=self)
        self._worker.yielded.connect(self._on_source)
        self._worker.finished.connect(self._on_prepared)

    @property
    def busy(self) -> bool:
        """Whether an export has not ended yet."""
        return self._worker.busy or self._process is not None

    def start(self, recording: Recording, words: list[str]) -> None:
        """Export ``recording``; ``words`` are the command's, without the recording's own."""
        self._words, self._cancelled = words, False
        self._lines, self._errors, self._notes = b"", b"", []
        self._folder = TemporaryDirectory(prefix="resviz-export-")
        path = Path(self._folder.name) / "recording.resviz"
        self.progressed.emit(ExportState(message="handing the recording over"))
        self._worker.start(lambda: _source(recording, path))

    def cancel(self) -> None:
        """Ask it to end; what it was writing is removed."""
        self._cancelled = True
        if self._process is not None:
            self._process.closeWriteChannel()
            self._patience.start()
        else:
            self._worker.cancel()

    def close(self) -> None:
        """End what runs, before the window goes."""
        self.blockSignals(True)
        self._worker.close()
        if self._process is not None:
            self._process.closeWriteChannel()
            if not self._process.waitForFinished(_CLOSING_MS):
                self._process.kill()
                self._process.waitForFinished(_PATIENCE_MS)
        self._clean()

    # -- the recording ----------------------------------------------------------------------------------

    def _on_source(self, run: int, source: Any) -> None:
        if self._cancelled:
            return
        process = self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONPATH", package_path(environment.value("PYTHONPATH")))
        environment.insert("PYTHONIOENCODING", "utf-8")
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.started.connect(lambda: self._know(process.processId()))
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        command, *rest = self._words
        process.start(sys.executable, ["-m", "resviz", command, str(source), *rest, "--pipe"])

    def _on_prepared(self, end: Finished) -> None:
        if self._process is not None:
            return  # the process says how it ends
        if end.how == "failed":
            how: Literal["refused", "failed"] = "refused" if isinstance(end.error, ResvizError) else "failed"
            self._end(ExportEnd(how, str(end.error), end.error, end.report))
        else:
            self._end(ExportEnd("cancelled"))

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _know(self, number: int) -> None:
        self._number = number

    # -- the process ------------------------------------------------------------------------------------

    def _read(self) -> None:
        if self._process is None:
            return
        *lines, self._lines = (self._lines + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            with suppress(ValueError):
                facts = json.loads(line)
                if "notes" in facts:
                    self._notes = list(facts["notes"])
                else:
                    self.progressed.emit(ExportState(**facts))

    def _read_errors(self) -> None:
        if self._process is not None:
            self._errors += bytes(self._process.readAllStandardError().data())

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            failure = OutputError(f"{sys.executable} cannot be started", remedy="Install resviz again.")
            self._end(ExportEnd("failed", str(failure), failure))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._process is None:
            return
        self._read()
        self._read_errors()
        if status is QProcess.ExitStatus.CrashExit:
            self._remove_parts()
        said = self._errors.decode("utf-8", "replace").strip()
        crashed = status is QProcess.ExitStatus.CrashExit
        if self._cancelled or (code == _INTERRUPTED and not crashed):
            self._end(ExportEnd("cancelled"))
        elif code == 0 and not crashed:
            self._end(ExportEnd("done", "\n".join(self._notes)))
        elif "Traceback" in said or crashed:
            failure = RuntimeError(said.splitlines()[-1] if said else f"the export ended with status {code}")
            self._end(ExportEnd("failed", str(failure), failure, said))
        else:
            lines = (line.strip() for line in said.removeprefix("resviz: ").splitlines())
            self._end(ExportEnd("refused", "\n".join(lines)))

    def _remove_parts(self) -> None:
        """What a process that was killed left beside its output: it can no longer do so itself."""
        out = Path(self._words[self._words.index("-o") + 1])
        for part in (out if out.is_dir() else out.parent).glob(f".*.{self._number}.part*"):
            with suppress(OSError):
                part.unlink()

    def _end(self, end: ExportEnd) -> None:
        self._patience.stop()
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        self._clean()
        self.ended.emit(end)

    def _clean(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _source(recording: Recording, path: Path) -> Iterator[Path]:
    """A place where another process can read the recording as it is now."""
    if recording.spool is not None:
        # saving a copy would count as having saved the run
        recording.spool.flush()
        yield recording.spool.path
    else:
        yield recording.save(path)
