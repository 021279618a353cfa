"""The numbers of a figure beside it: CSV for spreadsheets, NPZ for numpy."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from resviz.errors import RequestError
from resviz.files import writing
from resviz.scene.values import COLUMNS, arrays, rows

if TYPE_CHECKING:
    from resviz.export.provenance import Provenance
    from resviz.scene.model import Scene

SUFFIXES = (".csv", ".npz")


def values_text(scene: Scene, panel: str = "", separator: str = ",") -> str:
    """All numbers of ``scene``, or of one panel, as a table with a header; floats round-trip."""
    held = io.StringIO()
    writer = csv.writer(held, delimiter=separator, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows(scene, panel):
        writer.writerow(["" if cell is None else cell for cell in row])
    return held.getvalue()


def write_values(path: Path, scene: Scene, provenance: Provenance) -> Path:
    """Write the numbers of ``scene`` as .csv or .npz; an .npz also holds the session as the text "session".

    Raises:
        RequestError: another extension.
        OutputError: the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise RequestError(
            f"{path.name}: numbers are written as {' or '.join(SUFFIXES)}",
            remedy="End the name in one of these.",
        )
    with writing(path) as temporary:
        if suffix == ".csv":
            temporary.write_text(values_text(scene), encoding="utf-8", newline="")
        else:
            with temporary.open("wb") as file:
                np.savez_compressed(file, allow_pickle=False, session=provenance.text(), **arrays(scene))
    return path
