"""A series: one observable at pinned places over the recorded steps, so that scrubbing is a look-up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from resviz.fields.fields import AnyArray
from resviz.observe.density import Density, in_order, merged, quantiles
from resviz.observe.distance import kolmogorov, limited, wasserstein
from resviz.observe.limits import LimitValues
from resviz.observe.observables import Look, Observable, observable
from resviz.observe.passage import Passage

__all__ = ["Series"]

_TAIL = 1e-3  # quantiles that the axes hold


@dataclass(frozen=True, eq=False)
class _Visit:
    """The values at one step and each place."""

    finite: list[AnyArray]  # G arrays (m,), or none
    limit: list[LimitValues]  # G, or none

    @cached_property
    def means(self) -> tuple[float, float]:
        """Means over all finite units and over all of the limit's; NaN where there are none."""
        return _mean(self.finite), _mean([v for place in self.limit for v in place.replicas])


class Series:
    """Values of one observable at the places of a passage, step by step as they are visited.

    One thread visits, others may read the steps that `has` names. Whoever visits thousands of steps forgets
    those that are done with; their means and the axes' ranges stay.
    """

    def __init__(self, passage: Passage, name: str, look: Look | None = None) -> None:
        """Look at the observable called ``name``.

        Raises:
            RequestError: no such observable.
        """
        self.passage = passage
        self.observable: Observable = observable(name)
        self.look = look or Look()
        self.layers, self.depths, self.window = passage.layers, passage.depths, passage.window
        self.alpha = passage.alpha
        self._visits: dict[int, _Visit] = {}
        self._means: dict[int, tuple[float, float]] = {}  # of steps forgotten
        self._newest = -1
        self._settled = False
        self._densities: dict[tuple[int, int], Density | None] = {}
        self._distances: dict[tuple[int, int], tuple[float, float]] = {}
        self._limited: dict[tuple[int, int], bool] = {}
        places = len(self.layers)
        self._range: list[tuple[float, float] | None] = [None] * places
        self._peak = [0.0] * places

    @property
    def newest(self) -> int:
        """Largest step visited; -1 before the first."""
        return self._newest

    def has(self, step: int) -> bool:
        """Whether a step has been visited and not forgotten."""
        return step in self._visits

    def visit(self, step: int) -> None:
        """Evaluate the observable at one step."""
        if step in self._visits:
            return
        visit = _Visit(
            self.passage.finite_values(step, self.observable, self.look),
            self.passage.limit_values(step, self.observable, self.look),
        )
        for g in range(len(self.layers)):
            values = merged(visit.limit[g].sets) if visit.limit else in_order(visit.finite[g])
            low, high = quantiles(values, _TAIL, 1.0 - _TAIL)
            if np.isfinite(low) and np.isfinite(high):
                seen = self._range[g]
                self._range[g] = (low, high) if seen is None else (min(low, seen[0]), max(high, seen[1]))
        self._visits[step] = visit
        self._newest = max(self._newest, step)

    def forget(self, step: int) -> None:
        """Drop what is held of a step, some 200 kB, but for its means; `visit` reads it again."""
        visit = self._visits.pop(step, None)
        if visit is None:
            return
        self._means[step] = visit.means
        for place in range(len(self.layers)):
            self._densities.pop((step, place), None)
            self._distances.pop((step, place), None)
            self._limited.pop((step, place), None)

    def size(self, step: int) -> int:
        """Bytes that are held of a step."""
        visit = self._visits.get(step)
        if visit is None:
            return 0
        arrays = [*visit.finite, *(a for one in visit.limit for a in (*one.replicas, *one.inside))]
        for place in range(len(self.layers)):
            if (density := self._densities.get((step, place))) is not None:
                arrays += [density.x, density.pdf, density.error, density.sorted_values, *density.replicas]
        return sum({id(a): a.nbytes for a in arrays}.values())

    def settle(self) -> None:
        """Let `peak` stay as it is: a film's axes do not depend on the frames drawn before."""
        self._settled = True

    def fill(self, first: int) -> Iterator[int]:
        """Visit ``first``, then every recorded step that is missing, yielding each; ends when none is."""
        if first <= self.passage.newest and not self.has(first):
            self.visit(first)
            yield first
        step = 0
        while step <= self.passage.newest:
            if not self.has(step):
                self.visit(step)
                yield step
            step += 1

    def finite(self, step: int, place: int) -> AnyArray | None:
        """Values of the finite units (m,); None at a step not visited, or where only a limit is followed."""
        visit = self._visits.get(step)
        return visit.finite[place] if visit is not None and visit.finite else None

    def density(self, step: int, place: int) -> Density | None:
        """The limit's density; None at a step not visited, without a limit, or where all units coincide."""
        key = (step, place)
        if key in self._densities:
            return self._densities[key]
        visit = self._visits.get(step)
        if visit is None:
            return None
        found = visit.limit[place].density(self.observable) if visit.limit else None
        if found is not None and not self._settled:
            self._peak[place] = max(self._peak[place], float(found.pdf.max()))
        self._densities[key] = found
        return found

    def start(self, place: int) -> Density | None:
        """The limit's density at k = 0; None for an observable that has an atom there."""
        return None if self.observable.atom_at_start or not self.has(0) else self.density(0, place)

    def distance(self, step: int, place: int) -> tuple[float, float]:
        """(W1, KS) of the finite units from the limit; NaN where either is missing."""
        key = (step, place)
        limit = self.density(step, place)
        values = self.finite(step, place)
        if limit is None or values is None or not np.isfinite(values).all():
            return float("nan"), float("nan")
        if key not in self._distances:
            self._distances[key] = (wasserstein(values, limit), kolmogorov(values, limit))
        return self._distances[key]

    def limited(self, step: int, place: int) -> bool:
        """Whether the limit's own error exceeds W1 or KS there, so that they tell nothing."""
        key = (step, place)
        limit, measured = self.density(step, place), self.distance(step, place)
        if limit is None or not np.isfinite(measured).all():
            return False
        if key not in self._limited:
            own = limit.distances_error
            self._limited[key] = any(limited(d, e) for d, e in zip(measured, own, strict=True))
        return self._limited[key]

    def limit_range(self, place: int) -> tuple[float, float]:
        """0.1 % and 99.9 % quantiles of the limit, over all steps visited; of the units without a limit."""
        return self._range[place] or (float("nan"), float("nan"))

    def peak(self, place: int) -> float:
        """Largest density drawn so far."""
        return self._peak[place]

    def mean(self, step: int) -> float:
        """Mean over all finite units of all places; NaN at a step not visited."""
        return self._mean(step)[0]

    def limit_mean(self, step: int) -> float:
        """Mean over all the limit's units of all places; NaN at a step not visited."""
        return self._mean(step)[1]

    def limit_mean_at(self, step: int, place: int) -> float:
        """Mean over the limit's units of one place; NaN at a step that is not held."""
        visit = self._visits.get(step)
        return _mean(visit.limit[place].replicas) if visit is not None and visit.limit else float("nan")

    def _mean(self, step: int) -> tuple[float, float]:
        visit = self._visits.get(step)
        return visit.means if visit is not None else self._means.get(step, (float("nan"), float("nan")))


def _mean(parts: list[AnyArray]) -> float:
    return float(np.mean(np.concatenate(parts))) if parts else float("nan")
