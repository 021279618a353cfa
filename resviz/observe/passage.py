"""A passage: the units of a few pinned places followed through all recorded steps.

Both the finite units of the places and fresh starts of the limit there move together. Checkpoints are kept
on the way, so that any observable at any step seen before costs at most a few pushes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from resviz.config import Session
from resviz.data import Problem
from resviz.engine.meanode import limit_problem, turned
from resviz.engine.rule import rule
from resviz.errors import RequestError
from resviz.fields import Fields, LimitFields, limit_starts, unit_starts
from resviz.fields.fields import AnyArray
from resviz.observe.density import Density, estimate, gaussian
from resviz.observe.observables import Look, Observable, evaluate
from resviz.transport import Cohort, Endless, InSpan, Places, Seen, Whole, cohort, limit_places, net_places
from resviz.transport.cohort import State
from resviz.transport.frame import Which

__all__ = ["DEFAULT_STARTS", "Passage", "Run", "default_window", "window_layers"]

DEFAULT_STARTS = 2**13
_SEED = 771  # of the limit's fresh starts; no session seed enters the limit
_SUBDEPTHS = 16
_CHECKPOINT_BYTES = 64e6
_STRIDE = 8


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


@dataclass
class _Followers:
    """A cohort, the places it is pushed through, and its checkpoints."""

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
            self.units.push(self.places.seen(self.units.step))
            if self.units.step % self.stride == 0:
                self.checkpoints.setdefault(self.units.step, self.units.save())
        return self.places.seen(step)


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
    ) -> None:
        """Pin ``layers`` of a run.

        Args:
            window: layers pooled round each; left out, the smallest number that holds 256 units.
            starts: fresh starts of the limit at each place.
            limit: another limit than the run's own (the lazy one).
            finite: False follows the limit alone.

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
        self._finite = self._finite_followers(pooled) if finite else None
        self._limits = self._limit_followers(pooled, starts, self._limit) if self._limit is not None else None

    @property
    def newest(self) -> int:
        """Largest step that can be visited."""
        ends = [self.run.step] if self._finite is not None else []
        # a limit that diverged does not hold back the finite units
        if self._limit is not None and not (ends and self._limit.ended):
            ends.append(self._limit.newest)
        return min(ends, default=-1)

    def _stride(self, units: Cohort) -> int:
        """Steps between checkpoints, so that a whole run's stay within their bound of memory."""
        size = 2 * units.u0.numel() * units.u0.element_size()
        return max(_STRIDE, math.ceil((self.run.session.training.steps + 1) * size / _CHECKPOINT_BYTES))

    def _followers(self, units: Cohort, places: Places) -> _Followers:
        return _Followers(units, places, self._stride(units), {0: units.save()})

    def _finite_followers(self, pooled: list[range]) -> _Followers:
        network, dtype = self.run.session.network, self.run.session.training.dtype
        rows = sorted({layer for window in pooled for layer in window})
        self._rows = [np.searchsorted(rows, np.asarray(window)) for window in pooled]
        starts = np.stack(
            [unit_starts(network.seed, r, network.units, self.run.problem.dimension) for r in rows]
        )
        units = cohort(starts, rule(self.run.session), dtype=dtype)
        return self._followers(units, net_places(self.run.fields, rows, network.layers))

    def _limit_followers(self, pooled: list[range], starts: int, limit: LimitFields) -> list[_Followers]:
        """One per replica: independent starts through independently solved fields."""
        total = self.run.session.network.layers
        replicas = limit.replicas
        self._sub = min(self.window, _SUBDEPTHS)
        inside = [np.asarray(w)[np.linspace(0, len(w) - 1, self._sub).round().astype(int)] for w in pooled]
        depths = np.concatenate(inside) / total  # (G sub,)
        each = max(2, starts // (replicas * self._sub))
        chosen = rule(self.run.session, alpha=limit.alpha)
        small, _ = limit_problem(self.run.session, self.run.problem)
        z = turned(limit_starts(_SEED, replicas * len(depths), each, small.dimension), small)
        z = z.reshape(replicas, len(depths), *z.shape[1:])
        dtype = self.run.session.training.dtype
        return [
            self._followers(
                cohort(z[r], chosen, dtype=dtype, frame=_frame(self.run, limit, (len(depths), each), r)),
                limit_places(limit, depths, r),
            )
            for r in range(replicas)
        ]

    def finite_values(self, step: int, chosen: Observable, look: Look) -> list[AnyArray]:
        """Values of the finite units of each pinned place: G arrays (window M,)."""
        if self._finite is None:
            return []
        values = _values(self._finite, step, chosen, look)
        return [values[rows].ravel() for rows in self._rows]

    def limit_values(self, step: int, chosen: Observable, look: Look) -> list[LimitValues]:
        """Values of the limit's units at each pinned place; empty without a limit, or past its end."""
        if self._limits is None or self._limit is None or step > self._limit.newest:
            return []
        places = len(self.layers)
        each = [_values(follower, step, chosen, look) for follower in self._limits]  # R of (G sub, P)
        pooled = [v.reshape(places, -1) for v in each]
        inside, blur, deviation = pooled, 0.0, None
        first = self._limits[0].units
        if chosen.linear_in is not None and isinstance(first.frame, InSpan):
            direction = chosen.along(look, first.dimension)
            blur = first.frame.outside(direction, chosen.linear_in)
            inside = [
                _inside(follower.units, direction, chosen.linear_in).reshape(places, -1)
                for follower in self._limits
            ]
        if step == 0 and chosen.start_deviation is not None:
            seen = self._limits[0].places.seen(0)
            deviation = chosen.start_deviation(first, first.tensor(seen.h), first.tensor(seen.b), look)
        return [
            LimitValues([v[g] for v in pooled], [v[g] for v in inside], blur, deviation)
            for g in range(places)
        ]


@dataclass(frozen=True, eq=False)
class LimitValues:
    """Values of the limit's units at one place and step.

    Attributes:
        replicas: R arrays (P,), from fields that were solved independently.
        inside: the same without the normal part that lies outside the limit's span.
        blur: standard deviation of that part.
        exact_deviation: the law is exactly N(0, deviation^2), as at k = 0.
    """

    replicas: list[AnyArray]
    inside: list[AnyArray]
    blur: float
    exact_deviation: float | None

    def density(self, chosen: Observable) -> Density | None:
        """Their density; None where all values coincide."""
        if self.exact_deviation is not None:
            return gaussian(0.0, self.exact_deviation) if self.exact_deviation > 0 else None
        return estimate(self.inside, low=chosen.low, high=chosen.high, blur=self.blur, blurred=self.replicas)


def _frame(run: Run, limit: LimitFields, shape: tuple[int, int], replica: int) -> Whole:
    network = run.session.network
    if limit.span is not None:
        return InSpan(limit.span, network.sigma_u, network.sigma_v, shape, _SEED + replica)
    if run.session.limit.large_d:
        return Endless()
    return Whole()


def _inside(units: Cohort, direction: AnyArray, which: Which) -> AnyArray:
    frame = units.frame
    assert isinstance(frame, InSpan)
    return np.array(frame.inside(units.u if which == "u" else units.v, direction).numpy())


def _values(follower: _Followers, step: int, chosen: Observable, look: Look) -> AnyArray:
    seen = follower.seek(step)
    units = follower.units
    values = evaluate(chosen, units, units.tensor(seen.h), units.tensor(seen.b), look)
    # a copy: an observable may be a view of the units, which the next push changes
    return np.array(values.numpy())
