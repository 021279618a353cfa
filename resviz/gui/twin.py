"""Another lazy twin, trained beside the run when the contrast's alpha changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from resviz.config import Session
from resviz.gui.reins import Reins
from resviz.gui.work import SolvedLimits, Stage, Trained, train
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording


class TwinTrainer(QObject):
    """Trains one twin at a time; a newer one takes the older one's place.

    Signals:
        progressed(step): newest step of the twin; None when none is in training.
        trained(Recording): all its steps, or those before it diverged.
        failed(error, report): it broke off.
    """

    progressed = Signal(object)
    trained = Signal(object)
    failed = Signal(object, str)

    def __init__(self, limits: SolvedLimits, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.apart = True  # in a process of its own; False: in the worker's thread
        self._limits = limits
        self._recording: Recording | None = None
        self._worker = Worker("twin", rate=5.0, background=True, parent=self)
        self._worker.yielded.connect(self._on_value)
        self._worker.finished.connect(self._on_finished)

    def start(self, session: Session) -> None:
        """Train ``session`` at its contrast's alpha."""
        twin, limits = session.with_values({"network.alpha": session.contrast.alpha}), self._limits
        self._recording = None
        reins = Reins() if self.apart else None
        self._worker.start(lambda: train(twin, limits, contrast=False, reins=reins), steered=reins)
        self.progressed.emit(0)

    def cancel(self) -> None:
        """Forget the twin in training."""
        self._worker.cancel()
        self.progressed.emit(None)

    def _on_value(self, run: int, value: Stage | Trained) -> None:
        if isinstance(value, Trained):
            self._recording = value.recording
            self.progressed.emit(max(value.step, 0))

    def _on_finished(self, end: Finished) -> None:
        if end.run != self._worker.run or end.how == "cancelled":
            return
        self.progressed.emit(None)
        if self._recording is not None and self._recording.step >= 0:
            self.trained.emit(self._recording)
        if end.how == "failed":
            self.failed.emit(end.error, end.report)

    def close(self, wait_ms: int) -> bool:
        """End the thread."""
        self._worker.blockSignals(True)
        return self._worker.close(wait_ms)
