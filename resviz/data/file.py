"""A user's own data: .npz arrays used as they are, .csv tables standardised."""

from __future__ import annotations

import csv
import difflib
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resviz.data.rows import drawn_rows, stratified_rows
from resviz.data.standardise import Array, one_hot, standardised
from resviz.errors import DataError


def from_file(path: Path, targets: tuple[str, ...], samples: int | None, seed: int) -> tuple[Array, Array]:
    """x (N, d_in) and y (N, d_out) of a .npz or .csv file; ``samples`` None: all rows.

    Raises:
        DataError: the file is missing, unreadable, or holds what cannot be trained on.
    """
    if not path.is_file():
        raise DataError(
            f"{path}: no such data file",
            remedy="A relative data.path starts at the folder of the session file.",
        )
    if path.suffix.lower() == ".npz":
        return _from_npz(path, samples, seed)
    return _from_csv(path, targets, samples, seed)


# --- npz

_LARGE, _RATIO = (
    100_000_000,
    400,
)  # bytes of a member, and what compressing the numbers of a data set may save
# of numpy's reader, whose headers are Python literals
_UNREADABLE = (
    OSError,
    ValueError,
    zipfile.BadZipFile,
    EOFError,
    zlib.error,
    SyntaxError,
    tokenize.TokenError,
    NotImplementedError,
    OverflowError,
    RecursionError,
)


def _from_npz(path: Path, samples: int | None, seed: int) -> tuple[Array, Array]:
    arrays: dict[str, Array] = {}
    try:
        # opened here: numpy leaves the file open where it finds no archive in it
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise zipfile.BadZipFile("no zip archive")
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                _check_sizes(stored.zip, path)
                for name in ("x", "y"):
                    if name not in stored.files:
                        raise DataError(
                            f"{path}: no array {name}; it holds {', '.join(stored.files) or 'nothing'}",
                            remedy="Save it with numpy.savez(path, x=x, y=y), x (N, d_in) and y (N, d_out).",
                        )
                    arrays[name] = _checked(stored[name], name, path)
    except MemoryError as error:
        raise DataError(
            f"{path}: its arrays do not fit into memory: {error}", remedy="Save fewer samples or columns."
        ) from None
    except _UNREADABLE as error:
        raise DataError(
            f"{path}: not a .npz of plain numeric arrays: {error}",
            remedy="Save it with numpy.savez(path, x=x, y=y); pickled objects are not read.",
        ) from None
    x, y = arrays["x"], arrays["y"]
    if len(x) != len(y):
        raise DataError(
            f"{path}: x has {len(x)} rows and y has {len(y)}", remedy="Row i of x belongs to row i of y."
        )
    rows = drawn_rows(len(x), samples, seed, str(path))
    return x[rows], y[rows]


