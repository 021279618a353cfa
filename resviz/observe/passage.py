"""A passage: the units of a few pinned places followed through all recorded steps.

Both the finite units of the places and fresh starts of the limit there move together. Checkpoints are kept
on the way, so that any observable at any step seen before costs at most a few pushes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from resviz.config import Session
from resviz.data import Problem
from resviz.engine.rule import rule
from resviz.errors import RequestError
from resviz.fields import Fields, LimitFields, unit_starts
from resviz.fields.fields import AnyArray
from resviz.observe.follow import CHECKPOINT_BYTES, Followers, followers
from resviz.observe.limits import LimitUnits, LimitValues
from resviz.observe.observables import Look, Observable
from resviz.transport import cohort, net_places

__all__ = ["DEFAULT_STARTS", "Passage", "Run", "default_window", "follow_layers", "window_layers"]

DEFAULT_STARTS = 2**13
PUSHES = 4
"""Steps that units are pushed on between two pauses."""


class Run(Protocol):
    """What a passage reads of a recording."""

    @property
    def session(self) -> Session: ...
    @property
    def problem(self) -> Problem: ...
    @property
    def step(self) -> int: ...
    @property
    def limit(self) -> LimitFields | None: ...
    def fields(self, step: int) -> Fields: ...


def default_window(units: int) -> int:
    """Layers pooled by default: the smallest number that holds 256 units."""
    return max(1, math.ceil(256 / units))


def window_layers(layer: int, window: int, total: int) -> range:
    """The ``window`` layers around ``layer``, moved inwards at the ends of the network."""
    window = min(window, total)
    start = min(max(layer - window // 2, 0), total - window)
    return range(start, start + window)


def follow_layers(
    run: Run, layers: Sequence[int], memory: float = CHECKPOINT_BYTES, most: int | None = None
) -> Followers:
    """The finite units of ``layers``, from their own starts through the run's own fields.

    Args:
        memory: bytes of their checkpoints.
        most: units a layer, the first of each; left out, all.
    """
    network, session = run.session.network, run.session
    units = network.units if most is None else min(most, network.units)
    starts = np.stack([unit_starts(network.seed, r, units, run.problem.dimension) for r in layers])
    followed = cohort(starts, rule(session), dtype=session.training.dtype)
    places = net_places(run.fields, layers, network.layers)
    return followers(followed, places, session.training.last_step, memory)


class Passage:
    """Units at pinned layers, finite and of the limit, movable to any recorded step.

    Attributes:
        layers: the pinned layers.
        depths: s = l/L of each.
        window: layers pooled round each.
        alpha: of the limit's fields (``inf`` for the lazy limit).
    """

    def __init__(
        self,
        run: Run,
        layers: Sequence[int],
        *,
        window: int | None = None,
        starts: int = DEFAULT_STARTS,
        limit: LimitFields | None = None,
        finite: bool = True,
        memory: float = CHECKPOINT_BYTES,
        most: int | None = None,
    ) -> None:
        """Pin ``layers`` of a run.

        Args:
            window: layers pooled round each; left out, the smallest number that holds 256 units.
            starts: fresh starts of the limit at each place.
            limit: another limit than the run's own (the lazy one).
            finite: False follows the limit alone.
            memory: bytes of each cohort's checkpoints; few make going back to an earlier step slow.
            most: finite units of a layer that are followed; left out, all.

        Raises:
            RequestError: no layer, or one that the network does not have.
        """
        network = run.session.network
        total = network.layers
        if not layers:
            raise RequestError("layers = [] pins nothing", remedy=f"name layers from 0 to {total - 1}")
        for layer in layers:
            if not 0 <= layer < total:
                raise RequestError(f"layer = {layer} does not exist", remedy=f"choose from 0 to {total - 1}")
        self.run = run
        self.layers = tuple(int(layer) for layer in layers)
        self.depths = tuple(layer / total for layer in self.layers)
        self.window = min(window or default_window(network.units), total)
        self._limit = limit or run.limit
        self.alpha = self._limit.alpha if self._limit is not None else network.alpha
        pooled = [window_layers(layer, self.window, total) for layer in self.layers]
        self._finite = self._follow_finite(pooled, memory, most) if finite else None
        self._limits = (
            LimitUnits(run.session, run.problem, self._limit, pooled, starts, memory)
            if self._limit is not None
            else None
        )

    @property
    def newest(self) -> int:
        """Largest step that can be visited."""
        ends = [self.run.step] if self._finite is not None else []
        # a limit that diverged does not hold back the finite units
        if self._limit is not None and not (ends and self._limit.ended):
            ends.append(self._limit.newest)
        return min(ends, default=-1)

    def _follow_finite(self, pooled: list[range], memory: float, most: int | None) -> Followers:
        rows = sorted({layer for window in pooled for layer in window})
        self._rows = [np.searchsorted(rows, np.asarray(window)) for window in pooled]
        return follow_layers(self.run, rows, memory, most)

    def approach(self, step: int) -> Iterator[None]:
        """Come near to ``step``, with pauses: for whoever must not be long."""
        if self._finite is not None:
            yield from self._finite.approach(step, PUSHES)
        if self._limits is not None and self._limit is not None:
            for one in self._limits.sets:
                yield from one.approach(min(step, self._limit.newest), PUSHES)

    def finite_values(self, step: int, chosen: Observable, look: Look) -> list[AnyArray]:
        """Values of the finite units of each pinned place: G arrays (window M,)."""
        if self._finite is None:
            return []
        values = self._finite.values(step, chosen, look)
        return [values[rows].ravel() for rows in self._rows]

    def limit_values(self, step: int, chosen: Observable, look: Look) -> list[LimitValues]:
        """Values of the limit's units at each pinned place; empty without a limit, or past its end."""
        return self._limits.values(step, chosen, look) if self._limits is not None else []
