"""Rules of the runs that a window keeps: a new one begins, another one is shown, one is named or pinned."""

from __future__ import annotations

from dataclasses import replace

from resviz.config import Session
from resviz.gui.state import AppState, Choice, EditRun, KeptRun


def restarted(before: AppState, state: AppState | None = None, *, branch: int | None = None) -> AppState:
    """A new run; it goes on by itself if something moved before, else it waits for its first step.

    Args:
        before: the state whose run is left.
        state: the same with the new run's session; left out, the run is trained again as it was.
        branch: the new run keeps the steps before this one of the present run; None starts at step 0.
    """
    state = before if state is None else state
    active, number = state.active, before.made + 1
    first = branch or 0  # the first step that is still to be made
    fresh = KeptRun(number, state.session)
    return replace(
        state,
        run=number,
        made=number,
        runs=(*kept(before), fresh),
        branch=None if branch is None else (before.run, branch),
        training=True,
        target=None if active else first,
        playing=active and not state.follow,
        newest=first - 1,
        saved_step=-1,
        steps=state.session.training.last_step,
        ended=False,
        failure="",
        cursor=max(first - 1, 0),
        choice=within(state.choice, state.session),
    )


def kept(state: AppState) -> tuple[KeptRun, ...]:
    """The list when the present run is left: one that was never trained is not worth a line."""
    present = state.present
    worth = present.newest >= 1 or present.pinned or present.note or present.name
    return tuple(
        present if one.number == state.run else one for one in state.runs if one.number != state.run or worth
    )


def shown(state: AppState, number: int) -> AppState:
    """A kept run takes the place of the present one, which stops where it is."""
    chosen = next((one for one in state.runs if one.number == number), None)
    if chosen is None or number == state.run:
        return state
    after = replace(
        state,
        session=chosen.session,
        runs=kept(state),
        run=number,
        branch=None,
        path=chosen.path,
        saved=chosen.session,
        preset=chosen.preset,
        commentary=chosen.commentary,
        training=False,
        target=None,
        playing=False,
        follow=False,
        newest=chosen.newest,
        saved_step=chosen.saved_step,
        steps=chosen.steps,
        ended=chosen.ended,
        failure=chosen.failure,
        cursor=max(chosen.newest, 0),
        choice=within(state.choice, chosen.session),
    )
    if chosen.held:
        return after
    # its fields were given up: the same settings give the same run
    runs = tuple(replace(one, held=True) if one.number == number else one for one in after.runs)
    return replace(
        after, runs=runs, training=True, newest=-1, ended=False, failure="", cursor=0, playing=True
    )


def listed(state: AppState, intent: EditRun) -> AppState:
    """The list with one run named, noted, pinned or hidden."""
    runs = tuple(replace(one, **intent.changes) if one.number == intent.number else one for one in state.runs)
    return state if runs == state.runs else replace(state, runs=runs)


def removed(state: AppState, number: int) -> AppState:
    """The list without a run that was left."""
    if number == state.run or all(one.number != number for one in state.runs):
        return state
    return replace(state, runs=tuple(one for one in state.runs if one.number != number))


def let_go(state: AppState, numbers: tuple[int, ...]) -> AppState:
    """The list after fields were given up."""
    runs = tuple(replace(one, held=False) if one.number in numbers else one for one in state.runs)
    return replace(state, runs=runs)


def within(choice: Choice, session: Session) -> Choice:
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
        second_coordinate=None
        if choice.second_coordinate is not None
        and dimension is not None
        and choice.second_coordinate >= dimension
        else choice.second_coordinate,
        window=None
        if choice.window is not None and choice.window > session.network.layers
        else choice.window,
    )
