"""The window's rules: (state, intent) -> the next state. Pure, so that each rule is one line in a test."""

from __future__ import annotations

from dataclasses import replace

from resviz.gui.edits import edited, exchanged, remembered
from resviz.gui.ranges import next_within, range_of, selected
from resviz.gui.runs import let_go, listed, removed, restarted, shown
from resviz.gui.state import (
    AppState,
    Edit,
    EditRun,
    Ended,
    Follow,
    Happened,
    Intent,
    LetGo,
    Load,
    Look,
    NewSeed,
    Opened,
    Pin,
    Recorded,
    Redo,
    RemoveRun,
    Reset,
    Saved,
    Seek,
    SelectRange,
    SetSpeed,
    SetTheme,
    ShowRun,
    StepBy,
    Tick,
    TogglePlay,
    ToggleRun,
    Undo,
)
from resviz.gui.views import pinned_of, pinned_with

SPEEDS = (0.5, 240.0)
"""Slowest and fastest cursor, steps a second."""


def resolve(state: AppState, intent: Intent) -> AppState:
    """The state after ``intent``; the same object if nothing changes.

    Raises:
        SessionError: an `Edit` breaks a rule of the session.
    """
    match intent:
        case ToggleRun():
            return _toggle_run(state)
        case TogglePlay():
            return _toggle_play(state)
        case StepBy(steps):
            return _step(state, steps)
        case Seek(step):
            cursor = min(max(step, 0), max(state.newest, 0))
            return replace(state, cursor=cursor, playing=False, follow=False)
        case Tick(steps):
            return _tick(state, steps)
        case SelectRange():
            return selected(state, intent)
        case Follow(on):
            if on:
                return replace(state, follow=True, playing=False, cursor=max(state.newest, 0))
            # who lets go while training runs wants to watch on at the cursor's own speed
            return replace(state, follow=False, playing=state.training and state.target is None)
        case SetSpeed(speed):
            return replace(state, speed=min(max(float(speed), SPEEDS[0]), SPEEDS[1]))
        case Reset():
            return restarted(state)
        case NewSeed(seed):
            session = state.session.with_values({"network.seed": seed})
            return remembered(state, restarted(state, replace(state, session=session)))
        case Edit(changes, branch):
            return edited(state, changes, branch)
        case Undo():
            if not state.past:
                return state
            *past, session = state.past
            after = exchanged(state, session)
            return replace(after, past=tuple(past), future=(state.session, *state.future))
        case Redo():
            if not state.future:
                return state
            session, *future = state.future
            after = exchanged(state, session)
            return replace(after, past=(*state.past, state.session), future=tuple(future))
        case Look(changes):
            return replace(state, choice=replace(state.choice, **changes))
        case Pin(layer):
            pinned = pinned_with(pinned_of(state), layer, state.session)
            return replace(state, choice=replace(state.choice, layers=pinned))
        case SetTheme(theme):
            return replace(state, theme=theme)
        case Load():
            return _loaded(state, intent)
        case Opened(session, path, step, steps):
            fresh = _loaded(state, Load(session, path))
            ended = step >= steps
            return replace(fresh, newest=step, cursor=max(step, 0), steps=steps, ended=ended, target=None,
                           training=False, saved_step=step)  # fmt: skip
        case Saved(path, step):
            return replace(state, path=path, saved=state.session, saved_step=step)
        case ShowRun(number):
            return shown(state, number)
        case EditRun():
            return listed(state, intent)
        case RemoveRun(number):
            return removed(state, number)
        case LetGo(numbers):
            return let_go(state, numbers)
        case Happened(run, session):
            return replace(state, session=session) if run == state.run else state
        case Recorded():
            return _recorded(state, intent)
        case Ended():
            return _ended(state, intent)


def _toggle_run(state: AppState) -> AppState:
    if state.active:
        return replace(state, training=False, playing=False, target=None)
    if state.ended and state.cursor >= state.newest:
        return replace(
            state, playing=state.newest > 0, cursor=0, follow=False
        )  # nothing to train: play again
    if state.ended:
        return replace(state, playing=True, follow=False)
    cursor = max(state.newest, 0) if state.follow else state.cursor
    return replace(state, training=True, target=None, playing=not state.follow, cursor=cursor, failure="")


def _toggle_play(state: AppState) -> AppState:
    if state.playing:
        return replace(state, playing=False)
    at_end = state.cursor >= state.newest and not state.training
    return replace(state, playing=True, follow=False, cursor=0 if at_end else state.cursor)


def _step(state: AppState, steps: int) -> AppState:
    held = replace(state, playing=False, follow=False)
    if steps <= 0 or state.cursor < state.newest:
        cursor = min(max(state.cursor + steps, 0), max(state.newest, 0))
        return replace(held, cursor=cursor)
    if state.ended or state.active:
        return held
    return replace(held, training=True, target=max(state.newest, 0) + 1, failure="")


def _tick(state: AppState, steps: int) -> AppState:
    if not state.playing:
        return state
    if (chosen := range_of(state)) is not None and chosen[0] <= state.newest:
        return replace(state, cursor=next_within(state, *chosen, steps))
    cursor = min(state.cursor + steps, max(state.newest, 0))
    over = cursor >= state.newest and not (state.training and state.target is None)
    return replace(state, cursor=cursor, playing=not over)


def _recorded(state: AppState, intent: Recorded) -> AppState:
    if intent.run != state.run or intent.step < state.newest:  # what is recorded stays recorded
        return state
    state = replace(state, newest=intent.step, steps=intent.steps)
    if state.target is not None and intent.step >= state.target:
        # the single step that was asked for is there: look at it
        shown = intent.step if intent.step > 0 else state.cursor
        state = replace(state, training=False, target=None, cursor=min(shown, intent.step))
    if state.follow:
        state = replace(state, cursor=max(state.newest, 0))
    return state


def _ended(state: AppState, intent: Ended) -> AppState:
    if intent.run != state.run:
        return state
    state = replace(state, training=False, target=None, ended=not intent.again, failure=intent.failure)
    if intent.failure:
        # a failure pauses: the picture stands still where the message was read
        state = replace(state, playing=False)
    return state


def _loaded(state: AppState, intent: Load) -> AppState:
    fresh = AppState(
        session=intent.session,
        path=intent.path,
        saved=intent.session,
        commentary=intent.commentary,
        preset=intent.preset,
        follow=False,
        playing=intent.run,
        speed=state.speed,
        choice=replace(state.choice, layers=None, window=None, range=None),
        theme=state.theme,
    )
    return restarted(state, fresh)
