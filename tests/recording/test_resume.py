"""Going on from a recording's end, or from a past step of it: the units are replayed from the fields."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from resviz.config import Session
from resviz.recording import open_recording, record, run
from resviz.recording.recording import Recording

STEPS, MORE = 7, 12
BASE = {
    "data": {"samples": 3, "dimension": 4},
    "network": {"layers": 6, "units": 16},
    "training": {"steps": STEPS, "dtype": "float64"},
    "limit": {"nodes": 8, "units": 32},
}


def session(**more: dict) -> Session:
    return Session(**{table: {**BASE.get(table, {}), **more.get(table, {})} for table in {*BASE, *more}})


def gone_on(recording: Recording, **edit: float) -> Recording:
    recording.edit(**edit)
    recording.begin_step(recording.step + 1)
    for at in record(recording.session, after=recording):
        assert at.recording is recording
    return recording


def assert_same(one: Recording, other: Recording, within: float) -> None:
    pairs = [
        (one, other),
        (one.contrast, other.contrast),
        (one.limit, other.limit),
        (one.lazy, other.lazy),
        (one.contrast.limit, other.contrast.limit),
    ]
    for mine, its in pairs:
        np.testing.assert_allclose(mine.loss, its.loss, rtol=within)
        np.testing.assert_allclose(mine.output, its.output, atol=within)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"training": {"optimizer": "momentum"}},
        {"training": {"optimizer": "sgd", "batch": 2, "clip": 0.5}},
        {"network": {"activation": "identity"}, "training": {"rate": 0.3}},
        {"limit": {"engine": "particles"}, "network": {"activation": "erf"}},
        {"data": {"dimension": 12}},  # more dimensions than the span has
        {"data": {"samples": 1}, "limit": {"engine": "particles"}},  # few outputs: four replicas of the limit
    ],
    ids=["plain", "momentum", "batches", "exact", "particles", "reduced", "four"],
)
def test_a_finished_run_given_more_steps_is_the_longer_run(changes: dict) -> None:
    asked = session(**changes)
    longer = run(asked.with_values({"training.steps": MORE}))
    shorter = gone_on(run(asked), steps=MORE)
    assert shorter.step == shorter.limit.newest == shorter.lazy.newest == shorter.contrast.step == MORE
    assert shorter.session.training.events[0].step == STEPS + 1
    assert_same(shorter, longer, 1e-9)


def test_float32_units_go_on_to_rounding() -> None:
    asked = session(training={"dtype": "float32"})
    longer, shorter = run(asked.with_values({"training.steps": MORE})), gone_on(run(asked), steps=MORE)
    moved = np.sqrt(np.mean((longer.fields(MORE).h - longer.fields(0).h) ** 2))
    np.testing.assert_allclose(shorter.fields(MORE).h, longer.fields(MORE).h, atol=1e-3 * moved)


def test_the_session_with_its_event_repeats_the_continued_run() -> None:
    went_on = gone_on(run(session()), steps=MORE, rate=0.4)
    again = run(Session(**went_on.session.to_mapping()))
    assert [f.rate for f in map(went_on.fields, range(MORE + 1))] == [1.0] * (STEPS + 1) + [0.4] * (
        MORE - STEPS
    )
    assert_same(went_on, again, 1e-9)


def test_a_run_of_a_file_goes_on(tmp_path: Path) -> None:
    asked = session()
    opened = open_recording(run(asked).save(tmp_path / "run.resviz"))
    assert_same(gone_on(opened, steps=MORE), run(asked.with_values({"training.steps": MORE})), 1e-9)


def test_a_branch_keeps_the_past_and_leaves_the_first_run_alone() -> None:
    first = run(session())
    kept = first.loss.copy()
    branch = first.branch(3, first.session.with_event(3, rate=0.25))
    assert (branch.step, branch.limit.newest, branch.contrast.step) == (2, 2, 2)
    for _ in record(branch.session, after=branch):
        pass
    np.testing.assert_array_equal(first.loss, kept)
    assert_same(branch, run(branch.session), 1e-9)
    assert branch.fields(2).h is first.fields(2).h  # shared, at no memory


def test_known_limits_do_not_grow_with_a_run_that_goes_on() -> None:
    known: dict = {}
    for at in record(session(), limits=known):
        recording = at.recording
    solved = {key: limit.newest for key, limit in known.items()}
    gone_on(recording, steps=MORE, rate=0.5)
    assert {key: known[key].newest for key in solved} == solved
    again = run(session(), limits=known)
    assert again.limit.newest == STEPS
    np.testing.assert_array_equal(again.limit.loss, recording.limit.loss[: STEPS + 1])
