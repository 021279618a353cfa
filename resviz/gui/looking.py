"""Looking at a run beside its training: what is visited next, and what can be shown of it by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from resviz.gui.state import AppState
from resviz.gui.work import Desk, Places, Sight, What, look
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording


def _empty(sight: Sight) -> bool:
    """Whether there will never be a first picture: a unit and a field make no pairs."""
    return bool(getattr(sight.whole, "mixed", False))


class Looking(QObject):
    """Visits recorded steps in a thread of its own, so that a change of observable never waits for training.

    Signals:
        seen(Sight, other): something was visited; ``other``: not of the series that were shown until now.
        caught_up(): every recorded step is visited.
        failed(error, report): it broke off.
    """

    seen = Signal(object, bool)
    caught_up = Signal()
    failed = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sight: Sight | None = None
        self._desk = Desk()
        self._worker = Worker("look", parent=self)
        self._worker.yielded.connect(self._on_sight)
        self._worker.finished.connect(self._on_finished)

    @property
    def busy(self) -> bool:
        """Whether steps of the present run are being visited."""
        return self._worker.working

    def forget(self) -> None:
        """Another run takes the place of the present one: nothing is kept."""
        self._worker.cancel()
        self._desk = Desk()
        self.sight = None

    def want(self, state: AppState, *, hurry: bool) -> None:
        """Visit the step of the cursor next; ``hurry``: and nothing else until its picture is painted."""
        self._desk.wanted, self._desk.live = state.cursor, state.follow and state.training
        if hurry:
            self._desk.painted.clear()
            self._desk.hurry = True

    def painted(self) -> None:
        """Say that the picture of the wanted step was painted."""
        self._desk.painted.set()

    def misses(self, step: int) -> bool:
        """Whether something of ``step`` is still to be visited."""
        return self.sight is None or any(one.can_visit(step) for one in self.sight.all)

    def start(self, recording: Recording, places: Places, what: What) -> None:
        """Visit all recorded steps, the wanted one first."""
        desk, twin = self._desk, recording.contrast
        self._worker.start(lambda: look(desk, recording, twin, places, what))

    def _on_sight(self, run: int, sight: Sight) -> None:
        if self.sight is not None and self.sight.main.newest >= 0 > sight.main.newest and not _empty(sight):
            return  # the old picture stays until the first one of what was asked for can be drawn
        other = self.sight is None or sight.all != self.sight.all
        self.sight = sight
        self.seen.emit(sight, other)

    def _on_finished(self, end: Finished) -> None:
        if end.run != self._worker.run:
            return
        if end.how == "failed":
            self.failed.emit(end.error, end.report)
        elif end.how == "done":
            self.caught_up.emit()

    def close(self, wait_ms: int) -> bool:
        """End the thread."""
        self._worker.blockSignals(True)
        return self._worker.close(wait_ms)
