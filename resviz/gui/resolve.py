"""The window's rules: (state, intent) -> the next state. Pure, so that each rule is one line in a test."""

from __future__ import annotations

from dataclasses import replace

from resviz.config import Session
from resviz.gui.state import (
    AppState,
    Choice,
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

SPEEDS = (0.5, 240.0)
"""Slowest and fastest cursor, steps a second."""

LIVE = ("training.rate", "training.steps")
"""What can be edited while the run goes on; it becomes an event of the run."""

HISTORY = 200
"""Edits that undo remembers."""

# a change of these leaves the run as it is
_BESIDE = ("title", "contrast.alpha")


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
        case Follow(on):
            if on:
                return replace(state, follow=True, playing=False, cursor=max(state.newest, 0))
            # who lets go while training runs wants to watch on at the cursor's own speed
            return replace(state, follow=False, playing=state.training and state.target is None)
        case SetSpeed(speed):
            return replace(state, speed=min(max(float(speed), SPEEDS[0]), SPEEDS[1]))
        case Reset():
            return _restarted(state)
        case NewSeed(seed):
            session = state.session.with_values({"network.seed": seed})
            return _restarted(_remembered(state, session))
        case Edit(changes):
            return _edited(state, state.session.with_values(changes))
        case Undo():
            if not state.past:
                return state
            *past, session = state.past
            after = _exchanged(state, session)
            return replace(after, past=tuple(past), future=(state.session, *state.future))
        case Redo():
            if not state.future:
                return state
            session, *future = state.future
            after = _exchanged(state, session)
            return replace(after, past=(*state.past, state.session), future=tuple(future))
        case Look(changes):
            return replace(state, choice=replace(state.choice, **changes))
        case SetTheme(theme):
            return replace(state, theme=theme)
        case Load():
            return _loaded(state, intent)
        case Opened(session, path, step, steps):
            fresh = _loaded(state, Load(session, path))
            ended = step >= steps
            return replace(fresh, newest=step, cursor=max(step, 0), steps=steps, ended=ended, target=None,
                           training=False)  # fmt: skip
        case Saved(path):
            return replace(state, path=path, saved=state.session)
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
    return replace(state, training=True, target=None, playing=not state.follow, cursor=cursor)


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
    return replace(held, training=True, target=max(state.newest, 0) + 1)


def _tick(state: AppState, steps: int) -> AppState:
    if not state.playing:
        return state
    cursor = min(state.cursor + steps, max(state.newest, 0))
    over = cursor >= state.newest and not (state.training and state.target is None)
    return replace(state, cursor=cursor, playing=not over)


def _recorded(state: AppState, intent: Recorded) -> AppState:
    if intent.run != state.run:
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
    state = replace(state, training=False, target=None, ended=True, failure=intent.failure)
    if intent.failure:
        # a failure pauses: the picture stands still where the message was read
        state = replace(state, playing=False)
    return state


def _restarted(state: AppState) -> AppState:
    """A new run from step 0; it goes on by itself if something moved before, else it waits at k = 0."""
    active = state.active
    return replace(
        state,
        run=state.run + 1,
        training=True,
        target=None if active else 0,
        playing=active and not state.follow,
        newest=-1,
        steps=state.session.training.last_step,
        ended=False,
        failure="",
        cursor=0,
        choice=_within(state.choice, state.session),
    )


def _remembered(state: AppState, session: Session) -> AppState:
    past = (*state.past, state.session)[-HISTORY:]
    return replace(state, session=session, past=past, future=())


def _edited(state: AppState, session: Session) -> AppState:
    if session == state.session:
        return state
    after = _exchanged(state, session)
    return replace(after, past=_remembered(state, session).past, future=())


def _exchanged(state: AppState, session: Session) -> AppState:
    """Another session takes the place of this one: live edits go into the run, others start a new one."""
    after = replace(state, session=session)
    beside = {key: session.get(key) for key in _BESIDE}
    if state.session.with_values(beside) == session:
        return after
    # more steps and another rate are events of a run that is still to go on
    live = {key: session.get(key) for key in LIVE}
    grows = 0 <= state.newest < session.training.last_step and not state.ended
    if grows and state.session.with_values({**beside, **live}) == session:
        return replace(after, steps=session.training.last_step)
    return _restarted(after)


def _loaded(state: AppState, intent: Load) -> AppState:
    fresh = AppState(
        session=intent.session,
        path=intent.path,
        saved=intent.session,
        commentary=intent.commentary,
        preset=intent.preset,
        run=state.run,
        follow=False,
        playing=intent.run,
        speed=state.speed,
        choice=replace(state.choice, layers=None, window=None),
        theme=state.theme,
    )
    return _restarted(fresh)


def _within(choice: Choice, session: Session) -> Choice:
    """Pinned layers, sample and coordinate that the session does not have are let go."""
    last = session.network.layers - 1
    layers = (
        choice.layers
        if choice.layers is None
        else tuple(layer for layer in choice.layers if layer <= last) or None
    )
    samples, dimension = session.data.samples, session.network.dimension or session.data.dimension
    return replace(
        choice,
        layers=layers,
        sample=choice.sample if samples is None or choice.sample < samples else 0,
        coordinate=choice.coordinate if dimension is None or choice.coordinate < dimension else 0,
        window=None
        if choice.window is not None and choice.window > session.network.layers
        else choice.window,
    )
