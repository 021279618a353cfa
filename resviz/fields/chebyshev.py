"""Chebyshev-Lobatto nodes in depth: where an exact limit keeps its fields, and how to read between them.

Limit fields of a smooth problem are analytic in s, so the polynomial through n of these nodes converges
geometrically in n: exp(-lambda s), lambda = 5, is there to 1e-13 at 17 nodes and to rounding at 33.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["lobatto", "lobatto_weights"]

Array = NDArray[np.float64]


def lobatto(nodes: int) -> Array:
    """s_j = (1 - cos(pi j/(n - 1)))/2, j = 0..n - 1, with 0 and 1 for n >= 2: (n,)."""
    s: Array = np.sin(np.linspace(0.0, np.pi / 2, nodes)) ** 2  # loses no digits near 0
    return s


def lobatto_weights(nodes: int, depths: NDArray[np.floating]) -> Array:
    """Rows that interpolate values at `lobatto` nodes to ``depths`` (G,) by their polynomial: (G, n).

    The barycentric formula, stable for any n; a row at a node is a row of the identity.
    """
    s = lobatto(nodes)
    signs = (-1.0) ** np.arange(nodes)
    signs[[0, -1]] /= 2
    gaps = np.asarray(depths, dtype=np.float64)[:, None] - s  # (G, n)
    hits = gaps == 0.0
    shares = signs / np.where(hits, 1.0, gaps)
    on_a_node = hits.any(axis=1)
    shares[on_a_node] = hits[on_a_node]
    rows: Array = shares / shares.sum(axis=1, keepdims=True)
    return rows
