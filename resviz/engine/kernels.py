"""Dual kernels of an activation: what the lazy limit needs of its units (mathematics.md 3).

For points x, x' in R^r and g ~ N(0, I) let a = |x|^2, a' = |x'|^2, c = x.x' and

    K = E sigma(g.x) sigma(g.x'),    K' = E sigma'(g.x) sigma'(g.x'),    W = rate_v K + rate_u c K'.

W is a function of (a, a', c) alone, and its gradient in x is 2 W_a x + W_c x'. By Gaussian integration by
parts K_c = K', K'_c = K'' = E sigma'' sigma'', K_a = E sigma''(g.x) sigma(g.x')/2, K'_a likewise, so

    W_a = rate_v K_a + rate_u c K'_a,    W_c = (rate_v + rate_u) K' + rate_u c K''.

erf, relu and identity have closed forms; every other smooth sigma is read from a table (`tabulated.py`).
Pairs are asked for in blocks: N points of now (G, N, r) against J of the past (G, J, r), at G depths at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "ErfKernel", "IdentityKernel", "Kernel", "Points", "ReluKernel"]

Array = NDArray[np.float64]

_SMALLEST_SINE = 1e-7  # below, 1 - rho^2 is rounding


@dataclass(frozen=True, eq=False)
class Points:
    """Points x = t e, |e| = 1 (or 0 at the origin).

    Attributes:
        norms: t (..., m).
        directions: e (..., m, r).
        features: what the kernel keeps of the norms (..., m, f): not the same for points of now and past.
    """

    norms: Array
    directions: Array
    features: Array

    def block(self, nodes: slice, points: slice) -> Points:
        """Some of the points (G, m) at some of the depths."""
        return Points(self.norms[nodes, points], self.directions[nodes, points], self.features[nodes, points])


class Kernel(ABC):
    """W of one activation and its derivatives.

    Attributes:
        error: largest error of W, W_a and W_c where `cover` has reached; 0 for closed forms.
    """

    error = 0.0

    def __init__(self, rate_v: float, rate_u: float) -> None:
        self.rate_v, self.rate_u = rate_v, rate_u

    def cover(self, norm: float) -> bool:
        """Be ready for points up to this norm; True if `features` of old points must be made again."""
        return False

    def points(self, x: Array, *, past: bool = False) -> Points:
        """x (..., m, r) as the kernel sees it."""
        norms = np.sqrt(np.einsum("...r,...r->...", x, x))
        directions = x / np.where(norms > 0, norms, 1.0)[..., None]
        return Points(norms, directions, self.features(norms, past=past))

    def features(self, norms: Array, *, past: bool) -> Array:
        """(..., m) -> (..., m, f): what of a norm is worth keeping."""
        return np.empty((*norms.shape, 0))

    @abstractmethod
    def value(self, now: Points, past: Points) -> Array:
        """W: (G, N), (G, J) -> (G, N, J)."""

    @abstractmethod
    def derivatives(self, now: Points, past: Points) -> tuple[Array, Array]:
        """W_a and W_c, a = |x|^2 of the points of now: (G, N, J) each."""


def _cosines(now: Points, past: Points) -> Array:
    return now.directions @ past.directions.swapaxes(-1, -2)  # (G, N, J)


class IdentityKernel(Kernel):
    """sigma(p) = p: K = c, K' = 1."""

    def value(self, now: Points, past: Points) -> Array:
        value: Array = _cosines(now, past) * now.norms[..., :, None]
        value *= past.norms[..., None, :] * (self.rate_v + self.rate_u)
        return value

    def derivatives(self, now: Points, past: Points) -> tuple[Array, Array]:
        shape = (*now.norms.shape, past.norms.shape[-1])
        return np.zeros(shape), np.full(shape, self.rate_v + self.rate_u)


class ErfKernel(Kernel):
    """K = (2/pi) asin(2c/sqrt(A A')), K' = (4/pi)/sqrt(A A' - 4 c^2), A = 1 + 2a (Williams, 1997)."""

    def _sine(self, now: Points, past: Points) -> tuple[Array, Array, Array]:
        """A (G, N, 1), sqrt(A A') and z = 2c/sqrt(A A') (G, N, J)."""
        a, b = 1.0 + 2.0 * now.norms[..., :, None] ** 2, 1.0 + 2.0 * past.norms[..., None, :] ** 2
        z = _cosines(now, past)
        z *= 2.0 * now.norms[..., :, None] / np.sqrt(a)
        z *= past.norms[..., None, :] / np.sqrt(b)
        return a, np.sqrt(a) * np.sqrt(b), z

    def value(self, now: Points, past: Points) -> Array:
        # c K' = (2/pi) z/sqrt(1 - z^2): all of W is a function of z
        z = self._sine(now, past)[2]
        rest = z * z
        np.subtract(1.0, rest, out=rest)
        np.sqrt(rest, out=rest)
        np.divide(z, rest, out=rest)
        rest *= 2.0 / np.pi * self.rate_u
        np.arcsin(z, out=z)
        z *= 2.0 / np.pi * self.rate_v
        z += rest
        return z

    def derivatives(self, now: Points, past: Points) -> tuple[Array, Array]:
        a, root, z = self._sine(now, past)
        squared = 1.0 / (1.0 - z * z)
        slope = np.sqrt(squared)
        z *= slope  # 2c/sqrt(A A' - 4 c^2)
        # K_a = -(2/pi) z slope/A, c K'_a = -(2/pi) z slope^3/A
        by_a = self.rate_v + self.rate_u * squared
        by_a *= (-2.0 / np.pi) * z
        by_a /= a
        # K' = (4/pi) slope/root, c K'' = K' (2c)^2/(A A' - 4 c^2)
        by_c = z * z
        by_c *= self.rate_u
        by_c += self.rate_v + self.rate_u
        by_c *= slope
        by_c *= (4.0 / np.pi) / root
        return by_a, by_c


class ReluKernel(Kernel):
    """Arc-cosine kernels (Cho and Saul, 2009), theta the angle between x and x':

        K = t t' (sin theta + (pi - theta) cos theta)/(2 pi),    K' = (pi - theta)/(2 pi).

    K'' = 1/(2 pi t t' sin theta) is singular where points are parallel, the gradient of c K' is bounded but
    jumps there; exactly parallel points take the mean of both sides.
    """

    def value(self, now: Points, past: Points) -> Array:
        rho = np.clip(_cosines(now, past), -1.0, 1.0)
        value = np.arccos(rho)
        np.subtract(np.pi, value, out=value)
        value *= rho
        value *= self.rate_v + self.rate_u
        value += self.rate_v * np.sqrt(1.0 - rho * rho)
        value *= now.norms[..., :, None] / (2.0 * np.pi)
        value *= past.norms[..., None, :]
        return value

    def derivatives(self, now: Points, past: Points) -> tuple[Array, Array]:
        rho = np.clip(_cosines(now, past), -1.0, 1.0)
        sine = np.sqrt(1.0 - rho * rho)
        bend = self.rate_u * rho / np.maximum(sine, _SMALLEST_SINE)  # 2 pi c K''
        # K_a = t' sin theta/(4 pi t) and K'_a = -c K''/(2a), by homogeneity
        ratio = past.norms[..., None, :] / np.where(now.norms > 0, now.norms, np.inf)[..., :, None]
        by_a = ratio * (self.rate_v * sine - bend * rho) / (4.0 * np.pi)
        by_c = ((self.rate_v + self.rate_u) * (np.pi - np.arccos(rho)) + bend) / (2.0 * np.pi)
        return by_a, by_c
