"""Observables: one number a unit, by the names of the interface (mathematics.md 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from resviz.block.unit import preactivation
from resviz.data import Problem
from resviz.errors import RequestError
from resviz.transport.cohort import Cohort
from resviz.transport.frame import Which

__all__ = ["OBSERVABLES", "Look", "Observable", "evaluate", "observable"]


@dataclass(frozen=True)
class Look:
    """Which sample, coordinate and direction an observable is taken at."""

    sample: int = 0
    coordinate: int = 0
    direction: tuple[float, ...] | None = None  # (D,) of ``projection``; made a unit vector

    @classmethod
    def at(
        cls, problem: Problem, *, sample: int = 0, coordinate: int = 0, direction: ArrayLike | None = None
    ) -> Look:
        """A look at a problem; a direction left out is the data's top principal one, uncentred."""
        e = problem.principal_direction if direction is None else np.asarray(direction, dtype=np.float64)
        if e.shape != (problem.dimension,):
            raise RequestError(
                f"direction has shape {e.shape}", remedy=f"give {problem.dimension} numbers, one a coordinate"
            )
        return cls(sample, coordinate, tuple(e.tolist()))


Values = Callable[[Cohort, Tensor, Tensor, Look], Tensor]
Spread = Callable[[Cohort, Tensor, Tensor, Look], float]


@dataclass(frozen=True)
class Observable:
    """One scalar of a unit, or of a coordinate of a field.

    Attributes:
        name: the interface's name.
        symbol: what stands at the axis.
        label: name and formula, for menus.
        needs: the argument it takes.
        of: (cohort, h, b, look) -> (G, P); h, b (G, N, D) are the fields of the cohort's step.
        low, high: bounds of its values, for densities near them.
        atom_at_start: all units have one value at k = 0, so there is no density to draw there.
        start_deviation: standard deviation at k = 0 where the law there is exactly N(0, deviation^2).
        linear_in: the weight whose component along a direction it is.
        field: the field whose D coordinates it shows, in place of the units.
        pushed: the observable of which it is sigma.
    """

    name: str
    symbol: str
    label: str
    needs: Literal["sample", "coordinate", "direction"] | None
    of: Values
    low: float | None = None
    high: float | None = None
    atom_at_start: bool = False
    start_deviation: Spread | None = None
    linear_in: Which | None = None
    field: Literal["h", "b"] | None = None
    pushed: str | None = None

    @property
    def counts(self) -> str:
        """What a histogram of it counts."""
        return "units" if self.field is None else "coordinates"

    @property
    def nonnegative(self) -> bool:
        """Whether values start at 0."""
        return self.low == 0.0

    def along(self, look: Look, dimension: int) -> NDArray[np.float64]:
        """The direction e (D,) of an observable that is linear in a weight."""
        if self.needs == "coordinate":
            return np.asarray(np.eye(1, dimension, look.coordinate)[0])
        if look.direction is None:
            raise RequestError(
                f"{self.name} needs a direction", remedy="give one number a coordinate of the weight"
            )
        e = np.asarray(look.direction, dtype=np.float64)
        return np.asarray(e / np.linalg.norm(e))


