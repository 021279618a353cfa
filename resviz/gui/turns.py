"""Whose turn it is to be visited: the units' picture, what lies beside it, or the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.gui.work import Sight

_PICTURE_S = 0.15  # from one picture to the next, where units are followed for longer than that
_BESIDE_S = 0.05  # that pictures wait for a visit of anything else
_FIRST, _SHARE = 1.0, 3.0  # seconds of pictures for each of those: until all of it is there once, and then


@dataclass(slots=True)
class _Stride:
    """How many steps a visit goes on for, that it may take so many seconds."""

    seconds: float
    steps: int = 16

    def learn(self, span: int, took: float) -> None:
        """The last visit went on for ``span`` steps."""
        if took > 2 * self.seconds and span > 1:
            self.steps = max(1, min(self.steps, span) // 2)
        elif took < self.seconds and span >= self.steps:
            self.steps *= 2


class Turns:
    """Chooses what the looking thread visits next, of one run.

    The wanted step of the units' picture comes first, then that step of what lies beside it, then the gaps of
    the past. While training runs ahead, and the wanted step with it, none of them would ever be reached:

    - pictures come on the way, no more steps apart than are followed in 0.15 s;
    - what lies beside has a quarter of the time, in visits of 0.05 s, and all of it stays at one step until
      that is complete: it is drawn together.
    """

    def __init__(self) -> None:
        self._main, self._beside = _Stride(_PICTURE_S), _Stride(_BESIDE_S)
        self._present: _Stride | None = None  # of the visit that was chosen
        self._span = 0  # steps that it goes on for
        self._at = self._rest = -1  # where the units' picture is; where all else is, or will be
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
            self._present, self._span, self._at = self._main, step - base, step
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
            self._share = _FIRST if before < 0 else _SHARE
            self._rest = self._at if before < 0 else min(self._at, before + self._beside.steps)
            self._span = self._rest - max(before, 0)
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
        if self._present is None:
            return
        self._present.learn(self._span, seconds)
        self._owed = self._share * seconds if self._present is self._beside else self._owed - seconds
