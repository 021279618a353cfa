"""The tracked ghost: one start that belongs to no layer, pushed through the fields of many layers.

From the same start its paths in neighbouring layers stay close, because units are Lipschitz in s: a smooth
fan over depth (HW, figure of the tracked weights). The same start pushed through the limit's fields at
s = l/L is its ideal twin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from resviz.engine.rule import rule
from resviz.fields import LimitFields, ghost_start
from resviz.fields.fields import AnyArray
from resviz.observe.aspects import Aspect
from resviz.observe.follow import Followers, followers
from resviz.observe.passage import Run
from resviz.transport import Places, cohort, limit_places, net_places

__all__ = ["GhostSeries", "Ghosts", "fan_layers"]

Array = NDArray[np.float64]
_FAN = 10  # each takes a quarter of a millisecond of a frame, and more of them hide one another


def fan_layers(layers: int, paths: int = _FAN) -> tuple[int, ...]:
    """Up to ``paths`` layers from the first to the last."""
    return tuple(np.unique(np.linspace(0, layers - 1, min(layers, paths)).round().astype(int)).tolist())


class Ghosts:
    """The ghost in each of some layers, of the net and of the limit there.

    Attributes:
        layers: of the net.
        depths: (G,) s = l/L.
    """

    def __init__(self, run: Run, layers: Sequence[int]) -> None:
        session, problem = run.session, run.problem
        network, training = session.network, session.training
        self.run, self.layers = run, tuple(layers)
        self.depths = np.array(self.layers) / network.layers
        start = ghost_start(network.seed, problem.dimension)[None]  # (1, 2, D, 1)
        starts = np.repeat(start, len(self.layers), axis=0)

        def follow(places: Places) -> Followers:
            units = cohort(starts, rule(session), dtype=training.dtype)
            return followers(units, places, training.last_step)

        self._finite = follow(net_places(run.fields, self.layers, network.layers))
        # as D grows without end a unit has no coordinates to start at
        self._fields: LimitFields | None = None if session.limit.large_d else run.limit
        self._limit = None if self._fields is None else follow(limit_places(self._fields, self.depths))

    @property
    def newest(self) -> int:
        """Largest step that can be visited."""
        limit = self.run.limit
        return self.run.step if limit is None or limit.ended else min(self.run.step, limit.newest)

    def values(self, step: int, aspects: Sequence[Aspect]) -> tuple[Array, Array | None]:
        """Values (A, G) in the net, and in the limit where there is one at this step."""
        finite = np.stack([self._finite.values(step, a.chosen, a.look)[:, 0] for a in aspects])
        if self._limit is None or self._fields is None or step > self._fields.newest:
            return finite.astype(np.float64), None
        limit = np.stack([self._limit.values(step, a.chosen, a.look)[:, 0] for a in aspects])
        return finite.astype(np.float64), limit.astype(np.float64)


class GhostSeries:
    """Paths of the ghosts in the planes of pairs of aspects, step by step from 0 on.

    One thread visits, others may read the steps that `has` names.
    """

    def __init__(self, ghosts: Ghosts, pairs: Sequence[tuple[Aspect, Aspect]]) -> None:
        """Look at ``pairs`` of numbers."""
        self.ghosts, self.pairs = ghosts, tuple(pairs)
        self.layers, self.depths = ghosts.layers, ghosts.depths
        self.total = ghosts.run.session.network.layers
        self._aspects = [aspect for pair in self.pairs for aspect in pair]
        self._finite: list[Array] = []  # (2 pairs, G) a step
        self._limit: list[Array | None] = []

    @property
    def newest(self) -> int:
        """Largest step visited; -1 before the first."""
        return len(self._limit) - 1

    def has(self, step: int, /) -> bool:
        """Whether all steps up to ``step`` are visited."""
        return 0 <= step <= self.newest

    def can_visit(self, step: int) -> bool:
        """Whether a step is recorded and not visited."""
        return self.newest < step <= self.ghosts.newest

    def first_gap(self) -> int | None:
        """The first recorded step that is not visited."""
        return self.newest + 1 if self.newest < self.ghosts.newest else None

    def unbroken_from(self, step: int) -> int:
        """The last step up to which, from ``step`` on, all are visited."""
        return max(self.newest, step - 1)

    def visit(self, step: int) -> Iterator[bool]:
        """Go on to ``step``, over all steps before it; True at the end."""
        for k in range(self.newest + 1, step + 1):
            finite, limit = self.ghosts.values(k, self._aspects)
            self._finite.append(finite)
            self._limit.append(limit)  # last: readers count these
            yield k == step

    def path(self, pair: int, steps: AnyArray) -> tuple[Array, Array | None]:
        """Points (k, G, 2) of a pair at some visited steps: of the net, and of the limit as far as solved."""
        rows = slice(2 * pair, 2 * pair + 2)
        chosen = np.asarray(steps, np.intp).tolist()
        finite = np.stack([self._finite[k][rows].T for k in chosen])
        solved = [one[rows].T for k in chosen if (one := self._limit[k]) is not None]
        return finite, np.stack(solved) if solved else None
