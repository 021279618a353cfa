"""Runs that find no memory."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

import resviz
from resviz.data import make_problem
from resviz.errors import DeviceError, ResvizError, is_out_of_memory
from resviz.recording import record, room

module = sys.modules[record.__module__]  # the function hides it


def refusals() -> list[BaseException]:
    """What torch and numpy say here of sizes that no machine has."""
    said: list[BaseException] = []
    for take in (lambda: torch.empty(2**50), lambda: np.empty(2**50)):
        with pytest.raises((RuntimeError, MemoryError)) as refused:
            take()
        said.append(refused.value)
    return [*said, RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."), MemoryError()]


def test_refused_memory_is_told_from_other_failures():
    assert all(is_out_of_memory(error) for error in refusals())
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ZeroDivisionError())


@pytest.mark.parametrize("error", refusals(), ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("place", ["resnet", "limit_solver"])
def test_a_run_says_what_to_lower_and_keeps_the_session(monkeypatch, error, place):
    def refuse(*arguments, **options):
        raise error
        yield

    monkeypatch.setattr(room, "free_memory", lambda: 100_000_000)
    monkeypatch.setattr(module, place, refuse)
    session = resviz.Session(network={"layers": 100, "units": 5000}, training={"steps": 2, "device": "cpu"})
    with pytest.raises(DeviceError, match="ran out of memory") as refused:
        list(record(session, contrast=False))
    # half of 100 MB is u and v of 100 x 3125 units of net and twin, D = 10
    assert "network.units (some 2,048 would fit)" in refused.value.remedy
    monkeypatch.undo()
    again = session.with_values({"network.units": 8, "network.layers": 4})
    assert list(record(again, contrast=False))[-1].step == 2  # nothing stays behind


def test_other_failures_stay_what_they_are(monkeypatch):
    def broken(*arguments, **options):
        raise RuntimeError("shapes cannot be multiplied")
        yield

    monkeypatch.setattr(module, "resnet", broken)
    with pytest.raises(RuntimeError, match="multiplied") as failed:
        list(record(resviz.Session(training={"steps": 1}), contrast=False))
    assert not isinstance(failed.value, ResvizError)


@pytest.mark.parametrize(
    ("free", "units", "said"),
    [(10**12, 256, "Lower limit.units,"), (10**3, 256, "Lower network.units, network.layers")],
)
def test_the_remedy_fits_what_is_free(monkeypatch, free, units, said):
    monkeypatch.setattr(room, "free_memory", lambda: free)
    session = resviz.Session(network={"units": units}, training={"device": "cpu"})
    error = room.out_of_memory(session, make_problem(session))
    assert error.remedy.startswith(said)
