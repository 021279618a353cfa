"""Observables: one number a unit, by the names of the interface (mathematics.md 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from resviz.block.unit import preactivation
from resviz.errors import RequestError
from resviz.transport.cohort import Cohort

__all__ = ["OBSERVABLES", "Look", "Observable", "evaluate", "observable"]


@dataclass(frozen=True)
class Look:
    """Which sample, coordinate and direction an observable is taken at."""

    sample: int = 0
    coordinate: int = 0
    direction: tuple[float, ...] | None = None  # of ``projection``, (D,), made a unit vector


Rule = Callable[[Cohort, Tensor, Tensor, Look], Tensor]


@dataclass(frozen=True)
class Observable:
    """One scalar of a unit.

    Attributes:
        name: the interface's name.
        symbol: what stands at the axis.
        label: name and formula, for menus.
        needs: the argument it takes.
        of: (cohort, h, b, look) -> (G, P); h, b (G, N, D) are the fields of the cohort's step.
        low, high: bounds of its values, for densities near them.
        atom_at_start: all units have one value at k = 0, so there is no density to draw there.
    """

    name: str
    symbol: str
    label: str
    needs: Literal["sample", "coordinate", "direction"] | None
    of: Rule
    low: float | None = None
    high: float | None = None
    atom_at_start: bool = False

    @property
    def nonnegative(self) -> bool:
        """Whether values start at 0."""
        return self.low == 0.0


def _p(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    return preactivation(h[:, look.sample : look.sample + 1], cohort.u)[:, 0]


def _sigma(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    return cohort.sigma.value(_p(cohort, h, b, look))


def _q(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    return preactivation(b[:, look.sample : look.sample + 1], cohort.v)[:, 0]


def _rms(x: Tensor) -> Tensor:
    return x.square().mean(dim=1).sqrt()  # (G, D, P) -> (G, P)


def _projection(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    if look.direction is None:
        raise RequestError("projection needs a direction", remedy="give one number a coordinate of u")
    e = torch.tensor(look.direction, dtype=h.dtype)
    return torch.einsum("d,gdp->gp", e / e.norm(), cohort.u)


def _alignment(cohort: Cohort, h: Tensor, b: Tensor, look: Look) -> Tensor:
    x = h[:, look.sample]  # (G, D)
    return torch.einsum(
        "gd,gdp->gp", x / x.norm(dim=1, keepdim=True), cohort.u / cohort.u.norm(dim=1, keepdim=True)
    )


_ALL = (
    Observable("preactivation", "p", "preactivation p = u·h/D", "sample", _p),
    Observable("activation", "σ(p)", "activation σ(p)", "sample", _sigma),
    Observable("backward", "q", "backward preactivation q = v·b/D", "sample", _q),
    Observable("u", "u", "input weight u", "coordinate", lambda c, h, b, at: c.u[:, at.coordinate]),
    Observable("v", "v", "output weight v", "coordinate", lambda c, h, b, at: c.v[:, at.coordinate]),
    Observable("u_norm", "|u|", "size of u (RMS)", None, lambda c, h, b, a: _rms(c.u), low=0.0),
    Observable("v_norm", "|v|", "size of v (RMS)", None, lambda c, h, b, a: _rms(c.v), low=0.0),
    Observable(
        "travel_u", "Δu", "how far u moved since k = 0 (RMS)", None,
        lambda c, h, b, a: _rms(c.displacement()[0]), low=0.0, atom_at_start=True,
    ),
    Observable(
        "travel_v", "Δv", "how far v moved since k = 0 (RMS)", None,
        lambda c, h, b, a: _rms(c.displacement()[1]), low=0.0, atom_at_start=True,
    ),
    Observable(
        "travel_scaled", "α Δu", "how far u moved, times α (RMS)", None,
        lambda c, h, b, a: _rms(c.scaled_displacement()[0]), low=0.0, atom_at_start=True,
    ),
    Observable("projection", "u·e", "projection of u on a direction e", "direction", _projection),
    Observable(
        "alignment", "cos(u, h)", "alignment of u and h (cosine)", "sample", _alignment, low=-1.0, high=1.0
    ),
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
        ("coordinate", look.coordinate, h.shape[2]),
    ):
        if chosen.needs == name and not 0 <= value < size:
            raise RequestError(f"{name} = {value} does not exist", remedy=f"choose from 0 to {size - 1}")
    return chosen.of(cohort, h, b, look)
