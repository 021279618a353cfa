"""What the looking thread keeps of a long run."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from resviz.config import Session
from resviz.fields.memory import MEMORY
from resviz.gui.seen import Seen
from resviz.observe import Passage, Series
from resviz.recording import Recording, run


@pytest.fixture(scope="module")
def long() -> Recording:
    return run(
        Session(
            data={"samples": 2, "dimension": 2},
            network={"layers": 4, "units": 8},
            training={"steps": 60},
            limit={"nodes": 4, "units": 16},
        )
    )


def visited(recording: Recording, kept: float) -> Seen:
    seen = Seen(Series(Passage(recording, [1, 2], window=1, starts=64), "preactivation"), kept=kept)
    while (step := seen.first_gap()) is not None:
        assert list(seen.visit(step))[-1]
    return seen


def test_the_steps_visited_first_are_forgotten_but_for_their_means(long):
    seen, whole = visited(long, kept=0.0), visited(long, kept=1e9)
    assert [k for k in range(61) if seen.has(k)] == [0, *range(29, 61)]
    assert seen.density(3, 0) is None
    assert seen.finite(3, 0).size == 0
    assert whole.has(3)
    for k in range(61):
        assert (seen.mean(k), seen.limit_mean(k)) == (whole.mean(k), whole.limit_mean(k))
    assert seen.limit_range(1) == whole.limit_range(1)
    # nothing is left to do, and the cursor may play through all of it
    assert seen.first_gap() is None
    assert seen.unbroken_from(0) == 60


def test_a_forgotten_step_is_visited_once_more_when_it_is_wanted(long):
    seen, whole = visited(long, kept=0.0), visited(long, kept=1e9)
    assert seen.can_visit(3)
    assert list(seen.visit(3))[-1]
    np.testing.assert_array_equal(seen.finite(3, 1), whole.finite(3, 1))
    np.testing.assert_allclose(seen.density(3, 1).pdf, whole.density(3, 1).pdf, atol=1e-6)
    assert not seen.can_visit(3)
    assert sum(seen.has(k) for k in range(61)) == 33
    assert seen.has(60)


def test_what_pictures_hold_counts_in_the_one_bound_on_memory(long):
    gc.collect()
    before = MEMORY.used
    seen = visited(long, kept=1e9)
    held = MEMORY.used - before
    assert held > 60 * 2 * 64 * 4  # values of 60 steps at two places alone
    del seen
    gc.collect()
    assert MEMORY.used < before + held / 2
