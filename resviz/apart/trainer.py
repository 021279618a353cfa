"""The process that trains: takes jobs from its standard input, and tells what is new on its standard output.

``python -m resviz.apart.trainer`` is started by a window and ends with it, however that ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections import deque
from io import RawIOBase
from pathlib import Path
from queue import Queue
from typing import cast

from resviz.apart.news import Elsewhere, NewsOf
from resviz.apart.orders import At, Cancel, Edit, Failed, Go, Job, News, Order, Stopped
from resviz.apart.wire import pack, receive, send
from resviz.recording.record import Progress, record
from resviz.recording.recording import Recording

_PERIOD_S = 0.008  # half a frame of a display: what is shown is never older
_AHEAD = 8  # messages that wait for the window before training does
_PIPE_BYTES = 1_000_000  # the most that Linux gives everybody; 64 kB, its default, is a fifth of a step


class _Orders:
    """What the window said, as far as the present job goes; a thread reads it."""

    def __init__(self, stream: RawIOBase) -> None:
        self._stream = stream
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._go = Go(0, 0, False, None)
        self._edits: deque[dict[str, float | int]] = deque()
        self._over = 0  # jobs up to this number are
        threading.Thread(target=self._listen, name="orders", daemon=True).start()

    def job(self) -> Job:
        """The next job."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._jobs)
                job = self._jobs.popleft()
                if job.number > self._over:
                    return job

    def over(self, job: Job) -> bool:
        """Whether nobody waits for ``job`` any more."""
        return job.number <= self._over

    @property
    def go(self) -> Go:
        """The last word on how far the newest job may go."""
        return self._go

    def edits(self) -> dict[str, float | int]:
        """Live edits since the last call."""
        asked: dict[str, float | int] = {}
        while self._edits:
            asked |= self._edits.popleft()
        return asked

    def wait(self, job: Job, stands: Go) -> None:
        """Until there is another word than ``stands``."""
        with self._changed:
            self._changed.wait_for(lambda: self.over(job) or self._go is not stands)

    def _listen(self) -> None:
        try:
            while True:
                self._take(receive(self._stream))
        except (EOFError, OSError):
            os._exit(0)  # the window is gone, and with it whoever wanted anything from here

    def _take(self, order: Order) -> None:
        with self._changed:
            match order:
                case Job():
                    self._over = max(self._over, order.number - 1)
                    self._edits.clear()
                    self._go = Go(order.number, 0, order.paused, order.target)
                    self._jobs.append(order)
                case Cancel():
                    self._over = max(self._over, order.job)
                case Go():
                    self._go = order
                case Edit():
                    self._edits.append(order.asked)
            self._changed.notify_all()


class _Post:
    """Sends what is new in a thread of its own: training does not wait for a pipe."""

    def __init__(self, stream: RawIOBase) -> None:
        self._stream = stream
        self._waiting: Queue[list[memoryview]] = Queue(_AHEAD)
        threading.Thread(target=self._send, name="post", daemon=True).start()

    def put(self, job: Job, news: News) -> None:
        """Send this; waits where the window is far behind."""
        self._waiting.put(pack((job.number, news)))

    def _send(self) -> None:
        try:
            while True:
                send(self._stream, self._waiting.get())
        except OSError:
            os._exit(0)


def _serve(job: Job, orders: _Orders, post: _Post) -> None:
    """One job from its start to its end, said or not wanted any more."""
    after = None if job.after is None else _opened(job.after)
    known = {key: Elsewhere.of(key, newest) for key, newest in job.known.items()}
    told = NewsOf(after)
    recording = after
    states = record(job.session, limits=dict(known), contrast=job.contrast, after=after, threads=job.threads)
    try:
        for now in states:
            recording = now.recording
            if not _go_on(job, now, told, orders, post):
                return
    except BaseException:
        if recording is not None:  # what was recorded before stays valid
            post.put(job, told.look(recording))
        raise
    post.put(job, [Stopped()])


def _go_on(job: Job, now: Progress, told: NewsOf, orders: _Orders, post: _Post) -> bool:
    """Tell what is new, obey what was said; whether the job is wanted on."""

    def tell(held: int = -1) -> None:
        at = At(now.step, now.steps, now.speed, now.notes, held)
        post.put(job, [*told.look(now.recording), at])

    if told.idle > _PERIOD_S or now.step >= now.steps:
        tell()
    while not orders.over(job):
        if asked := orders.edits():
            tell()  # before: an event that comes now is not of this edit
            told.hand(now.recording, asked)
        go = orders.go
        if not (go.paused or (go.target is not None and now.step >= go.target)):
            return True
        tell(held=go.serial)
        orders.wait(job, go)
    return False


def _opened(place: Path) -> Recording:
    from resviz.recording.opened import open_recording
    from resviz.recording.spool.reader import Reader

    if not place.is_dir():
        return open_recording(place)
    reader = Reader(place)
    reader.read_on()
    if reader.recording is None:
        raise RuntimeError(f"{place} holds no run")
    return reader.recording


def _load() -> None:
    """What the first job needs, before there is one; what stays need not be looked through for garbage."""
    import gc

    from resviz.engine.kernelcache import kernels

    kernels("float32")
    gc.collect()
    gc.freeze()


def main() -> None:
    """Take jobs until the window is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; the window decides
    out = cast(RawIOBase, os.fdopen(os.dup(1), "wb", buffering=0))
    os.dup2(2, 1)  # what a library prints must not get between messages
    _widen(out.fileno())
    orders, post = _Orders(cast(RawIOBase, os.fdopen(os.dup(0), "rb", buffering=0))), _Post(out)
    _load()
    while True:
        job = orders.job()
        try:
            _serve(job, orders, post)
        except BaseException as error:  # whatever it is, the window tells people
            post.put(job, [Failed(_picklable(error), traceback.format_exc())])


def _picklable(error: BaseException) -> BaseException:
    try:
        pack(error)
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _widen(pipe: int) -> None:
    if sys.platform == "linux":
        import fcntl
        from contextlib import suppress

        with suppress(OSError):  # not that many for this user
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


if __name__ == "__main__":
    main()
