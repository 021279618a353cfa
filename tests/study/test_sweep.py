"""Sweep files, their points, the table, and sweeps run in this process."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import deque
from pathlib import Path

import numpy as np
import pytest

import resviz
from resviz.config import Session
from resviz.errors import RequestError, SessionError
from resviz.recording import Recording, record
from resviz.study.sweep import Sweep, load_sweep, read_table, run_sweep
from resviz.study.sweep.cluster import check_address
from resviz.study.sweep.model import MEASURES
from resviz.study.sweep.table import Table, session_id
from resviz.study.sweep.task import _add_spread, make_tasks

SESSION = {
    "data": {"samples": 3, "dimension": 3},
    "network": {"layers": 4, "units": 5},
    "training": {"steps": 3, "device": "cpu", "dtype": "float64"},
    "limit": {"nodes": 8, "units": 64},
}


def sweep(**changes: object) -> Sweep:
    given = {
        "session": SESSION,
        "repetitions": 2,
        "axes": [
            {"key": "network.alpha", "list": [1.0, 4.0]},
            {"key": "network.units", "linspace": [2, 6, 3]},
        ],
        **changes,
    }
    return Sweep.from_mapping(given)


def done(chosen: Sweep, folder: Path, **options: object) -> list[dict[str, object]]:
    *_, last = run_sweep(chosen, folder, workers=0, **options)
    assert last.done == last.total
    return read_table(folder)


def alone(session: Session) -> Recording:
    """The run of one session, with its limit."""
    return deque(record(session, contrast=False), maxlen=1)[0].recording


def test_points_are_the_product_of_the_axes():
    points = sweep().points()
    assert [tuple(p.values.values()) for p in points] == [(a, m) for a in (1.0, 4.0) for m in (2, 4, 6)]
    assert [s.network.seed for s in points[4].sessions] == [11, 12]
    assert points[4].sessions[0].network.alpha == 4.0
    assert points[4].sessions[0].network.units == 4


def test_axes_of_every_kind():
    axes = [
        {"key": "training.rate", "logspace": [0.01, 1, 3]},
        {"key": "network.layers", "logspace": [1, 4, 5]},
        {"key": ["network.units", "network.alpha"], "list": [[1, 2.0], [9, 3.0]]},
    ]
    points = sweep(axes=axes, repetitions=1).points()
    assert sorted({p.values["training.rate"] for p in points}) == [0.01, 0.1, 1.0]
    assert sorted({p.values["network.layers"] for p in points}) == [1, 2, 3, 4]  # whole numbers, each once
    assert {(p.values["network.units"], p.values["network.alpha"]) for p in points} == {(1, 2.0), (9, 3.0)}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"axis": []}, ["axis", "unknown key", "axes"]),
        ({"axes": [{"key": "network.alpha"}]}, ["axes[0]", "exactly one of list, linspace and logspace"]),
        ({"axes": [{"key": "network.alpha", "logspace": [0, 1, 3]}]}, ["above 0"]),
        ({"axes": [{"key": "network.alpha", "list": [1], "steps": 3}]}, ["axes[0].steps", "linspace"]),
        ({"measure": ["los"]}, ["measure[0]", "'los'", "output_error"]),
        ({"repetitions": 0}, ["repetitions = 0"]),
        ({"axes": [{"key": "network.alfa", "list": [1.0]}]}, ["network.alfa", "network.alpha"]),
        ({"axes": [{"key": "network.layers", "list": [4, 0]}]}, ["network.layers = 0", "point 1"]),
        ({"axes": [{"key": "network.seed", "list": [1, 2]}]}, ["network.seed", "repetitions"]),
        ({"axes": [{"key": ["network.layers", "network.units"], "list": [[4]]}]}, ["one value for each"]),
        ({"repeat": "training.rate"}, ["training.rate", "integer"]),
        ({"session": "helo"}, ["helo"]),
    ],
)  # fmt: skip
def test_a_wrong_sweep_is_refused_by_name(changes, names):
    with pytest.raises(SessionError) as refused:
        sweep(**changes).points()
    text = str(refused.value)
    assert all(name in text for name in names), text


def test_a_file_names_its_session_beside_it(tmp_path: Path):
    Session(network={"layers": 3}).save(tmp_path / "base.toml")
    file = tmp_path / "sweep.toml"
    file.write_text('session = "base.toml"\nrepetitions = 2\n')
    assert load_sweep(file).base().network.layers == 3
    file.write_text('session = "hello"\n')
    assert load_sweep(file).base() == resviz.load_session("hello")
    file.write_text("session = [")
    with pytest.raises(SessionError, match="not a TOML file"):
        load_sweep(file)


def test_rows_hold_what_single_runs_give(tmp_path: Path):
    rows = done(sweep(measure=["loss", "output_error", "output_std", "travel", "diverged"]), tmp_path)
    assert len(rows) == 12
    for row in rows[::5]:
        session = Session.from_mapping(json.loads(row["session"]))
        assert session.network.units == row["network.units"]
        rec = alone(session)
        assert row["loss"] == pytest.approx(rec.loss[-1], rel=1e-10)
        error = np.sqrt(np.mean((rec.output[-1] - rec.limit.output[-1]) ** 2))
        assert row["output_error"] == pytest.approx(error, rel=1e-6)
        assert row["limit_error"] == pytest.approx(rec.limit.output_error[-1], rel=1e-6)
        travel = [rec.values("travel_u", layer=n, step=3) ** 2 for n in range(session.network.layers)]
        assert row["travel"] == pytest.approx(np.sqrt(np.mean(travel)), rel=1e-6)
        assert row["diverged"] == -1
    for number in range(6):
        pair = [row for row in rows if row["point"] == number]
        outputs = [alone(Session.from_mapping(json.loads(r["session"]))).output[-1] for r in pair]
        expected = np.sqrt(np.mean(np.var(outputs, axis=0, ddof=1)))
        assert [row["output_std"] for row in pair] == pytest.approx([expected] * 2, rel=1e-10)


def test_every_measure_of_runs_that_are_recorded_alone(tmp_path: Path):
    # momentum cannot be batched; the ensemble's numbers for plain descent are those of the recording
    axes = [{"key": "training.optimizer", "list": ["gd", "momentum"]}]
    together = done(sweep(axes=axes, measure=[m for m in MEASURES if m != "distance"]), tmp_path / "a")
    apart = done(sweep(axes=axes, measure=list(MEASURES)), tmp_path / "b")
    for one, other in zip(together, apart, strict=True):
        for name in ("loss", "output_error", "output_std", "travel", "laziness", "kernel_drift"):
            assert one[name] == pytest.approx(other[name], rel=1e-5), (one["training.optimizer"], name)
        assert 0.3 < other["ks_ratio"] < 3
        assert 0.3 < other["w1_ratio"] < 3


def test_equal_shapes_are_one_task():
    points = sweep(axes=[{"key": "network.alpha", "linspace": [0.1, 8, 20]}]).points()
    tasks, limits = make_tasks(points, ("loss",), workers=2)
    assert [task.runs for task in tasks] == [40]
    assert limits == {}
    tasks, limits = make_tasks(points, ("output_error",), workers=2)
    assert len(limits) == 20


def test_a_sweep_goes_on_where_it_was_stopped(tmp_path: Path):
    states = run_sweep(sweep(), tmp_path, workers=0)
    next(states)
    first = next(states)
    states.close()
    kept = read_table(tmp_path)
    assert 0 < first.done == len(kept) < 12
    with (tmp_path / "table.csv").open("ab") as file:
        file.write(b"0123456789abcdef,5,1,4.0,6,0.1")  # a line that a crash has torn
    assert len(read_table(tmp_path)) == len(kept)
    (resumed, *_) = run_sweep(sweep(), tmp_path, workers=0)
    assert resumed.done == len(kept)
    rows = read_table(tmp_path)
    assert len(rows) == 12
    assert rows[: len(kept)] == kept
    (again,) = run_sweep(sweep(), tmp_path, workers=0)  # nothing to do
    assert again.done == 12


def test_more_repetitions_add_rows_and_another_sweep_is_refused(tmp_path: Path):
    assert len(done(sweep(), tmp_path)) == 12
    assert len(done(sweep(repetitions=3), tmp_path)) == 18
    with pytest.raises(RequestError, match="another sweep"):
        list(run_sweep(sweep(measure=["travel"]), tmp_path, workers=0))


def test_a_point_that_fails_is_a_row_with_its_error(tmp_path: Path):
    # an infinite rate of the limit diverges; the other point is fine
    axes = [{"key": "training.rate", "list": [1.0, 1e6]}]
    rows = done(sweep(axes=axes), tmp_path)
    assert [bool(row["error"]) for row in rows] == [False, False, True, True]
    assert "diverged" in rows[2]["error"]
    assert rows[0]["loss"] > 0
    *_, last = run_sweep(sweep(axes=axes), tmp_path, workers=0)
    assert last.failed == 2
    *_, last = run_sweep(sweep(axes=axes), tmp_path, workers=0, retry=True)
    assert last.failed == 2
    with (tmp_path / "table.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 6  # tried again, nothing rewritten
    assert len(read_table(tmp_path)) == 4


def test_what_fails_together_is_tried_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from resviz.study import ensemble

    def fragile(sessions, problems):
        if any(s.network.alpha == 4.0 and s.network.seed == 12 for s in sessions):
            raise RuntimeError("[enforce fail] not enough memory\nat a line")
        yield from whole(sessions, problems)

    whole = ensemble.train_together
    monkeypatch.setattr(ensemble, "train_together", fragile)
    rows = done(sweep(axes=[{"key": "network.alpha", "list": [1.0, 4.0]}], measure=["loss"]), tmp_path)
    assert {(r["network.alpha"], r["repetition"]): bool(r["error"]) for r in rows} == {
        (1.0, 0): False, (1.0, 1): False, (4.0, 0): False, (4.0, 1): True,
    }  # fmt: skip
    assert rows[-1]["error"] == "RuntimeError: [enforce fail] not enough memory at a line"


def test_a_session_is_known_by_what_determines_its_run(tmp_path: Path):
    session = Session()
    assert session_id(session) == session_id(session.with_values({"title": "other"}))
    assert session_id(session) != session_id(session.with_values({"network.seed": 3}))
    assert Table(tmp_path, [], ["loss"]).done == {}


def test_what_diverges_is_a_row_without_numbers_and_no_part_of_the_deviation(tmp_path: Path):
    # a rate of the network that one seed of three survives is hard to find: the rate itself is repeated
    axes = [{"key": "network.seed", "list": [11]}]
    chosen = sweep(
        axes=axes, repeat="training.batch_seed", repetitions=3, measure=["loss", "output_std", "diverged"],
        session={**SESSION, "training": {**SESSION["training"], "rate": 1e5}},
    )  # fmt: skip
    rows = done(chosen, tmp_path)
    assert all(row["diverged"] >= 0 and np.isnan(row["loss"]) and np.isnan(row["output_std"]) for row in rows)
    places, found = [(0, 0), (0, 1), (0, 2)], {i: ({}, 0.0) for i in range(3)}
    outputs = {0: np.zeros((2, 1)), 1: np.full((2, 1), np.nan), 2: np.full((2, 1), 2.0)}
    _add_spread(places, outputs, found)
    assert [found[i][0]["output_std"] for i in range(3)] == pytest.approx([2**0.5] * 3)


def parquet_rows(folder: Path) -> list[dict[str, object]]:
    from pyarrow import parquet

    return parquet.read_table(folder / "table.parquet").to_pylist()


def test_the_table_is_written_as_parquet_too(tmp_path: Path):
    axes = [
        {"key": ["network.activation", "limit.nodes"], "list": [["tanh", 8], ["erf", "auto"]]},
        {"key": "training.rate", "list": [1.0, 1e6]},
    ]
    rows = done(sweep(axes=axes), tmp_path)
    list(run_sweep(sweep(axes=axes), tmp_path, workers=0, retry=True))  # the failed ones, once more
    found = parquet_rows(tmp_path)
    assert len(found) == len(rows) == 8
    for one, other in zip(found, rows, strict=True):
        same = ["id", "point", "network.activation", "training.rate", "error", "session"]
        same += ["loss", "travel"] if not other["error"] else []
        assert [one[name] for name in same] == [other[name] for name in same]
        assert one["limit.nodes"] == str(other["limit.nodes"])
        assert isinstance(one["point"], int)
        assert isinstance(one["training.rate"], float)
        if other["error"]:
            assert np.isnan(one["output_error"])
    assert not [path for path in tmp_path.iterdir() if ".part" in path.name]


def test_an_interrupted_sweep_leaves_parquet_and_without_pyarrow_none(tmp_path: Path, monkeypatch):
    states = run_sweep(sweep(), tmp_path / "a", workers=0)
    next(states), next(states)
    states.close()
    assert len(parquet_rows(tmp_path / "a")) == len(read_table(tmp_path / "a")) > 0
    from resviz.study.sweep import run

    monkeypatch.setattr(run, "has_parquet", lambda: False)
    done(sweep(), tmp_path / "b")
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["sweep.toml", "table.csv"]
    monkeypatch.undo()
    list(run_sweep(sweep(), tmp_path / "b", workers=0))  # pyarrow has come since
    assert len(parquet_rows(tmp_path / "b")) == 12


THREADS = """
import os
import pyarrow.csv, pyarrow.parquet
from pathlib import Path
from resviz.study.sweep.parquet import write_parquet

before = len(os.listdir("/proc/self/task"))
write_parquet(Path("table.csv"), [], ["x"])
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux tells a process's threads so")
def test_no_thread_of_arrow_outlives_the_writing_of_parquet(tmp_path: Path):
    """Its readers let go of Python objects when they please: after the interpreter's end that aborts."""
    (tmp_path / "table.csv").write_text("id,x,error,session,seconds\na,1,,s,0.5\n")
    environment = {**os.environ, "PYTHONPATH": str(Path(resviz.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", THREADS], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "table.parquet").exists()
    assert int(done.stdout) <= 1  # that of the allocator, which knows no Python


@pytest.mark.parametrize("address", ["nonsense", "x://host:8786", "tcp://host", "tcp://:8786", "tcp://a b:1"])
def test_what_is_no_schedulers_address_is_refused_at_once(address: str, tmp_path: Path):
    with pytest.raises(RequestError, match="a host and a port"):
        next(run_sweep(sweep(), tmp_path / "never", scheduler=address))
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:40123", "host:8786", "tls://[::1]:8786", "ws://a.b:80/"])
def test_addresses_of_schedulers(address: str):
    check_address(address)
