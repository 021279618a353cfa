"""How far the units of a layer are from the limit, and how far independent draws would be.

Distribution functions, not smoothed densities, are compared (mathematics.md 6). The null leaves out the
error of the fields, which the units of one layer share. The limit's own error is measured between its
replicas: where it exceeds a distance, that is limited by the reference and no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from resviz.fields.fields import AnyArray
from resviz.observe.density import Density

__all__ = [
    "Distance",
    "distance",
    "kolmogorov",
    "limited",
    "wasserstein",
    "wasserstein_between",
    "wasserstein_null",
]

Array = NDArray[np.float64]
_DRAWS = 400


def kolmogorov(values: AnyArray, limit: Density) -> float:
    """KS = sup_x |F_M(x) - F(x)|, F_M the empirical distribution of ``values`` (M,)."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    m = len(ordered)
    cdf = limit.cdf(ordered)
    above = np.arange(1, m + 1) / m - cdf
    below = cdf - np.arange(m) / m
    return float(max(above.max(), below.max()))


def wasserstein(values: AnyArray, limit: Density) -> float:
    """W1 = integral of |F_M - F|, in the units of the observable."""
    return wasserstein_between(values, limit.sorted_values)


def wasserstein_between(values: AnyArray, reference: Array) -> float:
    """W1 of ``values`` (M,) and the ``reference`` (P,), which is in order.

    Between two neighbours of ``values`` F_M is constant and F crosses it at most once: the integral of F up
    to there and from there on needs sums of the reference only, O(P + M log P).
    """
    x = np.sort(np.asarray(values, dtype=np.float64))
    m, p = len(x), len(reference)
    sums = np.concatenate(([0.0], np.cumsum(reference - x[0])))  # about a value: no digits are lost

    def risen(at: Array, count: NDArray[np.intp]) -> Array:
        """The integral of F from -inf to ``at``, below which are ``count`` of the reference."""
        return np.asarray((count * (at - x[0]) - sums[count]) / p)

    below = reference.searchsorted(x, "right")
    up_to = risen(x, below)
    # the first of the reference at which F reaches i/M, held between the neighbours i and i + 1
    i = np.arange(1, m)
    reaches = -(-i * p // m)
    turn = np.minimum(np.maximum(reference[reaches - 1], x[:-1]), x[1:])
    up_to_turn = risen(turn, np.minimum(np.maximum(reaches, below[:-1]), below[1:]))
    inside = (i / m) * (2.0 * turn - x[:-1] - x[1:]) + up_to[:-1] + up_to[1:] - 2.0 * up_to_turn
    beyond = (sums[-1] - sums[below[-1]] - (p - below[-1]) * (x[-1] - x[0])) / p
    return float(up_to[0] + inside.sum() + beyond)


def wasserstein_null(units: int, reference: Array) -> float:
    """Mean W1 from ``reference`` (P,), which is in order, of so many independent draws from it."""
    f = (np.arange(len(reference) - 1) + 1.0) / len(reference)
    return float(np.sum(_binomial_deviation(units, f) * np.diff(reference)))


def _binomial_deviation(m: int, p: Array) -> Array:
    """E|Bin(m, p)/m - p| (De Moivre's closed form)."""
    from scipy.special import gammaln, xlog1py, xlogy

    k = np.minimum(np.floor(m * p) + 1, m)
    log_choose = gammaln(m + 1) - gammaln(k + 1) - gammaln(m - k + 1)
    return np.asarray(2.0 * k / m * np.exp(log_choose + xlogy(k, p) + xlog1py(m - k + 1, -p)))


@dataclass(frozen=True, eq=False)
class Distance:
    """Distances of M units from the limit, with what M independent draws from the limit would give.

    Attributes:
        ks: Kolmogorov-Smirnov distance.
        w1: Wasserstein-1 distance, in the units of the observable.
        limit: the density compared with.
        units: M.
    """

    ks: float
    w1: float
    limit: Density
    units: int

    @property
    def w1_error(self) -> float:
        """W1 of the limit's law as solved from the true one: half of what parts its replicas; 0 if exact."""
        return self.limit.distances_error[0]

    @property
    def ks_error(self) -> float:
        """KS of the limit's law as solved from the true one, likewise."""
        return self.limit.distances_error[1]

    @property
    def limited(self) -> bool:
        """Limited by the reference: the limit's own error exceeds the distance, which then tells nothing."""
        return limited(self.w1, self.w1_error) or limited(self.ks, self.ks_error)

    @cached_property
    def ks_null(self) -> float:
        """Mean of KS over M independent draws (exact: ``kstwo(M)``)."""
        from scipy.stats import kstwo

        return float(kstwo(self.units).mean())

    @cached_property
    def ks_p(self) -> float:
        """Probability of a KS at least this large under independent draws; NaN where the limit has atoms."""
        if self.limit.atoms > 0:
            return float("nan")
        from scipy.stats import kstwo

        return float(kstwo(self.units).sf(self.ks))

    @cached_property
    def w1_null(self) -> float:
        """Mean of W1 over M independent draws: integral of E|Bin(M, F)/M - F| dx."""
        return wasserstein_null(self.units, self.limit.sorted_values)

    @cached_property
    def w1_p(self) -> float:
        """Probability of a W1 at least this large, from simulated draws; NaN where the limit has atoms."""
        if self.limit.atoms > 0:
            return float("nan")
        draws = [wasserstein(self.limit.sample(self.units, seed), self.limit) for seed in range(_DRAWS)]
        return float((1 + np.sum(np.asarray(draws) >= self.w1)) / (_DRAWS + 1))


def limited(measured: float, reference_error: float) -> bool:
    """Whether a distance (of laws, or of outputs) is limited by the reference that it is measured from."""
    return reference_error > measured


def distance(values: AnyArray, limit: Density) -> Distance:
    """Distance of the finite ``values`` (M,) from the limit's density."""
    return Distance(kolmogorov(values, limit), wasserstein(values, limit), limit, len(values))
