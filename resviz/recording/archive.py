"""A zip of plain members, read without trusting it: what it may hold is checked before anything is read.

Nothing is extracted, decompressed, evaluated or mapped. The file stays open while somebody reads from it, so
that it may be replaced or deleted meanwhile.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from resviz.errors import RecordingError
from resviz.fields.fields import AnyArray
from resviz.recording.npy import decode

__all__ = ["MISREAD", "Archive", "StoredArray", "one_line", "refused"]

MISREAD = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
    MemoryError,
)
"""What reading JSON of another form than expected runs into."""

_HEADER_BYTES = 256  # of an .npy member, at most
_MEMBERS = 1_000_000


def refused(path: Path, reason: object) -> RecordingError:
    """The error for a file that is no whole recording."""
    return RecordingError(
        f"{path} is not a whole recording: {one_line(reason)}",
        remedy="Use a .resviz file that resviz has saved.",
    )


def one_line(reason: object) -> str:
    """What is quoted of a broken file, cut to what one reads."""
    text = " ".join(str(reason).split())
    return text if len(text) <= 300 else f"{text[:299]}…"


class Archive:
    """The members of a zip by name; any thread may read.

    Attributes:
        path: where it lay when it was opened.
        sizes: bytes of each member.
        hashes: sha256 of members, hexadecimal; a member that is in here is checked when it is first read.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            OSError: it cannot be opened.
            ValueError: it is no zip, or one that no recording is.
        """
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, UnicodeDecodeError) as error:
            raise ValueError(error) from error
        self.hashes: dict[str, str] = {}
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if info.filename in self._members:
                raise ValueError(f"two members are called {info.filename!r}")
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 0x1:
                raise ValueError(f"its member {info.filename!r} is compressed or encrypted")
            if info.compress_size != info.file_size:
                raise ValueError(f"its member {info.filename!r} has two sizes")
            self._members[info.filename] = info
        self.sizes = {name: info.file_size for name, info in self._members.items()}
        # members that overlap would unpack to more than there is
        if sum(self.sizes.values()) > path.stat().st_size:
            raise ValueError("its members are larger than the file")

    def read(self, name: str, limit: int | None = None) -> bytes:
        """The bytes of a member.

        Raises:
            RecordingError: it is missing, damaged, or larger than ``limit``.
        """
        try:
            if name not in self._members:
                raise ValueError("it is missing")
            if limit is not None and self.sizes[name] > limit:
                raise ValueError(f"it takes {self.sizes[name]} bytes; at most {limit} are read")
            with self._zip.open(self._members[name]) as member:
                data = member.read()
            wanted = self.hashes.get(name)
            if wanted is not None:
                if hashlib.sha256(data).hexdigest() != wanted:
                    raise ValueError("its sha256 is not the manifest's")
                self.hashes.pop(
                    name, None
                )  # two threads may have read it  # once is enough: the file stays open
        except (ValueError, OSError, EOFError, zipfile.BadZipFile, NotImplementedError, zlib.error) as error:
            raise self.damaged(name, error) from error
        return data

    def damaged(self, name: str, reason: object) -> RecordingError:
        """The error for a member that is not what it should be."""
        return RecordingError(
            f"{self.path}: the member {name} is damaged: {one_line(reason)}",
            remedy="Use a backup of the file; what does not need this member can still be read.",
        )


@dataclass(frozen=True)
class StoredArray:
    """An array that lies in members one behind the other, in C order.

    Attributes:
        name: of the array.
        shape, dtype: of the whole.
        members: their names.
        starts: the first element of each.
    """

    archive: Archive
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    members: Sequence[str]
    starts: Sequence[int]

    @classmethod
    def of(cls, archive: Archive, name: str, about: Mapping[str, Any]) -> StoredArray:
        """As the manifest describes it.

        Raises:
            ValueError: the members do not add up to it.
        """
        shape, dtype = about["shape"], about["dtype"]
        if dtype not in ("<f4", "<f8"):
            raise ValueError(f"{name} has dtype {dtype!r}")
        if not isinstance(shape, list) or len(shape) > 5 or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError(f"{name} has shape {shape!r}")
        members, starts, end = [], [], 0
        kind = np.dtype(dtype)
        for member, size in about["members"]:
            held = archive.sizes.get(member, -1)
            if type(size) is not int or not 0 <= held - size * kind.itemsize <= _HEADER_BYTES or size < 0:
                raise ValueError(f"the member {member!r} has {held} bytes for {size!r} numbers")
            members.append(member)
            starts.append(end)
            end += size
        if end != _product(shape):
            raise ValueError(f"{name} has shape {shape} and {end} numbers")
        return cls(archive, name, tuple(shape), kind, members, starts)

    @property
    def row(self) -> int:
        """Numbers in one entry along the first axis."""
        return _product(self.shape[1:])

    def bounds(self) -> list[int]:
        """First entries of the members that start with a whole one, and the number of all."""
        row = max(self.row, 1)
        return [*dict.fromkeys(start // row for start in self.starts if start % row == 0), self.shape[0]]

    def read(self, start: int = 0, stop: int | None = None) -> AnyArray:
        """Entries along the first axis, read-only.

        Raises:
            RecordingError: a member is damaged.
        """
        stop = self.shape[0] if stop is None else stop
        shape = (stop - start, *self.shape[1:])
        first, last = start * self.row, stop * self.row
        parts: list[AnyArray] = []
        index = max(bisect_right(self.starts, first) - 1, 0)
        while first < last:
            begin = self.starts[index]
            flat = self._member(index)
            parts.append(flat[first - begin : last - begin])
            first = begin + len(flat)
            index += 1
        whole = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, self.dtype), *parts])
        whole.flags.writeable = False
        return whole.reshape(shape)

    def _member(self, index: int) -> AnyArray:
        name = self.members[index]
        try:
            array = decode(self.archive.read(name))
            end = self.starts[index + 1] if index + 1 < len(self.starts) else _product(self.shape)
            if array.dtype != self.dtype or array.size != end - self.starts[index]:
                raise ValueError(f"it holds {array.size} numbers of {array.dtype}")
        except ValueError as error:
            raise self.archive.damaged(name, error) from error
        return array.reshape(-1)


def _product(shape: Sequence[int]) -> int:
    product = 1
    for size in shape:
        product *= size  # Python's integers do not overflow
    return product
