"""The Neural Mean ODE by particles (mathematics.md 2, 5; HW, section 3).

    d/ds h(s) =  alpha E[v sigma(u.h/D)],            h(0) = h^0
    d/ds b(s) = -alpha E[u sigma'(u.h/D) v.b/D],     b(1) from the output

Nodes s_j = j/(S - 1), each with its own low-discrepancy units. Both equations are discretised with node
values by Adams-Bashforth schemes (not the discrete adjoint of the forward one, whose end weights would train
the first and last nodes at the wrong rate).

Replicas, each with its share of the units, never meet, and measure the error of their mean. Even ones follow
the scheme of second order, odd ones that of third: half the difference of the two kinds is the sampling error
of the mean and also its depth error (that of second order halved), with all that training has made of either
since k = 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from resviz.block.activation import Activation
from resviz.block.unit import preactivation, scaled_through, update_
from resviz.config import Session
from resviz.data import Problem, Span, endless, reduced
from resviz.engine.ahead import train
from resviz.engine.compiled import chunks, compiled, resolve_device, resolve_dtype, step_flops
from resviz.engine.descent import Standing
from resviz.engine.graphs import copies, on_device
from resviz.engine.native import NodeSweep
from resviz.engine.rule import Rates, Rule, rule
from resviz.fields.fields import AnyArray, Fields
from resviz.fields.starts import limit_starts

__all__ = [
    "REPLICAS",
    "Particles",
    "adams_bashforth",
    "limit_device",
    "limit_problem",
    "mean_ode",
    "node_depths",
    "particle_starts",
    "turned",
]

REPLICAS = 2
_FEW = 8  # outputs: fewer leave the difference of two replicas too much to chance, and four are taken
SEED = 20251  # of the scramble; the limit depends on no seed of the session but the data's


class Sweep(nn.Module):
    """Adams-Bashforth, weights w (S, 3, R, 1, 1), over nodes: h, b (S, R, N, D); units (S, R, D, P).

    f (S, R, N, D) keeps the velocities times ds: at this size a layer costs what its calls cost.
    """

    def __init__(self, sigma: Activation) -> None:
        super().__init__()
        self.sigma = sigma

    @torch.jit.export
    def up(
        self, h: Tensor, f: Tensor, w: Tensor, u: Tensor, v: Tensor, scale: float, start: int, stop: int
    ) -> None:
        """h[j + 1] = h[j] + w_0 f[j] + w_1 f[j - 1] + w_2 f[j - 2]."""
        ds = 1.0 / (h.size(0) - 1)
        for j in range(start, stop):
            f[j] = scaled_through(self.sigma.value(preactivation(h[j], u[j])), v[j], ds * scale)
            if j + 1 < h.size(0):
                first = max(j - 2, 0)
                h[j + 1] = h[j] + (w[j, 2 - j + first :] * f[first : j + 1]).sum(dim=0)

    @torch.jit.export
    def down(
        self, h: Tensor, b: Tensor, f: Tensor, w: Tensor, u: Tensor, v: Tensor, scale: float,
        ru: float, rv: float, start: int, stop: int,
    ) -> None:  # fmt: skip
        """The same from s = 1 down for b, and the units' update at each node once its b is known."""
        last = h.size(0) - 1
        ds = 1.0 / last
        for i in range(stop - start):
            j = stop - 1 - i
            a, slope = self.sigma.value_slope(preactivation(h[j], u[j]))  # (R, N, P)
            g = slope * preactivation(b[j], v[j])
            if j > 0:
                f[j] = scaled_through(g, u[j], ds * scale)
                end = min(j + 2, last)
                b[j - 1] = b[j] + (w[last - j].flip(0)[: end - j + 1] * f[j : end + 1]).sum(dim=0)
            update_(u[j], h[j], g, ru)
            update_(v[j], b[j], a, rv)


