"""What is new of a recording since it was looked at last, in words that its window understands."""

from __future__ import annotations

import time
import weakref
from dataclasses import dataclass

import numpy as np

from resviz.apart.orders import Begun, Ended, Head, Known, News, Rows, Sessions
from resviz.errors import RecordingError
from resviz.fields import Fields, LimitFields
from resviz.fields.fields import AnyArray
from resviz.fields.steps import Part
from resviz.recording import Recording  # the package first, see test_import
from resviz.recording.lanes import Followed, Lane, lanes

__all__ = ["Elsewhere", "NewsOf"]


@dataclass(eq=False)
class Elsewhere(LimitFields):
    """A solved limit of which only the length is known here: its steps lie in the other process."""

    key: str = ""

    @classmethod
    def of(cls, key: str, newest: int) -> Elsewhere:
        """A limit with steps up to ``newest``."""
        limit = cls(np.array([0.0, 1.0]), np.nan, key=key)
        if newest >= 0:
            limit.history.add(Part(0, newest + 1, read=_elsewhere), np.zeros((newest + 1, 4)))
        return limit


def _elsewhere() -> list[Fields]:
    raise RecordingError(
        "these steps are kept by the window", remedy="This is an error of resviz; report it."
    )


class NewsOf:
    """Follows the recording of one job; what it told may leave memory."""

    def __init__(self, after: Recording | None) -> None:
        """``after``: the window's own recording, all of which it knows."""
        self._recording = after
        self._asked: dict[str, float | int] = {}  # handed over since there were new events
        self._when = 0.0
        self._session = None if after is None else after.session
        self._told = (
            {} if after is None else {name: Followed.whole(lane) for name, lane in lanes(after).items()}
        )

    @property
    def idle(self) -> float:
        """Seconds since it was looked at."""
        return time.monotonic() - self._when

    def hand(self, recording: Recording, asked: dict[str, float | int]) -> None:
        """Ask the recording for live edits."""
        self._asked |= asked
        recording.edit(**asked)  # type: ignore[arg-type]  # by their names

    def look(self, recording: Recording) -> News:
        """What is new."""
        self._when = time.monotonic()
        news: News = []
        if recording is not self._recording:
            self._recording, self._session = recording, recording.session
            news.append(Head(recording.session, recording.problem, recording.made))
        if recording.session is not self._session:
            self._session = recording.session
            twin = recording.contrast
            news.append(Sessions(recording.session, None if twin is None else twin.session, self._asked))
            self._asked = {}
        for name, lane in lanes(recording).items():
            told = self._told.get(name)
            if told is None or told.lane() is not lane:
                told = self._told[name] = Followed(weakref.ref(lane))
                if isinstance(lane, Elsewhere):
                    told.count, told.ended = len(lane.history), True
                if lane is not recording:
                    news.append(_begun(name, lane))
            news.extend(_rows(name, lane, told))
            if isinstance(lane, LimitFields) and lane.ended and not told.ended:
                told.ended = True
                news.append(Ended(name))
        return news


def _begun(name: str, lane: Lane) -> Begun | Known:
    if isinstance(lane, Elsewhere):
        return Known(name, lane.key)
    if isinstance(lane, Recording):
        return Begun(name, session=lane.session)
    return Begun(name, s=lane.s, alpha=lane.alpha, span=lane.span, solver=lane.solver, units=lane.units)


def _rows(name: str, lane: Lane, told: Followed) -> News:
    news: News = []
    for part, count in lane.history.parts(told.count):
        steps = part.fields(keep=False)[:count]
        columns = lane.history.columns(part.start, part.start + count)
        news.append(Rows(name, part.start, [_arrays(one) for one in steps], columns))
        told.count += count
        if not part.on_disk:
            part.stored(_elsewhere, keep=False)
    return news


def _arrays(one: Fields) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray | None]:
    # in one block each, or pickling would copy them
    h, b, output = (np.ascontiguousarray(array) for array in (one.h, one.b, one.output))
    return h, b, output, one.weights
