"""The table of a sweep as Parquet, typed and small, where pyarrow is installed (the extra ``parquet``).

table.csv stays the journal that grows row by row and is resumed; table.parquet is made from it, whole or not
at all, when the sweep ends or is interrupted. A row a run: of runs that were tried again the newest.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from resviz.files import writing

__all__ = ["NAME", "has_parquet", "is_stale", "write_parquet"]

NAME = "table.parquet"


def has_parquet() -> bool:
    """Whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def is_stale(journal: Path) -> bool:
    """Whether the Parquet file beside ``journal`` is missing or older."""
    file = journal.with_name(NAME)
    return not file.exists() or file.stat().st_mtime_ns < journal.stat().st_mtime_ns


def write_parquet(journal: Path, keys: Iterable[str], columns: Iterable[str]) -> Path | None:
    """Write ``journal``'s rows beside it, and return where; None if it has none yet.

    Args:
        keys: of the axes: whole numbers, numbers or text.
        columns: measured: numbers, null where there is none.

    Raises:
        OutputError: it cannot be written.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    data = journal.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]  # a crash may have torn the last line
    types = dict.fromkeys(("id", "error", "session", *keys), pa.string())
    types |= dict.fromkeys(("seconds", *columns), pa.float64())
    options = csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=False)
    # in this thread: one of Arrow's own may let go of the Python object it read after the interpreter's end,
    # and that aborts the process (2 of 31 sweeps ended so)
    alone = csv.ReadOptions(use_threads=False)
    table = csv.read_csv(io.BytesIO(whole), read_options=alone, convert_options=options)
    if not table.num_rows:
        return None
    newest = {name: row for row, name in enumerate(table["id"].to_pylist())}
    table = table.take(list(newest.values()))
    for key in keys:
        table = table.set_column(table.column_names.index(key), key, _typed(table[key]))
    final = journal.with_name(NAME)
    with writing(final) as temporary:
        parquet.write_table(table, temporary, compression="zstd")
    return final


def _typed(text: Any) -> Any:
    """The narrowest type that holds a whole column."""
    import pyarrow as pa

    for kind in (pa.int64(), pa.float64()):
        try:
            return text.cast(kind)
        except pa.ArrowInvalid:
            continue
    return text
