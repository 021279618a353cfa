"""What another process trains is what this one would have, and neither loses or outlives the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

import resviz
from resviz.apart import process
from resviz.apart.news import Elsewhere, NewsOf
from resviz.apart.trained import can_train_apart, trained_apart
from resviz.config import Session
from resviz.errors import DeviceError, DivergenceError, RecordingError
from resviz.recording import Progress, Recording, open_recording, record
from resviz.recording.lanes import lanes
from resviz.recording.spool import Spool

STEPS = 8
SMALL = Session(
    data={"samples": 3, "dimension": 4},
    network={"layers": 6, "units": 16},
    training={"steps": STEPS},
    limit={"nodes": 8, "units": 64},
)
LONG = SMALL.with_values({"training.steps": 100_000})


@dataclass
class Reins:
    paused: bool = False
    target: int | None = None
    stands: bool = False

    def set(self, *, paused: bool = False, target: int | None = None) -> None:
        self.paused, self.target, self.stands = paused, target, False


def states(session: Session, **options: object) -> Iterator[Progress]:
    return (one for one in trained_apart(session, **options) if one is not None)


def last(session: Session, **options: object) -> Recording:
    return deque(states(session, **options), maxlen=1)[0].recording


def here(session: Session, **options: object) -> Recording:
    return deque(record(session, **options), maxlen=1)[0].recording


def until(found: Iterator[Progress], holds: Callable[[Progress], bool]) -> Progress:
    """The first state that ``holds``; the states must not end before."""
    return next(one for one in found if holds(one))


def assert_same(one: Recording, other: Recording) -> None:
    assert one.session == other.session
    assert one.made == other.made
    mine, yours = lanes(one), lanes(other)
    assert list(mine) == list(yours)
    for name, lane in mine.items():
        a, b = list(lane.history), list(yours[name].history)
        assert len(a) == len(b) > 0, name
        for x, y in zip(a, b, strict=True):
            for part in ("h", "b", "output"):
                np.testing.assert_array_equal(getattr(x, part), getattr(y, part), f"{name} {part} {x.step}")
            assert (x.step, x.loss, x.rate, x.output_error, x.factor) == (
                y.step, y.loss, y.rate, y.output_error, y.factor,
            )  # fmt: skip
            np.testing.assert_array_equal(x.weights, y.weights)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"training.optimizer": "sgd", "training.batch": 2},
        {"network.dimension": 9, "network.activation": "relu", "network.alpha": 0.5},
        {"network.activation": "identity"},
    ],
    ids=["plain", "batches and weights", "embedding", "exact limit"],
)
def test_every_number_is_the_one_of_record(values: dict[str, object]) -> None:
    session = SMALL.with_values(values)
    assert_same(last(session), here(session))


def test_without_contrast() -> None:
    made = last(SMALL, contrast=False)
    assert made.contrast is None
    assert made.lazy is None
    assert made.step == STEPS


def test_limits_that_are_known_are_neither_solved_nor_sent() -> None:
    limits: dict[str, object] = {}
    first = last(SMALL, limits=limits)
    assert len(limits) == 3  # of net, twin, lazy
    again = last(SMALL.with_values({"network.seed": 5}), limits=limits)
    assert again.limit.fields(3) is first.limit.fields(3)
    assert again.contrast.limit.fields(3) is first.contrast.limit.fields(3)
    assert not np.array_equal(again.fields(3).h, first.fields(3).h)
    assert_same(again, here(SMALL.with_values({"network.seed": 5})))


@pytest.mark.parametrize("spooled", [True, False])
def test_it_goes_on_where_a_recording_ends(spooled: bool, tmp_path: Path) -> None:
    more = SMALL.with_values({"training.steps": 2 * STEPS})
    for where, train in (("apart", last), ("here", here)):
        recording = here(SMALL)
        recording.session = more
        recording.contrast.session = more.with_values({"network.alpha": more.contrast.alpha})
        if spooled:
            Spool.create(recording, tmp_path / where)
        assert train(more, after=recording) is recording
        if where == "apart":
            apart = recording
    assert_same(apart, recording)
    assert apart.step == 2 * STEPS


def test_no_step_is_trained_before_the_first_word_is_heard() -> None:
    for _ in range(20):
        reins = Reins(target=0)
        found = states(SMALL, steering=reins)
        assert until(found, lambda now, reins=reins: reins.stands).recording.step == 0
        found.close()


def test_it_never_passes_its_target_and_goes_on_when_told() -> None:
    reins = Reins(target=3)
    found = states(SMALL, steering=reins)
    assert until(found, lambda now: reins.stands).recording.step == 3
    reins.set(target=5)
    assert until(found, lambda now: reins.stands).recording.step == 5
    reins.set()
    assert [now.recording.step for now in found][-1] == STEPS


def test_a_pause_delivers_all_that_was_trained_and_nothing_follows() -> None:
    reins = Reins()
    found = states(LONG, steering=reins)
    until(found, lambda now: now.step > 3)
    reins.set(paused=True)
    stood = until(found, lambda now: reins.stands).recording.step
    assert [next(found).recording.step for _ in range(3)] == [stood] * 3
    reins.set(target=stood + 2)
    assert until(found, lambda now: reins.stands).recording.step == stood + 2
    found.close()


def test_an_edit_while_it_stands_holds_from_the_very_next_step() -> None:
    reins = Reins(target=3)
    found = states(SMALL, steering=reins)
    recording = until(found, lambda now: reins.stands).recording
    recording.edit(rate=0.25, steps=STEPS + 2)
    assert recording.edited
    reins.set()
    for _ in found:
        pass
    assert not recording.edited
    event = recording.session.training.events[-1]
    assert (event.step, event.rate, event.steps) == (4, 0.25, STEPS + 2)
    assert recording.contrast.session.training.events[-1] == event
    rates = [recording.fields(step).rate for step in range(recording.step + 1)]
    assert rates == [1.0] * 4 + [0.25] * (STEPS - 1)
    # and whoever runs that session finds the same
    assert_same(recording, here(recording.session))


def test_an_edit_on_the_way_becomes_an_event_of_the_step_that_it_was_in_time_for() -> None:
    found = states(LONG)
    recording = until(found, lambda now: now.step > 3).recording
    recording.edit(rate=0.5)
    recording.edit(steps=recording.step + 500)
    for _ in found:
        pass
    rate = np.array([recording.fields(step).rate for step in range(recording.step + 1)])
    events = recording.session.training.events
    assert 1 <= len(events) <= 2
    first = next(event.step for event in events if event.rate is not None)
    np.testing.assert_array_equal(rate, np.where(np.arange(len(rate)) >= first, 0.5, 1.0))
    assert recording.step == next(event.steps for event in events if event.steps is not None)


def test_a_divergence_says_where_and_loses_no_step() -> None:
    session = SMALL.with_values({"network.activation": "relu", "training.rate": 300.0, "training.steps": 200})
    kept, recording = [], []
    with pytest.raises(DivergenceError) as local:
        kept.extend(now.recording for now in record(session))
    with pytest.raises(DivergenceError) as far:
        recording.extend(now.recording for now in states(session))
    assert str(far.value) == str(local.value)
    assert (far.value.step, far.value.layer) == (local.value.step, local.value.layer)
    assert "in _lockstep" in str(far.value.__cause__)  # the other's traceback, for a report
    assert recording[-1].step == kept[-1].step == far.value.step - 1


def test_a_session_that_cannot_be_made_is_refused_as_here() -> None:
    session = SMALL.with_values({"training.device": "cuda:77"})
    with pytest.raises(DeviceError) as far:
        last(session)
    with pytest.raises(DeviceError) as local:
        here(session)
    assert str(far.value) == str(local.value)


def test_a_killed_process_is_told_and_the_next_run_has_another(tmp_path: Path) -> None:
    found = states(LONG)
    recording = until(found, lambda now: now.step > 3).recording
    for trainer in [one for one in process._all if one.alive and one not in process._idle]:
        os.kill(trainer._process.pid, signal.SIGKILL)
    with pytest.raises(DeviceError, match="signal 9"):
        for _ in found:
            pass
    kept = recording.step
    assert kept > 3
    assert open_recording(recording.save(tmp_path / "kept.resviz")).step == kept
    recording.session = recording.session.with_values({"training.steps": kept + 2})
    assert last(recording.session, after=recording).step == kept + 2


def test_who_leaves_a_job_hears_nothing_of_it_in_the_next() -> None:
    left = states(LONG)
    until(left, lambda now: now.step > 3)
    left.close()
    assert_same(last(SMALL), here(SMALL))


def test_two_run_at_once() -> None:
    one, other = states(LONG), states(LONG.with_values({"network.seed": 3}))
    a, b = until(one, lambda now: now.step > 3), until(other, lambda now: now.step > 3)
    assert not np.array_equal(a.recording.fields(2).h, b.recording.fields(2).h)
    one.close()
    other.close()


def test_an_activation_of_the_program_itself_is_trained_in_it() -> None:
    class Arc(resviz.Activation):
        def value(self, p):
            return torch.asinh(p)

        def slope(self, p):
            return 1.0 / torch.sqrt(1.0 + p * p)

    resviz.register_activation("arc", Arc)
    assert can_train_apart(SMALL)
    assert not can_train_apart(SMALL.with_values({"network.activation": "arc"}))


def test_what_was_told_leaves_the_trainers_memory() -> None:
    recording, told = here(SMALL), NewsOf(None)
    assert told.look(recording)
    assert told.look(recording) == []
    with pytest.raises(RecordingError):
        recording.fields(2)


def test_a_limit_elsewhere_has_a_length_and_no_steps() -> None:
    limit = Elsewhere.of("key", 5).until(3)
    assert (limit.newest, limit.key) == (3, "key")
    with pytest.raises(RecordingError):
        limit.fields(2)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_no_trainer_outlives_its_window() -> None:
    text = (
        "import time\n"
        "from resviz.apart.process import take\n"
        "print(take()._process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    window = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
    with window:
        trainer = int(window.stdout.readline())
        window.kill()
    end = time.monotonic() + 60
    while _runs(trainer):
        assert time.monotonic() < end, "it still runs"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        # an orphan that nobody waits for stays as a zombie
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
