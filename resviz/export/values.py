"""The numbers of a figure: CSV for spreadsheets, NPZ for numpy, text for the clipboard."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from resviz.errors import RequestError
from resviz.export.options import TABLES
from resviz.files import writing
from resviz.scene.values import COLUMNS, arrays, rows

if TYPE_CHECKING:
    from resviz.export.data import Columns
    from resviz.export.provenance import Provenance
    from resviz.scene.model import Scene


def values_text(scene: Scene, panel: str = "", separator: str = ",") -> str:
    """All numbers of ``scene``, or of one panel, as a table with a header; floats round-trip."""
    held = io.StringIO()
    writer = csv.writer(held, delimiter=separator, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows(scene, panel):
        writer.writerow(["" if cell is None else cell for cell in row])
    return held.getvalue()


def figure_bytes(suffix: str, scene: Scene, provenance: Provenance) -> bytes:
    """The numbers of ``scene`` as a .csv or .npz file that carries where they come from."""
    from resviz.export.data import table_bytes

    columns = arrays(scene) if suffix == ".npz" else _columns(scene)
    return table_bytes(suffix, columns, replace(provenance, data="figure"))


def write_values(path: Path, scene: Scene, provenance: Provenance) -> Path:
    """Write the numbers of ``scene`` as .csv or .npz.

    Raises:
        RequestError: another extension.
        OutputError: the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLES:
        raise RequestError(
            f"{path.name}: numbers are written as {' or '.join(TABLES)}",
            remedy="End the name in one of these.",
        )
    with writing(path) as temporary:
        temporary.write_bytes(figure_bytes(suffix, scene, provenance))
    return path


def _columns(scene: Scene) -> Columns:
    """The rows by column; words as they are, NaN where a number does not apply."""
    held = list(rows(scene))
    words, numbers = COLUMNS[:2], COLUMNS[2:]
    columns = {name: np.array([row[at] for row in held], object) for at, name in enumerate(words)}
    table = np.array([row[len(words) :] for row in held], np.float64).reshape(-1, len(numbers))
    return columns | dict(zip(numbers, table.T, strict=True))
