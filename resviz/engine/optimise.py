"""Updates that are not plain gradient descent (mathematics.md 1.1b): batches, momentum, clipping.

    g_u = sum_i w_i h_i sigma'(p_i) q_i,   g_v = sum_i w_i b_i sigma(p_i)
    m <- mu m + g,   m_0 = 0
    u <- u - (eta_u eta / alpha) c_k m_u,  c_k = min(1, clip / G),  G^2 = <(g_u^2 + g_v^2) / 2>

where w_i = N/B for the samples of the step's batch and 0 for the others, and <.> is the mean over depth,
units and coordinates. G is known only when every gradient is, so these updates are a second pass over depth
after the backward one; plain gradient descent fuses the two.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from resviz.block.activation import Activation
from resviz.block.unit import preactivation
from resviz.engine.compiled import compiled
from resviz.engine.native import Mover
from resviz.engine.rule import Rule
from resviz.fields.fields import AnyArray

__all__ = ["Optimiser", "Trained", "batch_weights"]


def batch_weights(seed: int, step: int, samples: int, batch: int) -> AnyArray:
    """w (N,) of one step: N/B on B samples drawn without replacement, 0 elsewhere.

    Drawn from its own seed and the step alone, so that network, twin and limits see the same batches.
    """
    batch = min(batch, samples)
    generator = np.random.Generator(np.random.Philox(key=[seed, step]))
    weights = np.zeros(samples)
    weights[generator.permutation(samples)[:batch]] = samples / batch
    return weights


class Update(nn.Module):
    """Gradients and updates over a range of depth: fields x, y (L, R, N, D), units (L, R, D, M).

    x and y are the fields that act on each place, (u, v) the units that make p and q, (tu, tv) the units that
    move: the same, or the displacements of the lazy limit.
    """

    def __init__(self, sigma: Activation) -> None:
        super().__init__()
        self.sigma = sigma

    def gradient(self, x: Tensor, y: Tensor, u: Tensor, v: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        """(g_u, g_v), each (R, D, M), of one place; w (N, 1)."""
        a, slope = self.sigma.value_slope(preactivation(x, u))  # (R, N, M)
        g = slope * preactivation(y, v)
        return torch.bmm((w * x).transpose(1, 2), g), torch.bmm((w * y).transpose(1, 2), a)

    @torch.jit.export
    def squares(self, x: Tensor, y: Tensor, u: Tensor, v: Tensor, w: Tensor, start: int, stop: int) -> Tensor:
        """Mean over units and coordinates of (g_u^2 + g_v^2)/2 at each place: (stop - start,)."""
        found = torch.zeros(stop - start, dtype=x.dtype, device=x.device)
        for place in range(start, stop):
            gu, gv = self.gradient(x[place], y[place], u[place], v[place], w)
            found[place - start] = 0.5 * (gu.square().mean() + gv.square().mean())
        return found

    @torch.jit.export
    def squares_at_once(self, x: Tensor, y: Tensor, u: Tensor, v: Tensor, w: Tensor) -> Tensor:
        """`squares` of all places given, without a loop over them: (L,)."""
        gu, gv = self.gradient(_places(x), _places(y), _places(u), _places(v), w)
        return 0.5 * (gu.square() + gv.square()).view(x.size(0), -1).mean(dim=1)

    @torch.jit.export
    def step(
        self, x: Tensor, y: Tensor, u: Tensor, v: Tensor, w: Tensor, tu: Tensor, tv: Tensor,
        mu: Tensor, mv: Tensor, momentum: float, ru: float, rv: float, start: int, stop: int,
    ) -> None:  # fmt: skip
        """Move the units of places start..stop; mu, mv (L, R, D, M) hold the momentum, if there is any."""
        for place in range(start, stop):
            gu, gv = self.gradient(x[place], y[place], u[place], v[place], w)
            if momentum > 0.0:
                gu = mu[place].mul_(momentum).add_(gu)
                gv = mv[place].mul_(momentum).add_(gv)
            tu[place].add_(gu, alpha=-ru)
            tv[place].add_(gv, alpha=-rv)


@runtime_checkable
class Trained(Protocol):
    """What an optimiser needs of an engine."""

    u: Tensor  # (L, R, D, M), the units that make p and q
    v: Tensor
    ranges: list[tuple[int, int]]

    def acting(self) -> tuple[Tensor, Tensor]:
        """The fields x, y (L, R, N, D) that act on the units of each place."""

    def moving(self) -> tuple[Tensor, Tensor]:
        """The units that move."""

    def depth_weights(self) -> Tensor:
        """(L,) weights of a mean over depth."""


def _places(t: Tensor) -> Tensor:
    """Places and replicas as one axis: (L, R, ...) -> (L R, ...), the same memory."""
    return t.flatten(0, 1)


class Optimiser:
    """Batches, momentum and clipping of one engine, with its momentum."""

    def __init__(self, engine: Trained, rule: Rule, samples: int) -> None:
        self.engine = engine
        self.rule = rule
        self.samples = samples
        self.update = compiled(Update, type(rule.sigma()))
        # a launch for every place would take longer than its work; all at once need room for two gradients
        self.at_once = engine.u.device.type == "cuda"
        self.mover = Mover.ready(rule.activation, engine.u, samples)
        moving = engine.moving()
        kept = moving if rule.momentum > 0 else tuple(t.new_empty(0) for t in moving)
        self.mu, self.mv = (torch.zeros_like(t) for t in kept)

    def weights(self, step: int) -> AnyArray | None:
        """w (N,) of a step; None for all samples alike."""
        if self.rule.batch is None:
            return None
        return batch_weights(self.rule.batch_seed, step, self.samples, self.rule.batch)

    def steps(self, weights: AnyArray | None, eta: float) -> Iterator[float | None]:
        """Update all units, yielding None between pieces of work and at last c_k."""
        x, y = self.engine.acting()
        w = torch.ones(self.samples, 1) if weights is None else torch.tensor(weights)[:, None]
        w = w.to(x)
        factor = 1.0
        if self.rule.clip > 0:
            factor = yield from self._clipped(x, y, w)
        ru, rv = self.rule.updates(eta * factor)
        if self.mover is not None:
            moved = self._move_compiled(self.mover, x, y, w, ru, rv)
        else:
            moved = self._move(x, y, w, ru, rv)
        yield from moved
        yield factor

    def _clipped(self, x: Tensor, y: Tensor, w: Tensor) -> Generator[None, None, float]:
        """c_k = min(1, clip / G)."""
        engine, squares = self.engine, []
        for start, stop in engine.ranges:
            if self.at_once:
                here = (t[start:stop] for t in (x, y, engine.u, engine.v))
                squares.append(self.update.squares_at_once(*here, w))
            else:
                squares.append(self.update.squares(x, y, engine.u, engine.v, w, start, stop))
            yield
        size = float((torch.cat(squares) * engine.depth_weights()).sum().sqrt())
        return min(1.0, self.rule.clip / size) if size > 0 else 1.0

    def _move(self, x: Tensor, y: Tensor, w: Tensor, ru: float, rv: float) -> Iterator[None]:
        engine = self.engine
        fields, units, momentum = (x, y), (engine.u, engine.v), (self.mu, self.mv)
        for start, stop in engine.ranges:
            taken = [*fields, *units, *engine.moving(), *momentum]
            first, last = start, stop
            if self.at_once:
                # one place that has all replicas of all; without momentum there is nothing to take of it
                taken = [_places(t[start:stop])[None] if t.numel() else t for t in taken]
                first, last = 0, 1
            self.update.step(*taken[:4], w, *taken[4:], self.rule.momentum, ru, rv, first, last)
            yield

    def _move_compiled(
        self, mover: Mover, x: Tensor, y: Tensor, w: Tensor, ru: float, rv: float
    ) -> Iterator[None]:
        engine = self.engine
        xs, ys, ws = (np.ascontiguousarray(t.numpy(), dtype=mover.dtype) for t in (x, y, w))
        every = engine.u.shape[1]  # replicas: each is a place of its own here
        for start, stop in engine.ranges:
            mover.move(
                xs, ys, ws, (engine.u, engine.v), engine.moving(), (self.mu, self.mv), self.rule.momentum,
                [(ru, rv)], start * every, stop * every,
            )  # fmt: skip
            yield
