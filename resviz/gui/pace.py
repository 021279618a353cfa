"""When pictures are painted: at once what was asked for, a few times a second what only grows or is read."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

_GROWTH_MS = 200


class Pace(QObject):
    """Emits ``due`` once for everything that was asked for since the last time."""

    due = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._soon, self._later = QTimer(self), QTimer(self)
        for timer, wait in ((self._soon, 0), (self._later, _GROWTH_MS)):
            timer.setSingleShot(True)
            timer.setInterval(wait)
            timer.timeout.connect(self.due)
        self._paints: deque[float] = deque(maxlen=240)
        self._uptime = QElapsedTimer()
        self._uptime.start()

    def soon(self) -> None:
        """Paint when the event loop comes by: the cursor moved, or something else is looked at."""
        self._soon.start()

    def grow(self) -> None:
        """Paint what came to be since, but not at every step: nothing that was looked at has changed."""
        if not self._later.isActive():
            self._later.start()

    def postpone_growth(self) -> None:
        """Somebody waits for a picture: what grew meanwhile is painted with it, or some time after."""
        self._later.start()

    def painted(self) -> int:
        """Say that all pictures were painted; how many times they were within the last second."""
        self._soon.stop()
        self._later.stop()
        now = self._uptime.elapsed() / 1000.0
        self._paints.append(now)
        return sum(1 for at in self._paints if now - at < 1.0)

    def stop(self) -> None:
        """Paint no more."""
        self._soon.stop()
        self._later.stop()


class Sparing(QObject):
    """Emits ``due`` when asked, but not more often than its interval; the last wish is always granted."""

    due = Signal()

    def __init__(self, interval_ms: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(interval_ms)
        self._rest.timeout.connect(self._rested)

    def ask(self, *, now: bool = False) -> None:
        """Emit ``due`` once the interval since the last time is over; ``now``: at once."""
        self._asked = True
        if now or not self._rest.isActive():
            self._grant()

    def _rested(self) -> None:
        if self._asked:
            self._grant()

    def _grant(self) -> None:
        self._asked = False
        self._rest.start()
        self.due.emit()

    def stop(self) -> None:
        """Forget what was asked for."""
        self._asked = False
        self._rest.stop()
