"""The limit of linear networks, exact for any D, N, alpha, k: no particles (mathematics.md 2.3).

With sigma(p) = p only second moments of a unit matter. In ^ units (u = sqrt(D) u^, v = sqrt(D) v^) let

    P(s) = E[u^ u^T],   Q(s) = E[v^ v^T],   A(s) = alpha E[v^ u^T],   G(s) = (1/D) sum_i h_i b_i^T.

The fields follow dh/ds = A h and db/ds = -A^T b, and a gradient step moves the moments at each s by

    A <- A - e_v G^T P - e_u Q G^T + (e_u e_v/alpha^2) G^T A^T G^T
    P <- P + (1/alpha^2) (-e_u (G A + (G A)^T) + e_u^2 G Q G^T)
    Q <- Q + (1/alpha^2) (-e_v (A G + (A G)^T) + e_v^2 G^T P G),        e_u = eta_u eta,  e_v = eta_v eta,

from P = sigma_u^2 I, Q = sigma_v^2 I, A = 0. At 1/alpha^2 = 0 the units' moments stay and A moves linearly:
that is the lazy limit. The first step is the same for every alpha, later ones are not.

The moments live at Chebyshev-Lobatto nodes in s, where their recursion is exact; the flows are marched from
node to node by Gauss collocation. What is left is rounding, which an unstable rate can blow up, and an
error of resolution, spectrally small; a second, coarser solution states both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.polynomial import legendre
from numpy.typing import NDArray
from torch import Tensor, nn

from resviz.block.activation import Activation, Identity
from resviz.config import Session
from resviz.data import Problem
from resviz.engine.compiled import chunks, compiled
from resviz.engine.descent import descend
from resviz.engine.meanode import limit_problem
from resviz.engine.rule import Rates, Rule, rule
from resviz.errors import SessionError
from resviz.fields.chebyshev import barycentric_weights, lobatto
from resviz.fields.fields import AnyArray, Fields

__all__ = ["NODES", "Moments", "linear_depths", "linear_limit"]

NODES = 33
"""Depth nodes S of the solution."""

_STAGES = 5  # of Gauss collocation between neighbouring nodes: order 10 there
_COARSE_NODES, _COARSE_STAGES = 25, 4  # of the solution that checks it
_LARGEST = 300.0  # of |A|: exp(2 |A|), as in a loss, still is a number


class Flow(nn.Module):
    """dh/ds = A h from node to node by Gauss collocation, and its adjoint for b.

    Fields are rows h, b (S, N, r), so a step from a node to the next is h <- h R, and b <- b R^T back.
    """

    def __init__(self, sigma: Activation) -> None:
        super().__init__()  # `compiled` hands every sweep its sigma; a linear flow has no use for it

    @torch.jit.export
    def up(
        self, h: Tensor, steps: Tensor, a: Tensor, between: Tensor, widths: Tensor, inner: Tensor,
        ends: Tensor, cut: int, start: int, stop: int,
    ) -> None:  # fmt: skip
        """R of intervals start..stop into ``steps`` (S - 1, r, r), and h[start + 1..stop] by them.

        Args:
            a: A^T at the nodes, (S, r, r).
            between: (intervals, m, S) interpolates to the m stages of every interval.
            widths: (intervals,), of which there are ``cut`` between two nodes.
            inner, ends: (m, m) and (m,) integrate from the start of an interval to its stages and its end.
        """
        m, r = inner.size(0), a.size(1)
        here = torch.matmul(between[start * cut : stop * cut], a.view(a.size(0), r * r))  # (I, m, r r)
        here = here.view(-1, m, r, r)
        ds = widths[start * cut : stop * cut].view(-1, 1, 1)
        slope = here
        for _ in range(60):  # contracts, because |a| ds <= 1; some ten rounds
            moved = ds * torch.matmul(inner, slope.view(-1, m, r * r))  # (I, m, r r)
            new = here + torch.matmul(moved.view(-1, m, r, r), here)
            change = float((new - slope).abs().max())
            slope = new
            if change <= 1e-15 * float(slope.abs().max()):
                break
        whole = torch.matmul(ends, slope.view(-1, m, r * r)).view(-1, r, r)
        small = torch.eye(r, dtype=a.dtype) + ds * whole  # (I, r, r)
        for j in range(start, stop):
            step = small[(j - start) * cut]
            for i in range(1, cut):
                step = torch.mm(step, small[(j - start) * cut + i])
            steps[j] = step
            h[j + 1] = torch.mm(h[j], step)

    @torch.jit.export
    def down(self, b: Tensor, steps: Tensor, start: int, stop: int) -> None:
        """b[start..stop - 1] from b[stop]."""
        for i in range(stop - start):
            j = stop - 1 - i
            b[j] = torch.mm(b[j + 1], steps[j].t())


class Moments:
    """Second moments of the units of a linear network's limit, and its fields, ready to descend.

    Attributes:
        uu, vv, vu: P, Q and A (S, r, r).
        h, b: (S, 1, N, r).
    """

    def __init__(self, h0: AnyArray, rule: Rule, *, nodes: int = NODES, stages: int = _STAGES) -> None:
        """Start from the data ``h0`` (N, r) and isotropic units."""
        n, r = h0.shape
        one = torch.eye(r, dtype=torch.float64).expand(nodes, r, r)
        self.uu, self.vv = one * rule.sigma_u**2, one * rule.sigma_v**2
        self.vu = torch.zeros_like(self.uu)
        self.h = torch.zeros(nodes, 1, n, r, dtype=torch.float64)
        self.b = torch.zeros_like(self.h)
        self.h[0, 0] = torch.tensor(h0)
        self.alpha = rule.alpha
        self.nodes, self.stages = nodes, stages
        self.steps = torch.zeros(nodes - 1, r, r, dtype=torch.float64)
        self.inner, self.ends = (torch.from_numpy(x) for x in _collocation(stages)[1:])
        self.ranges = chunks(nodes - 1, 2.0 * r * r * (stages * (12 * r + nodes) + n))
        self.flow = compiled(Flow, Identity)
        self.intervals: dict[int, tuple[Tensor, Tensor]] = {}

    def depth_error(self, missing: AnyArray | None = None) -> float:
        """0: a second solve with fewer nodes measures it."""
        return 0.0

    def forward(self, start: int, stop: int) -> None:
        """h over nodes start..stop."""
        size = float(torch.linalg.matrix_norm(self.vu).max())  # Frobenius, an upper bound of |A|
        if not size <= _LARGEST:
            self.h[start + 1 :] = torch.nan  # `descend` calls that a divergence
            return
        widest = float(np.diff(lobatto(self.nodes)).max())
        cut = 1 << max(0, int(np.ceil(np.log2(max(size * widest, 1.0)))))
        between, widths = self._intervals(cut)
        at = (between, widths, self.inner, self.ends, cut, start, stop)
        self.flow.up(self.h[:, 0], self.steps, self.vu.mT.contiguous(), *at)

    def backward(self, start: int, stop: int, rate_u: float, rate_v: float) -> None:
        """b over nodes stop..start, and with the last piece the moments' update at every node."""
        self.flow.down(self.b[:, 0], self.steps, start, stop)
        if start == 0:
            self._update(rate_u, rate_v)

    def snapshot(self) -> tuple[AnyArray, AnyArray]:
        """h, b (1, S, N, r)."""
        h, b = (x.numpy().transpose(1, 0, 2, 3).copy() for x in (self.h, self.b))
        return h, b

    def _intervals(self, cut: int) -> tuple[Tensor, Tensor]:
        """Interpolation to the stages of every interval (intervals, m, S), and widths (intervals,)."""
        if cut not in self.intervals:
            edges = np.interp(
                np.arange(cut * (self.nodes - 1) + 1) / cut, np.arange(self.nodes), lobatto(self.nodes)
            )
            widths = np.diff(edges)
            at = edges[:-1, None] + widths[:, None] * _collocation(self.stages)[0]  # (intervals, m)
            rows = barycentric_weights(lobatto(self.nodes), at.ravel()).reshape(*at.shape, self.nodes)
            self.intervals[cut] = torch.from_numpy(rows), torch.from_numpy(widths)
        return self.intervals[cut]

    def _update(self, rate_u: float, rate_v: float) -> None:
        """One gradient step of the moments; rates are those of `Rule.updates`."""
        lazy = bool(np.isinf(self.alpha))
        scale, share = (1.0, 0.0) if lazy else (self.alpha, self.alpha**-2)
        e_u, e_v = rate_u * scale, rate_v * scale
        g = self.h[:, 0].mT @ self.b[:, 0] / self.h.size(-1)  # (S, r, r)
        gt = g.mT
        ga, ag = g @ self.vu, self.vu @ g
        vu = self.vu - e_v * gt @ self.uu - e_u * self.vv @ gt + (share * e_u * e_v) * gt @ ga.mT
        uu = self.uu + share * (e_u**2 * g @ self.vv @ gt - e_u * (ga + ga.mT))
        vv = self.vv + share * (e_v**2 * gt @ self.uu @ g - e_v * (ag + ag.mT))
        self.vu, self.uu, self.vv = vu, uu, vv


