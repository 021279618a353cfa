"""The clock that plays: how many steps the cursor has to go on by now."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

_FRAME_MS = 16


class CursorClock(QObject):
    """Ticks at the display's rate while it runs.

    Args:
        speed: steps a second, asked at every tick.
        room: steps that the cursor may go on at once; what is owed beyond them is forgotten.

    Signals:
        due(steps): whole steps to go on, often 0.
    """

    due = Signal(int)

    def __init__(
        self, speed: Callable[[], float], room: Callable[[], int], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._speed, self._room = speed, room
        self._owed = 0.0  # fractions of a step that were not paid yet
        self._elapsed = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._tick)

    def run(self, on: bool) -> None:
        """Start, owing nothing, or stop."""
        self._owed = 0.0
        if on:
            self._elapsed.start()
            self._timer.start()
        else:
            self._timer.stop()

    def _tick(self) -> None:
        gone = self._elapsed.restart() / 1000.0 * self._speed()
        # a clock that had to wait owes one step, not all the steps it could have gone
        self._owed = min(self._owed + gone, max(1.0, gone))
        steps = min(int(self._owed), max(self._room(), 0))
        self._owed -= steps
        self.due.emit(steps)
