"""Progress for a program that reads it: JSON lines on stdout; the end of stdin cancels.

The window starts `resviz export` so: scenes are painted in a GUI thread, and that of the window is busy.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
import time
from typing import Any

from resviz.cli.report import Update

_RATE_S = 0.1  # between two lines
_GRACE_S = 10.0  # to tidy up after being interrupted
_INTERRUPTED = 130
_NOT_YET = 0.5  # seconds of work before the time left is said


def say(**facts: Any) -> None:
    """One line of JSON."""
    print(json.dumps(facts), flush=True)


def watch_stdin() -> None:
    """Interrupt this process when its stdin ends: whoever started it cancels so, or has died."""
    threading.Thread(target=_watch, name="stdin", daemon=True).start()


class Left:
    """Seconds of work that are left, judged by what went before; None while unknown."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._share = 0.0  # that was done when it began

    def begin(self, share: float = 0.0) -> None:
        """Count from now on: preparation says nothing about the time that the work takes."""
        self._begun, self._share = time.monotonic(), share

    def at(self, share: float) -> float | None:
        """When the share 0..1 of the work is done."""
        if self._begun is None:
            self.begin(share)
            return None
        gone, done = time.monotonic() - (self._begun or 0.0), share - self._share
        return gone * (1.0 - share) / done if done > 0 and gone > _NOT_YET else None


def piped_progress() -> Update:
    """An update that writes {"done", "total", "message", "left"}; left is in seconds, null while unknown."""
    left, last = Left(), float("-inf")

    def update(done: int, total: int, message: str) -> None:
        nonlocal last
        if done == 0:
            left.begin()
        now = time.monotonic()
        if now - last < _RATE_S and done < total:
            return
        last = now
        say(done=done, total=total, message=message, left=left.at(done / total) if total else None)

    return update


def _watch() -> None:
    while sys.stdin.readline():
        pass
    if hasattr(signal, "pthread_kill"):
        # also ends a wait for a lock, which a flag alone would not
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()
    time.sleep(_GRACE_S)
    os._exit(_INTERRUPTED)  # compiled code of libraries may swallow an interrupt
