"""The selected steps: shaded in the timeline, played round and round, and what an export is offered first."""

from __future__ import annotations

from dataclasses import replace

from resviz.gui.state import AppState, SelectRange

__all__ = ["next_within", "range_of", "selected"]


def range_of(state: AppState) -> tuple[int, int] | None:
    """First and last selected step, as far as this run has them planned; None: all."""
    if state.choice.range is None:
        return None
    first, last = state.choice.range
    last = min(last, state.steps)
    return (first, last) if first < last else None


def selected(state: AppState, intent: SelectRange) -> AppState:
    """The state with other ends; the whole run, or nothing between them, selects all."""
    old = range_of(state) or (0, state.steps)
    first, last = (
        was if end is None else min(max(state.cursor if end == -1 else end, 0), state.steps)
        for end, was in zip((intent.first, intent.last), old, strict=True)
    )
    chosen = (first, last) if first < last and (first, last) != (0, state.steps) else None
    return replace(state, choice=replace(state.choice, range=chosen))


def next_within(state: AppState, first: int, last: int, steps: int) -> int:
    """Where a playing cursor is after ``steps`` more: from the last selected step on to the first."""
    if not first <= state.cursor <= last:
        return first
    cursor = min(state.cursor + steps, max(state.newest, 0))
    # the clock says 0 once nothing is left that it could go on to
    at_end = steps == 0 and cursor >= min(last, state.newest)
    return first if cursor > last or at_end else cursor