class Particles:
    """The Mean ODE's particles and fields, ready to descend.

    Attributes:
        u, v: (S, R, D, P/R).
        h, b, f: (S, R, N, D).
    """

    equations: type[nn.Module] = Sweep

    def __init__(
        self, h0: AnyArray, starts: AnyArray, rule: Rule, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        """Take particles from standard normal ``starts`` (S, R, 2, D, P/R) and the data ``h0`` (N, D)."""
        nodes, replicas, _, d, p = starts.shape
        n = h0.shape[0]
        z = torch.from_numpy(starts).to(device=device, dtype=dtype)
        root = float(np.sqrt(d))
        self.u = (z[:, :, 0] * (root * rule.sigma_u)).contiguous()
        self.v = (z[:, :, 1] * (root * rule.sigma_v)).contiguous()
        self.h = torch.zeros(nodes, replicas, n, d, device=device, dtype=dtype)
        self.b = torch.zeros_like(self.h)
        self.f = torch.zeros_like(self.h)
        self.h[0] = torch.tensor(h0).to(self.h)
        self.scale = rule.alpha / p
        self.weights = torch.tensor(adams_bashforth(nodes, replicas)).to(self.h)[..., None, None]
        self.missed = torch.tensor(_missed(nodes)).to(self.h)
        native = self.native(rule.activation, n)
        self.sweep = native or on_device(compiled(self.equations, type(rule.sigma())), device)
        fast = native is not None or device.type == "cuda"
        self.ranges = chunks(nodes, 10.0 * replicas * n * d * p, native=fast)
        self.allocate()

    def native(self, activation: str, samples: int) -> Any:
        """Its compiled sweep; None where there is none."""
        return NodeSweep.ready(activation, self.u, samples)

    def allocate(self) -> None:
        """What else a kind of particle carries."""

    def forward(self, start: int, stop: int) -> None:
        """h over nodes start..stop."""
        self.sweep.up(self.h, self.f, self.weights, self.u, self.v, self.scale, start, stop)

    def backward(self, start: int, stop: int, rate_u: float, rate_v: float) -> None:
        """b over nodes stop..start, and the update of their units."""
        self.sweep.down(
            self.h, self.b, self.f, self.weights, self.u, self.v, self.scale, rate_u, rate_v, start, stop
        )

    def depth_error(self, missing: AnyArray | None = None) -> float:
        """RMS over entries of what later steps leave of this sweep's depth error, roughly.

        A spline through the velocities tells what second order misses; the replicas' mean misses half of
        that, and training takes about half of it back. Their difference holds it already: this keeps a chance
        agreement of few outputs from passing for accuracy. (318 solves: the true error is below twice the
        stated one in 95.6 %, without this in 91.6 %.) Its sampling noise is that of a few nodes, some
        1/sqrt(S) of all.
        """
        if missing is None:
            missing = torch.einsum("j,jrnd->rnd", self.missed, self.f).cpu().numpy()
        return 0.25 * float(np.sqrt(np.mean(missing.mean(axis=0) ** 2)))

    def acting(self) -> tuple[Tensor, Tensor]:
        """A node sees h and b at its own depth."""
        return self.h, self.b

    def moving(self) -> tuple[Tensor, Tensor]:
        """The particles themselves."""
        return self.u, self.v

    def depth_weights(self) -> Tensor:
        """The trapezoid rule on the nodes."""
        weights = self.u.new_full((len(self.u),), 1.0 / (len(self.u) - 1))
        weights[[0, -1]] *= 0.5
        return weights

    def snapshot(self) -> tuple[AnyArray, AnyArray]:
        """h, b (R, S, N, D)."""
        h, b = copies(self.h.transpose(0, 1), self.b.transpose(0, 1))
        return h, b


def adams_bashforth(nodes: int, replicas: int) -> NDArray[np.float64]:
    """Weights of f[j - 2], f[j - 1], f[j] in the step from node j: (S, 3, R); even replicas order 2, odd 3.

    The first step is Euler's; third order makes up for it in the second step, as if that step had gone back
    to start with the trapezoid rule.
    """
    second = np.tile([0.0, -0.5, 1.5], (nodes, 1))
    third = np.tile([5.0 / 12.0, -16.0 / 12.0, 23.0 / 12.0], (nodes, 1))
    second[0] = third[0] = (0.0, 0.0, 1.0)
    third[1] = (0.0, -1.0, 2.0)
    return np.stack([(second, third)[r % 2] for r in range(replicas)], axis=-1)


def _missed(nodes: int) -> AnyArray:
    """Weights (S,) of ds f for a cubic spline's integral over [0, 1], less those of Adams-Bashforth 2."""
    from scipy.interpolate import CubicSpline

    s = node_depths(nodes)
    spline = np.asarray(CubicSpline(s, np.eye(nodes)).integrate(0.0, 1.0))
    used = np.ones(nodes)
    used[0] -= 0.5
    used[-2:] += (0.5, -1.0)
    return spline * (nodes - 1) - used


def node_depths(nodes: int) -> NDArray[np.float64]:
    """Depths s_j = j/(S - 1) of the solver's nodes: (S,)."""
    return np.linspace(0.0, 1.0, nodes)


def turned(starts: AnyArray, problem: Problem) -> AnyArray:
    """Starts (places, 2, D, P) turned, in place, so that their first coordinates lie along the data.

    The first coordinates of a Sobol sequence are its best; the law is isotropic, so they may lie along the
    directions in which h_0 (for u) and b_0 (for v) are largest. Measured at S P = 65,536, D = N = 10,
    k = 100: error 1.5e-3 turned, 1.7e-3 not.
    """
    b0 = problem.pull(problem.output(problem.h0))
    for which, directions in enumerate((problem.h0, b0)):
        axes = np.linalg.svd(directions, full_matrices=True)[2]  # (D, D), rows by falling variance
        starts[:, which] = np.einsum("cd,scp->sdp", axes, starts[:, which])
    return starts


def particle_starts(problem: Problem, nodes: int, units: int, *, seed: int = SEED) -> AnyArray:
    """Starts of the limit's particles, antithetic Sobol points: (S, R, 2, D, units/R).

    R is 2, or 4 where outputs are too few for two replicas to tell their error. Every replica has a scramble
    of its own: halves of one sequence would complement each other, and half their difference would overstate
    the error of their mean (measured: some three times at r = 2).
    """
    outputs = problem.samples * min(problem.d_out, problem.dimension)
    count = 2 * REPLICAS if outputs < _FEW and units >= 4 * REPLICAS else REPLICAS
    each = units // count
    replicas = [
        turned(limit_starts(4 * seed + r, nodes, each, problem.dimension, antithetic=each > 1), problem)
        for r in range(count)
    ]
    return np.stack(replicas, axis=1)


def limit_problem(session: Session, problem: Problem) -> tuple[Problem, Span | None]:
    """What a limit solver works on: the problem reduced to its span, or its D -> infinity form."""
    return (endless(problem), None) if session.limit.large_d else reduced(problem)


def limit_device(session: Session, small: Problem) -> torch.device:
    """Where the particles of a limit of the problem ``small`` (`limit_problem`) are.

    Raises:
        DeviceError: the session's device is missing.
    """
    limit, training = session.limit, session.training
    flops = step_flops(int(limit.nodes), int(limit.units), small.samples, small.dimension)
    return resolve_device(training.device, resolve_dtype(training.dtype), flops)


def mean_ode(
    session: Session,
    problem: Problem,
    *,
    rates: Rates,
    alpha: float | None = None,
    seed: int = SEED,
    standing: Standing | None = None,
) -> Iterator[Fields | None]:
    """Solve the session's Mean ODE step by step; ``output_error`` is measured between replicas.

    Args:
        standing: particles of a later step to go on from.
    """
    chosen = rule(session, alpha=alpha)
    dtype = resolve_dtype(session.training.dtype)
    small, span = limit_problem(session, problem)
    device = limit_device(session, small)
    starts = particle_starts(small, int(session.limit.nodes), int(session.limit.units), seed=seed)
    yield None
    engine = Particles(small.h0, starts, chosen, device=device, dtype=dtype)
    yield from train(engine, small, chosen, rates, span=span, standing=standing)
