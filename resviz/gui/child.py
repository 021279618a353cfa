"""A command of resviz in a process of its own: JSON lines from its stdout, the end of its stdin cancels it.

See `resviz.cli.pipe`, which is the other end.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from resviz.errors import OutputError
from resviz.files import package_path

_INTERRUPTED = 130
_PATIENCE_MS = 5000  # for a process to end after it was asked to
_CLOSING_MS = 1000  # the same where the window waits


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a command ended: what to tell people, and for an unexpected end the error itself.

    Attributes:
        how: "refused" where the command said why in its own words, "failed" where it did not.
        crashed: it was killed or fell over, so that it could not clean up.
        number: of the process.
    """

    how: Literal["done", "cancelled", "refused", "failed"]
    message: str = ""
    error: BaseException | None = None
    report: str = ""
    crashed: bool = False
    number: int = 0


class Child(QObject):
    """Runs one command at a time.

    Signals:
        said(dict): a line of its stdout.
        ended(ChildEnd): once for every `start`.
    """

    said = Signal(dict)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None, *, patience_ms: int = _PATIENCE_MS) -> None:
        """
        Args:
            patience_ms: for the command to end after it was cancelled; then it is killed.
        """
        super().__init__(parent)
        self._process: QProcess | None = None
        self._number = 0
        self._lines, self._errors = b"", b""
        self._cancelled = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(patience_ms)
        self._patience.timeout.connect(self._kill)

    @property
    def busy(self) -> bool:
        """Whether the command has not ended yet."""
        return self._process is not None

    def start(self, words: Sequence[str]) -> None:
        """Run ``resviz WORDS --pipe``."""
        self._lines, self._errors, self._cancelled = b"", b"", False
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
        process.start(sys.executable, ["-m", "resviz", *words, "--pipe"])

    def cancel(self) -> None:
        """Ask it to end; if it does not listen, end it."""
        self._cancelled = True
        if self._process is not None:
            self._process.closeWriteChannel()
            self._patience.start()

    def close(self) -> None:
        """End what runs, before the window goes."""
        self.blockSignals(True)
        self._patience.stop()
        if self._process is not None:
            self._process.closeWriteChannel()
            if not self._process.waitForFinished(_CLOSING_MS):
                self._process.kill()
                self._process.waitForFinished(_PATIENCE_MS)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _know(self, number: int) -> None:
        self._number = number

    def _read(self) -> None:
        if self._process is None:
            return
        *lines, self._lines = (self._lines + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            with suppress(ValueError):
                facts = json.loads(line)
                if isinstance(facts, dict):
                    self.said.emit(facts)

    def _read_errors(self) -> None:
        if self._process is not None:
            self._errors += bytes(self._process.readAllStandardError().data())

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            failure = OutputError(f"{sys.executable} cannot be started", remedy="Install resviz again.")
            self._end(ChildEnd("failed", str(failure), failure))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._process is None:
            return
        self._read()
        self._read_errors()
        end = self._outcome(code, crashed=status is QProcess.ExitStatus.CrashExit)
        self._end(replace(end, number=self._number))

    def _outcome(self, code: int, *, crashed: bool) -> ChildEnd:
        said = self._errors.decode("utf-8", "replace").strip()
        if self._cancelled or (code == _INTERRUPTED and not crashed):
            return ChildEnd("cancelled", crashed=crashed)
        if code == 0 and not crashed:
            return ChildEnd("done")
        refusal = _refusal(said)
        if refusal and not crashed:
            return ChildEnd("refused", refusal)
        if "Traceback" in said or crashed:
            last = said.splitlines()[-1] if said else f"the process ended with status {code}"
            failure = RuntimeError(last)
            return ChildEnd("failed", str(failure), failure, said, crashed)
        return ChildEnd("refused", said)

    def _end(self, end: ChildEnd) -> None:
        self._patience.stop()
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        self.ended.emit(end)


def remove_parts(folder: Path, number: int) -> None:
    """Remove what the killed process ``number`` left half-written: it can no longer do so itself."""
    for part in folder.glob(f".*.{number}.part*"):
        with suppress(OSError):
            part.unlink()


def _refusal(said: str) -> str:
    """What resviz said itself, without the warnings of libraries before and after it; empty if nothing."""
    lines = said.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith("resviz: ")), None)
    if first is None:
        return ""
    more = itertools.takewhile(lambda line: line.startswith("  "), lines[first + 1 :])
    return "\n".join([lines[first].removeprefix("resviz: "), *(line.strip() for line in more)])
