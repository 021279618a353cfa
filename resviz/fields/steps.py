"""The Fields of a run step by step, of which only some are in memory.

Steps are gathered in parts of consecutive ones. A part that lies in a file, a spool's or a recording's, may
leave memory and is read again when one of its steps is asked for; which parts stay is `Memory`'s business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from resviz.errors import RequestError
from resviz.fields.memory import MEMORY

if TYPE_CHECKING:
    from resviz.fields.fields import Fields

__all__ = ["Part", "Steps"]

Reader = Callable[[], "Sequence[Fields]"]
"""Reads the steps of a part again.

Raises:
    RecordingError: they are damaged, or their file is gone.
"""

_PART_BYTES = 4_000_000  # of steps that nobody has stored
_COLUMNS = ("loss", "rate", "output_error", "factor")


class Part:
    """Consecutive steps from ``start`` on, in memory, in a file, or in both.

    Shared freely: it never changes, but for where its steps lie.
    """

    def __init__(
        self, start: int, count: int, *, held: Sequence[Fields] | None = None, read: Reader | None = None
    ) -> None:
        self.start, self.count = start, count
        self._held, self._read = held, read
        if held is not None:
            MEMORY.pin(self, _size(held))

    @property
    def on_disk(self) -> bool:
        """Whether its steps can be read again."""
        return self._read is not None

    def stored(self, read: Reader, *, keep: bool = True) -> None:
        """From now on ``read`` finds the steps elsewhere, and memory may let go of them.

        Args:
            keep: until it has to.
        """
        held, self._read = self._held, read
        if held is not None:
            MEMORY.pin(self, 0)
            if keep:
                MEMORY.keep(self, held, _size(held))
            self._held = None

    def fields(self, *, keep: bool = True) -> Sequence[Fields]:
        """All its steps; ``keep=False`` for somebody who passes once and should push out nobody else's."""
        held = self._held  # once: another thread may store it meanwhile
        if held is None:
            held = MEMORY.recall(self)
        if held is None:
            if self._read is None:
                raise RuntimeError("a part is in memory or in a file")
            held = self._read()
            if keep:
                MEMORY.keep(self, held, _size(held))
        return held


def _size(fields: Sequence[Fields]) -> int:
    return sum(f.h.nbytes + f.b.nbytes + f.output.nbytes for f in fields)


class Steps:
    """Fields of steps 0, 1, ...; grows by `append`, or by parts of a file that grows.

    One writer; readers in other threads look at the length first, and what lies before it never changes.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._starts: list[int] = []
        self._parts: list[Part] = []
        self._tail: list[Fields] = []  # behind all parts
        self._tail_start = self._tail_bytes = 0
        self._table = np.empty((64, len(_COLUMNS)))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, step: int) -> Fields: ...
    @overload
    def __getitem__(self, step: slice) -> Steps: ...
    def __getitem__(self, step: int | slice) -> Fields | Steps:
        """One step, or as ``[:count]`` the first ones, shared, growing on their own from there."""
        if isinstance(step, slice):
            return self._until(step)
        with self._lock:
            if not 0 <= step < self._count:
                raise IndexError(step)
            if step >= self._tail_start:
                return self._tail[step - self._tail_start]
            part = self._parts[bisect_right(self._starts, step) - 1]
        return part.fields()[step - part.start]

    def append(self, fields: Fields) -> None:
        """Add the next step.

        Raises:
            RequestError: the step is not the next one.
        """
        if fields.step != self._count:
            raise RequestError(f"step {fields.step} cannot follow step {self._count - 1}")
        with self._lock:
            self._tail.append(fields)
            self._tail_bytes += _size([fields])
            self._extend(np.array([[getattr(fields, name) for name in _COLUMNS]]))
            if self._tail_bytes > _PART_BYTES:
                self._seal()
            else:
                MEMORY.pin(self, self._tail_bytes)

    def add(self, part: Part, columns: NDArray[np.float64]) -> None:
        """Add the steps of a part that lies in a file.

        Args:
            columns: (count, 4) its loss, rate, output_error and factor.

        Raises:
            RequestError: it does not start at the next step.
        """
        if part.start != self._count:
            raise RequestError(f"step {part.start} cannot follow step {self._count - 1}")
        with self._lock:
            self._seal()
            self._starts.append(part.start)
            self._parts.append(part)
            self._tail_start += part.count
            self._extend(columns)

    def parts(self, start: int) -> list[tuple[Part, int]]:
        """The parts from step ``start`` on, where one begins, each with how many of its steps count."""
        with self._lock:
            self._seal()
            first = bisect_left(self._starts, start)
            ends = [*self._starts[first + 1 :], self._count]
            return [
                (part, end - part.start)
                for part, end in zip(self._parts[first:], ends, strict=False)  # no part, but an end
            ]

    def __iter__(self) -> Iterator[Fields]:
        """All steps, each part read once and none pushed out of memory for it."""
        for part, count in self.parts(0):
            yield from part.fields(keep=False)[:count]

    def column(self, name: str) -> NDArray[np.float64]:
        """loss, rate, output_error or factor of every step, read-only: no step is read for it."""
        count = self._count  # before the table, which only grows
        column = self._table[:count, _COLUMNS.index(name)]
        column.flags.writeable = False
        return column

    def columns(self, start: int, stop: int) -> NDArray[np.float64]:
        """(stop - start, 4) loss, rate, output_error and factor of some steps."""
        return self._table[start:stop].copy()

    def _until(self, steps: slice) -> Steps:
        start, count, stride = steps.indices(self._count)
        if start != 0 or stride != 1:
            raise IndexError(steps)
        made = Steps()
        with self._lock:
            self._seal()
            here = bisect_right(self._starts, count - 1)
            made._starts, made._parts = self._starts[:here], self._parts[:here]
            made._table, made._count = self._table[: max(count, 1)].copy(), count
            made._tail_start = count
        return made

    def _extend(self, rows: NDArray[np.float64]) -> None:
        count = self._count + len(rows)
        if count > len(self._table):
            larger = np.empty((max(count, 2 * len(self._table)), len(_COLUMNS)))
            larger[: self._count] = self._table[: self._count]
            self._table = larger
        self._table[self._count : count] = rows
        self._count = count  # last: readers look at it first

    def _seal(self) -> None:
        """The tail as a part."""
        if not self._tail:
            return
        self._starts.append(self._tail_start)
        self._parts.append(Part(self._tail_start, len(self._tail), held=tuple(self._tail)))
        self._tail_start += len(self._tail)
        self._tail = []
        self._tail_bytes = 0
        MEMORY.pin(self, 0)
