"""Messages through a pipe between two processes of one program: a pickle, and the arrays of it beside it.

::

    bytes of the pickle, number of arrays     2 x uint64
    bytes of each array                       uint64 each
    the pickle, the arrays

Arrays are written from where they lie and read to where they stay. Both ends are this very program, started
by one user: what comes is trusted as one's own memory is.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Sequence
from io import RawIOBase
from typing import Any

import numpy as np

__all__ = ["Arrays", "pack", "receive", "send"]

_HEAD = struct.Struct("<QQ")
_PIECE, _LINE = 2**24, 64
_PICKLE = 5  # the first protocol that leaves arrays outside


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
    for part in parts:
        rest = part
        while rest.nbytes:
            rest = rest[stream.write(rest) or 0 :]


class Arrays:
    """Memory for the arrays of messages, taken from the system in large pieces.

    A piece is freed with the last array in it; steps come and go in their order. Fresh memory costs a fault
    a page: at 380 MB/s, a thousand layers of one unit, half a core in pages of 4 kB and little in huge ones,
    which numpy asks for where an array takes 4 MB and more.
    """

    def __init__(self) -> None:
        self._piece = memoryview(b"")

    def take(self, size: int) -> memoryview:
        """Bytes that nobody else writes, on a boundary of a cache line."""
        if size > _PIECE // 4:
            return np.empty(size, np.uint8).data
        if size > len(self._piece):
            self._piece = np.empty(_PIECE, np.uint8).data
        taken, self._piece = self._piece[:size], self._piece[-(-size // _LINE) * _LINE :]
        return taken


def receive(stream: RawIOBase, arrays: Arrays) -> Any:
    """The next message, its arrays in memory of ``arrays``.

    Raises:
        EOFError: the other end is gone.
    """
    length, count = _HEAD.unpack(_read(stream, memoryview(bytearray(_HEAD.size))))
    sizes = struct.unpack(f"<{count}Q", _read(stream, memoryview(bytearray(8 * count))))
    text = _read(stream, memoryview(bytearray(length)))
    return pickle.loads(text, buffers=[_read(stream, arrays.take(size)) for size in sizes])


def _read(stream: RawIOBase, place: memoryview) -> memoryview:
    filled = 0
    while filled < len(place):
        got = stream.readinto(place[filled:])
        if not got:
            raise EOFError
        filled += got
    return place
