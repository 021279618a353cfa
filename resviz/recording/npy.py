"""Plain .npy arrays, written and read strictly: little-endian floats in C order, and nothing else.

A file of somebody else's is read by what its bytes are, never by what it asks for: a header is matched, not
evaluated, and no more is allocated than there are bytes.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from resviz.fields.fields import AnyArray

__all__ = ["decode", "decode_next", "encode", "encode_rows"]

_MAGIC = b"\x93NUMPY\x01\x00"
# what numpy writes for the arrays that are written here
_HEADER = re.compile(
    rb"\{'descr': '(<f[48])', 'fortran_order': False, 'shape': \(((?:\d{1,12},? ?){0,5})\), \} *\n"
)


def encode(array: AnyArray) -> tuple[bytes, memoryview]:
    """Header and contents of a .npy file; the contents are the array's own memory where that is possible."""
    plain = _plain(array)
    return _header(plain.dtype, plain.shape), plain.reshape(-1).view(np.uint8).data


def encode_rows(rows: Sequence[AnyArray]) -> list[bytes | memoryview]:
    """The same of ``np.stack(rows)``, which is not made: rows of one shape and type, at least one."""
    plain = [_plain(row) for row in rows]
    first = plain[0]
    if any((row.dtype, row.shape) != (first.dtype, first.shape) for row in plain):
        return list(encode(np.stack(rows)))
    contents = [row.reshape(-1).view(np.uint8).data for row in plain]
    return [_header(first.dtype, (len(plain), *first.shape)), *contents]


def _plain(array: AnyArray) -> AnyArray:
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    if plain.dtype.str not in ("<f4", "<f8"):
        raise TypeError(f"a recording holds no arrays of {array.dtype}")
    return plain


def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    header = io.BytesIO()
    about = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, about)
    return header.getvalue()


def decode(data: bytes) -> AnyArray:
    """The array of a whole .npy file, read-only.

    Raises:
        ValueError: it is no such file, or its header promises other than what follows.
    """
    array, end = decode_next(data, 0)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes follow the array")
    return array


def decode_next(data: bytes, start: int) -> tuple[AnyArray, int]:
    """The array at ``start`` in a row of .npy files, and where it ends.

    Raises:
        ValueError: as `decode`.
    """
    body = start + len(_MAGIC) + 2
    if data[start : start + len(_MAGIC)] != _MAGIC:
        raise ValueError("no .npy array of version 1.0")
    begin = body + int.from_bytes(data[body - 2 : body], "little")
    found = _HEADER.fullmatch(data[body:begin])
    if found is None:
        raise ValueError(f"an .npy header that is not read here: {data[body : min(begin, body + 80)]!r}")
    dtype = np.dtype(found[1].decode())
    shape = tuple(int(size) for size in found[2].decode().replace(",", " ").split())
    end = begin + math.prod(shape) * dtype.itemsize
    if end > len(data):
        raise ValueError(f"an array of shape {shape} is promised, and {len(data) - begin} bytes follow")
    array: AnyArray = np.frombuffer(data, dtype, math.prod(shape), begin).reshape(shape)
    return array, end
