"""Units of a limit at pinned depths: fresh starts pushed through its fields, and the densities they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from resviz.block.activation import Activation
from resviz.config import Session
from resviz.data import Problem
from resviz.engine.meanode import REPLICAS, limit_problem, turned
from resviz.engine.rule import rule
from resviz.fields import LimitFields, limit_starts
from resviz.fields.fields import AnyArray
from resviz.observe.density import (
    Array,
    Density,
    estimate,
    gaussian,
    in_order,
    merged,
    pushed,
    reference_error,
)
from resviz.observe.follow import CHECKPOINT_BYTES, Followers, followers
from resviz.observe.observables import Look, Observable, observable
from resviz.transport import Cohort, Endless, InSpan, Whole, cohort, limit_places
from resviz.transport.frame import Which

__all__ = ["LimitUnits", "LimitValues"]

_SEED = 771  # of the fresh starts; no session seed enters the limit
_SUBDEPTHS = 16  # depths that stand for a window of layers: the limit is smooth in s


@dataclass(frozen=True, eq=False)
class LimitValues:
    """Values of a limit's units at one place and step.

    Attributes:
        replicas: arrays (P,) that never met: other starts, and other fields where the solver has replicas.
        inside: the same without the normal part that lies outside the limit's span.
        blur: standard deviation of that part.
        exact_deviation: the law is exactly N(0, deviation^2), as at k = 0 or for linear sigma.
        through: sigma, where these are its values, and the values of p that it was taken of.
    """

    replicas: list[AnyArray]
    inside: list[AnyArray]
    blur: float
    exact_deviation: float | None
    through: tuple[Activation, LimitValues] | None = None

    @cached_property
    def sets(self) -> list[Array]:
        """The replicas, each in order."""
        return [in_order(values) for values in self.replicas]

    def own_error(self) -> tuple[float, float]:
        """(W1, KS) of their distribution from the limit's true one, measured between replicas."""
        if self.through is not None and self.through[1].exact_deviation is not None:
            return 0.0, 0.0
        return (0.0, 0.0) if self.exact_deviation is not None else reference_error(self.sets)

    def ordered(self) -> NDArray[np.float64]:
        """The values of all replicas in order, (P,): their distribution without a density's cost."""
        if self.exact_deviation:  # 0 is an atom, which has no density
            return gaussian(0.0, self.exact_deviation).sorted_values
        return merged(self.sets)

    def density(self, chosen: Observable) -> Density | None:
        """Their density; None where all values coincide."""
        if self.exact_deviation is not None:
            return gaussian(0.0, self.exact_deviation) if self.exact_deviation > 0 else None
        if self.through is not None and chosen.pushed is not None:
            sigma, p = self.through
            of = p.density(observable(chosen.pushed))
            return None if of is None else pushed(of, partial(_value, sigma), self.sets)
        if not self.blur:
            return estimate(self.sets, low=chosen.low, high=chosen.high)
        return estimate(self.inside, low=chosen.low, high=chosen.high, blur=self.blur, blurred=self.sets)


