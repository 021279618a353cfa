"""Progress for a program that reads it: JSON lines on stdout; the end of stdin cancels.

The window starts `resviz export` so: scenes are painted in a GUI thread, and that of the window is busy.
"""

from __future__ import annotations

import _thread
import json
import sys
import threading
import time
from typing import Any

from resviz.cli.report import Update

_RATE_S = 0.1  # between two lines
_NOT_YET = 0.5  # seconds of drawing before the time left is said


def say(**facts: Any) -> None:
    """One line of JSON."""
    print(json.dumps(facts), flush=True)


def watch_stdin() -> None:
    """Interrupt this process when its stdin ends: whoever started it cancels so, or has died."""
    threading.Thread(target=_watch, name="stdin", daemon=True).start()


def piped_progress() -> Update:
    """An update that writes {"done", "total", "message", "left"}; left is in seconds, null while unknown."""
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

    return update


def _watch() -> None:
    while sys.stdin.readline():
        pass
    _thread.interrupt_main()
