"""The lazy limit's equations in depth: collocation of fields that all of the past acts on.

See `lazykernel.py` for the equations. Fields live at Gauss-Legendre nodes in (0, 1): order 2 n, and no node
at s = 0, where every step's points coincide and relu's kernel has its kink. The forward equation is solved
by Newton's method with the Jacobian of the step before; only its residual costs kernels. The adjoint is
linear, and its Jacobian is the next step's.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np
from numpy.polynomial import legendre

from resviz.engine.kernels import Array, ErfKernel, IdentityKernel, Kernel, Points, ReluKernel
from resviz.engine.rule import Rule
from resviz.engine.tabulated import TabulatedKernel

__all__ = ["CLOSED_FORMS", "Collocation", "closed_form", "dual_kernel", "gauss"]

CLOSED_FORMS: dict[str, type[ErfKernel | ReluKernel | IdentityKernel]] = {
    "erf": ErfKernel,
    "relu": ReluKernel,
    "identity": IdentityKernel,
}

_BLOCK = 16_384  # pairs a call: temporaries stay in cache
_PAUSE = 400_000  # pairs between two yields, some 30 ms
_OUTER = 1_000_000  # numbers in the temporaries of a Jacobian
_DIRECT = 256  # unknowns a sample up to which collocation systems are factorised
_CONVERGED = 1e-11  # of the fields' size
_NEWTON_STEPS = 60
_FLED = 1e6  # a Newton step this many times the fields' size leads nowhere


class Collocation:
    """One solution: fields of now at n Gauss nodes, and all of the past.

    Attributes:
        x, b: (n, N, r) sigma_u h^ and b^ at the Gauss nodes; `x_end`, `b_start` (N, r) at s = 1 and s = 0.
    """

    def __init__(self, h0: Array, rule: Rule, kernel: Kernel, nodes: int) -> None:
        """Start from the data ``h0`` (N, r), in the limit problem's own units."""
        self.root = float(np.sqrt(h0.shape[1]))
        self.rule, self.kernel = rule, kernel
        self.s, self.inner, self.ends = gauss(nodes)
        self.x0 = h0 * (rule.sigma_u / self.root)
        self.x = np.repeat(self.x0[None], nodes, axis=0)
        self.b = np.zeros_like(self.x)
        self.x_end = self.x0.copy()
        self.b_start = np.zeros_like(self.x0)
        n, r = h0.shape
        self.jacobian = np.zeros((nodes, n, r, r))  # of the newest step's F at its own fields
        self.count = 0  # points of the past: those of a step that its gradient sees
        self._newest = slice(0, 0)
        self._past = kernel.points(np.empty((nodes, 0, r)), past=True)
        self._past_x = np.empty((nodes, 0, r))
        self._beta = np.empty((nodes, 0, r))
        self._pull = np.empty((nodes, 0, r))  # beta before the rates
        self._rates = np.empty(0)  # what each point's gradient has met so far
        self._carried = np.empty(0)  # and its share in the momentum
        self._gradient: Kernel | None = None  # of squared gradients; for clipping alone
        self._pairs = 0

    @property
    def h_end(self) -> Array:
        """h(1) in the limit problem's units: (N, r)."""
        h: Array = self.x_end * (self.root / self.rule.sigma_u)
        return h

    def fields(self) -> tuple[Array, Array]:
        """h and b at 0, the Gauss nodes and 1, in the limit problem's units: (n + 2, N, r) each."""
        h = np.concatenate([self.x0[None], self.x, self.x_end[None]]) * (self.root / self.rule.sigma_u)
        b = np.concatenate([self.b_start[None], self.b, self.b_end[None]]) * self.root
        return h, b

    def forward(self) -> Iterator[None]:
        """x of the next step from the past.

        Raises:
            LinAlgError: Newton's method finds no solution.
        """
        if self.count == 0:
            return
        # the newest part of the past is new to F, whose residual at the old fields is all of its doing
        # (momentum changes the older part too, which is left to the iteration)
        added = yield from self._velocity(self.x, self._newest)
        bend = yield from self._bend(self.x, self._newest)
        self.jacobian = self.jacobian + bend
        change = yield from self._solve(self.inner, self.jacobian, self._integrate(added))
        self.x = self.x + change
        size, last = float(np.abs(self.x0).max()), float(np.abs(change).max())
        everything = slice(0, self.count)
        for _ in range(_NEWTON_STEPS):
            self._cover()
            velocity = yield from self._velocity(self.x, everything)
            residual = self.x0 + self._integrate(velocity) - self.x
            change = yield from self._solve(self.inner, self.jacobian, residual)
            self.x = self.x + change
            moved = float(np.abs(change).max())
            size = max(size, float(np.abs(self.x).max()))
            rate = moved / last if last > 0 else 0.0
            # what is left after a contraction by ``rate`` (the next one will be no worse)
            if moved * min(rate, 1.0) <= _CONVERGED * size:
                velocity += np.einsum("snab,snb->sna", self.jacobian, change)
                self.x_end = self.x0 + np.einsum("s,snr->nr", self.ends, velocity)
                return
            if not moved < _FLED * size:
                break
            if rate > 0.3:
                self._cover()
                self.jacobian = yield from self._bend(self.x, everything)
            last = moved
        raise np.linalg.LinAlgError("collocation found no fields that solve it")

    def backward(
        self, pull: Array, rate: float, weights: Array | None = None
    ) -> Generator[None, None, float]:
        """b from the ``pull`` b(1) (N, r), and the step at ``rate`` joins the past.

        Args:
            weights: w (N,) of the samples in the gradient; None for all alike.

        Returns:
            The factor c_k of clipping.
        """
        self.b_end = pull / self.root
        self._cover()
        if self.count:
            self.jacobian = yield from self._bend(self.x, slice(0, self.count))
        adjoint = self.jacobian.swapaxes(-1, -2)
        start = np.repeat(self.b_end[None], len(self.s), axis=0)
        self.b = yield from self._solve(self.ends - self.inner, adjoint, start)
        velocity = np.einsum("snba,snb->sna", self.jacobian, self.b)
        self.b_start = self.b_end + np.einsum("s,snr->nr", self.ends, velocity)
        w = np.ones(self.x.shape[1]) if weights is None else weights
        factor = 1.0
        if self.rule.clip > 0:
            size = self._gradient_size(w)
            factor = min(1.0, self.rule.clip / size) if size > 0 else 1.0
        seen = np.nonzero(w)[0]
        self._remember(self.x[:, seen], (-self.rule.sigma_u * w[seen, None]) * self.b[:, seen], rate * factor)
        return factor

    def _gradient_size(self, w: Array) -> float:
        """G of mathematics.md 1.1b: G^2 = int ds sum_ij w_i w_j (b^_i . b^_j) (K + sigma_v^2 c K')/2."""
        if self._gradient is None:
            self._gradient = dual_kernel(replace(self.rule, rate_u=1.0, rate_v=1.0))
        self._gradient.cover(_largest_norm(self.x))
        now, past = self._gradient.points(self.x), self._gradient.points(self.x, past=True)
        square, whole = 0.0, slice(None)
        for s, end in enumerate(self.ends):
            node = slice(s, s + 1)
            pairs = self._gradient.value(now.block(node, whole), past.block(node, whole))[0]
            pulls = w[:, None] * self.b[s]
            square += 0.5 * end * float(np.sum((pulls @ pulls.T) * pairs))
        return float(np.sqrt(max(square, 0.0)))

    def _integrate(self, velocity: Array) -> Array:
        integral: Array = np.einsum("st,tnr->snr", self.inner, velocity)
        return integral

    def _cover(self) -> None:
        if self.kernel.cover(_largest_norm(self.x)):
            norms = self._past.norms
            self._past = Points(norms, self._past.directions, self.kernel.features(norms, past=True))

    def _remember(self, x: Array, pull: Array, rate: float) -> None:
        """Append points (n, m, r); room is doubled, so that this copies each point but a few times."""
        new = self.kernel.points(x, past=True)
        n, m = self.count, self.count + x.shape[1]
        if m > self._past_x.shape[1]:
            room = max(2 * n, m)
            self._past_x, self._beta, self._pull = (
                _wider(old, room) for old in (self._past_x, self._beta, self._pull)
            )
            past = self._past
            self._past = Points(
                _wider(past.norms, room), _wider(past.directions, room), _wider(past.features, room)
            )
            self._rates, self._carried = (_wider(a[None], room)[0] for a in (self._rates, self._carried))
        self._past_x[:, n:m], self._pull[:, n:m] = x, pull
        self._past.norms[:, n:m] = new.norms
        self._past.directions[:, n:m] = new.directions
        self._past.features[:, n:m] = new.features
        self._carried[:n] *= self.rule.momentum
        self._carried[n:m], self._rates[n:m] = 1.0, 0.0
        moving = slice(0 if self.rule.momentum else n, m)
        self._rates[moving] += rate * self._carried[moving]
        self._beta[:, moving] = self._rates[moving, None] * self._pull[:, moving]
        self._newest, self.count = slice(n, m), m

    def _blocks(self, past: slice, most: int) -> Iterator[tuple[slice, slice]]:
        """Depths and points of the past, at most about ``_BLOCK`` pairs and ``most`` points together."""
        n, points = self.x.shape[1], past.stop - past.start
        width = max(1, min(points, _BLOCK // n, most))
        height = max(1, min(_BLOCK // (n * width), most // width))
        for bottom in range(0, len(self.s), height):
            for left in range(past.start, past.stop, width):
                yield (
                    slice(bottom, min(bottom + height, len(self.s))),
                    slice(left, min(left + width, past.stop)),
                )

    def _pause(self, pairs: int) -> bool:
        self._pairs += pairs
        if self._pairs < _PAUSE:
            return False
        self._pairs = 0
        return True

    def _velocity(self, x: Array, past: slice) -> Generator[None, None, Array]:
        """F at x (n, N, r) from part of the past."""
        now = self.kernel.points(x)
        whole = slice(None)
        total = np.zeros_like(x)
        for nodes, points in self._blocks(past, _BLOCK):
            w = self.kernel.value(now.block(nodes, whole), self._past.block(nodes, points))
            total[nodes] += w @ self._beta[nodes, points]
            if self._pause(w.size):
                yield None
        return total

    def _bend(self, x: Array, past: slice) -> Generator[None, None, Array]:
        """dF/dx at x (n, N, r) from part of the past: (n, N, r, r), velocity by point."""
        now = self.kernel.points(x)
        whole = slice(None)
        nodes_, n, r = x.shape
        total = np.zeros((nodes_, n, r * r))
        along = np.zeros_like(x)
        for nodes, points in self._blocks(past, max(1, _OUTER // (r * r))):
            by_a, by_c = self.kernel.derivatives(now.block(nodes, whole), self._past.block(nodes, points))
            beta = self._beta[nodes, points]  # (G, J, r)
            outer = beta[..., :, None] * self._past_x[nodes, points][..., None, :]  # (G, J, r, r)
            total[nodes] += by_c @ outer.reshape(*beta.shape[:2], r * r)
            along[nodes] += by_a @ beta
            if self._pause(2 * by_a.size):
                yield None
        bend: Array = total.reshape(nodes_, n, r, r)
        bend += 2.0 * along[..., :, None] * x[..., None, :]
        return bend

    def _solve(self, integral: Array, matrix: Array, given: Array) -> Generator[None, None, Array]:
        """y = given + integral (matrix y): y, given (n, N, r), integral (n, n), matrix (n, N, r, r)."""
        nodes, n, r = given.shape
        solved = np.empty_like(given)
        direct = nodes * r <= _DIRECT
        group = max(1, int(2e6 / (nodes * r) ** 2)) if direct else n
        for first in range(0, n, group):
            some = slice(first, first + group)
            y = None if direct else _iterated(integral, matrix[:, some], given[:, some])
            solved[:, some] = _factorised(integral, matrix[:, some], given[:, some]) if y is None else y
            if self._pause(group * (nodes * r) ** 2):
                yield None
        return solved


def _largest_norm(x: Array) -> float:
    return float(np.sqrt(np.einsum("...r,...r->...", x, x).max()))


def _wider(array: Array, room: int) -> Array:
    """(n, m, ...) -> (n, room, ...), the old points first."""
    wide = np.empty((array.shape[0], room, *array.shape[2:]))
    wide[:, : array.shape[1]] = array
    return wide


def _factorised(integral: Array, matrix: Array, given: Array) -> Array:
    nodes, n, r = given.shape
    system = -np.einsum("st,tnab->nsatb", integral, matrix).reshape(n, nodes * r, nodes * r)
    system[:, np.arange(nodes * r), np.arange(nodes * r)] += 1.0
    right = given.swapaxes(0, 1).reshape(n, nodes * r, 1)
    solved: Array = np.linalg.solve(system, right).reshape(n, nodes, r).swapaxes(0, 1)
    return solved


def _iterated(integral: Array, matrix: Array, given: Array) -> Array | None:
    """Picard iterations, which converge like |matrix|^m/m!; None where that takes too many."""
    y = given
    for _ in range(60):
        new: Array = given + np.einsum("st,tna->sna", integral, np.einsum("snab,snb->sna", matrix, y))
        if float(np.abs(new - y).max()) <= 1e-14 * float(np.abs(new).max()):
            return new
        y = new
    return None


def gauss(nodes: int) -> tuple[Array, Array, Array]:
    """Gauss points in (0, 1) (n,), integrals of their Lagrange polynomials to each (n, n) and to 1 (n,)."""
    x, ends = legendre.leggauss(nodes)
    basis = np.linalg.inv(legendre.legvander(x, nodes - 1))  # Legendre coefficients in columns
    inner = legendre.legvander(x, nodes) @ legendre.legint(basis, lbnd=-1) / 2
    return (x + 1) / 2, inner, ends / 2


def dual_kernel(rule: Rule, *, tolerance: float = 1e-10, terms: int | None = None) -> Kernel:
    """The kernel of a rule: closed form if there is one, else a table of this relative tolerance.

    Args:
        terms: Hermite terms of a table, instead of all that count.
    """
    rates = rule.rate_v, rule.rate_u * (rule.sigma_v / rule.sigma_u) ** 2
    return closed_form(rule, *rates) or TabulatedKernel(
        rule.sigma(), *rates, tolerance=tolerance, terms=terms
    )


def closed_form(rule: Rule, rate_v: float = 1.0, rate_u: float = 1.0) -> Kernel | None:
    """The closed form of a rule's kernel, its own or that of a registered activation; None for none."""
    if rule.activation in CLOSED_FORMS:
        return CLOSED_FORMS[rule.activation](rate_v, rate_u)
    found: Kernel | None = rule.sigma().kernel(rate_v, rate_u)
    return found
