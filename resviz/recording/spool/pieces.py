"""Append-only files: a journal of checked lines, and the arrays that its lines point to."""

from __future__ import annotations

import json
import os
import weakref
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from resviz.errors import RecordingError

__all__ = ["Appended", "Piece", "Place", "entries", "line"]

Place = tuple[int, int, int]
"""offset, length and CRC-32 of some bytes in a file"""

_CHUNK = 2**21  # bytes that are checked and written at once, unless one array has more
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_WRITABLE = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Appended:
    """A file that only grows at its end; whoever holds this object can read it, deleted or not.

    One thread writes, any may read.
    """

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        """Open the file; writable, it is made where it is missing.

        Raises:
            OSError: it cannot be opened.
        """
        self.path = path
        self._file = os.open(path, _WRITABLE if writable else _READ_ONLY, 0o600)
        weakref.finalize(self, os.close, self._file)
        self._turn = Lock()
        self.end = self.size

    @property
    def size(self) -> int:
        """Bytes that are there now."""
        return os.fstat(self._file).st_size

    def append(self, buffers: Iterable[bytes | memoryview]) -> Place:
        """Write at the end; on an error the file keeps its former end.

        Raises:
            OSError: it cannot be written.
        """
        start = position = self.end
        check = 0
        try:
            for chunk in _chunks(buffers):
                check = zlib.crc32(chunk, check)
                position += self._write(chunk, position)
        except BaseException:
            self.cut(start)
            raise
        self.end = position
        return start, position - start, check

    def cut(self, end: int) -> None:
        """Forget everything from ``end`` on."""
        self.end = end
        with suppress(OSError):  # then a later append writes over it
            os.ftruncate(self._file, end)

    def sync(self) -> None:
        """Onto the disk."""
        os.fsync(self._file)

    def read(self, offset: int, length: int) -> bytes:
        """Some bytes; fewer where the file ends before.

        Raises:
            OSError: they cannot be read.
        """
        parts: list[bytes] = []
        with self._turn:
            os.lseek(self._file, offset, os.SEEK_SET)
            while length > 0 and (part := os.read(self._file, length)):
                parts.append(part)
                length -= len(part)
        return b"".join(parts) if len(parts) != 1 else parts[0]

    def _write(self, buffer: bytes | memoryview, position: int) -> int:
        rest = memoryview(buffer)
        while rest:
            with self._turn:
                os.lseek(self._file, position, os.SEEK_SET)
                done = os.write(self._file, rest)
            position, rest = position + done, rest[done:]
        return len(buffer)


class Piece:
    """Bytes in a file that were checked when they were written, and are when they are read."""

    def __init__(self, file: Appended, place: Place) -> None:
        self.file, self.place = file, place

    def read(self) -> bytes:
        """The bytes.

        Raises:
            RecordingError: they are damaged or cannot be read.
        """
        offset, length, check = self.place
        try:
            if not 0 <= length <= self.file.size - offset:
                raise ValueError("it is cut off")
            data = self.file.read(offset, length)
            if zlib.crc32(data) != check:
                raise ValueError("its checksum is another one")
        except (OSError, ValueError) as error:
            raise RecordingError(
                f"{self.file.path} is damaged at byte {offset}: {error}",
                remedy="The steps before are whole; save or export those.",
            ) from error
        return data


def line(entry: dict[str, Any]) -> bytes:
    """A line of the journal: checksum, then JSON."""
    text = json.dumps(entry, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def entries(data: bytes) -> tuple[list[dict[str, Any]], int]:
    """The entries of whole lines from the start of ``data`` on, and the bytes that they take.

    The first line that is not whole, as a killed process leaves it, ends them.
    """
    found: list[dict[str, Any]] = []
    end = 0
    while (stop := data.find(b"\n", end)) >= 0:
        text = data[end + 9 : stop]
        if data[end : end + 9] != b"%08x " % zlib.crc32(text):
            break
        try:
            entry = json.loads(text)
        except (ValueError, RecursionError):
            break
        if not isinstance(entry, dict):
            break
        found.append(entry)
        end = stop + 1
    return found, end


def _chunks(buffers: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """The same bytes in fewer pieces: each write lets go of the interpreter, and a busy window takes its time
    to give it back. The rows of a small net, one by one, fell ever further behind a training of 700 steps/s.
    """
    few: list[bytes | memoryview] = []
    size = 0
    for buffer in buffers:
        few.append(buffer)
        size += len(buffer)
        if size >= _CHUNK:
            yield _joined(few)
            few, size = [], 0
    yield _joined(few)


def _joined(buffers: list[bytes | memoryview]) -> bytes | memoryview:
    return buffers[0] if len(buffers) == 1 else b"".join(buffers)