def linear_depths(session: Session) -> NDArray[np.float64]:
    """Depths of the nodes at which `linear_limit` gives its fields, 0 and 1 among them: (S,).

    They are Chebyshev-Lobatto nodes: read between them with `LimitFields.weights`.

    Raises:
        SessionError: the session's sigma is not the identity.
    """
    _linear_only(session)
    return lobatto(NODES)


def linear_limit(
    session: Session, problem: Problem, *, rates: Rates, alpha: float | None = None
) -> Iterator[Fields | None]:
    """Solve the session's Mean ODE, or with ``alpha = inf`` its lazy limit, step by step; float64, R = 1.

    ``output_error`` is the RMS difference to a solution of three quarters of the nodes, and never less than
    one rounding. Where resolution is what errs it is a bound, since that falls geometrically with the nodes;
    where an unstable rate blows up rounding, it is an error of the same size as that of the solution.

    Raises:
        SessionError: the session's sigma is not the identity, or an optimiser that no engine has yet.
        DivergenceError: the fields of a step are not finite, or the loss blew up.
    """
    _linear_only(session)
    chosen = rule(session, alpha=alpha)
    small, span = limit_problem(session, problem)
    yield None
    rate = 0.0
    fine = descend(Moments(small.h0, chosen), small, chosen, rates, span=span)
    check = Moments(small.h0, chosen, nodes=_COARSE_NODES, stages=_COARSE_STAGES)
    coarse = descend(check, small, chosen, lambda step: rate, span=span)
    for fields in fine:
        if fields is None:
            yield None
            continue
        rate = fields.rate  # asked for once: a live edit must not come between the two
        for checked in coarse:
            if checked is None:
                yield None
                continue
            rounding = float(np.finfo(np.float64).eps * np.sqrt(np.mean(fields.output**2)))
            difference = float(np.sqrt(np.mean((fields.output - checked.output) ** 2)))
            yield replace(fields, output_error=max(difference, rounding))
            break


def _linear_only(session: Session) -> None:
    if session.network.activation != "identity":
        raise SessionError(
            f"network.activation = {session.network.activation!r} has no exact limit by moments",
            remedy='set network.activation = "identity", or limit.engine = "particles"',
        )


def _collocation(stages: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Gauss points c in [0, 1] (m,), integrals of their Lagrange basis to each c (m, m) and to 1 (m,)."""
    x, ends = legendre.leggauss(stages)
    basis = np.linalg.inv(legendre.legvander(x, stages - 1))  # Legendre coefficients in columns
    inner = legendre.legvander(x, stages) @ legendre.legint(basis, lbnd=-1) / 2
    return (x + 1) / 2, inner, ends / 2
