"""The numbers of a picture."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from resviz.config import Session
from resviz.errors import RequestError
from resviz.export.options import Options
from resviz.export.provenance import Provenance
from resviz.export.values import values_text, write_values
from resviz.scene.model import (
    Axis,
    Band,
    Bars,
    Heat,
    Line,
    Panel,
    Points,
    Role,
    Rule,
    Scale,
    Scene,
    Span,
    Words,
)
from resviz.scene.values import COLUMNS, arrays, rows

X = np.array([0.1, 1 / 3, 2.0])
MARKS = (
    Bars(X, np.array([0.25, 0.5])),
    Line(X, X**2, Role.LIMIT),
    Line(X, X**3, Role.LIMIT),
    Band(X, X - 1, X + 1, Role.LIMIT),
    Points(X, -X, Role.TWIN),
    Rule(3.0, Role.CURSOR),
    Rule(0.5, Role.CURSOR, across="y"),
    Span(1.0, 2.0),
    Heat(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0]), np.array([[7.0, 8.0]]), Scale(0, 8)),
    Words(0.5, 0.5, "name"),
)
SCENE = Scene((Panel("layer 2", "layer 2", Axis(0, 2), Axis(0, 1), MARKS),))
PROVENANCE = Provenance((Session(),), (5,), Options(view="grid"), (3,))


def test_every_mark_gives_its_rows_whole_and_exactly() -> None:
    table = list(csv.DictReader(io.StringIO(values_text(SCENE))))
    assert tuple(table[0]) == COLUMNS
    found = {}
    for row in table:
        found.setdefault(row["mark"], []).append(row)
    assert [float(row["y"]) for row in found["finite bars"]] == [0.25, 0.5]
    assert [float(row["x"]) for row in found["limit line"]] == list(X)  # 17 digits
    assert [float(row["y"]) for row in found["limit line 2"]] == list(X**3)
    assert [float(row["y_end"]) for row in found["limit band"]] == list(X + 1)
    assert [float(row["value"]) for row in found["finite heat"]] == [7.0, 8.0]
    assert (found["cursor rule"][0]["x"], found["cursor rule 2"][0]["y"]) == ("3.0", "0.5")
    assert len(table) == len(list(rows(SCENE)))
    assert list(rows(SCENE, "another")) == []


def test_an_npz_holds_the_arrays_and_the_session(tmp_path: Path) -> None:
    path = write_values(tmp_path / "a.npz", SCENE, PROVENANCE)
    with np.load(path, allow_pickle=False) as read:
        np.testing.assert_array_equal(read["layer-2/finite-bars/edges"], X)
        np.testing.assert_array_equal(read["layer-2/limit-line-2/y"], X**3)
        assert "[network]" in str(read["session"])
        assert set(read.files) == {*arrays(SCENE), "session"}


def test_other_extensions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"\.csv or \.npz"):
        write_values(tmp_path / "a.xlsx", SCENE, PROVENANCE)
    assert not list(tmp_path.iterdir())
