"""A network's sweeps with all layers at once: Newton's method on the whole forward pass.

A GPU spends a thousand layers of small matrices waiting: some 14 launches a layer, each for its predecessor.
But the fields of all layers solve one equation, h[l + 1] = h[l] + f_l(h[l]), which those of the last steps,
continued, nearly do. With the tangents T_l = 1 + df_l/dh, D x D for every layer and sample, a correction d
solves

    d[l + 1] = d[l] T_l + r[l],    r[l] = h[l] + f_l(h[l]) - h[l + 1],    d[0] = 0

in log2 L products, as T over 1, 2, 4, ... layers is kept; and the backward pass needs no rounds:

    b[l] = b[l + 1] T_l^T

While h is sought T is that of the step before, whose units have moved since: each round gains a factor of
the size of a step. At the h that was found T is formed anew, for b. Rounds end when what is left is below
rounding, so that fields differ from those of a sweep in order by rounding. A step that does not settle is
swept in order.

Measured on an H100, L = M = 1000, D = N = 10, float32: 2.5 ms; in order 43 ms as one recorded graph, 318 by
autograd.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from resviz.block.activation import Activation
from resviz.block.unit import preactivation, scaled_through, update_
from resviz.engine.graphs import Graphs, Sent

__all__ = ["NewtonSweep", "pays"]

_ROUNDS = 12  # more do not settle: a large step, or one that diverges
_PIECE = 2**25  # words of the largest intermediate
_WORDS = 2**29  # of all tangents, and of the activations of all layers


def pays(layers: int, samples: int, dimension: int, units: int) -> bool:
    """Whether all layers at once are faster than one after the other on a GPU, and have room.

    Milliseconds as measured on an H100 at nine shapes: in order 0.043 a layer and more. At once 0.4 for
    launches, then two rounds, the first tangents, and their products over depth.
    """
    each, doublings = layers * samples * units, layers.bit_length()
    at_once = 0.4 + 6e-8 * each + 8e-9 * each * dimension
    at_once += 1e-10 * doublings * layers * samples * dimension**3
    words = max(doublings * layers * samples * dimension**2, 2 * each)
    return at_once < 0.043 * layers and words <= _WORDS


class NewtonSweep:
    """``up`` and ``down`` over all layers of one network; h, b (L + 1, 1, N, D), u, v (L, 1, D, M).

    Attributes:
        rounds: of the last forward sweep; 0 where it went in order.
        sent: the fields of the last backward sweep, on their way to the processor.
    """

    def __init__(self, sigma: Activation, in_order: Any, graphs: Graphs) -> None:
        """``in_order`` sweeps one layer after the other; what repeats is recorded in ``graphs``."""
        self.sigma = sigma
        self.in_order = in_order
        self.graphs = graphs
        self.rounds = 0
        self.sent: Sent | None = None
        self.tangents: list[Tensor] = []  # T over 2^k layers from l on: (L - 2^k + 1, N, D, D)
        self.past: list[Tensor] = []  # h of the steps before, the latest first: (L, N, D) each
        self.known = 0  # how many of them

    def up(self, h: Tensor, u: Tensor, v: Tensor, scale: float, start: int, stop: int) -> None:
        """h from h[0]; what h was before is the last step's."""
        self.rounds = 0
        if not self.tangents:
            self.in_order.up(h, u, v, scale, start, stop)
            return
        given = (h, *self.past, self.known)
        # runs before a recording leave h and its past alone
        self.graphs.run(_go_on, *given, still=(h.clone(), *map(torch.clone, self.past), self.known))
        self.known = min(self.known + 1, len(self.past))
        if not self._settles(h, u, v, scale):
            self.rounds = 0
            self.graphs.run(self.in_order.up, h, u, v, scale, start, stop)

    def down(
        self, h: Tensor, b: Tensor, u: Tensor, v: Tensor, scale: float, ru: float, rv: float,
        start: int, stop: int,
    ) -> None:  # fmt: skip
        """b from b[L], and the units' update."""
        if not self.tangents:
            self._allocate(h, u)
        self.graphs.run(self._form, h, u, v, scale)
        self.graphs.run(self._back, b)
        # while the units move, the processor may read
        self.sent = Sent(h[:, 0], b[:, 0]) if h.is_cuda else None
        if ru or rv:
            self._move(h, b, u, v, ru, rv)

    def _allocate(self, h: Tensor, u: Tensor) -> None:
        layers, n, d, m = len(u), h.size(2), h.size(3), u.size(3)
        reaches = [2**k for k in range(max(1, (layers - 1).bit_length()))]
        self.tangents = [h.new_empty(layers - reach + 1, n, d, d) for reach in reaches]
        self.a, self.slope = (h.new_empty(layers, n, m) for _ in range(2))
        self.past = [h.new_empty(layers, n, d) for _ in range(2)]
        self.left = h.new_zeros(2)

    def _settles(self, h: Tensor, u: Tensor, v: Tensor, scale: float) -> bool:
        """Whether rounds of Newton's method find h."""
        eps = torch.finfo(h.dtype).eps
        floor = eps * math.sqrt(len(u))  # what rounding leaves of a sweep in order, too
        before = math.inf
        while self.rounds < _ROUNDS:
            self.graphs.run(self._refine, h, u, v, scale)
            self.rounds += 1
            change, size = self.left.tolist()  # waits for the round
            if not change < before:  # at the floor corrections shrink no further; NaN is told in order
                return bool(change <= 4.0 * floor * size)
            shrinks = change / before if math.isfinite(before) else 1.0
            if change <= floor * size or change * shrinks <= eps * size:
                return True
            before = change
        return False

    def _refine(self, h: Tensor, u: Tensor, v: Tensor, scale: float) -> None:
        """One round: h corrected in place; the largest correction and field go into ``left``."""
        x, y = h[:-1, 0], h[1:, 0]  # (L, N, D)
        f = scaled_through(self.sigma.value(preactivation(x, u[:, 0])), v[:, 0], scale)
        # x - y first: they are nearly equal, so that their difference is exact
        d = x - y + f
        for k, tangent in enumerate(self.tangents):
            reach = 2**k
            d[reach:] += torch.einsum("lnd,lnde->lne", d[:-reach], tangent[1:])
        y += d
        self.left[0] = d.abs().amax()
        self.left[1] = y.abs().amax()

    def _form(self, h: Tensor, u: Tensor, v: Tensor, scale: float) -> None:
        """At h: sigma and its slope, and the tangents over 1, 2, 4, ... layers."""
        layers, n, d, m = len(u), h.size(2), h.size(3), u.size(3)
        one = torch.eye(d, dtype=h.dtype, device=h.device)
        piece = max(1, _PIECE // (n * d * m))
        for at in range(0, layers, piece):
            here = slice(at, min(at + piece, layers))
            us, vs = u[here, 0], v[here, 0]
            a, slope = self.sigma.value_slope(preactivation(h[here, 0], us))  # (l, N, M)
            self.a[here], self.slope[here] = a, slope
            bent = (slope[:, :, None] * us[:, None]).flatten(1, 2)  # (l, N D, M)
            t = scaled_through(bent, vs, scale / d).view(-1, n, d, d)
            torch.add(t, one, out=self.tangents[0][here])
        for shorter, longer in zip(self.tangents, self.tangents[1:], strict=False):
            reach = len(shorter) - len(longer)
            torch.matmul(shorter[:-reach], shorter[reach:], out=longer)

    def _back(self, b: Tensor) -> None:
        """b[l] of all layers from b[L]."""
        c = torch.zeros_like(b[:-1, 0])  # (L, N, D)
        c[-1] = torch.einsum("ne,nde->nd", b[-1, 0], self.tangents[0][-1])
        for k, tangent in enumerate(self.tangents):
            reach = 2**k
            c[:-reach] += torch.einsum("lne,lnde->lnd", c[reach:], tangent[: len(c) - reach])
        b[:-1, 0] = c

    def _move(self, h: Tensor, b: Tensor, u: Tensor, v: Tensor, ru: float, rv: float) -> None:
        """The units' update, from the fields that act on them."""
        x, y, us, vs = h[:-1, 0], b[1:, 0], u[:, 0], v[:, 0]
        g = preactivation(y, vs).mul_(self.slope)  # (L, N, M)
        update_(us, x, g, ru)
        update_(vs, y, self.a, rv)


def _go_on(h: Tensor, last: Tensor, before: Tensor, known: int) -> None:
    """A first guess: the last steps' fields h[1:] continued, by a parabola where two are ``known`` before."""
    now = h[1:, 0].clone()
    if known == 1:
        h[1:, 0] += now - last
    elif known == 2:
        h[1:, 0] += 2.0 * (now - last) - (last - before)
    before.copy_(last)
    last.copy_(now)
