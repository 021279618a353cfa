"""Who gives way on a busy machine: what may be late to what somebody waits for."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

__all__ = ["give_way"]

_NICE = 10  # a tenth of the weight of a thread that paints or trains


def give_way() -> None:
    """Let the calling thread run where others leave the processor free; for good, on Linux only.

    On two cores, training takes one, and a painter that wakes for each frame finds a looking thread on the
    other: with equal rights it waits for some milliseconds (36 frames a second, and 60 with this).
    """
    if sys.platform == "linux":  # elsewhere a priority is a process's
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
