"""Messages through a pipe between two processes of one program: a pickle, and the arrays of it beside it.

::

    bytes of the pickle, number of arrays     2 x uint64
    bytes of each array                       uint64 each
    the pickle, the arrays

Arrays are written from where they lie and read to where they stay, many in one call to the system: each call
lets go of the interpreter, and beside a window that paints it takes up to 5 ms to have it back. Both ends are
this very program, started by one user: what comes is trusted as one's own memory is.
"""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable, Sequence
from io import RawIOBase
from typing import Any

import numpy as np

__all__ = ["pack", "receive", "send"]

_HEAD = struct.Struct("<QQ")
_PICKLE = 5  # the first protocol that leaves arrays outside
_AT_ONCE = 512  # arrays in one call; systems take 1024


def pack(message: Any) -> list[memoryview]:
    """The bytes of a message, arrays not copied: they must not change before they were sent."""
    arrays: list[pickle.PickleBuffer] = []
    text = pickle.dumps(message, protocol=_PICKLE, buffer_callback=arrays.append)
    raw = [array.raw() for array in arrays]
    sizes = struct.pack(f"<{len(raw)}Q", *(part.nbytes for part in raw))
    return [memoryview(_HEAD.pack(len(text), len(raw)) + sizes + text), *raw]


def send(stream: RawIOBase, parts: Sequence[memoryview]) -> None:
    """Write a packed message.

    Raises:
        OSError: the other end is gone.
    """
    if hasattr(os, "writev"):
        _move(parts, lambda rest: os.writev(stream.fileno(), rest))
    else:
        _move(parts, lambda rest: stream.write(rest[0]) or 0)


def receive(stream: RawIOBase) -> Any:
    """The next message, each of its arrays in memory of its own.

    One large piece of memory for many arrays is slower: huge pages, which numpy asks for there, cost three
    times as much to clear (0.8 of a core against 0.3 at 380 MB/s, in a virtual machine).

    Raises:
        EOFError: the other end is gone.
    """
    length, count = _HEAD.unpack(_read(stream, memoryview(bytearray(_HEAD.size))))
    sizes = struct.unpack(f"<{count}Q", _read(stream, memoryview(bytearray(8 * count))))
    text = _read(stream, memoryview(bytearray(length)))
    places = [np.empty(size, np.uint8).data for size in sizes]
    _read(stream, *places)
    return pickle.loads(text, buffers=places)


def _read(stream: RawIOBase, *places: memoryview) -> memoryview:
    """Fill all of them; the first."""
    if hasattr(os, "readv"):
        _move(places, lambda rest: _some(os.readv(stream.fileno(), rest)))
    else:
        _move(places, lambda rest: _some(stream.readinto(rest[0])))
    return places[0] if places else memoryview(b"")


def _some(count: int | None) -> int:
    if not count:
        raise EOFError
    return count


def _move(parts: Sequence[memoryview], some: Callable[[list[memoryview]], int]) -> None:
    """All bytes of ``parts``; ``some`` moves the first of what it is given and says how many."""
    rest = [part for part in parts if part.nbytes]
    at = 0
    while at < len(rest):
        done = some(rest[at : at + _AT_ONCE])
        while at < len(rest) and done >= rest[at].nbytes:
            done -= rest[at].nbytes
            at += 1
        if done:
            rest[at] = rest[at][done:]
