"""One layer of few units, compiled: what `block.layer` does, for lanes that run along the samples.

A layer of one unit would leave all lanes but one empty; its samples fill them. Fields are turned to (D, N) on
the way in and back on the way out. Importing this loads numba.
"""

from __future__ import annotations

import numpy as np

from resviz.block.elementwise import slopes, values
from resviz.block.lanes import contract, dots, fold, kernel, lanes
from resviz.block.layer import up_to

__all__ = ["backward_narrow", "forward_narrow", "is_narrow", "narrow_room"]

_START, _NEXT = np.intp(0), np.intp(1)
_FRESH = np.bool_(True)
_FEW = 32  # units of the widest narrow layer: its preactivations stay in the nearest cache
_ROWS = 16  # dimensions that are updated together


@kernel
def is_narrow(w, n, m):
    """Whether lanes are fuller along ``n`` samples than along ``m`` units, and these few."""
    lane = lanes(w)
    return m <= _FEW and m * up_to(n, lane) < n * up_to(m, lane)


def narrow_room(samples: int, dimension: int, units: int) -> int:
    """Elements of workspace of a narrow layer; 0 if this one is none."""
    if units > _FEW:
        return 0
    deep = samples + 16
    return 3 * dimension * deep + 2 * units * deep + _ROWS * units * 16 + 64


@kernel
def _turned(w, at, deep, x, x0, n, d, factor):
    """w[at:] (D, deep) = factor * x^T, zeros in the lanes past N."""
    for c in range(d):
        row = w[at + c * deep : at + (c + 1) * deep]
        for i in range(n):
            row[i] = factor * x[x0 + i * d + c]
        for i in range(n, deep):
            row[i] = 0


@kernel
def _turned_back(w, at, deep, n, d, factor, out, o0):
    for i in range(n):
        for c in range(d):
            out[o0 + i * d + c] = factor * w[at + c * deep + i]


@kernel
def forward_narrow(code, x, x0, u, u0, v, v0, n, d, m, scale, out, o0, w):
    """`forward` of `block.layer`."""
    deep = up_to(n, lanes(w))
    xt = _START
    p = xt + d * deep
    sums = p + m * deep
    _turned(w, xt, deep, x, x0, n, d, w.dtype.type(1.0 / d))
    contract(w, p, deep, u, u0, _NEXT, m, w, xt, deep, m, n, d, _FRESH)
    values(code, w, p, m * deep)
    contract(w, sums, deep, v, v0, m, _NEXT, w, p, deep, d, n, m, _FRESH)
    _turned_back(w, sums, deep, n, d, scale, out, o0)


@kernel
def backward_narrow(code, x, x0, y, y0, u, u0, v, v0, n, d, m, ru, rv, scale, out, o0, w):
    """`backward` of `block.layer`."""
    deep = up_to(n, lanes(w))
    xt = _START
    yt = xt + d * deep
    p = yt + d * deep
    q = p + m * deep
    sums = q + m * deep
    _turned(w, xt, deep, x, x0, n, d, w.dtype.type(1.0 / d))
    _turned(w, yt, deep, y, y0, n, d, w.dtype.type(1.0 / d))
    contract(w, p, deep, u, u0, _NEXT, m, w, xt, deep, m, n, d, _FRESH)
    contract(w, q, deep, v, v0, _NEXT, m, w, yt, deep, m, n, d, _FRESH)
    slopes(code, w, p, q, m * deep)
    contract(w, sums, deep, u, u0, m, _NEXT, w, q, deep, d, n, m, _FRESH)
    _turned_back(w, sums, deep, n, d, scale, out, o0)
    _move(w, sums, xt, q, deep, u, u0, d, m, ru * w.dtype.type(d))
    _move(w, sums, yt, p, deep, v, v0, d, m, rv * w.dtype.type(d))


@kernel
def _move(w, sums, xt, g, deep, u, u0, d, m, rate):
    """u (D, M) -= rate * xt (D, N) g (M, N)^T."""
    lane = lanes(w)
    for c in range(0, d, _ROWS):
        rows = min(_ROWS, d - c)
        w[sums : sums + rows * m * lane] = 0
        dots(w, sums, w, xt + c * deep, deep, w, g, deep, rows, m, deep // lane)
        for i in range(rows * m):
            u[u0 + c * m + i] -= rate * fold(w, sums, i)
