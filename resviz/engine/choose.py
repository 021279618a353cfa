"""Which solver a session's limit gets: the exact one where there is one, else particles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from resviz.config import Session
from resviz.data import Problem, Span
from resviz.engine.lazy import lazy_limit
from resviz.engine.lazykernel import LARGEST_COST, lazy_cost, lazy_depths, lazy_kernel_limit
from resviz.engine.linear import linear_depths, linear_limit
from resviz.engine.meanode import limit_problem, mean_ode, node_depths
from resviz.engine.rule import rule
from resviz.engine.size import sized
from resviz.fields import Fields, LimitFields

__all__ = ["Solver", "limit_solver"]

_LARGEST_RANK = 200  # the moments' cost grows like r^3: past this particles are cheaper


@dataclass(frozen=True)
class Solver:
    """A limit to be solved.

    Attributes:
        name: moments, kernels or particles.
        depths: (S,) nodes at which it gives its fields.
        alpha: of the limit; ``inf`` for the lazy one.
        span: what it stays in, if less than D dimensions.
        start: (rates=...) -> generator of its fields.
        units: particles of all nodes; 0 for an exact solver.
    """

    name: str
    depths: NDArray[np.float64]
    alpha: float
    span: Span | None
    start: Callable[..., Iterator[Fields | None]]
    units: int = 0

    def unsolved(self) -> LimitFields:
        """Its fields, of which no step is solved yet."""
        return LimitFields(self.depths, self.alpha, self.span, solver=self.name, units=self.units)


def limit_solver(
    session: Session, problem: Problem, alpha: float, *, kernels: float = LARGEST_COST
) -> Iterator[Solver | None]:
    """Find the solver of the session's limit at ``alpha`` (``inf``: the lazy limit).

    ``limit.engine = "auto"``: moments for the identity, kernels for a lazy limit of affordable size, else
    particles. Moments follow plain gradient descent alone. Particles whose number is left to be chosen are
    piloted first.

    Args:
        kernels: cost (`lazy_cost`) up to which kernels are taken for a lazy limit.

    Yields:
        None between pieces of work, at last the solver.

    Raises:
        SessionError: moments asked for where they do not apply.
    """
    small, span = limit_problem(session, problem)
    engine, plain = session.limit.engine, rule(session, alpha=alpha).plain
    lazy = bool(np.isinf(alpha))
    linear = session.network.activation == "identity" and plain and small.dimension <= _LARGEST_RANK
    if engine == "moments" or (engine == "auto" and linear):
        start = partial(linear_limit, session, problem, alpha=alpha)
        yield Solver("moments", linear_depths(session), alpha, span, start)
    elif engine == "auto" and lazy and lazy_cost(session, problem) <= kernels:
        yield Solver(
            "kernels", lazy_depths(session), alpha, span, partial(lazy_kernel_limit, session, problem)
        )
    else:
        particles = lazy_limit if lazy else partial(mean_ode, alpha=alpha)
        rates = session.training.rate_at
        for chosen in sized(session, lambda numbers: particles(numbers, problem, rates=rates)):
            if chosen is None:
                yield None
                continue
            nodes = int(chosen.limit.nodes)
            start = partial(particles, chosen, problem)
            yield Solver("particles", node_depths(nodes), alpha, span, start, nodes * int(chosen.limit.units))
