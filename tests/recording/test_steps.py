"""Steps in memory and in files, under one bound."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from resviz.errors import RequestError
from resviz.fields import Fields
from resviz.fields.memory import MEMORY, Memory
from resviz.fields.steps import Part, Steps


def fields(k: int, size: int = 10) -> Fields:
    return Fields(
        k, np.full((size,), k, np.float32), np.full((size,), -k, np.float32), np.ones((1, 1)), k, 1.0
    )


class Owner:
    pass


def test_what_can_be_read_again_is_let_go_of_the_longest_unused_first():
    memory = Memory(100)
    a, b, c = Owner(), Owner(), Owner()
    memory.keep(a, "a", 40)
    memory.keep(b, "b", 40)
    assert memory.recall(a) == "a"
    memory.keep(c, "c", 40)
    assert (memory.recall(a), memory.recall(b), memory.recall(c)) == ("a", None, "c")
    assert memory.used == 80
    memory.pin(b, 50)
    assert (memory.recall(a), memory.recall(c)) == (None, "c")
    assert not memory.full
    memory.pin(b, 101)
    assert memory.full
    assert memory.used == 101
    memory.pin(b, 0)
    assert memory.used == 0


def test_the_dead_hold_nothing():
    memory = Memory(100)
    a, b = Owner(), Owner()
    memory.keep(a, "a", 40)
    memory.pin(b, 30)
    del a, b
    gc.collect()
    assert memory.used == 0


def test_steps_grow_one_by_one():
    steps = Steps()
    for k in range(100):
        steps.append(fields(k))
    assert len(steps) == 100
    assert [f.step for f in steps] == list(range(100))
    assert steps.column("loss").tolist() == list(range(100))
    assert not steps.column("loss").flags.writeable
    with pytest.raises(RequestError, match="step 7 cannot follow step 99"):
        steps.append(fields(7))
    with pytest.raises(IndexError):
        steps[100]


def test_a_branch_shares_the_past_and_grows_alone():
    steps = Steps()
    for k in range(6):
        steps.append(fields(k))
    branch = steps[:4]
    other = fields(4)
    branch.append(other)
    steps.append(fields(6))
    assert [f.step for f in branch] == [0, 1, 2, 3, 4]
    assert branch[4] is other
    assert steps[4] is not other
    assert branch[3] is steps[3]
    assert branch.column("loss").tolist() == [0, 1, 2, 3, 4]
    assert len(steps[:0]) == 0
    assert len(steps[:99]) == 7


def test_stored_parts_leave_memory_and_are_read_again(monkeypatch):
    gc.collect()
    monkeypatch.setattr(MEMORY, "limit", MEMORY.used + 500)
    steps = Steps()
    for k in range(4):
        steps.append(fields(k))
    ((part, count),) = steps.parts(0)
    assert (count, part.on_disk) == (4, False)
    read: list[int] = []

    def again() -> list[Fields]:
        read.append(1)
        return [fields(k) for k in range(4)]

    assert MEMORY.used >= 4 * 88  # nobody else has it
    part.stored(again)
    assert steps[2].h[0] == 2
    assert read == []  # there is room
    pinned = Owner()
    MEMORY.pin(pinned, MEMORY.limit - 100)  # whatever other tests have left to be collected meanwhile
    assert steps[3].h[0] == 3
    assert read == [1]
    assert [f.step for f in steps] == [0, 1, 2, 3]
    steps.append(fields(4))
    assert [p.start for p, _ in steps.parts(4)] == [4]


def test_parts_of_a_file_are_added_in_order():
    steps = Steps()
    part = Part(0, 3, read=lambda: [fields(k) for k in range(3)])
    steps.add(part, np.arange(12.0).reshape(3, 4))
    assert steps[1].step == 1
    assert steps.column("rate").tolist() == [1.0, 5.0, 9.0]
    with pytest.raises(RequestError, match="cannot follow"):
        steps.add(part, np.zeros((3, 4)))
    steps.append(fields(3))
    assert [f.step for f in steps] == [0, 1, 2, 3]
