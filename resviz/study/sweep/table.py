"""The table of a sweep: a CSV that grows row by row, readable after any interruption.

One row a run: point, repetition, the axes' values, what was measured, seconds, error, and the whole session
as JSON. Rows of a finished task are appended in one write and synced; a line that a crash has torn is cut off
when the table is opened again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resviz.config import Session
from resviz.errors import OutputError, RequestError
from resviz.scene.error import LIMITED

__all__ = ["NAME", "Row", "Table", "limited_rows", "read_table", "session_id", "takes"]

NAME = "table.csv"
_BEFORE = ("id", "point", "repetition")
_AFTER = ("seconds", "error", "session")


def session_id(session: Session) -> str:
    """What a row is known by: a hash of all that determines its run, but for its title."""
    mapping = session.to_mapping()
    mapping.pop("title", None)
    text = json.dumps(mapping, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Row:
    """One run of a sweep.

    Attributes:
        values: of the axes, by key.
        measured: by column; NaN where there is no number.
        error: why there are no numbers, in one line; empty if there are.
    """

    point: int
    repetition: int
    session: Session
    values: Mapping[str, Any]
    measured: Mapping[str, float]
    seconds: float = 0.0
    error: str = ""


class Table:
    """The file of one sweep, open for appending.

    Attributes:
        done: ids of the rows that need not be run again, and whether each has failed.
    """

    def __init__(self, folder: Path, keys: Iterable[str], columns: Iterable[str]) -> None:
        """Open ``folder``/table.csv, or start it.

        Raises:
            RequestError: the table there has other columns.
            OutputError: it cannot be read or written.
        """
        self.path = folder / NAME
        self.keys, self.columns = tuple(keys), tuple(columns)
        self.header = _header(self.keys, self.columns)
        self.done: dict[str, bool] = {}
        try:
            if self.path.exists():
                self._mend()
            if self.path.exists() and self.path.stat().st_size:
                self._read()
            else:
                self._append([self.header])
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def append(self, rows: Iterable[Row]) -> None:
        """Add rows, all in one write, onto the disk.

        Raises:
            OutputError: they cannot be written.
        """
        rows = list(rows)
        try:
            self._append([self._cells(row) for row in rows])
        except OSError as error:
            raise _unwritable(self.path, error) from error
        for row in rows:
            self.done[session_id(row.session)] = bool(row.error)

    def _cells(self, row: Row) -> list[object]:
        mapping = json.dumps(row.session.to_mapping(), separators=(",", ":"), ensure_ascii=False)
        return [
            session_id(row.session), row.point, row.repetition,
            *(_cell(row.values.get(key, "")) for key in self.keys),
            *(row.measured.get(column, "") for column in self.columns),
            f"{row.seconds:.3g}", " ".join(row.error.split()), mapping,
        ]  # fmt: skip

    def _append(self, lines: Iterable[Iterable[object]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        with self.path.open("ab") as file:
            file.write(text.getvalue().encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())

    def _mend(self) -> None:
        """Cut off a last line without its end."""
        with self.path.open("rb+") as file:
            data = file.read()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                file.truncate(whole)

    def _read(self) -> None:
        with self.path.open("r", encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = tuple(next(reader))
            if header != self.header:
                raise RequestError(
                    f"{self.path} holds another sweep: its columns are {', '.join(header)}",
                    remedy="Choose another folder with -o, or the sweep file that made this table.",
                )
            at_error = header.index("error")
            for cells in reader:
                if len(cells) == len(header):
                    self.done[cells[0]] = bool(cells[at_error])


def _header(keys: Iterable[str], columns: Iterable[str]) -> tuple[str, ...]:
    return (*_BEFORE, *keys, *columns, *_AFTER)


def takes(folder: Path, keys: Iterable[str], columns: Iterable[str]) -> bool:
    """Whether a sweep's rows may be added in ``folder``: no table yet, or one of the same columns."""
    try:
        with (folder / NAME).open("r", encoding="utf-8", newline="") as file:
            first = next(csv.reader(file), None)
    except FileNotFoundError:
        return True
    except (OSError, ValueError, csv.Error):
        return False
    return first is None or tuple(first) == _header(keys, columns)


def read_table(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a sweep's table, numbers as numbers; the newest where a run was tried again.

    Raises:
        RequestError: there is no such table.
    """
    file = Path(path) / NAME if Path(path).is_dir() else Path(path)
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise RequestError(
            f"{file} cannot be read: {error.strerror}", remedy="Name a sweep's folder."
        ) from None
    whole = text[: text.rfind("\n") + 1]
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(whole, newline=""))}
    return [{name: _parsed(name, cell) for name, cell in row.items()} for row in rows.values()]


def limited_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """How many rows have an output error, and in how many the limit's own error is over `LIMITED` of it."""
    pairs = [(row["output_error"], row["limit_error"]) for row in rows if row.get("output_error", "") != ""]
    whole = [(error, own) for error, own in pairs if math.isfinite(error)]
    return len(whole), sum(own > LIMITED * error for error, own in whole)


def _parsed(name: str, cell: str) -> Any:
    if name in ("id", "error", "session"):
        return cell
    try:
        return int(cell)
    except ValueError:
        try:
            return float(cell)
        except ValueError:
            return cell


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, list | tuple | dict) else value


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written: {error.strerror or error}",
        remedy="Check the free space and the permissions of its folder.",
    )
