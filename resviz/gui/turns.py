"""Whose turn it is to be visited: the units' picture, what lies beside it, or the past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.gui.work import Sight

_PICTURE_S = 0.15  # from one picture to the next, where units are followed for longer than that
_BESIDE_S = 0.05  # that pictures wait for a visit of anything else
_PAYS = 1.5  # twice as many steps are better while they take less than so many times as long
_LATELY = 32  # visits, after which it is tried again
_FIRST, _SHARE = 1.0, 3.0  # seconds of pictures for each of those: until all of it is there once, and then


class Stride:
    """How many steps a visit goes on for: as many as take it the given seconds.

    Of a visit's time one part grows with the steps and one does not: densities, say, or waiting for a
    processor that others use. Where the second is the larger one, fewer steps would make it hardly shorter,
    and what is visited would stay ever further behind; then it goes on for as many steps as cost as much as
    all else.
    """

    def __init__(self, seconds: float) -> None:
        self.steps = 16
        self._seconds = seconds
        self._known: dict[int, tuple[float, int]] = {}  # of powers of two: seconds, and in which visit
        self._visits = 0

    def learn(self, span: int, took: float) -> None:
        """The last visit went on for ``span`` steps."""
        self._visits += 1
        level = max(span, 1).bit_length() - 1
        before = self._of(level)
        took = took if before is None else (before + took) / 2  # one of many may have been disturbed
        self._known[level] = took, self._visits
        less, more = self._of(level - 1), self._of(level + 1)
        free = more is not None and more < _PAYS * took
        if level and took > 2 * self._seconds and not free and (less is None or took > _PAYS * less):
            self.steps = min(self.steps, 2 ** (level - 1))
        elif span >= self.steps and (took < self._seconds or free or more is None):
            self.steps = 2 ** (level + 1)

    def _of(self, level: int) -> float | None:
        """What so long a visit took lately."""
        took, when = self._known.get(level, (0.0, -_LATELY))
        return took if self._visits - when < _LATELY else None


class Turns:
    """Chooses what the looking thread visits next, of one run.

    The wanted step of the units' picture comes first, then that step of what lies beside it, then the gaps of
    the past. While training runs ahead, and the wanted step with it, none of them would ever be reached:

    - pictures come on the way, no more steps apart than are followed in 0.15 s (see `Stride`);
    - what lies beside has a quarter of the time, in visits of 0.05 s, and all of it stays at one step until
      that is complete: it is drawn together.
    """

    def __init__(self) -> None:
        self._main, self._beside = Stride(_PICTURE_S), Stride(_BESIDE_S)
        self._present: Stride | None = None  # of the visit that was chosen, if its time is one to learn from
        self._span = 0  # steps that a picture goes on for
        self._at = self._rest = -1  # where the units' picture is; where all else is, or will be
        self._way = 0  # steps that all else goes on for, together
        self._spent: list[float] = []  # seconds of each visit on that way
        self._owed = 0.0  # seconds of pictures before anything else has its turn
        self._share = _FIRST

    def next(self, sight: Sight, wanted: int, *, live: bool) -> tuple[int, Any] | None:
        """The step to visit and the series; None: all is visited.

        Args:
            live: the wanted step goes on with training.
        """
        main, *others = sight.all
        far = live and self._at >= 0  # the first picture is of the newest step at once
        # what is looked at now may never have been visited; its units are where they were
        base = max(main.newest, self._at)
        step = min(wanted, base + self._main.steps) if far else wanted
        first = main.can_visit(step)
        if far and not (first and self._owed > 0):
            late = self._late(others)
            if late is not None:
                self._present = self._beside
                return late
        if first:
            self._present, self._span, self._at = (self._main if far else None), step - base, step
            return step, main
        self._present = None
        for one in others:
            if not live and one.can_visit(wanted):
                return wanted, one
        # the earliest gap of all, so that the series advance together
        gaps = [(gap, one) for one in sight.all if (gap := one.first_gap()) is not None]
        return min(gaps, key=lambda found: found[0]) if gaps else None

    def _late(self, others: Sequence[Any]) -> tuple[int, Any] | None:
        """The first that is not where all of them are to be; they go on together once all are there."""
        late = self._due(others)
        if late is None:
            before = self._rest
            if self._spent and self._way:
                self._beside.learn(self._way, sum(self._spent) / len(self._spent))
            self._share = _FIRST if before < 0 else _SHARE
            self._rest = self._at if before < 0 else min(self._at, before + self._beside.steps)
            self._way = 0 if before < 0 else self._rest - before  # the first visits import and allocate
            self._spent.clear()
            late = self._due(others)
        return late

    def _due(self, others: Sequence[Any]) -> tuple[int, Any] | None:
        for one in others:
            # of those that read few steps the ones up to there
            step = one.first_gap() if getattr(one, "few", False) else self._rest
            if step is not None and step <= self._rest and one.can_visit(step):
                return step, one
        return None

    def took(self, seconds: float) -> None:
        """How long the visit was: the next one goes further, or less far."""
        if self._present is self._beside:
            self._spent.append(seconds)
            self._owed = self._share * seconds
        elif self._present is self._main:
            self._main.learn(self._span, seconds)
            self._owed -= seconds