def _check_sizes(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse members that unpack to far more than any data set does."""
    for member in archive.infolist():
        if member.file_size > max(_LARGE, _RATIO * member.compress_size):
            sizes = f"{member.file_size} bytes, {member.compress_size} compressed"
            raise DataError(
                f"{path}: {member.filename} takes {sizes}",
                remedy="Save it with numpy.savez, which does not compress.",
            )


def _checked(array: NDArray[np.generic], name: str, path: Path) -> Array:
    if array.dtype.kind not in "fiub":
        raise DataError(f"{path}: {name} has dtype {array.dtype}; allowed: real numbers")
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(
            f"{path}: {name} has shape {array.shape}; allowed: two axes, (samples, columns), neither empty",
            remedy=f"A single column is {name}[:, None].",
        )
    values = array.astype(np.float64)
    if len(bad := np.argwhere(~np.isfinite(values))):
        row, column = bad[0]
        raise DataError(
            f"{path}: {name}[{row}, {column}] is {values[row, column]}; allowed: finite numbers",
            remedy=f"{len(bad)} entries of {name} are not finite; leave out their rows or fill them in.",
        )
    return values


# --- csv


def _from_csv(path: Path, targets: tuple[str, ...], samples: int | None, seed: int) -> tuple[Array, Array]:
    header, rows, lines = _read_table(path)
    for target in targets:
        if target not in header:
            near = difflib.get_close_matches(target, header, n=1)
            raise DataError(
                f"{path}: data.targets names {target!r}, which is no column"
                + (f"; nearest column: {near[0]!r}" if near else ""),
                remedy=f"Columns: {', '.join(header[:20])}{', …' if len(header) > 20 else ''}.",
            )
    features = [name for name in header if name not in targets]
    if not features:
        raise DataError(f"{path}: every column is a target; at least one must be left as a feature")

    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    x = np.stack([_numbers(columns[name], name, lines, path) for name in features], axis=1)
    y: list[Array] = []
    labels: NDArray[np.intp] | None = None
    classes = [name for name in targets if not all(_is_number(cell) for cell in columns[name])]
    if len(classes) == 1 and len(targets) == 1:
        labels = _labels(columns[targets[0]], targets[0], lines, path)[0]
        used = stratified_rows(labels, samples, seed, str(path))
    else:
        used = drawn_rows(len(rows), samples, seed, str(path))
    for name in targets:
        if name in classes:
            # the classes of the whole file, also where a draw misses one
            label, names = _labels(columns[name], name, lines, path)
            y.append(one_hot(label[used], len(names)))
        else:
            y.append(standardised(_numbers(columns[name], name, lines, path)[used, None]))
    return standardised(x[used]), np.concatenate(y, axis=1)


def _read_table(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows of stripped cells, and the line each row ends at (the first line is 1)."""
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    rows.append([cell.strip() for cell in cells])
                    lines.append(reader.line_num)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file in UTF-8 ({error.reason})") from None
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: not a CSV table: {error}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if len(rows) < 2:
        raise DataError(f"{path}: {'no rows below the header' if rows else 'an empty file'}")
    header = rows[0]
    if len(header) == 1 and (mark := next((m for m in ";\t" if m in header[0]), None)):
        raise DataError(
            f"{path}: one column, {header[0]!r}",
            remedy=f"Columns are parted by commas; this file seems to part them by {mark!r}.",
        )
    seen: set[str] = set()
    for index, name in enumerate(header):
        if not name:
            raise DataError(f"{path}: line {lines[0]}: column {index + 1} has no name")
        if name in seen:
            raise DataError(f"{path}: line {lines[0]}: two columns are named {name!r}")
        seen.add(name)
    for cells, line in zip(rows[1:], lines[1:], strict=True):
        if len(cells) != len(header):
            raise DataError(f"{path}: line {line}: {len(cells)} cells, but the header has {len(header)}")
    return header, rows[1:], lines[1:]


def _is_number(cell: str) -> bool:
    """Empty cells count: they are refused as missing numbers, and make no class."""
    if not cell:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python reads 1_000 as a number


def _numbers(cells: tuple[str, ...], name: str, lines: list[int], path: Path) -> Array:
    values = np.empty(len(cells))
    for index, (cell, line) in enumerate(zip(cells, lines, strict=True)):
        if not cell:
            raise _bad_cell(path, line, name, "an empty cell")
        if not _is_number(cell):
            raise _bad_cell(path, line, name, repr(_short(cell)))
        values[index] = float(cell)
        if not np.isfinite(values[index]):
            raise _bad_cell(path, line, name, _short(cell))
    return values


def _short(cell: str) -> str:
    return cell if len(cell) < 60 else f"{cell[:59]}…"


def _bad_cell(path: Path, line: int, name: str, what: str) -> DataError:
    return DataError(
        f"{path}: line {line}, column {name!r}: {what}; allowed: finite numbers",
        remedy="Only a column in data.targets may hold text, which makes classes. Mend the cell or drop it.",
    )


def _labels(
    cells: tuple[str, ...], name: str, lines: list[int], path: Path
) -> tuple[NDArray[np.intp], list[str]]:
    """Class numbers (N,) and the sorted class names of a text column."""
    for cell, line in zip(cells, lines, strict=True):
        if not cell:
            raise DataError(f"{path}: line {line}, column {name!r}: an empty cell; allowed: a class name")
    names = sorted(set(cells))
    if len(names) < 2:
        raise DataError(f"{path}: column {name!r} has the single class {names[0]!r}; allowed: two or more")
    number = {label: index for index, label in enumerate(names)}
    return np.array([number[cell] for cell in cells], dtype=np.intp), names
