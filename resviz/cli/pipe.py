"""Progress for a program that reads it: JSON lines on stdout; the end of stdin cancels.

The window starts `resviz export` so: scenes are painted in a GUI thread, and that of the window is busy.
"""

from __future__ import annotations

import _thread
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from resviz.cli.report import Update

_RATE_S = 0.1  # between two lines
_NOT_YET = 0.5  # seconds of drawing before the time left is said


def say(**facts: Any) -> None:
    """One line of JSON."""
    print(json.dumps(facts, ensure_ascii=False), flush=True)


@contextmanager
def piped_progress() -> Iterator[Update]:
    """An update that writes {"done", "total", "message", "left"}; left is in seconds, null while unknown."""
    threading.Thread(target=_watch, name="stdin", daemon=True).start()
    begun: float | None = None
    last = float("-inf")

    def update(done: int, total: int, message: str) -> None:
        nonlocal begun, last
        now = time.monotonic()
        if begun is None or done == 0:
            begun = now  # preparation says nothing about the time that a frame takes
        if now - last < _RATE_S and done < total:
            return
        last = now
        known = done > 0 and now - begun > _NOT_YET
        say(
            done=done,
            total=total,
            message=message,
            left=(now - begun) * (total - done) / done if known else None,
        )

    yield update


def _watch() -> None:
    """Interrupt the work when stdin ends: the window cancels so, or has died."""
    while sys.stdin.readline():
        pass
    _thread.interrupt_main()
