"""Choosing a file of one's own data: what the session needs to be about it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

DATA_FILES = "Data (*.npz *.csv)"


def values_of_kind(kind: str, parent: QWidget) -> dict[str, Any] | None:
    """Session values of another kind of data; a file is asked for, None when that is cancelled."""
    if kind != "file":
        return {"data.kind": kind, "data.path": None, "data.targets": None}
    path, _ = QFileDialog.getOpenFileName(parent, "Data file", "", DATA_FILES)
    return values_of(Path(path)) if path else None


def values_of(path: Path) -> dict[str, Any]:
    """All rows of ``path``; of a table its last column is what is learned, until others are named."""
    values: dict[str, Any] = {
        "data.kind": "file",
        "data.path": str(path),
        "data.samples": None,
        "data.dimension": None,
        "data.targets": None,
        "network.dimension": None,
    }
    if path.suffix.lower() == ".csv":
        try:
            with path.open(encoding="utf-8-sig", newline="") as table:
                values["data.targets"] = tuple(next(csv.reader(table), [])[-1:])
        except (OSError, UnicodeError, csv.Error):
            values["data.targets"] = ()  # the session says what is wrong with it
    return values