class LimitUnits:
    """Fresh units of a limit at windows of layers, in sets that never meet.

    A solver's replicas see one set of starts each; an exact solver's fields are seen by two sets, so that
    half their difference still measures the sampling error of the densities.
    """

    def __init__(
        self,
        session: Session,
        problem: Problem,
        limit: LimitFields,
        windows: Sequence[range],
        starts: int,
        memory: float = CHECKPOINT_BYTES,
    ) -> None:
        """Draw some ``starts`` units for every window, with checkpoints of ``memory`` bytes a set."""
        total = session.network.layers
        self.limit = limit
        self.places = len(windows)
        self.sub = min(len(windows[0]), _SUBDEPTHS)
        inside = [np.asarray(w)[np.linspace(0, len(w) - 1, self.sub).round().astype(int)] for w in windows]
        depths = np.concatenate(inside) / total  # (G sub,)
        sets = max(REPLICAS, limit.replicas)
        # whole powers of two: other numbers of Sobol points are not balanced
        each = 1 << max(1, int(np.log2(max(2, starts // (sets * self.sub)))))
        self._chosen = rule(session, alpha=limit.alpha)
        self._steps, dtype = session.training.last_step, session.training.dtype
        small, _ = limit_problem(session, problem)
        self._sets: list[Followers] = []
        for index in range(sets):
            z = turned(limit_starts(_SEED + index, len(depths), each, small.dimension), small)
            frame = self._frame(session, (len(depths), each), index)
            units = cohort(z, self._chosen, dtype=dtype, frame=frame)
            places = limit_places(limit, depths, index % limit.replicas)
            self._sets.append(followers(units, places, self._steps, memory))
        linear = session.network.activation == "identity" and limit.replicas == 1 and self.sub == 1
        self._responses = self._unit_responses(depths, small.dimension) if linear else None

    @property
    def sets(self) -> Sequence[Followers]:
        """The sets of units, each with the places it is pushed through."""
        return self._sets

    def values(self, step: int, chosen: Observable, look: Look) -> list[LimitValues]:
        """Values at each place; empty past the end of the limit."""
        if step > self.limit.newest:
            return []
        # a field has no units: only independent solutions of it count
        sets = self._sets if chosen.field is None else self._sets[: self.limit.replicas]
        pooled = [self._pool(one.values(step, chosen, look)) for one in sets]  # sets of (G, P)
        inside, blur = pooled, 0.0
        units = self._sets[0].units
        if chosen.linear_in is not None and isinstance(units.frame, InSpan):
            direction = chosen.along(look, units.dimension)
            blur = units.frame.outside(direction, chosen.linear_in)
            inside = [self._pool(_inside(one.units, direction, chosen.linear_in)) for one in self._sets]
        exact = self._deviations(step, chosen, look, blur)
        of = None if chosen.pushed is None else self.values(step, observable(chosen.pushed), look)
        return [
            LimitValues(
                [v[g] for v in pooled],
                [v[g] for v in inside],
                blur,
                exact[g],
                None if of is None else (units.sigma, of[g]),
            )
            for g in range(self.places)
        ]

    def _pool(self, values: AnyArray) -> AnyArray:
        return values.reshape(self.places, -1)  # (G sub, P) -> (G, sub P)

    def _deviations(self, step: int, chosen: Observable, look: Look, blur: float) -> list[float | None]:
        """Exact standard deviations, where the law is a centred normal one."""
        if chosen.field is not None:
            return self._gammas(step, chosen.field, look)
        if chosen.start_deviation is None:
            return [None] * self.places
        if step == 0:
            units, seen = self._sets[0].units, self._sets[0].places.seen(0)
            start = chosen.start_deviation(units, units.tensor(seen.h), units.tensor(seen.b), look)
            return [start] * self.places
        if self._responses is None:
            return [None] * self.places
        # units are linear in their starts: the responses to 2r unit vectors are all there is to know
        one = self._responses
        seen = one.seek(step)
        if chosen.linear_in is not None and isinstance(one.units.frame, InSpan):
            response = _inside(one.units, chosen.along(look, one.units.dimension), chosen.linear_in)
        else:
            response = one.values(step, chosen, look)  # (G, 2 r)
        return [float(np.sqrt(np.sum(r**2) + blur**2)) for r in response.astype(np.float64)]

    def _gammas(self, step: int, which: Literal["h", "b"], look: Look) -> list[float | None]:
        """sqrt(Gamma) of a field's coordinates, N(0, Gamma) as D -> infinity; no law at finite D."""
        if not isinstance(self._sets[0].units.frame, Endless) or self.sub > 1:
            return [None] * self.places
        seen = [one.places.seen(step) for one in self._sets[: self.limit.replicas]]
        fields = np.stack([getattr(s, which)[:, look.sample] for s in seen])  # (R, G, r)
        return [float(x) for x in np.sqrt(np.mean(np.square(fields, dtype=np.float64), axis=(0, 2)))]

    def _unit_responses(self, depths: AnyArray, r: int) -> Followers:
        z = np.eye(2 * r).reshape(2 * r, 2, r).transpose(1, 2, 0)  # (2, r, 2 r)
        starts = np.broadcast_to(z, (len(depths), *z.shape)).copy()
        frame = self._sets[0].units.frame
        units = cohort(starts, self._chosen, dtype="float64", frame=frame)
        return followers(units, limit_places(self.limit, depths, 0), self._steps)

    def _frame(self, session: Session, shape: tuple[int, int], index: int) -> Whole:
        if self.limit.span is not None:
            chosen = self._chosen
            return InSpan(self.limit.span, chosen.sigma_u, chosen.sigma_v, shape, _SEED + index)
        return Endless() if session.limit.large_d else Whole()


def _value(sigma: Activation, p: Array) -> Array:
    with torch.no_grad():
        return np.asarray(sigma.value(torch.from_numpy(p)).numpy())


def _inside(units: Cohort, direction: AnyArray, which: Which) -> AnyArray:
    """The part of a weight along ``direction`` that lies in the span: (G, P)."""
    frame = units.frame
    moved = units.u if which == "u" else units.v
    values = (
        frame.inside(moved, direction) if isinstance(frame, InSpan) else frame.along(moved, direction, which)
    )
    return np.array(values.numpy())
