"""Recorded sweeps: what is recorded when, with CUDA's recorder replaced by one that remembers the call."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from problems import constant, session, steps

from resviz.data import make_problem
from resviz.engine import graphs, native
from resviz.engine.meanode import mean_ode
from resviz.engine.resnet import resnet


@pytest.fixture
def recordings(monkeypatch):
    """Names of what was recorded; every sweep on the processor is a graphed one by torch."""
    made = []

    class Recording:
        def __init__(self, work, given):
            self.work, self.given = work, given

        def replay(self):
            self.work(*self.given)

    def recorded(work, given, still, pool):
        made.append(getattr(work, "name", getattr(work, "__name__", "")))
        for _ in range(3):
            work(*still)
        return Recording(work, given)

    monkeypatch.setattr(native, "kernels", lambda dtype: None)
    monkeypatch.setattr(graphs, "recorded", recorded)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 0))
    for module in ("resnet", "meanode"):
        monkeypatch.setattr(
            f"resviz.engine.{module}.on_device", lambda sweep, device: graphs.GraphedSweep(sweep)
        )
    return made


@pytest.mark.parametrize("engine", [resnet, mean_ode])
def test_recorded_sweeps_train_alike(engine, recordings, monkeypatch):
    """Runs before a recording leave the units alone, and a changed rate is another recording."""
    chosen = session(d=4, n=3, layers=6, units=8).with_values({"limit.nodes": 5, "limit.units": 32})
    problem = make_problem(chosen)

    def rates(step):
        return 0.5 if step < 3 else 0.25

    ours = steps(engine(chosen, problem, rates=rates), 5)
    assert len(recordings) == 3  # up; down at either rate
    monkeypatch.undo()
    monkeypatch.setattr(native, "kernels", lambda dtype: None)
    for mine, its in zip(ours, steps(engine(chosen, problem, rates=rates), 5), strict=True):
        np.testing.assert_array_equal(mine.h, its.h)
        np.testing.assert_array_equal(mine.b, its.b)


def test_what_cannot_be_recorded_runs_as_it_is(recordings, monkeypatch):
    def refused(work, given, still, pool):
        recordings.append("refused")
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(graphs, "recorded", refused)
    chosen = session(d=3, n=2, layers=4, units=4)
    assert len(steps(resnet(chosen, make_problem(chosen), rates=constant()), 3)) == 4
    assert recordings == ["refused"]


def test_a_recording_that_finds_no_memory_is_told(recordings, monkeypatch):
    def refused(work, given, still, pool):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(graphs, "recorded", refused)
    chosen = session(d=3, n=2, layers=4, units=4)
    with pytest.raises(torch.OutOfMemoryError):
        steps(resnet(chosen, make_problem(chosen), rates=constant()), 1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu_the_same_network():
    chosen = session(d=4, n=3, layers=6, units=8)
    problem = make_problem(chosen)
    there, here = (
        steps(resnet(chosen.with_values({"training.device": d}), problem, rates=constant(0.5)), 4)
        for d in ("cuda", "cpu")
    )
    for a, b in zip(there, here, strict=True):
        np.testing.assert_allclose(a.h, b.h, atol=1e-10)


def test_copies_are_copies():
    x = torch.ones(3, 2)
    (copy,) = graphs.copies(x)
    x.zero_()
    np.testing.assert_array_equal(copy, np.ones((3, 2)))
