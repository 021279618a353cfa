"""The runs of this window as far as the Error tab and the phase diagram need them: shape, errors, place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.config import Session, limit_key
from resviz.gui.estimate import shape
from resviz.gui.state import AppState
from resviz.scene.error import ErrorCurves, read_errors
from resviz.scene.phase import RunPoint, run_point

if TYPE_CHECKING:
    from resviz.recording import Recording


@dataclass(slots=True)
class _Past:
    session: Session
    key: str  # of its limit
    errors: ErrorCurves | None = None


class PastRuns:
    """Runs by their numbers, the present one among them, once they have trained a step."""

    def __init__(self) -> None:
        self._runs: dict[int, _Past] = {}

    def follow(self, state: AppState, recording: Recording | None) -> None:
        """Take note of the present run; of its errors when it has ended."""
        if recording is None or state.newest < 1:
            return
        known = self._runs.get(state.run)
        if known is None or known.session != state.session:
            known = self._runs[state.run] = _Past(state.session, limit_key(state.session))
        if known.errors is None and state.ended and not state.failure and recording.limit is not None:
            # the recording's own session knows its live edits
            known.key = limit_key(recording.session)
            known.errors = read_errors(recording)

    def errors_like(self, number: int) -> list[ErrorCurves]:
        """Errors of the finished runs that have the limit of run ``number``."""
        one = self._runs.get(number)
        found = [past.errors for past in self._runs.values() if one is not None and past.key == one.key]
        return [errors for errors in found if errors is not None and len(errors.measured)]

    def point(self, number: int, session: Session) -> RunPoint:
        """Where a session stands in the phase diagram."""
        return run_point(session, shape(session)[1], number)

    def points(self, besides: int) -> list[RunPoint]:
        """Where the runs stand, without one of them."""
        return [self.point(n, past.session) for n, past in self._runs.items() if n != besides]

    def session(self, point: RunPoint) -> Session | None:
        """The session of a point."""
        past = self._runs.get(point.number)
        return None if past is None else past.session
