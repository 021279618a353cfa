"""Small runs; replays are tested with one torch thread, as they run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from resviz.config import Session
from resviz.engine.compiled import one_thread
from resviz.recording import Recording, run


@pytest.fixture(autouse=True)
def _one_thread():
    with one_thread():
        yield


def small_session(**more: object) -> Session:
    values: dict = {
        "data": {"samples": 3, "dimension": 4},
        "network": {"layers": 8, "units": 16},
        "training": {"steps": 6},
        "limit": {"nodes": 8, "units": 32},
    }
    for table, keys in more.items():
        values[table] = values.get(table, {}) | keys if isinstance(keys, dict) else keys
    return Session(**values)


@pytest.fixture(scope="session")
def small() -> Callable[..., Session]:
    """A session of a tenth of a second, with some values replaced."""
    return small_session


@pytest.fixture(scope="module")
def recording() -> Recording:
    """A run of it."""
    return run(small_session())


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Recording, Recording], None]:
    """Everything that two recordings hold is the same, bit for bit."""

    def compare(one: Recording, other: Recording, upto: int | None = None) -> None:
        from resviz.recording.lanes import lanes

        ours, theirs = lanes(one), lanes(other)
        assert ours.keys() == theirs.keys()
        for name, lane in ours.items():
            mine, its = lane.history, theirs[name].history
            count = len(mine) if upto is None else upto + 1
            assert len(its) >= count, name
            if upto is None:
                assert len(its) == len(mine), name
            np.testing.assert_array_equal(mine.columns(0, count), its.columns(0, count), name)
            for k in range(count):
                for array in ("h", "b", "output", "weights"):
                    a, b = getattr(mine[k], array), getattr(its[k], array)
                    assert (a is None) == (b is None)
                    if a is not None:
                        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes()), (name, k)
        np.testing.assert_array_equal(one.problem.x, other.problem.x)
        np.testing.assert_array_equal(one.problem.y, other.problem.y)

    return compare
