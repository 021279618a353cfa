"""How far another process may train ahead of what was delivered: what a run is told, passed on to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from resviz.apart.orders import Steering
from resviz.gui.work import Trained


@dataclass(frozen=True, slots=True)
class Reached:
    """Whether a value of the trainer has come to ``step``."""

    step: int

    def __call__(self, value: Any) -> bool:
        return isinstance(value, Trained) and value.step >= self.step


@dataclass(slots=True)
class Reins(Steering):
    """What the worker's thread writes before it asks the trainer for the next value, and what that reads.

    Attributes:
        used: another process trains; while none does, nothing runs ahead.
    """

    used: bool = False

    @property
    def held(self) -> bool:
        """Whether nobody works any more, and all that was done has been yielded."""
        return self.stands or not self.used

    def steer(self, paused: bool, until: Any) -> None:
        """Tell it what the run was told."""
        target = until.step if isinstance(until, Reached) else None
        if (paused, target) != (self.paused, self.target):
            self.paused, self.target, self.stands = paused, target, False
