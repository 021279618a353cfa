"""Live edits and the runs that a window keeps, one rule at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.config import Session
from resviz.gui.resolve import resolve
from resviz.gui.state import (
    AppState,
    Edit,
    EditRun,
    Happened,
    Intent,
    LetGo,
    Load,
    NewSeed,
    Opened,
    Redo,
    Reset,
    Saved,
    ShowRun,
    Undo,
)

SESSION = Session()
RUNNING = replace(resolve(AppState(SESSION), Load(SESSION, run=True)), newest=40, cursor=40, follow=True)
DONE = replace(RUNNING, training=False, playing=False, follow=False, newest=100, cursor=100, ended=True)


def apply(state: AppState, *intents: Intent) -> AppState:
    for intent in intents:
        state = resolve(state, intent)
    return state


def events(state: AppState) -> list[dict]:
    return [event.model_dump(exclude_none=True) for event in state.session.training.events]


def test_more_steps_let_a_finished_run_go_on() -> None:
    state = resolve(DONE, Edit({"training.steps": 300}))
    assert (state.run, state.newest, state.steps, state.ended) == (DONE.run, 100, 300, False)
    assert state.training
    assert events(state) == [{"step": 101, "steps": 300}]


def test_another_rate_at_the_end_starts_a_new_run() -> None:
    state = resolve(DONE, Edit({"training.rate": 0.5}))
    assert (state.run, state.session.training.rate, events(state)) == (DONE.run + 1, 0.5, [])


def test_before_anything_was_trained_an_edit_is_no_event() -> None:
    waiting = replace(resolve(AppState(SESSION), Load(SESSION)), newest=0, training=False)
    state = resolve(waiting, Edit({"training.rate": 0.5}))
    assert (state.session.training.rate, events(state)) == (0.5, [])
    assert len(state.runs) == 1  # and what was never trained leaves no line


def test_undo_of_a_live_edit_is_another_live_edit() -> None:
    state = apply(RUNNING, Edit({"training.rate": 0.5}))
    state = apply(replace(state, newest=60), Undo())
    assert state.run == RUNNING.run
    assert events(state) == [{"step": 41, "rate": 0.5}, {"step": 61, "rate": 1.0}]
    assert state.form.training.rate == 1.0
    assert apply(state, Redo()).form.training.rate == 0.5


def test_an_edit_supersedes_what_was_planned_for_later() -> None:
    planned = SESSION.with_event(80, rate=0.1, steps=90)
    state = replace(resolve(AppState(planned), Load(planned, run=True)), newest=40)
    state = resolve(state, Edit({"training.steps": 200}))
    assert events(state) == [{"step": 41, "steps": 200}, {"step": 80, "rate": 0.1}]
    assert state.steps == 200


def test_reset_repeats_the_live_edits() -> None:
    edited = resolve(RUNNING, Edit({"training.rate": 0.5}))
    again = resolve(edited, Reset())
    assert again.session == edited.session
    assert again.run == edited.run + 1


def test_a_branch_keeps_the_steps_before_and_edits_from_there() -> None:
    first = resolve(RUNNING, Edit({"training.rate": 0.5}))
    state = resolve(replace(first, newest=70, cursor=50), Edit({"training.rate": 2.0}, branch=50))
    assert state.run == RUNNING.run + 1
    assert state.branch == (RUNNING.run, 50)
    assert (state.newest, state.cursor) == (49, 49)
    assert events(state) == [{"step": 41, "rate": 0.5}, {"step": 50, "rate": 2.0}]
    assert [one.number for one in state.runs] == [RUNNING.run, state.run]
    assert state.runs[0].session == first.session
    assert resolve(state, Undo()).form.training.rate == 0.5


def test_a_branch_at_the_start_is_a_new_run() -> None:
    state = resolve(RUNNING, Edit({"training.rate": 2.0}, branch=0))
    assert (state.branch, state.session.training.rate, events(state)) == (None, 2.0, [])


def test_what_really_happened_replaces_what_was_expected() -> None:
    state = resolve(RUNNING, Edit({"training.rate": 0.5}))
    real = SESSION.with_event(43, rate=0.5)
    assert resolve(state, Happened(state.run, real)).session == real
    assert resolve(state, Happened(state.run + 1, SESSION)) is state


@pytest.mark.parametrize("intent", [Reset(), NewSeed(5), Edit({"network.units": 64}), Load(SESSION)])
def test_every_new_run_leaves_the_old_one_in_the_list(intent: Intent) -> None:
    state = resolve(RUNNING, intent)
    assert [one.number for one in state.runs] == [RUNNING.run, state.run]
    left = state.runs[0]
    assert (left.session, left.newest, left.steps) == (SESSION, 40, 100)


def test_reset_never_changes_a_seed_and_new_seed_is_undone() -> None:
    assert resolve(RUNNING, Reset()).session == SESSION
    other = resolve(RUNNING, NewSeed(5))
    assert resolve(other, Undo()).session == SESSION


def test_a_kept_run_is_shown_where_it_was_left() -> None:
    other = replace(resolve(RUNNING, NewSeed(5)), newest=12)
    back = resolve(other, ShowRun(RUNNING.run))
    assert (back.run, back.session, back.newest, back.cursor) == (RUNNING.run, SESSION, 40, 40)
    assert not back.active
    assert (back.made, len(back.runs)) == (2, 2)
    again = resolve(back, Reset())
    assert again.run == 3  # numbers are not given twice


def test_a_run_whose_fields_were_given_up_is_trained_again() -> None:
    state = apply(replace(resolve(RUNNING, NewSeed(5)), newest=12), LetGo((RUNNING.run,)))
    assert state.pinned == ()
    back = resolve(state, ShowRun(RUNNING.run))
    assert (back.newest, back.training) == (-1, True)
    assert all(one.held for one in back.runs)


def test_pinned_runs_are_those_that_are_drawn() -> None:
    state = apply(RUNNING, NewSeed(5), EditRun(RUNNING.run, {"pinned": True, "note": "wide"}))
    assert [one.number for one in state.pinned] == [RUNNING.run]
    assert resolve(state, EditRun(RUNNING.run, {"visible": False})).pinned == ()
    assert resolve(state, ShowRun(RUNNING.run)).pinned == ()  # nothing is drawn over itself


def test_a_recording_that_grew_since_it_was_saved_is_unsaved(tmp_path) -> None:
    opened = resolve(RUNNING, Opened(SESSION, tmp_path / "a.resviz", 30, 100))
    assert not opened.modified
    grown = replace(opened, newest=31)
    assert grown.modified
    assert not resolve(grown, Saved(tmp_path / "a.resviz", 31)).modified


@given(
    st.lists(
        st.one_of(
            st.builds(
                lambda rate, at: Edit({"training.rate": rate}, at),
                st.sampled_from([0.25, 0.5, 1.0]),
                st.none() | st.integers(0, 60),
            ),
            st.builds(lambda steps: Edit({"training.steps": steps}), st.integers(1, 200)),
            st.just(Undo()),
            st.just(Redo()),
            st.just(Reset()),
            st.builds(ShowRun, st.integers(1, 4)),
        ),
        max_size=12,
    ),
    st.integers(0, 60),
)
def test_whatever_is_edited_the_session_is_valid_and_the_form_says_what_was_asked(
    intents: list[Intent], newest: int
) -> None:
    state = replace(RUNNING, newest=newest)
    for intent in intents:
        state = resolve(state, intent)
        assert Session(**state.session.to_mapping()) == state.session
        assert state.session.training.last_step == state.steps
        assert state.newest <= state.steps
        if isinstance(intent, Edit):
            assert all(state.form.get(key) == value for key, value in intent.changes.items())
        if intent in (Undo(), Redo()) and not state.ended:
            state = replace(state, newest=min(state.newest + 3, state.steps))
    assert len({one.number for one in state.runs}) == len(state.runs)