def _p(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    return preactivation(h[:, look.sample : look.sample + 1], cohort.u)[:, 0]


def _sigma(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    return cohort.sigma.value(_p(cohort, h, b, look))


def _q(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    return preactivation(b[:, look.sample : look.sample + 1], cohort.v)[:, 0]


def _p_spread(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> float:
    # p = u . h / D with u ~ N(0, D sigma_u^2); h_0(s) = x at every depth
    return cohort.rule.sigma_u * float(_rms(h[:, look.sample, :, None]).mean())


def _q_spread(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> float:
    return cohort.rule.sigma_v * float(_rms(b[:, look.sample, :, None]).mean())


def _rms(x: Tensor) -> Tensor:
    return x.square().mean(dim=1).sqrt()  # (G, D, P) -> (G, P)


def _along(which: Which, name: str) -> Values:
    def value(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
        direction = OBSERVABLES[name].along(look, cohort.dimension)
        return cohort.frame.along(cohort.u if which == "u" else cohort.v, direction, which)

    return value


def _size(which: Which) -> Values:
    def value(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
        return cohort.frame.mean_square(cohort.u if which == "u" else cohort.v, which).sqrt()

    return value


def _alignment(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    # cos = D p / (|u| |h|), with |u| = sqrt(D) times its RMS and |h| alike, in any frame
    h_rms = h[:, look.sample].square().mean(dim=1, keepdim=True).sqrt()  # (G, 1)
    return _p(cohort, h, b, look) / (h_rms * _size("u")(cohort, h, b, look))


def _field(which: Literal["h", "b"]) -> Values:
    def coordinates(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
        return cohort.frame.coordinates((h if which == "h" else b)[:, look.sample])

    return coordinates


def _weight_spread(which: Which) -> Spread:
    def spread(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> float:
        sigma = cohort.rule.sigma_u if which == "u" else cohort.rule.sigma_v
        return float(sigma * cohort.dimension**0.5)

    return spread


_ALL = (
    Observable("preactivation", "p", "preactivation p = u·h/D", "sample", _p, start_deviation=_p_spread),
    Observable("activation", "σ(p)", "activation σ(p)", "sample", _sigma, pushed="preactivation"),
    Observable(
        "backward", "q", "backward preactivation q = v·b/D", "sample", _q, start_deviation=_q_spread
    ),
    Observable(
        "u", "u", "input weight u", "coordinate", _along("u", "u"),
        start_deviation=_weight_spread("u"), linear_in="u",
    ),
    Observable(
        "v", "v", "output weight v", "coordinate", _along("v", "v"),
        start_deviation=_weight_spread("v"), linear_in="v",
    ),
    Observable("u_norm", "|u|", "size of u (RMS)", None, _size("u"), low=0.0),
    Observable("v_norm", "|v|", "size of v (RMS)", None, _size("v"), low=0.0),
    Observable(
        "travel_u", "Δu", "how far u moved since k = 0 (RMS)", None,
        lambda c, h, b, at: _rms(c.displacement()[0]), low=0.0, atom_at_start=True,
    ),
    Observable(
        "travel_v", "Δv", "how far v moved since k = 0 (RMS)", None,
        lambda c, h, b, at: _rms(c.displacement()[1]), low=0.0, atom_at_start=True,
    ),
    Observable(
        "travel_scaled", "α Δu", "how far u moved, times α (RMS)", None,
        lambda c, h, b, at: _rms(c.scaled_displacement()[0]), low=0.0, atom_at_start=True,
    ),
    Observable(
        "projection", "u·e", "projection of u on a direction e", "direction", _along("u", "projection"),
        start_deviation=_weight_spread("u"), linear_in="u",
    ),
    Observable(
        "alignment", "cos(u, h)", "alignment of u and h (cosine)", "sample", _alignment, low=-1.0, high=1.0
    ),
    Observable("h", "h", "forward field h (its D coordinates)", "sample", _field("h"), field="h"),
    Observable("b", "b", "backward field b (its D coordinates)", "sample", _field("b"), field="b"),
)  # fmt: skip

OBSERVABLES: dict[str, Observable] = {each.name: each for each in _ALL}


def observable(name: str) -> Observable:
    """The observable called ``name``.

    Raises:
        RequestError: there is none of that name.
    """
    try:
        return OBSERVABLES[name]
    except KeyError:
        raise RequestError(
            f"observable = {name!r} is unknown", remedy="choose one of: " + ", ".join(OBSERVABLES)
        ) from None


def evaluate(chosen: Observable, cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    """Values of an observable for every unit of a cohort: (G, P).

    Raises:
        RequestError: the sample or coordinate does not exist.
    """
    for name, value, size in (
        ("sample", look.sample, h.shape[1]),
        ("coordinate", look.coordinate, cohort.dimension),
    ):
        if chosen.needs == name and not 0 <= value < size:
            raise RequestError(f"{name} = {value} does not exist", remedy=f"choose from 0 to {size - 1}")
    return chosen.of(cohort, h, b, look)
