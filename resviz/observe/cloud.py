"""Two observables of the same units against each other: the net's as points, the limit's as outlines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resviz.fields.fields import AnyArray
from resviz.observe.aspects import Aspect
from resviz.observe.contours import Outline, contours
from resviz.observe.ghosts import Ghosts
from resviz.observe.passage import Passage

__all__ = ["Cloud", "CloudSeries"]

Array = NDArray[np.float64]
_TAIL = 1e-3
_KEPT = 1024  # visited steps; some 100 kB each


@dataclass(frozen=True, eq=False)
class Cloud:
    """One place at one step.

    Attributes:
        points: (2, m) of the net's units.
        outlines: of the limit, by the shares `contours.SHARES`; None without a density.
        ghost, limit_ghost: (2,) the tracked ghost in the net and in the limit; None of fields.
    """

    points: AnyArray
    outlines: tuple[Outline, ...] | None
    ghost: Array | None = None
    limit_ghost: Array | None = None


class CloudSeries:
    """A pair of observables at the places of a passage, step by step as they are visited.

    One thread visits, others may read the steps that `has` names.
    """

    def __init__(self, passage: Passage, pair: tuple[Aspect, Aspect], ghosts: Ghosts | None = None) -> None:
        """Look at a pair, both of units or both of fields.

        Args:
            ghosts: at the same layers; None follows none.
        """
        self.passage, self.pair = passage, pair
        self.layers, self.depths, self.window = passage.layers, passage.depths, passage.window
        fields = [aspect.chosen.field is not None for aspect in pair]
        self.mixed = fields[0] != fields[1]
        self._ghosts = None if any(fields) else ghosts
        self._visits: dict[int, tuple[Cloud, ...]] = {}
        self._range: list[tuple[float, float] | None] = [None, None]
        self._seen: set[int] = set()  # visited, though perhaps forgotten
        self._low = 0

    @property
    def newest(self) -> int:
        """Largest step visited; -1 before the first."""
        return max(self._visits, default=-1)

    def has(self, step: int, /) -> bool:
        """Whether a step is visited."""
        return step in self._visits

    def can_visit(self, step: int) -> bool:
        """Whether a step is recorded and not visited."""
        return not self.mixed and 0 <= step <= self.passage.newest and step not in self._visits

    def first_gap(self) -> int | None:
        """The first recorded step that is not visited."""
        while self._low in self._seen:
            self._low += 1
        return self._low if self.can_visit(self._low) else None

    def unbroken_from(self, step: int) -> int:
        """The last step up to which, from ``step`` on, all are visited; ``step`` - 1 if it is not."""
        while step in self._visits:
            step += 1
        return step - 1

    def place(self, step: int, place: int, /) -> Cloud | None:
        """One place at a visited step."""
        visit = self._visits.get(step)
        return None if visit is None else visit[place]

    def limits(self, axis: int, /) -> tuple[float, float] | None:
        """0.1 % and 99.9 % quantiles along an axis, over all steps visited."""
        return self._range[axis]

    def visit(self, step: int) -> Iterator[bool]:
        """Evaluate a step, place by place; True when ready."""
        finite = [self.passage.finite_values(step, a.chosen, a.look) for a in self.pair]
        yield False
        limit = [self.passage.limit_values(step, a.chosen, a.look) for a in self.pair]
        ghost = twin = None
        if self._ghosts is not None and step <= self._ghosts.newest:
            ghost, twin = self._ghosts.values(step, self.pair)
        yield False
        made = []
        for g in range(len(self.layers)):
            points = np.stack([one[g] for one in finite])
            outlines = None
            reach: AnyArray = points
            if limit[0]:
                reach = np.stack([np.concatenate(one[g].replicas) for one in limit])
                outlines = contours(reach[0], reach[1])
            for axis in (0, 1):
                self._widen(axis, reach[axis])
            made.append(
                Cloud(
                    points.astype(np.float32),
                    outlines,
                    None if ghost is None else ghost[:, g],
                    None if twin is None else twin[:, g],
                )
            )
            yield False
        self._visits[step] = tuple(made)
        self._seen.add(step)
        while len(self._visits) > _KEPT:
            del self._visits[next(iter(self._visits))]
        yield True

    def _widen(self, axis: int, values: AnyArray) -> None:
        low, high = (float(q) for q in np.quantile(values, (_TAIL, 1.0 - _TAIL)))
        if np.isfinite(low) and np.isfinite(high):
            seen = self._range[axis]
            self._range[axis] = (low, high) if seen is None else (min(low, seen[0]), max(high, seen[1]))
