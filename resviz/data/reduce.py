"""Rank reduction: the limit of a D-dimensional problem is an r-dimensional one (mathematics.md 2.1).

In the limit h and b never leave the span of the embedded data and of the directions that b can take. With Q
an orthonormal basis (D, r) of it, a problem in dimension r with the same dynamics is

    h^ = sqrt(r/D) Q^T h,   W^_in = sqrt(r/D) Q^T W_in,   W^_out = sqrt(r/D) Q^T W_out

whose starts have variance r sigma^2 as those of the whole have D sigma^2: p, q, output and loss are the
same numbers, and so is the RMS over coordinates of any displacement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resviz.data.problem import Problem
from resviz.data.standardise import Array
from resviz.errors import SessionError

__all__ = ["Span", "endless", "reduced"]

AnyArray = NDArray[np.floating]
_TOLERANCE = 1e-10  # singular values below this share of the largest are rounding


@dataclass(frozen=True, eq=False)
class Span:
    """The span that the limit stays in.

    Attributes:
        basis: (D, r) orthonormal columns.
    """

    basis: Array

    @property
    def dimension(self) -> int:
        """D of the whole."""
        return int(self.basis.shape[0])

    @property
    def rank(self) -> int:
        """r."""
        return int(self.basis.shape[1])

    def lower(self, fields: Array) -> Array:
        """(..., D) -> (..., r): sqrt(r/D) Q^T."""
        lowered: Array = fields @ (np.sqrt(self.rank / self.dimension) * self.basis)
        return lowered

    def lift(self, fields: AnyArray) -> AnyArray:
        """(..., r) -> (..., D): back into the network's coordinates."""
        scale = np.sqrt(self.dimension / self.rank)
        lifted: AnyArray = fields @ (scale * self.basis.T).astype(fields.dtype)
        return lifted


def reduced(problem: Problem) -> tuple[Problem, Span | None]:
    """The same problem in its span; (problem, None) where the span is everything.

    r <= min(D, 2 N) without an embedding, min(D, min(N, d_in) + d_out) with one.
    """
    if problem.read_out is None:
        rows = np.concatenate([problem.x, problem.y])
    else:
        rows = np.concatenate([problem.h0, problem.read_out.T])
    q, values, _ = np.linalg.svd(rows.T, full_matrices=False)  # (D, m)
    rank = max(1, int(np.sum(values > _TOLERANCE * values[0])))
    if rank >= problem.dimension:
        return problem, None
    span = Span(np.ascontiguousarray(q[:, :rank]))
    if problem.read_in is None or problem.read_out is None:
        return Problem(span.lower(problem.x), span.lower(problem.y)), span
    small = Problem(problem.x, problem.y, span.lower(problem.read_in.T).T, span.lower(problem.read_out.T).T)
    return small, span


def endless(problem: Problem) -> Problem:
    """The problem of D -> infinity (AS): W_in^T W_in/D = I/d_in, W_out^T W_out/D = d_out I, no cross term.

    Raises:
        SessionError: the problem has no random embedding, so it has no such limit.
    """
    if problem.read_in is None or problem.read_out is None:
        raise SessionError(
            "limit.large_d = true needs a random embedding", remedy='set network.embedding = "random"'
        )
    d_in, d_out = problem.d_in, problem.d_out
    r = d_in + d_out
    read_in, read_out = np.zeros((r, d_in)), np.zeros((r, d_out))
    read_in[:d_in] = np.sqrt(r / d_in) * np.eye(d_in)
    read_out[d_in:] = np.sqrt(r * d_out) * np.eye(d_out)
    return Problem(problem.x, problem.y, read_in, read_out)
