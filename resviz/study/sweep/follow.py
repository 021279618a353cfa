"""Reading a table while another process writes it: only what came to be since the last look."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from resviz.errors import RequestError
from resviz.study.sweep.table import NAME

__all__ = ["Follower", "Reported"]


@dataclass(frozen=True)
class Reported:
    """A row as a plot needs it: its id, numbers by column (NaN where there is none), and its error."""

    id: str
    measured: Mapping[str, float]
    error: str = ""


class Follower:
    """Follows ``folder``/table.csv, which need not be there yet.

    A torn last line is read when it is whole; a file that was begun anew is read from its start.
    """

    def __init__(self, folder: Path, keys: Sequence[str], columns: Sequence[str]) -> None:
        self.path = folder / NAME
        self._columns = tuple(columns)
        self._wanted = (*keys, *columns)
        self._header: list[str] = []
        self._read = 0  # bytes
        self._file = (0, 0)  # device and inode

    def news(self) -> list[Reported]:
        """Rows that are new since the last call.

        Raises:
            RequestError: the table is another sweep's, or cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                about = os.fstat(file.fileno())
                if (about.st_dev, about.st_ino) != self._file or about.st_size < self._read:
                    self._file, self._read, self._header = (about.st_dev, about.st_ino), 0, []
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RequestError(
                f"{self.path} cannot be read: {error.strerror or error}", remedy="Choose another folder."
            ) from error
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        rows = csv.reader(io.StringIO(whole.decode("utf-8", "replace"), newline=""))
        if not self._header and whole:
            self._header = next(rows)
            if missing := [name for name in (*self._wanted, "id", "error") if name not in self._header]:
                raise RequestError(
                    f"{self.path} holds another sweep: it has no column {missing[0]}",
                    remedy="Choose another folder.",
                )
        return [self._reported(cells) for cells in rows if len(cells) == len(self._header)]

    def _reported(self, cells: list[str]) -> Reported:
        row = dict(zip(self._header, cells, strict=True))
        return Reported(row["id"], {name: _number(row[name]) for name in self._columns}, row["error"])


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
