"""Each rule of the window, one state and one intent at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.config import Session
from resviz.errors import SessionError
from resviz.gui.resolve import SPEEDS, resolve
from resviz.gui.state import (
    AppState,
    Edit,
    Ended,
    Follow,
    Intent,
    Load,
    Look,
    NewSeed,
    Opened,
    Recorded,
    Redo,
    Reset,
    Saved,
    Seek,
    SetSpeed,
    SetTheme,
    StepBy,
    Tick,
    TogglePlay,
    ToggleRun,
    Undo,
)

SESSION = Session()
FRESH = AppState(SESSION)
LOADED = resolve(FRESH, Load(SESSION))
RUNNING = replace(
    resolve(FRESH, Load(SESSION, run=True)), newest=40, cursor=10
)  # training ahead, the cursor plays behind
PAUSED = replace(RUNNING, training=False, playing=False)
DONE = replace(PAUSED, newest=100, ended=True)


def apply(state: AppState, *intents: Intent) -> AppState:
    for intent in intents:
        state = resolve(state, intent)
    return state


def test_load_without_run_stops_by_itself_at_step_0() -> None:
    assert (LOADED.run, LOADED.training, LOADED.target, LOADED.active) == (1, True, 0, False)
    shown = resolve(LOADED, Recorded(1, 0, 100))
    assert (shown.training, shown.newest, shown.cursor) == (False, 0, 0)


def test_load_and_run() -> None:
    state = resolve(FRESH, Load(SESSION, run=True))
    assert state.active
    assert (state.run, state.target, state.playing) == (1, None, True)


def test_load_forgets_the_old_runs_places_but_keeps_observable_speed_and_theme() -> None:
    before = apply(RUNNING, Look({"layers": (1, 2), "observable": "u"}), SetSpeed(30), SetTheme("dark"))
    after = resolve(before, Load(SESSION))
    assert (after.choice.layers, after.choice.observable) == (None, "u")
    assert (after.speed, after.theme) == (30, "dark")
    assert after.run == before.run + 1


def test_run_pauses_training_and_cursor_together() -> None:
    state = resolve(RUNNING, ToggleRun())
    assert (state.training, state.playing, state.active) == (False, False, False)
    again = resolve(state, ToggleRun())
    assert (again.training, again.playing, again.cursor, again.run) == (True, True, 10, RUNNING.run)


def test_run_pauses_playback_of_a_finished_run() -> None:
    assert not resolve(replace(DONE, playing=True), ToggleRun()).playing


def test_run_of_a_finished_run_plays_on_and_from_the_start_at_its_end() -> None:
    assert resolve(DONE, ToggleRun()).cursor == 10
    assert resolve(DONE, ToggleRun()).playing
    state = resolve(replace(DONE, cursor=100), ToggleRun())
    assert (state.cursor, state.playing, state.training) == (0, True, False)


def test_run_while_following_keeps_the_cursor_pinned() -> None:
    state = apply(PAUSED, Follow(True), ToggleRun())
    assert (state.training, state.playing, state.cursor) == (True, False, 40)
    assert resolve(state, Recorded(state.run, 41, 100)).cursor == 41


def test_play_leaves_training_alone() -> None:
    state = resolve(PAUSED, TogglePlay())
    assert (state.playing, state.training) == (True, False)
    assert not resolve(state, TogglePlay()).playing
    assert resolve(replace(PAUSED, cursor=40), TogglePlay()).cursor == 0  # at the end: from the start


def test_scrubbing_holds_the_cursor_and_not_the_training() -> None:
    state = resolve(RUNNING, Seek(7))
    assert (state.cursor, state.playing, state.follow, state.training) == (7, False, False, True)
    assert resolve(RUNNING, Seek(99)).cursor == 40  # only what is recorded
    assert resolve(RUNNING, Seek(-3)).cursor == 0


def test_step_moves_the_cursor_within_what_is_recorded() -> None:
    assert resolve(PAUSED, StepBy(1)).cursor == 11
    assert resolve(PAUSED, StepBy(-1)).cursor == 9
    assert resolve(replace(PAUSED, cursor=0), StepBy(-1)).cursor == 0
    assert not resolve(PAUSED, StepBy(1)).training


def test_step_at_the_newest_trains_one_and_shows_it() -> None:
    state = resolve(replace(PAUSED, cursor=40), StepBy(1))
    assert (state.training, state.target, state.active) == (True, 41, False)
    state = resolve(state, Recorded(state.run, 41, 100))
    assert (state.training, state.target, state.cursor) == (False, None, 41)


def test_step_before_the_first_trains_one() -> None:
    state = apply(LOADED, Recorded(1, 0, 100), StepBy(1))
    assert state.target == 1


def test_step_at_the_end_of_a_finished_run_trains_nothing() -> None:
    state = resolve(replace(DONE, cursor=100), StepBy(1))
    assert (state.training, state.cursor) == (False, 100)


def test_follow_pins_and_letting_go_plays_on() -> None:
    state = resolve(RUNNING, Follow(True))
    assert (state.cursor, state.playing) == (40, False)
    assert resolve(state, Follow(False)).playing
    assert not resolve(resolve(PAUSED, Follow(True)), Follow(False)).playing


def test_the_clock_moves_only_a_playing_cursor_and_never_past_the_newest() -> None:
    assert resolve(PAUSED, Tick(3)) is PAUSED
    assert resolve(RUNNING, Tick(3)).cursor == 13
    caught_up = resolve(RUNNING, Tick(1000))
    assert (caught_up.cursor, caught_up.playing) == (40, True)  # training brings more
    over = resolve(replace(DONE, playing=True), Tick(1000))
    assert (over.cursor, over.playing) == (100, False)


def test_speed_is_bounded() -> None:
    assert resolve(FRESH, SetSpeed(1e9)).speed == SPEEDS[1]
    assert resolve(FRESH, SetSpeed(0)).speed == SPEEDS[0]


def test_reset_keeps_the_seed_and_what_moved_moves_on() -> None:
    state = resolve(RUNNING, Reset())
    assert state.session == SESSION
    assert (state.run, state.newest, state.cursor, state.active) == (RUNNING.run + 1, -1, 0, True)
    assert not resolve(PAUSED, Reset()).active


def test_new_seed_changes_the_network_seed_alone() -> None:
    state = resolve(RUNNING, NewSeed(99))
    assert state.session == SESSION.with_values({"network.seed": 99})
    assert state.run == RUNNING.run + 1
    assert resolve(state, Undo()).session == SESSION


def test_an_edit_starts_a_new_run_and_can_be_undone_and_redone() -> None:
    state = resolve(RUNNING, Edit({"network.alpha": 4.0}))
    assert state.session.network.alpha == 4.0
    assert (state.run, state.newest) == (RUNNING.run + 1, -1)
    back = resolve(state, Undo())
    assert (back.session, back.run) == (SESSION, state.run + 1)
    assert resolve(back, Redo()).session == state.session
    assert resolve(back, Undo()) is back
    assert resolve(state, Redo()) is state


def test_an_edit_to_the_same_value_changes_nothing() -> None:
    assert resolve(RUNNING, Edit({"network.alpha": 1.0})) is RUNNING


@pytest.mark.parametrize("changes", [{"title": "mine"}, {"contrast.alpha": 16.0}])
def test_title_and_contrast_do_not_restart_the_run(changes: dict[str, object]) -> None:
    state = resolve(RUNNING, Edit(changes))
    assert (state.run, state.newest, state.training) == (RUNNING.run, 40, True)
    assert state.session != SESSION
    assert state.modified


@pytest.mark.parametrize("changes", [{"training.rate": 0.5}, {"training.steps": 300}])
def test_live_edits_keep_a_run_that_goes_on(changes: dict[str, object]) -> None:
    state = resolve(RUNNING, Edit(changes))
    assert (state.run, state.newest, state.cursor) == (RUNNING.run, 40, 10)
    assert state.steps == state.session.training.last_step
    assert all(state.form.get(key) == value for key, value in changes.items())
    assert state.session.training.events[0].step == 41


def test_fewer_steps_than_are_recorded_start_a_new_run() -> None:
    assert resolve(RUNNING, Edit({"training.steps": 40})).run == RUNNING.run + 1


def test_a_wrong_edit_is_refused_by_the_sessions_rule() -> None:
    with pytest.raises(SessionError, match=r"network\.layers"):
        resolve(RUNNING, Edit({"network.layers": 0}))


def test_fewer_layers_let_go_of_places_that_are_gone() -> None:
    state = apply(RUNNING, Look({"layers": (3, 60), "window": 40, "sample": 9, "coordinate": 9}))
    state = resolve(state, Edit({"network.layers": 32, "data.samples": 5}))
    assert state.choice.layers == (3,)
    assert (state.choice.window, state.choice.sample, state.choice.coordinate) == (None, 0, 9)


def test_opened_recordings_stand_at_their_last_step() -> None:
    state = resolve(RUNNING, Opened(SESSION, Path("a.resviz"), 100, 100))
    assert (state.newest, state.cursor, state.active, state.ended) == (100, 100, False, True)
    part = resolve(RUNNING, Opened(SESSION, Path("a.resviz"), 60, 100))
    assert (part.cursor, part.ended) == (60, False)


def test_stale_replies_change_nothing() -> None:
    assert resolve(RUNNING, Recorded(RUNNING.run - 1, 99, 100)) is RUNNING
    assert resolve(RUNNING, Ended(RUNNING.run - 1, "old")) is RUNNING


def test_a_failure_pauses_and_keeps_what_is_recorded() -> None:
    state = resolve(RUNNING, Ended(RUNNING.run, "step 41, layer 3: not finite"))
    assert (state.active, state.ended, state.newest) == (False, True, 40)
    assert "layer 3" in state.failure
    assert resolve(state, Reset()).failure == ""


def test_what_broke_off_for_the_machine_may_go_on() -> None:
    state = resolve(RUNNING, Ended(RUNNING.run, "out of memory", again=True))
    assert (state.active, state.ended, state.failure) == (False, False, "out of memory")
    state = resolve(state, ToggleRun())
    assert (state.training, state.newest, state.failure) == (True, 40, "")


def test_the_end_of_training_lets_the_cursor_play_on() -> None:
    assert resolve(RUNNING, Ended(RUNNING.run)).playing


def test_saved_is_not_modified() -> None:
    state = resolve(apply(RUNNING, Edit({"title": "x"})), Saved(Path("x.toml")))
    assert (state.modified, state.path) == (False, Path("x.toml"))


intents = st.one_of(
    st.sampled_from([ToggleRun(), TogglePlay(), Reset(), Undo(), Redo()]),
    st.builds(StepBy, st.sampled_from([-1, 1])),
    st.builds(Seek, st.integers(-5, 200)),
    st.builds(Tick, st.integers(1, 50)),
    st.builds(Follow, st.booleans()),
    st.builds(NewSeed, st.integers(0, 9)),
    st.builds(lambda alpha: Edit({"network.alpha": alpha}), st.sampled_from([1.0, 2.0])),
    st.builds(lambda run, step: Recorded(run, step, 100), st.integers(0, 4), st.integers(0, 100)),
    st.builds(Ended, st.integers(0, 4), st.sampled_from(["", "failed"])),
)


@given(st.lists(intents, max_size=40))
def test_whatever_is_done_the_cursor_stays_within_the_run(sequence: list[Intent]) -> None:
    state = resolve(FRESH, Load(SESSION, run=True))
    for intent in sequence:
        before, state = state, resolve(state, intent)
        assert 0 <= state.cursor <= max(state.newest, 0)
        assert not (state.follow and state.playing)
        assert not (state.ended and state.training)
        assert state.run >= before.run
