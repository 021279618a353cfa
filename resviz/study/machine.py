"""The machine that a study runs on."""

from __future__ import annotations

import os

__all__ = ["cores", "in_words"]


def cores() -> int:
    """Cores that this process may use, a container's share included where the system tells it."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # not on macOS, Windows
        return max(1, os.cpu_count() or 1)


def in_words() -> str:
    """ "2 cores, torch 2.13.0": what a wall time was measured on."""
    from importlib.metadata import version

    count = cores()
    return f"{count} core{'s' if count > 1 else ''}, torch {version('torch')}"
