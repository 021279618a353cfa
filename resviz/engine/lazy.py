"""The lazy limit alpha -> infinity by particles (mathematics.md 3).

Units stay at their starts up to O(1/alpha); their displacements times alpha, delta = alpha (Z - Z_0), follow

    delta u <- delta u - eta_u eta sum_i h_i sigma'(p_i) q_i,    p_i = u_0 . h_i / D,  q_i = v_0 . b_i / D
    delta v <- delta v - eta_v eta sum_i b_i sigma(p_i)

and the fields the linearised equations, whose zeroth-order terms vanish because v_0 is centred:

    d/ds h =  E[delta v sigma(p) + v_0 sigma'(p) dp],                        dp = delta u . h / D
    d/ds b = -E[u_0 (sigma'(p) dq + sigma''(p) dp q) + delta u sigma'(p) q], dq = delta v . b / D
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from resviz.block.activation import Activation
from resviz.block.unit import add_through, preactivation, scaled_through, update_
from resviz.config import Session
from resviz.data import Problem
from resviz.engine.ahead import train
from resviz.engine.compiled import resolve_dtype
from resviz.engine.descent import Standing
from resviz.engine.meanode import Particles, limit_device, limit_problem, particle_starts
from resviz.engine.native import LazySweep
from resviz.engine.rule import Rates, rule
from resviz.fields.fields import Fields

__all__ = ["lazy_limit"]


class Sweep(nn.Module):
    """The linearised equations, discretised as in `meanode`: fields (S, R, N, D), units (S, R, D, P)."""

    def __init__(self, sigma: Activation) -> None:
        super().__init__()
        self.sigma = sigma

    @torch.jit.export
    def up(
        self, h: Tensor, f: Tensor, w: Tensor, u: Tensor, v: Tensor, du: Tensor, dv: Tensor,
        start: int, stop: int,
    ) -> None:  # fmt: skip
        """h[j + 1] from the velocities of nodes j, j - 1 and j - 2."""
        ds = 1.0 / (h.size(0) - 1)
        for j in range(start, stop):
            a, slope = self.sigma.value_slope(preactivation(h[j], u[j]))  # (R, N, P)
            moved = slope * preactivation(h[j], du[j])
            f[j] = add_through(scaled_through(a, dv[j], ds / u.size(-1)), moved, v[j], ds / u.size(-1))
            if j + 1 < h.size(0):
                first = max(j - 2, 0)
                h[j + 1] = h[j] + (w[j, 2 - j + first :] * f[first : j + 1]).sum(dim=0)

    @torch.jit.export
    def down(
        self, h: Tensor, b: Tensor, f: Tensor, w: Tensor, u: Tensor, v: Tensor, du: Tensor, dv: Tensor,
        ru: float, rv: float, start: int, stop: int,
    ) -> None:  # fmt: skip
        """b[j - 1] likewise, and the update of the displacements."""
        last = h.size(0) - 1
        ds = 1.0 / last
        for i in range(stop - start):
            j = stop - 1 - i
            p = preactivation(h[j], u[j])  # (R, N, P)
            a, slope = self.sigma.value_slope(p)
            q = preactivation(b[j], v[j])
            g = slope * q
            if j > 0:
                bent = self.sigma.curvature(p) * preactivation(h[j], du[j]) * q
                moved = slope * preactivation(b[j], dv[j]) + bent
                f[j] = add_through(scaled_through(moved, u[j], ds / u.size(-1)), g, du[j], ds / u.size(-1))
                end = min(j + 2, last)
                b[j - 1] = b[j] + (w[last - j].flip(0)[: end - j + 1] * f[j : end + 1]).sum(dim=0)
            update_(du[j], h[j], g, ru)
            update_(dv[j], b[j], a, rv)


class LazyParticles(Particles):
    """Particles that stay, and their scaled displacements ``du``, ``dv`` (S, R, D, P/R)."""

    equations = Sweep

    def native(self, activation: str, samples: int) -> Any:
        """Its compiled sweep; None where there is none."""
        return LazySweep.ready(activation, self.u, samples)

    def allocate(self) -> None:
        """Displacements start at zero."""
        self.du, self.dv = torch.zeros_like(self.u), torch.zeros_like(self.v)

    def moving(self) -> tuple[Tensor, Tensor]:
        """The displacements; p and q come from the particles, which stay."""
        return self.du, self.dv

    def forward(self, start: int, stop: int) -> None:
        """h over nodes start..stop."""
        self.sweep.up(self.h, self.f, self.weights, self.u, self.v, self.du, self.dv, start, stop)

    def backward(self, start: int, stop: int, rate_u: float, rate_v: float) -> None:
        """b over nodes stop..start, and the update of the displacements."""
        self.sweep.down(
            self.h, self.b, self.f, self.weights, self.u, self.v, self.du, self.dv, rate_u, rate_v,
            start, stop,
        )  # fmt: skip


def lazy_limit(
    session: Session, problem: Problem, *, rates: Rates, standing: Standing | None = None
) -> Iterator[Fields | None]:
    """Solve the session's lazy limit step by step (the session's alpha does not matter).

    Args:
        standing: displacements of a later step to go on from.
    """
    chosen = rule(session, alpha=float(np.inf))
    dtype = resolve_dtype(session.training.dtype)
    small, span = limit_problem(session, problem)
    device = limit_device(session, small)
    starts = particle_starts(small, int(session.limit.nodes), int(session.limit.units))
    yield None
    engine = LazyParticles(small.h0, starts, chosen, device=device, dtype=dtype)
    yield from train(engine, small, chosen, rates, span=span, standing=standing)
