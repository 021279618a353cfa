"""Dual kernels of any smooth activation, read from a table (see `kernels.py` for what they are).

W, W_a and W_c are functions of the norms t, t' and of rho = cos(x, x'). Their Hermite expansions

    E phi(g.x) psi(g.x') = sum_n c_n[phi](t) c_n[psi](t') rho^n,   c_n[phi](t) = E phi(t g) He_n(g)/sqrt(n!)

converge slowly near rho = 1 (tanh: 36 terms at t^2 = 1 for 1e-6 in K', 176 at t^2 = 6), so they are summed
once, on Chebyshev points in (t, t', rho), to the last term that counts. The Chebyshev series in rho needs
about the square root of as many terms; its coefficients are functions of (t, t') of low rank. Hence a pair
costs rank * degree multiplications in a matrix product and ``degree`` steps of Clenshaw's recurrence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.polynomial import chebyshev
from scipy.fft import dct

from resviz.block.activation import Activation
from resviz.engine.kernels import Array, Kernel, Points
from resviz.errors import RequestError

__all__ = ["LARGEST_NORM", "TabulatedKernel", "has_series", "hermite_coefficients"]

LARGEST_NORM = 6.0
"""Norm |x| up to which tables are made: with larger points sigma is all but a step."""

_HALF_RANGE, _QUADRATURE = 12.5, 1001  # trapezoid rule; exp(-x^2/4) is 1e-17 at the ends
_HERMITE_BLOCK, _MOST_TERMS = 128, 4096
_CHECKS = 64  # places where a table is compared with its sums
_GROWTH = 1.3


def has_series(sigma: Activation, tolerance: float) -> bool:
    """Whether sigma is smooth enough for a table: its Hermite series converge before they are cut off.

    A jump of the slope leaves terms that fall like a power of n, of which no number is enough.
    """
    c, tail = hermite_coefficients(sigma, np.array([LARGEST_NORM / 2]), tolerance)
    return tail <= 10 * tolerance * float(np.sum(c[2] ** 2))


@dataclass(frozen=True, eq=False)
class _Table:
    """Coefficients up to a norm.

    Attributes:
        reach: norms 0..reach.
        series: of W, W_a, W_c, the even and the odd degrees in rho: Chebyshev coefficients in t by degree and
            rank (p, degrees, rank); no degrees for a parity that sigma does not have.
        polynomials: the largest p.
        basis: features of t' in Chebyshev polynomials: (q, rank).
    """

    reach: float
    series: tuple[tuple[Array, Array], ...]
    polynomials: int
    basis: Array


class TabulatedKernel(Kernel):
    """W of a smooth sigma by a table to ``tolerance``, relative to the largest entry.

    Args:
        terms: keep this many Hermite terms instead of all that count.
    """

    def __init__(
        self,
        sigma: Activation,
        rate_v: float,
        rate_u: float,
        *,
        tolerance: float = 1e-11,
        terms: int | None = None,
    ) -> None:
        super().__init__(rate_v, rate_u)
        self.sigma, self.tolerance, self.terms = sigma, tolerance, terms
        self._table: _Table | None = None

    def cover(self, norm: float) -> bool:
        """Be ready for points up to this norm; a table costs some 100 ms.

        Raises:
            RequestError: norms past `LARGEST_NORM`.
        """
        if self._table is not None and norm <= self._table.reach:
            return False
        if not norm <= LARGEST_NORM:
            raise RequestError(
                f"dual kernels reach points of norm {LARGEST_NORM:g}, not {norm:.3g}",
                remedy="solve the lazy limit by particles, or scale the data down",
            )
        first = self._table is None
        self._table = self._tabulate(min(max(_GROWTH * norm, 1.0), LARGEST_NORM))
        return not first

    def features(self, norms: Array, *, past: bool) -> Array:
        """The table's functions of t' (..., m, rank), or Chebyshev polynomials of t (..., m, p)."""
        table = self._made()
        if not past:
            return _polynomials(norms, table.reach, table.polynomials)
        features: Array = _polynomials(norms, table.reach, len(table.basis)) @ table.basis
        return features

    def value(self, now: Points, past: Points) -> Array:
        return self._read(now, past, (0,))[0]

    def derivatives(self, now: Points, past: Points) -> tuple[Array, Array]:
        by_a, by_c = self._read(now, past, (1, 2))
        return by_a, by_c

    def _made(self) -> _Table:
        if self._table is None:
            self.cover(1.0)
        if self._table is None:
            raise RuntimeError("a table is made by cover")
        return self._table

    def _read(self, now: Points, past: Points, which: tuple[int, ...]) -> list[Array]:
        """Some of W, W_a, W_c: (G, N, J) each."""
        table = self._made()
        rho = now.directions @ past.directions.swapaxes(-1, -2)  # (G, N, J)
        step = rho * rho  # 2 T_2 = 4 rho^2 - 2: T_{m + 2} = 2 T_2 T_m - T_{m - 2}
        step *= 4.0
        step -= 2.0
        turned = past.features.swapaxes(-1, -2)  # (G, rank, J)
        groups, n = now.norms.shape
        found = []
        for one in which:
            total = np.zeros_like(rho)
            for odd, series in enumerate(table.series[one]):
                p, degrees, rank = series.shape
                if degrees == 0:
                    continue
                mine = now.features[..., :p] @ series.reshape(p, -1)  # (G, N, degrees * rank)
                mine = mine.reshape(groups, n, degrees, rank).swapaxes(1, 2)
                c = (mine.reshape(groups, degrees * n, rank) @ turned).reshape(groups, degrees, n, -1)
                last, before = _clenshaw(c, step)
                if odd:  # f_0 = T_1 and f_-1 = T_-1: both rho
                    last = last - before
                    last *= rho
                    total += last
                else:  # f_0 = T_0 and f_-1 = T_-2 = T_2, half a step
                    before *= step
                    before *= 0.5
                    total += last
                    total -= before
            found.append(total)
        return found

    def _tabulate(self, reach: float) -> _Table:
        sizes = int(24 + 6 * reach), int(30 + 14 * reach)  # generous: what is not needed is cut off
        t = _chebyshev_points(sizes[0], 0.0, reach)  # (p,)
        rho = _chebyshev_points(2 * sizes[1], -1.0, 1.0)[: sizes[1]]  # the positive half
        check_t, check_rho = self._checks(reach)
        norms = np.concatenate([t, check_t.ravel(), [reach]])
        c, tail = hermite_coefficients(self.sigma, norms, self.tolerance / 10, terms=self.terms)
        n_t = len(t)
        values = self._sums(c[:, :, :n_t], t, rho)  # (3, p, q, 2 z): rho from +1 to -1
        scale = float(np.abs(values).max())
        cut = self.tolerance * scale
        series = values
        for axis in (1, 2, 3):
            series = dct(series, type=2, axis=axis) / series.shape[axis]
            np.moveaxis(series, axis, 0)[0] /= 2.0
        series = _trimmed(series, cut / 10)  # (3, p, q, m)
        # features of t' that serve all three: (3 p m, q)
        rows = series.transpose(0, 1, 3, 2).reshape(-1, series.shape[2])
        _, weights, right = np.linalg.svd(rows, full_matrices=False)
        rank = max(1, int(np.sum(weights > cut / 10)))
        basis = np.ascontiguousarray(right[:rank].T)  # (q, rank)
        compact = series.transpose(0, 1, 3, 2) @ basis  # (3, p, m, rank)
        parts = tuple((_present(one[:, 0::2], cut), _present(one[:, 1::2], cut)) for one in compact)
        table = _Table(reach, parts, series.shape[1], basis)
        self._table = table
        tail *= self.rate_v + self.rate_u * max(1.0, reach**2)
        self.error = tail + self._worst(c[:, :, n_t : n_t + 2 * _CHECKS], check_t, check_rho)
        return table

    def _sums(self, c: Array, t: Array, rho: Array) -> Array:
        """W, W_a, W_c at t x t x (rho, -rho reversed), from c[d] = c_n of sigma^(d): (3, p, q, 2 z)."""
        pairs = ((0, 0), (1, 1), (2, 2), (2, 0), (3, 1))
        sums = np.empty((5, len(t), len(t), 2 * len(rho)))
        for z, cosine in enumerate(rho):
            most = int(np.log(1e-17) / np.log(cosine)) + 2  # rho^n is nothing beyond
            even, odd = c[:, :most:2], c[:, 1:most:2]  # (4, n, p)
            even_powers, odd_powers = (
                cosine ** np.arange(s, s + 2 * x.shape[1], 2) for s, x in ((0, even), (1, odd))
            )
            for k, (i, j) in enumerate(pairs):
                e = (even[i] * even_powers[:, None]).T @ even[j]  # (p, q)
                o = (odd[i] * odd_powers[:, None]).T @ odd[j]
                sums[k, :, :, z], sums[k, :, :, -1 - z] = e + o, e - o
        along = np.concatenate([rho, -rho[::-1]])
        return self._combined(sums, t[:, None, None] * t[:, None] * along)

    def _combined(self, sums: Array, c: Array) -> Array:
        """W, W_a, W_c from K, K', K'', 2 K_a, 2 K'_a."""
        k, k1, k2, ka, k1a = sums
        rv, ru = self.rate_v, self.rate_u
        combined: Array = np.stack(
            [rv * k + ru * c * k1, 0.5 * (rv * ka + ru * c * k1a), (rv + ru) * k1 + ru * c * k2]
        )
        return combined

    def _checks(self, reach: float) -> tuple[Array, Array]:
        """Places (2, checks) in t and t', (checks,) in rho, crowded towards rho = 1."""
        random = np.random.default_rng(5)
        t = reach * random.random((2, _CHECKS))
        rho = np.cos(np.pi * random.random(_CHECKS) ** 2)
        rho[:2], rho[2 : _CHECKS // 4] = -1.0, 1.0
        return t, rho

    def _worst(self, c: Array, t: Array, rho: Array) -> float:
        """Largest difference between the table and its sums at the checks."""
        left, right = c[:, :, :_CHECKS], c[:, :, _CHECKS:]
        powers = rho ** np.arange(c.shape[1])[:, None]  # (n, checks)
        pairs = ((0, 0), (1, 1), (2, 2), (2, 0), (3, 1))
        sums = np.stack([np.einsum("nx,nx,nx->x", left[i], right[j], powers) for i, j in pairs])
        wanted = self._combined(sums, t[0] * t[1] * rho)  # (3, checks)
        plane = np.zeros((_CHECKS, 1, 2))
        plane[:, 0, 0] = 1.0
        turned = np.stack([rho, np.sqrt(1.0 - rho**2)], axis=-1)[:, None]
        now = Points(t[0][:, None], plane, self.features(t[0][:, None], past=False))
        past = Points(t[1][:, None], turned, self.features(t[1][:, None], past=True))
        got = np.stack(self._read(now, past, (0, 1, 2)))[:, :, 0, 0]
        return float(np.abs(got - wanted).max())


def hermite_coefficients(
    sigma: Activation, norms: Array, tolerance: float, *, terms: int | None = None
) -> tuple[Array, float]:
    """c_n of sigma, sigma', sigma'', sigma''' at norms t (m,), the last the largest: (4, n, m); a tail.

    Trapezoid rule, spectrally exact for a smooth sigma. There are as many terms as the series of K'' needs
    at the largest norm and rho = 1 to leave ``tolerance`` of its sum; the tail is what is left.

    Args:
        terms: so many instead.
    """
    x = np.linspace(-_HALF_RANGE, _HALF_RANGE, _QUADRATURE)
    weight = np.exp(-(x**2) / 4)
    at = torch.from_numpy(x[:, None] * norms)  # (quadrature, m)
    functions = (sigma.value(at), sigma.slope(at), sigma.curvature(at))
    shifted = type(sigma).curvature is Activation.curvature  # a difference quotient: not exact enough
    scale = (x[1] - x[0]) / np.sqrt(2 * np.pi)
    sampled = np.concatenate([f.numpy() for f in functions], axis=1) * (scale * weight)[:, None]
    most = _MOST_TERMS if terms is None else terms + 1
    row, before = weight, np.zeros_like(x)  # He_n(x) exp(-x^2/4)/sqrt(n!)
    blocks: list[Array] = []
    total, tail = 0.0, np.inf
    for start in range(0, most, _HERMITE_BLOCK):
        rows = np.empty((min(_HERMITE_BLOCK, most - start), len(x)))
        for n in range(len(rows)):
            rows[n] = row
            m = start + n
            row, before = (x * row - np.sqrt(m) * before) / np.sqrt(m + 1), row
        blocks.append(rows @ sampled)  # (block, 3 m)
        share = float(np.sum(blocks[-1][:, -1] ** 2))  # of K'' at the largest norm, rho = 1
        total += share
        # geometric decay at least: what follows a block is no more than the block
        tail = share
        if terms is None and share <= tolerance * total:
            break
    c = np.concatenate(blocks).reshape(-1, 3, len(norms)).swapaxes(0, 1)  # (3, n + 1, m)
    # t c_n[phi'] = sqrt(n + 1) c_{n + 1}[phi]
    if shifted:
        c[2, :-1] = np.sqrt(np.arange(1, c.shape[1]))[:, None] * c[1, 1:] / norms
        c = c[:, :-1]
    third = np.sqrt(np.arange(1, c.shape[1]))[:, None] * c[2, 1:] / norms  # (n, m)
    return np.concatenate([c[:, :-1], third[None]]), tail


def _chebyshev_points(n: int, low: float, high: float) -> Array:
    """Zeros of T_n on [low, high], from high to low."""
    points: Array = low + (high - low) * np.cos((np.arange(n) + 0.5) * np.pi / (2 * n)) ** 2
    return points


def _polynomials(norms: Array, reach: float, n: int) -> Array:
    """T_0..T_{n - 1} on [0, reach]: (..., n)."""
    return np.asarray(chebyshev.chebvander(2.0 * norms / reach - 1.0, n - 1), np.float64)


def _trimmed(series: Array, cut: float) -> Array:
    """The same coefficients (3, p, q, m) without the high degrees that are all below ``cut``."""
    for axis in (1, 2, 3):
        others = tuple(a for a in range(4) if a != axis)
        counts = np.nonzero(np.abs(series).max(axis=others) > cut)[0]
        series = np.take(series, range(int(counts[-1]) + 1 if len(counts) else 1), axis=axis)
    return series


def _present(series: Array, cut: float) -> Array:
    """Coefficients (p, degrees, rank) without the highest degrees below ``cut``, contiguous."""
    present = np.nonzero(np.abs(series).max(axis=(0, 2), initial=0.0) > cut / 10)[0]
    return np.ascontiguousarray(series[:, : int(present[-1]) + 1 if len(present) else 0])


def _clenshaw(c: Array, step: Array) -> tuple[Array, Array]:
    """b_0 and b_1 (G, N, J) of b_m = c_m + step b_{m + 1} - b_{m + 2}; c (G, degrees, N, J) is used up."""
    last, before = c[:, -1], np.zeros_like(step)
    work = np.empty_like(step)
    for m in range(c.shape[1] - 2, -1, -1):
        np.multiply(step, last, out=work)
        work += c[:, m]
        work -= before
        last, before, work = work, last, before
    return last, before
