"""Chebyshev-Lobatto nodes in depth: where an exact limit keeps its fields, and how to read between them.

Limit fields of a smooth problem are analytic in s, so the polynomial through n of these nodes converges
geometrically in n: exp(-lambda s), lambda = 5, is there to 1e-13 at 17 nodes and to rounding at 33.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["barycentric_weights", "lobatto"]

Array = NDArray[np.float64]


def lobatto(nodes: int) -> Array:
    """s_j = (1 - cos(pi j/(n - 1)))/2, j = 0..n - 1, with 0 and 1 for n >= 2: (n,)."""
    s: Array = np.sin(np.linspace(0.0, np.pi / 2, nodes)) ** 2  # loses no digits near 0
    return s


def barycentric_weights(s: Array, depths: NDArray[np.floating]) -> Array:
    """Rows that interpolate values at the nodes ``s`` (S,) to ``depths`` (G,) by their polynomial: (G, S).

    Meant for nodes that crowd at the ends (Gauss, Chebyshev); a row at a node is a row of the identity.
    """
    gaps = 4.0 * (s[:, None] - s)  # 4: the capacity of [0, 1], so that products stay near 1
    np.fill_diagonal(gaps, 1.0)
    shares = 1.0 / gaps.prod(axis=1)  # (S,)
    apart = np.asarray(depths, dtype=np.float64)[:, None] - s  # (G, S)
    hits = apart == 0.0
    rows: Array = shares / np.where(hits, 1.0, apart)
    on_a_node = hits.any(axis=1)
    rows[on_a_node] = hits[on_a_node]
    rows /= rows.sum(axis=1, keepdims=True)
    return rows
