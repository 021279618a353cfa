"""Going on from where a recording ends: the units are replayed from its fields, then trained further.

A recording keeps fields and no units, so that any run may go on: one that has ended and is given more steps,
one that was opened from a file, one that is to branch off from a past step. Every unit is pushed from its
start through the recorded fields (`resviz.transport`), layers in groups that stay in the processor's cache;
that equals the trained units to rounding and takes a third of the time of training at 256 units a layer, four
fifths at 1000. Exact solvers have no units; they are run again, and give the same fields.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import numpy as np
import torch
from torch import Tensor

from resviz.config import Session
from resviz.data import Problem
from resviz.engine.descent import Standing
from resviz.engine.lazy import lazy_limit
from resviz.engine.lazykernel import lazy_kernel_limit
from resviz.engine.linear import linear_limit
from resviz.engine.meanode import limit_problem, mean_ode, particle_starts
from resviz.engine.resnet import resnet
from resviz.engine.rule import Rates, Rule, rule
from resviz.fields import Fields, LimitFields, unit_starts
from resviz.fields.fields import AnyArray
from resviz.transport import Seen, cohort, net_places

__all__ = ["limit_from", "network_from"]

_GROUP_WORDS = 2**18  # units of a group: 1 MB in float32

Starts = Callable[[slice], AnyArray]
"""places -> standard normal starts (G, 2, D, P)."""
See = Callable[[slice, int], Seen]
"""places, step -> what acts on their units."""


def network_from(
    session: Session, problem: Problem, fields: Callable[[int], Fields], step: int, *, rates: Rates
) -> Iterator[Fields | None]:
    """The session's network from gradient step ``step`` on, its units replayed from the steps before.

    Yields None between pieces of work, then the `Fields` of ``step``, ``step`` + 1, ...
    """
    chosen, network = rule(session), session.network

    def starts(places: slice) -> AnyArray:
        return np.stack(
            [
                unit_starts(network.seed, layer, network.units, problem.dimension)
                for layer in range(places.start, places.stop)
            ]
        )

    def see(places: slice, k: int) -> Seen:
        return net_places(fields, range(places.start, places.stop), network.layers).seen(k)

    shape = (network.layers, 1, problem.dimension, network.units)
    standing = yield from _replayed(shape, chosen, session.training.dtype, starts, see, step)
    yield from resnet(session, problem, rates=rates, standing=standing)


def limit_from(
    session: Session, problem: Problem, limit: LimitFields, *, rates: Rates
) -> Iterator[Fields | None]:
    """A session's limit (at ``limit.alpha``) from the step after its newest on."""
    if limit.solver in ("moments", "kernels"):
        lazy = limit.solver == "kernels"
        again = (
            lazy_kernel_limit(session, problem, rates=rates)
            if lazy
            else linear_limit(session, problem, rates=rates, alpha=limit.alpha)
        )
        known = limit.newest
        for found in again:
            yield None if found is None or found.step <= known else found
        return
    nodes, step = len(limit.s), limit.newest + 1
    units = limit.units // nodes
    numbered = session.with_values({"limit.nodes": nodes, "limit.units": units})
    small, _ = limit_problem(session, problem)
    drawn = particle_starts(small, nodes, units)  # (S, R, 2, D, P/R)
    yield None

    def starts(places: slice) -> AnyArray:
        return drawn[places].reshape(-1, *drawn.shape[2:])  # (G R, 2, D, P/R)

    def see(places: slice, k: int) -> Seen:
        record = limit.fields(k)
        # (R, S, N, r) -> (G R, N, r), replicas of a node side by side
        h, b = (x[:, places].transpose(1, 0, 2, 3).reshape(-1, *x.shape[2:]) for x in (record.h, record.b))
        return Seen(h, b, record.rate * record.factor, record.weights)

    replicas, each = drawn.shape[1], drawn.shape[-1]
    shape = (nodes, replicas, small.dimension, each)
    chosen = rule(session, alpha=limit.alpha)
    standing = yield from _replayed(shape, chosen, session.training.dtype, starts, see, step)
    if np.isinf(limit.alpha):
        yield from lazy_limit(numbered, problem, rates=rates, standing=standing)
    else:
        yield from mean_ode(numbered, problem, rates=rates, alpha=limit.alpha, standing=standing)


def _replayed(
    shape: tuple[int, int, int, int], chosen: Rule, dtype: str, starts: Starts, see: See, step: int
) -> Generator[None, None, Standing]:
    """Push units (L, R, D, M) through all steps before ``step``, group after group.

    Yields None between pieces of work.
    """
    places, replicas, dimension, units = shape
    group = max(1, _GROUP_WORDS // (2 * replicas * dimension * units))
    kept: list[Tensor] = []
    for start in range(0, places, group):
        some = slice(start, min(start + group, places))
        pushed = cohort(starts(some), chosen, dtype=dtype)
        for k in range(step):
            pushed.push(see(some, k))
            yield None
        state = pushed.save()[1]
        if not kept:
            kept = [torch.empty(shape, dtype=part.dtype) for part in state]
        for whole, part in zip(kept, state, strict=True):
            whole[some] = part.reshape(-1, *shape[1:])
    return Standing(step, (kept[0], kept[1]), tuple(kept[2:]))
