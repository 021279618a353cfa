"""One bound on the memory of all buffers of a process, whoever they belong to.

What lies in a file too may be let go of, least recently used first; what does not is only counted. Net, twin,
limits and opened recordings share the one bound, so that five half-empty buffers never add up to a full
machine.
"""

from __future__ import annotations

import os
import weakref
from collections import OrderedDict, deque
from threading import RLock
from typing import Any

__all__ = ["MEMORY", "Memory", "free_memory", "machine_memory"]

_UNKNOWN = 8_000_000_000  # bytes taken for granted where the system does not tell


def machine_memory() -> int:
    """Bytes of memory of this machine; 0 if unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a POSIX system
        return 0


def free_memory() -> int:
    """Bytes that new work may take without pushing others out; half of the machine where nobody tells."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):  # not Linux
        return (machine_memory() or _UNKNOWN) // 2


class Memory:
    """Counts what is held, and lets go of what can be read again.

    Any thread may call. Owners are told apart by identity; what a dead owner held is forgotten.

    Attributes:
        limit: bytes that may be held together; may be set at any time.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = RLock()
        self._kept: OrderedDict[int, tuple[Any, int]] = OrderedDict()  # least recently used first
        self._pinned: dict[int, int] = {}
        self._kept_bytes = self._pinned_bytes = 0
        self._watched: set[int] = set()
        # garbage is collected at any moment, in the middle of a method here too: the dead queue up
        self._dead: deque[int] = deque()

    @property
    def used(self) -> int:
        """Bytes held now."""
        with self._lock:
            self._bury()
            return self._kept_bytes + self._pinned_bytes

    @property
    def full(self) -> bool:
        """Whether what cannot be let go of passes the limit by itself."""
        with self._lock:
            self._bury()
            return self._pinned_bytes > self.limit

    def pin(self, owner: object, size: int) -> None:
        """``owner`` holds ``size`` bytes that lie nowhere else; replaces what it pinned before."""
        with self._lock:
            self._watch(owner)
            self._pinned_bytes += size - self._pinned.pop(id(owner), 0)
            if size:
                self._pinned[id(owner)] = size
            self._shrink()

    def keep(self, owner: object, value: Any, size: int) -> None:
        """Hold ``value``, which ``owner`` can make again, while there is room."""
        with self._lock:
            self._watch(owner)
            self._drop(id(owner))
            self._kept[id(owner)] = (value, size)
            self._kept_bytes += size
            self._shrink()

    def recall(self, owner: object) -> Any:
        """What was kept for ``owner``, now used last; None if it was let go of."""
        with self._lock:
            self._bury()
            found = self._kept.get(id(owner))
            if found is None:
                return None
            self._kept.move_to_end(id(owner))
            return found[0]

    def _watch(self, owner: object) -> None:
        self._bury()
        if id(owner) not in self._watched:
            self._watched.add(id(owner))
            weakref.finalize(owner, self._dead.append, id(owner)).atexit = False

    def _bury(self) -> None:
        while self._dead:
            owner = self._dead.popleft()
            self._watched.discard(owner)
            self._drop(owner)
            self._pinned_bytes -= self._pinned.pop(owner, 0)

    def _drop(self, owner: int) -> None:
        if (found := self._kept.pop(owner, None)) is not None:
            self._kept_bytes -= found[1]

    def _shrink(self) -> None:
        while self._kept and self._kept_bytes + self._pinned_bytes > self.limit:
            _, (_, size) = self._kept.popitem(last=False)
            self._kept_bytes -= size


MEMORY = Memory((machine_memory() or _UNKNOWN) // 4)
"""The bound that all recordings of this process share: a quarter of the machine's memory, unless set."""
