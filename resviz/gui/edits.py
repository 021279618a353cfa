"""Rules of edits: what the run obeys from its next step on, and what starts another run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from resviz.config import Session
from resviz.gui.runs import restarted
from resviz.gui.state import AppState

LIVE = ("training.rate", "training.steps")
"""What can be edited while the run goes on; it becomes an event of the run."""

HISTORY = 200
"""Edits that undo remembers."""

# a change of these leaves the run as it is
_BESIDE = ("title", "contrast.alpha")


def edited(state: AppState, changes: Mapping[str, Any], branch: int | None) -> AppState:
    """The state after an edit of the form.

    Raises:
        SessionError: a value breaks a rule of the session.
    """
    wanted = state.form.with_values(changes)
    if wanted == state.form:
        return state
    live = any(wanted.get(key) != state.form.get(key) for key in LIVE)
    if branch is not None and live and same_run(state.session, wanted):
        after = _branched(state, wanted, branch)
    else:
        after = exchanged(state, _settled(state.session, wanted, changes), wanted)
    return remembered(state, after)


def remembered(before: AppState, after: AppState) -> AppState:
    """``after`` with the session of ``before`` as what undo leads to."""
    return replace(after, past=(*before.past, before.session)[-HISTORY:], future=())


def same_run(one: Session, other: Session) -> bool:
    """Whether two sessions differ in nothing but what a run can obey while it goes on."""
    live = {key: one.get(key) for key in (*LIVE, *_BESIDE)}
    return other.before(0).with_values(live) == one.before(0)


def exchanged(state: AppState, session: Session, form: Session | None = None) -> AppState:
    """Another session takes the place of this one: live edits go into the run, others start a new one.

    Args:
        form: the same with rate and steps as they are to be in force from now on; left out, as ``session``
            has them for the next step.
    """
    beside = {key: session.get(key) for key in _BESIDE}
    if state.session.with_values(beside) == session:
        return replace(state, session=session)
    training = session.training
    rate, steps = training.rate_at(state.newest + 1), training.last_step
    if form is not None:
        rate, steps = form.training.rate, form.training.steps
    if not (same_run(state.session, session) and goes_on(state, steps)):
        return restarted(state, replace(state, session=session))
    now = state.form.training
    new_rate, new_steps = (rate if rate != now.rate else None), (steps if steps != now.steps else None)
    session = state.session.with_values(beside)
    if new_rate is None and new_steps is None:
        return replace(state, session=session)
    session = session.with_event(state.newest + 1, rate=new_rate, steps=new_steps)
    after = replace(state, session=session, steps=session.training.last_step)
    if not state.ended:
        return after
    # what had come to its end goes on by itself
    return replace(after, ended=False, failure="", training=True, target=None, playing=not state.follow)


def goes_on(state: AppState, steps: int) -> bool:
    """Whether the run itself can obey an edit: it has begun, and has steps left to go."""
    return state.newest >= 1 and steps > state.newest


def _settled(session: Session, form: Session, changes: Mapping[str, Any]) -> Session:
    """The session for a new run: the form's values, with the events that no edited value supersedes."""
    gone = {key.rpartition(".")[2] for key in LIVE if key in changes}
    events = []
    for event in session.training.events:
        left = {k: v for k, v in event.model_dump(exclude_none=True).items() if k not in gone}
        if left.keys() > {"step"}:
            events.append(left)
    kept = {key: session.get(key) for key in LIVE if key not in changes}
    return form.with_values({**kept, "training.events": events})


def _branched(state: AppState, form: Session, step: int) -> AppState:
    """A new run that keeps the steps before ``step`` and obeys the form from there on."""
    step = max(min(step, state.newest), 0)
    past, now = state.session.before(step), state.form.training
    rate = form.training.rate if form.training.rate != now.rate else None
    steps = form.training.steps if form.training.steps != now.steps else None
    if step == 0:  # nothing to keep
        values = {"training.rate": rate, "training.steps": steps}
        session = past.with_values({key: value for key, value in values.items() if value is not None})
        return restarted(state, replace(state, session=session))
    session = past.with_event(step, rate=rate, steps=None if steps is None else max(steps, step))
    return restarted(state, replace(state, session=session), branch=step)
