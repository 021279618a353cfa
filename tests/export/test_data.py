"""Tables hold what the recording says, and figures' data what the figure shows."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import resviz
from resviz.errors import RequestError
from resviz.export.provenance import Provenance


def rows(path):
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("# ")]
    return list(csv.DictReader(lines))


def column(table, name):
    return np.array([float(row[name] or "nan") for row in table])


def test_losses(recording, tmp_path):
    resviz.export(recording, tmp_path / "t.csv", data="loss")
    table = rows(tmp_path / "t.csv")
    assert column(table, "step").tolist() == list(range(6))
    np.testing.assert_allclose(column(table, "net"), recording.loss, rtol=1e-8)
    np.testing.assert_allclose(column(table, "limit"), recording.limit.loss, rtol=1e-8)
    np.testing.assert_allclose(column(table, "twin"), recording.contrast.loss, rtol=1e-8)
    np.testing.assert_allclose(column(table, "twin_limit"), recording.contrast.limit.loss, rtol=1e-8)
    np.testing.assert_allclose(column(table, "lazy"), recording.lazy.loss, rtol=1e-8)


def test_errors_and_outputs(recording, tmp_path):
    resviz.export(recording, tmp_path / "e.csv", data="error")
    apart = np.sqrt(np.mean((recording.output - recording.limit.output) ** 2, axis=(1, 2)))
    np.testing.assert_allclose(column(rows(tmp_path / "e.csv"), "output_error"), apart, rtol=1e-6)
    resviz.export(recording, tmp_path / "o.npz", data="output", steps=[0, 4])
    with np.load(tmp_path / "o.npz") as arrays:
        assert arrays["net"].shape == (2 * 3 * 3,)
        np.testing.assert_array_equal(arrays["net"].reshape(2, 3, 3), recording.output[[0, 4]])
        np.testing.assert_array_equal(arrays["target"].reshape(2, 3, 3)[1], recording.problem.y)
        assert arrays["sample"].reshape(2, 3, 3)[0, 2, 1] == 2
        assert Provenance.parse(str(arrays["session"])).sessions == (recording.session,)


def test_distances_are_those_of_the_interface(recording, tmp_path):
    resviz.export(recording, tmp_path / "d.csv", data="distance", layers=(1, 4), window=1, steps=[0, 3])
    table = rows(tmp_path / "d.csv")
    assert [(row["step"], row["layer"]) for row in table] == [("0", "1"), ("0", "4"), ("3", "1"), ("3", "4")]
    for row in table:
        asked = recording.distance("preactivation", layer=int(row["layer"]), step=int(row["step"]))
        assert float(row["w1"]) == pytest.approx(asked.w1, rel=0.03)
        assert float(row["ks"]) == pytest.approx(asked.ks, rel=0.03)


def test_travel_and_values(recording, tmp_path):
    resviz.export(recording, tmp_path / "t.csv", data="travel", layers=(2,), window=1)
    table = rows(tmp_path / "t.csv")
    for step in (0, 5):
        mean = recording.values("travel_u", layer=2, step=step).mean()
        assert column(table, "net")[step] == pytest.approx(mean, rel=1e-5)
        twin = recording.contrast.values("travel_u", layer=2, step=step).mean()
        assert column(table, "twin")[step] == pytest.approx(twin, rel=1e-5)
    assert np.isfinite([column(table, name) for name in ("limit", "lazy")]).all()
    resviz.export(recording, tmp_path / "v.npz", data="values", layers=(2,), window=1, observable="u_norm")
    with np.load(tmp_path / "v.npz") as arrays:
        assert set(arrays["step"].tolist()) == {5}
        np.testing.assert_allclose(arrays["value"], recording.values("u_norm", layer=2, step=5), rtol=1e-6)


def test_densities_integrate_to_one(recording, tmp_path):
    resviz.export(recording, tmp_path / "d.csv", data="density", layers=(1, 4), steps=3)
    table = rows(tmp_path / "d.csv")
    for layer in (1, 4):
        part = [row for row in table if row["layer"] == str(layer)]
        assert np.trapezoid(column(part, "pdf"), column(part, "x")) == pytest.approx(1, abs=0.01)


def test_a_figures_data_are_what_it_shows(recording, tmp_path):
    resviz.export(
        recording, tmp_path / "f.svg", view="grid", size=(320, 200), layers=(1,), steps=4, data="csv"
    )
    table = rows(tmp_path / "f.csv")
    bars = [row for row in table if row["mark"] == "finite bars"]
    assert {row["panel"] for row in table} == {"layer 1"}
    width = column(bars, "x_end") - column(bars, "x")
    # the bars of all units inside the axis integrate to their share
    assert np.sum(width * column(bars, "y")) == pytest.approx(1, abs=0.1)
    limit = [row for row in table if row["mark"] == "limit line"]
    density = recording.density("preactivation", layer=1, step=4, window=6)
    assert column(limit, "y").max() == pytest.approx(density.pdf.max(), rel=0.2)
    assert {"limit band", "limit line", "finite bars", "start line"} <= {row["mark"] for row in table}
    with pytest.raises(RequestError, match="exists already"):
        resviz.export(recording, tmp_path / "g.svg", view="grid", size=(320, 200), data="csv", steps=4) or (
            resviz.export(recording, tmp_path / "g.pdf", view="grid", size=(320, 200), data="csv", steps=4)
        )


def test_a_figures_arrays(recording, tmp_path):
    resviz.export(recording, tmp_path / "f.npz", view="overview", steps=2)
    with np.load(tmp_path / "f.npz") as arrays:
        named = set(arrays)
    assert any(name == "layer-3/finite-bars/heights" for name in named)
    assert any(name.startswith("displacement/") for name in named)
    assert "session" in named


@pytest.mark.parametrize(
    ("out", "data", "said"),
    [
        ("t.csv", "distances", "data 'distances' does not exist; nearest: distance"),
        ("f.mp4", "csv", r"a \.mp4 film has no data beside it"),
        ("f.png", "xlsx", "data beside a figure 'xlsx' does not exist"),
    ],
)
def test_data_that_do_not_exist(recording, tmp_path, out, data, said):
    with pytest.raises(RequestError, match=said):
        resviz.export(recording, tmp_path / out, data=data)
    assert list(tmp_path.iterdir()) == []
