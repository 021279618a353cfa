"""A lock on a folder that the system takes away when its process ends, however it ends."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["GLANCE_S", "Lock"]

GLANCE_S = 1.0
"""Longer than anybody holds a lock only to see whether it is free."""


class Lock:
    """An exclusive lock on the file ``path``, from `acquire` to `release` or to the end of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self, patience: float = 0.0) -> bool:
        """Take the lock; False if somebody else, in this process or another, holds it.

        Args:
            patience: seconds to go on trying; who looks which runs were left behind holds each for a moment.

        Raises:
            OSError: there is no such place, or its file system knows no locks.
        """
        until = time.monotonic() + patience
        while not (taken := self._try()) and time.monotonic() < until:
            time.sleep(0.01)
        return taken

    def _try(self) -> bool:
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            taken = _lock(file)
        except OSError:
            os.close(file)
            raise
        if taken:
            self._file = file
        else:
            os.close(file)
        return taken

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def release(self) -> None:
        """Let go of it; nothing happens where it is not held."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                os.close(file)

    def __del__(self) -> None:
        self.release()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
