"""Where units live, and which fields they see there: layers of a network, depths of a limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from resviz.fields import Fields, LimitFields
from resviz.fields.fields import AnyArray

__all__ = ["Places", "Seen", "limit_places", "net_places"]


@dataclass(frozen=True, eq=False)
class Seen:
    """What acts on the units of G places in one step.

    Attributes:
        h, b: (G, N, D) fields.
        rate: eta c_k.
        weights: (N,) of the samples in the update; None for 1.
    """

    h: AnyArray
    b: AnyArray
    rate: float
    weights: AnyArray | None = None

    @property
    def factors(self) -> AnyArray:
        """The weights as numbers: (N,)."""
        return np.ones(self.h.shape[1]) if self.weights is None else self.weights


@dataclass(frozen=True)
class Places:
    """G places along depth and what a unit sees there.

    Attributes:
        depths: (G,) s in [0, 1].
        seen: step k -> what acts on the units from step k to k + 1.
    """

    depths: AnyArray
    seen: Callable[[int], Seen]


def net_places(fields: Callable[[int], Fields], layers: Sequence[int], total: int) -> Places:
    """Layers of a finite network of ``total`` layers: block l sees h[l] forward and b[l + 1] backward."""
    index = np.asarray(layers, dtype=np.intp)

    def seen(step: int) -> Seen:
        record = fields(step)
        return Seen(record.h[index], record.b[index + 1], record.rate * record.factor, record.weights)

    return Places(index / total, seen)


def limit_places(limit: LimitFields, depths: AnyArray, replica: int | None = None) -> Places:
    """Depths of a limit, interpolated between its nodes.

    Args:
        replica: fields of this replica, in the limit's span (..., r); left out, the mean over replicas in
            the network's coordinates (..., D), as a finite unit's twin sees them.
    """
    depths = np.asarray(depths, dtype=np.float64)
    weights = limit.weights(depths)  # (G, S)

    def seen(step: int) -> Seen:
        record = limit.fields(step)
        h, b = (x.mean(axis=0) if replica is None else x[replica] for x in (record.h, record.b))  # (S, N, r)
        w = weights.astype(h.dtype)
        h, b = np.tensordot(w, h, 1), np.tensordot(w, b, 1)  # (G, N, r)
        if replica is None:
            h, b = limit.lift(h), limit.lift(b)
        return Seen(h, b, record.rate * record.factor, record.weights)

    return Places(depths, seen)
