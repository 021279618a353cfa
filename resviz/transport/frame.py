"""Coordinates of units that are followed only in the limit's span.

A limit unit keeps its start outside the span (mathematics.md 2.1):

    u . e = sqrt(D/r) u^ . Q^T e + N(0, D sigma^2 |e - Q Q^T e|^2)
    |u|^2/D = |u^|^2/r + sigma^2 chi^2_{D-r}

with draws that are each unit's own and stay with it from step to step.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from resviz.data import Span
from resviz.errors import RequestError
from resviz.fields import limit_starts
from resviz.fields.fields import AnyArray

__all__ = ["Endless", "InSpan", "Which", "Whole"]

Which = Literal["u", "v"]
_SEED = 772  # of the coordinates that stand for endlessly many
_COORDINATES = 2**11


class Whole:
    """Units followed in all D dimensions.

    Attributes:
        dimension: D, where it is not the number of dimensions followed.
    """

    dimension: int | None = None

    def along(self, units: Tensor, direction: AnyArray, which: Which) -> Tensor:
        """units . e for a direction e (D,): (G, D, P) -> (G, P)."""
        return torch.einsum("d,gdp->gp", torch.tensor(direction, dtype=units.dtype), units)

    def outside(self, direction: AnyArray, which: Which) -> float:
        """Standard deviation of the part of units . e that lies outside of what is followed."""
        return 0.0

    def mean_square(self, units: Tensor, which: Which) -> Tensor:
        """|units|^2 / D: (G, D, P) -> (G, P)."""
        return units.square().mean(dim=1)

    def coordinates(self, fields: Tensor) -> Tensor:
        """The D coordinates of fields: (G, r) -> (G, D)."""
        return fields


class InSpan(Whole):
    """Units followed in the r dimensions of a span, the rest added where it is asked for."""

    def __init__(self, span: Span, sigma_u: float, sigma_v: float, shape: tuple[int, int], seed: int) -> None:
        """Draw what ``shape`` = (G, P) units have outside ``span``."""
        generator = np.random.Generator(np.random.Philox(key=[seed, 1]))
        self.span = span
        self.dimension = span.dimension
        self.sigma = {"u": sigma_u, "v": sigma_v}
        self.normal = {which: generator.standard_normal(shape) for which in ("u", "v")}
        missing = span.dimension - span.rank
        self.square = {which: generator.chisquare(missing, shape) for which in ("u", "v")}

    def inside(self, units: Tensor, direction: AnyArray) -> Tensor:
        """The part of units . e within the span."""
        lowered = np.sqrt(self.span.dimension / self.span.rank) * (self.span.basis.T @ direction)
        return super().along(units, lowered, "u")

    def along(self, units: Tensor, direction: AnyArray, which: Which) -> Tensor:
        """units . e with a draw of the part outside."""
        rest = self.outside(direction, which) * torch.tensor(self.normal[which], dtype=units.dtype)
        return self.inside(units, direction) + rest

    def outside(self, direction: AnyArray, which: Which) -> float:
        """sqrt(D) sigma |e - Q Q^T e|."""
        within = self.span.basis.T @ direction
        beyond = max(float(direction @ direction - within @ within), 0.0)
        return float(np.sqrt(self.span.dimension * beyond)) * self.sigma[which]

    def mean_square(self, units: Tensor, which: Which) -> Tensor:
        """|u^|^2/r + sigma^2 chi^2_{D-r}."""
        rest = torch.tensor(self.square[which], dtype=units.dtype)
        return super().mean_square(units, which) + self.sigma[which] ** 2 * rest

    def coordinates(self, fields: Tensor) -> Tensor:
        """Back into the network's coordinates."""
        return torch.from_numpy(self.span.lift(fields.numpy()))


class Endless(Whole):
    """Units of the D -> infinity limit: single coordinates and norms, which grow like sqrt(D), have none."""

    def __init__(self) -> None:
        self._rows: Tensor | None = None  # (r, n) standard normals, the same for every field and step

    def coordinates(self, fields: Tensor) -> Tensor:
        """Draws of a coordinate, N(0, Gamma), Gamma = |h|^2/D (AS): (G, r) -> (G, n).

        Coordinate c of h is sum_j h^_j z_jc / sqrt(r), as with the rows of W_in and W_out: h and b at c share
        their z, so pairs of them have the covariance h . b/D.
        """
        rank = fields.shape[1]
        if self._rows is None:
            self._rows = torch.from_numpy(limit_starts(_SEED, 1, _COORDINATES, rank)[0, 0])
        return torch.matmul(fields, self._rows.to(fields.dtype)) / float(rank**0.5)

    def along(self, units: Tensor, direction: AnyArray, which: Which) -> Tensor:
        """Refused."""
        raise _grows(f"a coordinate of {which}")

    def mean_square(self, units: Tensor, which: Which) -> Tensor:
        """Refused."""
        raise _grows(f"the size of {which}")


def _grows(what: str) -> RequestError:
    return RequestError(
        f"{what} grows like sqrt(D) and has no limit",
        remedy="choose preactivation, backward or a travel, or set limit.large_d = false",
    )
