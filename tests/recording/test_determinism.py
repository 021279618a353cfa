"""The same session gives the same bytes; other numbers of threads give the same numbers to rounding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from resviz.engine.compiled import torch_threads
from resviz.recording import Recording, open_recording, record, run
from resviz.recording.lanes import lanes

# a small net's step: every sum over units or samples in another order moves its last bit, some 6e-8, and
# training multiplies that by some 10 in these few steps
TOLERANCE = {"float32": 5e-6, "float64": 1e-13}

SETTINGS = [
    {},
    {"training": {"dtype": "float64"}},
    {"training": {"optimizer": "sgd", "batch": 2}},
    {"training": {"optimizer": "momentum", "clip": 0.5}},
    {"network": {"activation": "identity"}},
    {"data": {"kind": "digits", "samples": 12, "dimension": None}, "network": {"dimension": 8}},
    {"limit": {"nodes": "auto", "units": "auto", "tolerance": 0.05}},
]


def in_another_process(session, folder: Path, threads: int) -> Recording:
    session.save(folder / "session.toml")
    code = "import resviz; resviz.run(resviz.load_session('session.toml')).save('run.resviz')"
    root = str(Path(__file__).parents[2])
    variables = {"PYTHONPATH": root, "OMP_NUM_THREADS": str(threads), "PYTHONHASHSEED": str(threads)}
    variables["OPENBLAS_NUM_THREADS"] = str(threads)
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=os.environ | variables, check=True)
    return open_recording(folder / "run.resviz")


@pytest.mark.parametrize("more", SETTINGS, ids=str)
def test_the_same_bytes_again(small, assert_same, more):
    session = small(**more)
    assert_same(run(session), run(session))


def test_the_same_bytes_in_another_process(small, recording, assert_same, tmp_path):
    assert_same(in_another_process(small(), tmp_path, 1), recording)


def assert_near(one: Recording, other: Recording, dtype: str) -> None:
    for name, lane in lanes(one).items():
        theirs = lanes(other)[name].history
        for fields in lane.history:
            scale = np.abs(fields.h).max()
            assert np.abs(fields.h - theirs[fields.step].h).max() <= TOLERANCE[dtype] * scale


def test_threads_of_linear_algebra_change_no_more_than_rounding(small, recording, tmp_path):
    assert_near(in_another_process(small(), tmp_path, 2), recording, "float32")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_change_no_more_than_rounding(small, dtype):
    session = small(training={"dtype": dtype}, network={"units": 300}, data={"samples": 40})
    runs = []
    for threads in (1, 2, 4):
        *_, last = record(session, threads=threads)
        runs.append(last.recording)
        assert last.recording.made["threads"] == str(threads)
    for other in runs[1:]:
        assert_near(runs[0], other, dtype)
    assert_threads_are_given_back()


def assert_threads_are_given_back() -> None:
    import torch

    assert torch.get_num_threads() == 1
    with torch_threads(2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 1


def test_live_edits_replay_to_the_same_bytes_from_a_file(small, assert_same, tmp_path):
    """Edits of rate and steps while it runs, saved, opened: the session in the file is the run."""
    states = record(small())
    live = next(states).recording
    asked = {1: {"rate": 0.5}, 3: {"steps": 9}, 4: {"rate": 0.25, "steps": 8}, 6: {"rate": 1.5}}
    for state in states:
        if edit := asked.pop(state.step, None):
            live.edit(**edit)
    assert live.step == 8
    opened = open_recording(live.save(tmp_path / "run"))
    assert opened.session == live.session
    assert [event.step for event in opened.session.training.events] == [2, 4, 5, 7]
    assert opened.step == opened.steps == 8
    assert_same(run(opened.session), opened)
    assert_same(in_another_process(opened.session, tmp_path, 1), opened)
