"""What Error tab and phase diagram show of the window's runs: errors of finished ones, and their places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from resviz.config import Session, limit_key
from resviz.gui.estimate import shape
from resviz.gui.state import AppState
from resviz.scene.error import ErrorCurves, read_errors
from resviz.scene.model import Array
from resviz.scene.phase import RunPoint, run_point

if TYPE_CHECKING:
    from resviz.recording import Recording


@dataclass(slots=True)
class _Past:
    session: Session
    key: str  # of its limit
    errors: ErrorCurves | None = None
    left: tuple[Recording, Array] | None = None  # what was read of it when it was pinned


class PastErrors:
    """Errors of runs by their numbers, the present one among them, as soon as they have ended."""

    def __init__(self) -> None:
        self._runs: dict[int, _Past] = {}

    def follow(self, state: AppState, recording: Recording | None) -> None:
        """Take note of the present run, of its errors when it has ended; forget runs that are not listed."""
        if gone := self._runs.keys() - {state.run, *state.numbers}:
            self._runs = {number: past for number, past in self._runs.items() if number not in gone}
        if recording is None or state.newest < 1:
            return
        known = self._runs.get(state.run)
        if known is None or known.session != state.session:
            known = self._runs[state.run] = _Past(state.session, limit_key(state.session))
        if known.errors is None and state.ended and not state.failure and recording.limit is not None:
            known.errors = read_errors(recording)

    def of(self, number: int, recording: Recording) -> Array:
        """Measured errors (k + 1,) of a run that was left; none without a limit."""
        past = self._runs.get(number)
        if past is None:
            past = self._runs[number] = _Past(recording.session, limit_key(recording.session))
        if past.left is None or past.left[0] is not recording:
            errors = read_errors(recording) if recording.limit is not None else None
            past.left = recording, np.empty(0) if errors is None else errors.measured
        return past.left[1]

    def like(self, number: int) -> list[ErrorCurves]:
        """Errors of the finished runs that have the limit of run ``number``."""
        one = self._runs.get(number)
        found = [past.errors for past in self._runs.values() if one is not None and past.key == one.key]
        return [errors for errors in found if errors is not None and len(errors.measured)]


def present_point(state: AppState) -> RunPoint:
    """Where the session stands in the phase diagram."""
    return _point(state.session, state.run)


def earlier_points(state: AppState) -> list[RunPoint]:
    """Where the runs of the list stand that have trained a step, without the present one."""
    others = [one for one in state.runs if one.number != state.run and one.newest >= 1]
    points = [(one, _point(one.session, one.number)) for one in others]
    return [replace(at, name=f"{one.name}: {at.name}") if one.name else at for one, at in points]


def _point(session: Session, number: int) -> RunPoint:
    return run_point(session, shape(session)[1], number)
