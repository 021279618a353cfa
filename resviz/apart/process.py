"""The other process from this side: started ahead of need, lent to one run at a time, ended with this one."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from contextlib import suppress
from io import RawIOBase
from queue import Empty, Full, Queue
from typing import cast

from resviz.apart.orders import Cancel, Job, News, Order
from resviz.apart.wire import pack, receive, send
from resviz.files import package_path

__all__ = ["Gone", "Trainer", "give", "take", "warm"]

_AHEAD = 8  # messages that wait here before the trainer does
_LOOK_S = 0.1  # between two looks whether anybody still waits for what is put there
_PATIENCE_S = 1.0


class Gone(Exception):
    """The process has ended by itself."""


class Trainer:
    """A process that trains, and what it says of the present job."""

    def __init__(self) -> None:
        """Start the process; it loads what it needs while nobody waits.

        Raises:
            OSError: it cannot be started.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "resviz.apart.trainer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": package_path(os.environ.get("PYTHONPATH", ""))},
            start_new_session=True,  # Ctrl+C in a terminal is the window's business
        )
        self._job = 0
        self._turn = threading.Lock()  # of orders
        self._news: Queue[News] = Queue(_AHEAD)
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="news", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    @property
    def how(self) -> str:
        """How it ended, in words."""
        code = self._process.wait()
        return f"killed by signal {-code}" if code < 0 else f"exit status {code}"

    @property
    def next_job(self) -> int:
        """A number for it."""
        return self._job + 1

    def begin(self, job: Job) -> None:
        """Hand it a job; what it still says of the one before is dropped.

        Raises:
            Gone: it is.
        """
        self._job = job.number
        with suppress(Empty):
            while True:
                self._news.get_nowait()
        self.say(job)

    def say(self, order: Order) -> None:
        """Tell it something.

        Raises:
            Gone: it is.
        """
        try:
            with self._turn:
                send(cast(RawIOBase, self._process.stdin), pack(order))
        except (OSError, ValueError) as error:  # the latter: closed here, at the end of the program
            raise Gone from error

    def hear(self, seconds: float) -> News:
        """What it says next; empty if that is nothing within ``seconds``.

        Raises:
            Gone: it is.
        """
        try:
            return self._news.get(timeout=seconds)
        except Empty:
            if self._gone.is_set():
                raise Gone from None
            return []

    def end_job(self) -> None:
        """Nobody waits for the present job any more."""
        number, self._job = self._job, self._job + 1  # so that it is not heard any more
        with suppress(Gone):
            self.say(Cancel(number))

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            cast(RawIOBase, self._process.stdin).close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join()
        cast(RawIOBase, self._process.stdout).close()

    def _listen(self) -> None:
        stream = cast(RawIOBase, self._process.stdout)
        try:
            while True:
                number, news = receive(stream)
                while number == self._job:
                    with suppress(Full):
                        self._news.put(news, timeout=_LOOK_S)
                        break
                del news  # or a trainer that waits would keep the last steps in memory
        except EOFError:
            self._gone.set()


_idle: list[Trainer] = []
_all: list[Trainer] = []
_lock = threading.Lock()


def take() -> Trainer:
    """A trainer that waits, or a new one.

    Raises:
        OSError: none can be started.
    """
    with _lock:
        while _idle:
            if (found := _idle.pop()).alive:
                return found
            found.close()
        if not _all:
            atexit.register(_end)
        _all[:] = [one for one in _all if one.alive]
        _all.append(made := Trainer())
        return made


def give(trainer: Trainer) -> None:
    """It has nothing to do."""
    with _lock:
        if trainer.alive:
            _idle.append(trainer)
        else:
            trainer.close()


def warm() -> None:
    """Have one that waits, so that a run which begins soon finds all loaded."""
    with suppress(OSError):
        give(take())


def _end() -> None:
    for one in _all:
        one.close()
