"""Units that are followed through the steps, with checkpoints to come back to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from resviz.fields.fields import AnyArray
from resviz.fields.memory import MEMORY
from resviz.observe.observables import Look, Observable, evaluate
from resviz.transport import Cohort, Places, Seen
from resviz.transport.cohort import State

__all__ = ["CHECKPOINT_BYTES", "Followers", "followers"]

CHECKPOINT_BYTES = 64e6  # of all checkpoints of one cohort
_STRIDE = 8  # pushes that a visit costs at most, while memory allows


@dataclass
class Followers:
    """A cohort, the places it is pushed through, and its checkpoints every ``stride`` steps."""

    units: Cohort
    places: Places
    stride: int
    checkpoints: dict[int, State]

    def seek(self, step: int) -> Seen:
        """Bring the units to ``step``; returns what they see there."""
        base = max((k for k in self.checkpoints if k <= step), default=None)
        if base is not None and (self.units.step > step or base > self.units.step):
            self.units.restore(self.checkpoints[base])
        while self.units.step < step:
            at = self.units.step
            stop = min(step, (at // self.stride + 1) * self.stride)  # the next checkpoint
            self.units.advance([self.places.seen(k) for k in range(at, stop)])
            if self.units.step % self.stride == 0 and self.units.step not in self.checkpoints:
                self.checkpoints[self.units.step] = state = self.units.save()
                size = sum(t.numel() * t.element_size() for t in state[1])
                MEMORY.pin(self, len(self.checkpoints) * size)
        return self.places.seen(step)

    def approach(self, step: int, stride: int) -> Iterator[None]:
        """Come within ``stride`` pushes of ``step``, with a pause after so many."""
        base = max((k for k in self.checkpoints if k <= step), default=0)
        at = self.units.step if base <= self.units.step <= step else base
        for target in range(at + stride, step, stride):
            self.seek(target)
            yield

    def values(self, step: int, chosen: Observable, look: Look) -> AnyArray:
        """An observable at ``step``: (G, P)."""
        seen = self.seek(step)
        values = evaluate(chosen, self.units, self.units.tensor(seen.h), self.units.tensor(seen.b), look)
        # a copy: an observable may be a view of the units, which the next push changes
        return np.array(values.numpy())


def followers(units: Cohort, places: Places, steps: int, memory: float = CHECKPOINT_BYTES) -> Followers:
    """Follow ``units`` through ``steps`` steps or so, with ``memory`` bytes of checkpoints."""
    state = units.save()
    size = sum(t.numel() * t.element_size() for t in state[1])
    stride = max(_STRIDE, math.ceil((steps + 1) * size / memory))
    return Followers(units, places, stride, {0: state})
