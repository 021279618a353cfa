"""A sweep in a process of its own: `resviz sweep` on the design, its progress over a pipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from PySide6.QtCore import QElapsedTimer, QObject, Signal

from resviz.gui.child import Child, ChildEnd, remove_parts
from resviz.gui.sweep.design import duration
from resviz.study.sweep.model import COPY, Sweep

_PATIENCE_MS = 1000  # a killed sweep has as good a table as one that tidies up: workers need not be awaited
_NOT_YET_S = 1.0  # of work before a rate is said


@dataclass(frozen=True, slots=True)
class SweepState:
    """Where a sweep stands; ``left`` in seconds, ``rate`` in runs a second, None while unknown."""

    done: int
    total: int
    failed: int = 0
    left: float | None = None
    rate: float | None = None

    def text(self) -> str:
        """ "12 of 40 runs · 1 failed · 3.2 runs/s · 9 s left"."""
        parts = [f"{self.done} of {self.total} runs"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.rate is None and self.left is None:
            parts.append("starting")
        if self.rate:
            parts.append(f"{self.rate:.2g} runs/s" if self.rate < 99.5 else f"{self.rate:.0f} runs/s")
        if self.left is not None:
            parts.append(f"{duration(self.left)} left")
        return " · ".join(parts)


@dataclass(frozen=True, slots=True)
class SweepEnd:
    """How a sweep ended, in words; ``share`` of its work was done in this process."""

    how: Literal["done", "cancelled", "refused", "failed"]
    message: str
    share: float = 0.0
    error: BaseException | None = None
    report: str = ""


class Running(QObject):
    """Runs one sweep at a time.

    Signals:
        progressed(SweepState): as it goes on.
        ended(SweepEnd): once for every `start`.
    """

    progressed = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child = Child(self, patience_ms=_PATIENCE_MS)
        self._child.said.connect(self._on_said)
        self._child.ended.connect(self._on_ended)
        self._handed: TemporaryDirectory[str] | None = None
        self._folder = Path()
        self._state = SweepState(0, 0)
        self._before = 0  # runs that were there
        self._clock = QElapsedTimer()  # since the first run of this process ended

    @property
    def busy(self) -> bool:
        """Whether a sweep has not ended yet."""
        return self._child.busy

    def start(
        self,
        sweep: Sweep,
        folder: Path,
        *,
        scheduler: str = "",
        workers: int | None = None,
        retry: bool = False,
    ) -> None:
        """Run what the table in ``folder`` lacks.

        Raises:
            OutputError: the sweep cannot be handed over.
        """
        self._handed = TemporaryDirectory(prefix="resviz-sweep-")
        file = sweep.save(Path(self._handed.name) / COPY)
        self._folder, self._state, self._before = folder, SweepState(0, 0), -1
        self._clock.invalidate()
        words = ["sweep", str(file), "-o", str(folder)]
        words += ["--scheduler", scheduler] if scheduler else []
        words += ["--workers", str(workers)] if workers is not None and not scheduler else []
        words += ["--retry"] if retry else []
        self._child.start(words)

    def cancel(self) -> None:
        """End it soon; rows that are written stay."""
        self._child.cancel()

    def close(self) -> None:
        """End what runs, before the window goes."""
        self.blockSignals(True)
        self._child.close()
        self._clean()

    def _on_said(self, facts: dict[str, Any]) -> None:
        done, total = int(facts.get("done", 0)), int(facts.get("total", 0))
        if self._before < 0:
            self._before = done
            self._clock.start()
        gone = self._clock.elapsed() / 1e3
        new = done - self._before
        rate = new / gone if new and gone > _NOT_YET_S else None
        self._state = SweepState(done, total, int(facts.get("failed", 0)), facts.get("left"), rate)
        self.progressed.emit(self._state)

    def _on_ended(self, end: ChildEnd) -> None:
        self._clean()
        if end.crashed:
            remove_parts(self._folder, end.number)
        state = self._state
        failed = f", {state.failed} failed: hover over the rings" if state.failed else ""
        kept = f"{state.done} of {state.total} runs{failed}"
        message = {
            "done": f"Finished: {kept}. Table: {self._folder}",
            "cancelled": f"Cancelled: {kept} are kept. Continue goes on from there.",
        }.get(end.how, end.message)
        if end.crashed and end.how == "failed":
            # by the system's memory killer, say: the table is whole, and there is no error of ours to report
            message = f"The sweep's process was killed (out of memory?): {kept} are kept."
            end = replace(end, how="refused", error=None)
        share = (state.done - max(0, self._before)) / state.total if state.total else 0.0
        self.ended.emit(SweepEnd(end.how, message, share, end.error, end.report))

    def _clean(self) -> None:
        if self._handed is not None:
            self._handed.cleanup()
            self._handed = None
