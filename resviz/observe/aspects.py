"""Aspects: one number of a unit, and the pairs of them that clouds and paths show."""

from __future__ import annotations

from dataclasses import dataclass

from resviz.data import Problem
from resviz.observe.observables import Look, Observable, observable

__all__ = ["Aspect", "aspect", "path_pairs"]

_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Aspect:
    """An observable, and where it is taken.

    Attributes:
        chosen: the observable.
        look: sample, coordinate, direction.
    """

    chosen: Observable
    look: Look

    @property
    def symbol(self) -> str:
        """What stands at the axis: p, or u₄ of a coordinate."""
        if self.chosen.needs != "coordinate":
            return self.chosen.symbol
        return self.chosen.symbol + str(self.look.coordinate).translate(_SUBSCRIPT)


def aspect(problem: Problem, name: str, *, sample: int = 0, coordinate: int = 0) -> Aspect:
    """The observable called ``name`` of a problem's units.

    Raises:
        RequestError: no such observable.
    """
    return Aspect(observable(name), Look.at(problem, sample=sample, coordinate=coordinate))


def path_pairs(problem: Problem, pair: tuple[Aspect, Aspect]) -> tuple[tuple[Aspect, Aspect], ...]:
    """The planes in which a tracked start is followed: ``pair``, and two coordinates of u and of v.

    Fields have no units to track: p and q take their place.
    """
    first, second = pair
    if first.chosen.field is not None or second.chosen.field is not None:
        at = first.look.sample
        pair = aspect(problem, "preactivation", sample=at), aspect(problem, "backward", sample=at)
    if problem.dimension < 2:
        return (pair,)
    one = first.look.coordinate
    other = (one + 1) % problem.dimension
    planes = [
        (aspect(problem, name, coordinate=one), aspect(problem, name, coordinate=other))
        for name in ("u", "v")
    ]
    return (pair, *planes)
