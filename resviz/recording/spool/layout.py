"""What a spool's folder holds.

::

    lock             locked by the process that writes it, and by nobody once that has ended
    journal          a line an entry, checksum and JSON: session, data, lanes, and steps in order
    arrays-000, ...  .npy arrays one behind the other; the journal says where, and their checksums

Both only grow. What a killed process leaves behind is whole up to the last whole line of the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resviz.errors import RecordingError
from resviz.fields import Fields
from resviz.fields.fields import AnyArray
from resviz.fields.steps import Reader
from resviz.recording.lanes import Shapes, unstacked
from resviz.recording.npy import decode_next
from resviz.recording.spool.pieces import Piece

__all__ = ["ARRAYS", "JOURNAL", "LOCK", "SCHEMA", "arrays_in", "remove", "stored_steps"]

SCHEMA = 1
LOCK, JOURNAL, ARRAYS = "lock", "journal", "arrays-{:03d}"


def arrays_in(piece: Piece, count: int) -> list[AnyArray]:
    """The arrays of a piece.

    Raises:
        RecordingError: it is damaged.
    """
    data, found, end = piece.read(), [], 0
    try:
        for _ in range(count):
            array, end = decode_next(data, end)
            found.append(array)
        if end != len(data):
            raise ValueError("it holds more than its arrays")
    except ValueError as error:
        raise _damaged(piece, error) from error
    return found


def stored_steps(
    piece: Piece, names: Sequence[str], start: int, columns: NDArray[np.float64], shapes: Shapes
) -> Reader:
    """What reads the steps of a piece, checked."""

    def read() -> list[Fields]:
        arrays = dict(zip(names, arrays_in(piece, len(names)), strict=True))
        try:
            shapes.check(len(columns), arrays)
            return unstacked(start, arrays, columns)
        except (ValueError, KeyError) as error:
            raise _damaged(piece, error) from error

    return read


def _damaged(piece: Piece, error: Exception) -> RecordingError:
    return RecordingError(
        f"{piece.file.path} is damaged at byte {piece.place[0]}: {error}",
        remedy="The steps before are whole; save or export those.",
    )


def remove(folder: Path) -> None:
    """Delete a spool's files, and its folder if nothing else is in it; what cannot be deleted stays."""
    with suppress(OSError):
        for path in [*sorted(folder.glob("arrays-[0-9][0-9][0-9]")), folder / LOCK, folder / JOURNAL]:
            path.unlink(missing_ok=True)
        folder.rmdir()
