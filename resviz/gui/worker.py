"""One thread that runs generators for the window, one at a time, newest request first.

The rules that keep a window answering while it trains, and honest when training fails:

- every run ends with exactly one `Worker.finished`, whatever happened: done, cancelled or failed. Torch
  raises ``RuntimeError`` for exhausted memory and for shapes, so *any* exception is an outcome;
- yields are coalesced to the display rate: between two deliveries only the newest is kept, the last one of a
  run always arrives, and before its ``finished``;
- every run carries a generation number; once a newer one was started, values of an older one are dropped;
- pause and cancel act between yields, so a generator that yields every 100 ms pauses within 100 ms;
- what a generator yields crosses threads and must not be changed afterwards.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot

from resviz.draw.virtuals import virtuals
from resviz.priority import give_way

Make = Callable[[], Iterator[Any]]
Until = Callable[[Any], bool]


class Steered(Protocol):
    """What a generator looks at that has somebody else work ahead of it: another process, say."""

    @property
    def held(self) -> bool:
        """Whether nobody works any more, and all that was done has been yielded."""

    def steer(self, paused: bool, until: Until | None) -> None:
        """Tell it what a run is told; the generator goes on yielding until it is `held`."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended.

    Attributes:
        run: generation number that `Worker.start` returned for it.
        how: ``"done"`` (the generator returned), ``"cancelled"`` or ``"failed"``.
        error: what was raised, its frames cleared so that their tensors are free; None unless failed.
        report: the traceback as text; empty unless failed.
    """

    run: int
    how: Literal["done", "cancelled", "failed"]
    error: BaseException | None = None
    report: str = ""


@dataclass(slots=True)
class _Job:
    run: int
    make: Make
    cancelled: bool = False
    paused: bool = False
    until: Until | None = None
    steered: Steered | None = None


@virtuals
class _Loop(QThread):
    """Takes jobs from its worker until there are no more to come."""

    def __init__(self, serve: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._serve = serve

    def run(self) -> None:
        self._serve()


_lingering: set[Worker] = set()  # closed, but still within a piece of work (a first import, say)
_LAST_WORDS_MS = 10_000


def _outlast() -> None:
    """At the end of the program: Qt would abort it while a thread runs."""
    for worker in tuple(_lingering):
        worker._loop.wait(_LAST_WORDS_MS)


class Worker(QObject):
    """Runs generators off the thread it lives in and reports back to it.

    Signals (all emitted in the thread the worker lives in):
        yielded(run, value): newest value of the current run, at most ``rate`` times a second.
        paused(run): the run stopped by itself because ``until`` held for its newest value.
        finished(Finished): once a run, always.
    """

    yielded = Signal(int, object)
    paused = Signal(int)
    finished = Signal(object)
    _mail = Signal()

    def __init__(
        self, name: str, *, rate: float = 60.0, background: bool = False, parent: QObject | None = None
    ) -> None:
        """Not started yet; ``background`` work gives way to all that paints and trains."""
        super().__init__(parent)
        self._background = background
        self._jobs: deque[_Job] = deque()
        self._current: _Job | None = None  # what the thread works on, for close()
        self._newest: _Job | None = None  # what start() was last called with
        self._closing = False
        self._wake = threading.Condition()  # guards all of the above and the post box
        self._value: list[tuple[int, Any]] = []  # at most one: newest wins
        self._stopped: list[int] = []  # runs that `until` has paused
        self._ended: list[Finished] = []
        self._said: bool = False  # a _mail is under way
        self._runs = 0
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.setInterval(max(1, round(1000 / rate)))
        self._clock.timeout.connect(self._deliver)
        self._mail.connect(self._arrived, Qt.ConnectionType.QueuedConnection)
        self._loop = _Loop(self._serve, self)
        self._loop.setObjectName(name)

    @property
    def run(self) -> int:
        """Generation number of the newest run, 0 before the first."""
        return self._runs

    @property
    def busy(self) -> bool:
        """Whether the newest run has not said finished yet."""
        return self._newest is not None

    @property
    def working(self) -> bool:
        """Whether the newest run has not said finished yet, and nobody has cancelled it."""
        with self._wake:
            return self._newest is not None and not self._newest.cancelled

    @property
    def is_paused(self) -> bool:
        """Whether the newest run waits between two yields."""
        with self._wake:
            return self._newest is not None and self._newest.paused

    # -- asked from the owner's thread ------------------------------------------------------------------

    def start(
        self,
        make: Make,
        *,
        paused: bool = False,
        until: Until | None = None,
        steered: Steered | None = None,
    ) -> int:
        """Run ``make()`` from now on and cancel what runs; returns the new generation number.

        ``make`` itself is called in the thread, so that it may import or allocate. ``until`` is called
        there too, on every value; the first for which it holds pauses the run (see `resume`). With
        ``steered`` a pause is told it, and acts when it holds.
        """
        if self._closing:
            raise RuntimeError("the worker was closed")
        self._runs += 1
        job = _Job(self._runs, make, paused=paused, until=until, steered=steered)
        with self._wake:
            for old in (*self._jobs, *filter(None, [self._current])):
                old.cancelled = True
            self._value.clear()
            self._stopped.clear()
            self._newest = job
            self._jobs.append(job)
            self._wake.notify_all()
        if not self._loop.isRunning():
            self._loop.start()
        return job.run

    def pause(self) -> None:
        """Hold the newest run at its next yield."""
        with self._wake:
            if self._newest is not None:
                self._newest.paused = True

    def resume(self, until: Until | None = None) -> None:
        """Go on; with ``until`` only up to the first value for which it holds."""
        with self._wake:
            if self._newest is not None:
                self._newest.paused = False
                self._newest.until = until
                self._wake.notify_all()

    def cancel(self) -> None:
        """End the newest run at its next yield, paused or not; its values no longer arrive."""
        with self._wake:
            if self._newest is not None:
                self._newest.cancelled = True
                self._value.clear()
                self._stopped.clear()
                self._wake.notify_all()

    def close(self, wait_ms: int = 5000) -> bool:
        """Cancel everything, say finished for it, end the thread; whether it ended within ``wait_ms``."""
        with self._wake:
            self._closing = True
            for job in (*self._jobs, *filter(None, [self._current])):
                job.cancelled = True
            self._value.clear()
            self._stopped.clear()
            self._wake.notify_all()
        ended = self._loop.wait(wait_ms) if self._loop.isRunning() else True
        if not ended:
            self._linger()
        self._deliver()
        self._clock.stop()
        return ended

    def _linger(self) -> None:
        """Outlive whoever closes: Qt aborts the process when a running thread is destroyed."""
        if self not in _lingering:
            atexit.unregister(_outlast)  # once is enough
            atexit.register(_outlast)
            self.setParent(None)
            _lingering.add(self)
            self._loop.finished.connect(lambda: _lingering.discard(self))

    # -- in the thread ----------------------------------------------------------------------------------

    def _serve(self) -> None:
        if self._background:
            give_way()
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._jobs or self._closing)
                if not self._jobs:
                    return
                job = self._current = self._jobs.popleft()
            ended = self._work(job)
            with self._wake:
                self._current = None
                self._ended.append(ended)
            self._say()
            del job, ended  # or a waiting thread would keep the last run's memory

    def _work(self, job: _Job) -> Finished:
        values: Iterator[Any] | None = None
        try:
            if not self._may_go_on(job):
                return Finished(job.run, "cancelled")
            values = iter(job.make())
            for value in values:
                if value is not None:
                    self._post(job, value)
                if not self._may_go_on(job):
                    return Finished(job.run, "cancelled")
        except BaseException as error:  # whatever ends a run is reported; nothing may end the thread silently
            report = traceback.format_exc()
            _free_frames(error)
            return Finished(job.run, "failed", error, report)
        else:
            return Finished(job.run, "done")
        finally:
            if isinstance(values, Generator):
                # a clean-up that raises must not hide how the run ended
                with contextlib.suppress(BaseException):
                    values.close()

    def _may_go_on(self, job: _Job) -> bool:
        with self._wake:
            self._wake.wait_for(lambda: job.cancelled or self._wanted(job))
            return not job.cancelled

    def _wanted(self, job: _Job) -> bool:
        """Whether there is a next value to ask for: while it is paused, too, what is there already."""
        if job.steered is None:
            return not job.paused
        job.steered.steer(job.paused, job.until)
        return not (job.paused and job.steered.held)

    def _post(self, job: _Job, value: Any) -> None:
        until = job.until
        stop = until is not None and until(value)
        with self._wake:
            if job.cancelled:
                return
            self._value[:] = [(job.run, value)]
            if stop and job.until is until:  # unless a resume() has asked for something else meanwhile
                job.paused = True
                job.until = None
                self._stopped.append(job.run)
        self._say()

    def _say(self) -> None:
        with self._wake:
            if self._said:
                return  # one event in the queue is enough; it finds the newest
            self._said = True
        self._mail.emit()

    # -- back in the owner's thread ---------------------------------------------------------------------

    @Slot()
    def _arrived(self) -> None:
        with self._wake:
            self._said = False
            urgent = bool(self._ended or self._stopped)
        if urgent or not self._clock.isActive():
            self._deliver()

    @Slot()
    def _deliver(self) -> None:
        with self._wake:
            value, self._value = self._value, []
            stopped, self._stopped = self._stopped, []
            ended, self._ended = self._ended, []
        for run, newest in value:
            self._clock.start()
            if run == self._runs:
                self.yielded.emit(run, newest)
        for run in stopped:
            if run == self._runs:
                self.paused.emit(run)
        for end in ended:
            with self._wake:
                if self._newest is not None and self._newest.run == end.run:
                    self._newest = None
            self.finished.emit(end)


def _free_frames(error: BaseException | None) -> None:
    """Forget the local variables of everything that raised: a window keeps the error, not its tensors."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if error.__traceback__ is not None:
            traceback.clear_frames(error.__traceback__)
            error.__traceback__ = None
        error = error.__cause__ or error.__context__
