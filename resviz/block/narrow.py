"""Layers of few units, compiled: what `block.layer` does, for lanes that run along the samples.

A layer of one unit would leave all lanes but one empty; its samples fill them. Through a whole range of
layers h and b stay turned, (D, N), in the nearest cache; only copies go out. Importing this loads numba.
"""

from __future__ import annotations

import numpy as np

from resviz.block.elementwise import slopes, values
from resviz.block.lanes import contract, kernel, lanes, turn
from resviz.block.layer import scaled, up_to

__all__ = ["is_narrow", "narrow_down", "narrow_room", "narrow_up"]

_START, _NEXT = np.intp(0), np.intp(1)
_FRESH, _ONTO = np.bool_(True), np.bool_(False)
_FEW = 32  # units of the widest narrow layer: its preactivations stay in the nearest cache


@kernel
def is_narrow(w, n, m):
    """Whether lanes are fuller along ``n`` samples than along ``m`` units, and these few."""
    lane = lanes(w)
    return m <= _FEW and m * up_to(n, lane) < n * up_to(m, lane)


def narrow_room(samples: int, dimension: int, units: int) -> int:
    """Elements of workspace of a narrow layer; 0 if this one is none."""
    if units > _FEW:
        return 0
    deep, wide = samples + 16, dimension + 16  # rows of whole vectors
    return 2 * dimension * deep + 2 * units * deep + units * wide + samples * dimension + 128


@kernel
def _turned(w, at, deep, x, x0, n, d):
    """w[at:] (D, deep) = x^T, zeros in the lanes past N."""
    lane = lanes(w)
    if n <= lane and d <= lane and x0 + (n - 1) * d + lane <= len(x):
        turn(w, at, deep, x, x0, d, n, d)
        return
    source = x[x0 : x0 + n * d]
    for c in range(d):
        row = w[at + c * deep : at + (c + 1) * deep]
        for i in range(n):
            row[i] = source[i * d + c]
        for i in range(n, deep):
            row[i] = 0


@kernel
def _turned_back(w, at, deep, n, d, out, o0, spare):
    """out[o0:] (N, D) = w[at:]^T."""
    lane = lanes(w)
    if n <= lane and d <= lane and o0 + n * d + lane <= len(out):
        # the last rows reach past the end: what stands there is put back
        behind = out[o0 + n * d : o0 + n * d + lane]
        kept = w[spare : spare + lane]
        for i in range(lane):
            kept[i] = behind[i]
        turn(out, o0, d, w, at, deep, d, n)
        for i in range(lane):
            behind[i] = kept[i]
        return
    to = out[o0 : o0 + n * d]
    for c in range(d):
        row = w[at + c * deep : at + c * deep + n]
        for i in range(n):
            to[i * d + c] = row[i]


@kernel
def _move(u, u0, w, moved, wide, rate, d, m):
    """u (D, M) -= rate * w[moved:]^T (M, D), rows of w in whole vectors."""
    for e in range(m):
        by = w[moved + e * wide : moved + e * wide + d]
        for c in range(d):
            u[u0 + c * m + e] -= rate * by[c]


@kernel
def narrow_up(code, h, u, v, scale, start, stop, k, r, n, d, m, w):
    """h[j + 1] = h[j] + scale * sum_j v_j sigma(p_j) of replica k, j in start..stop."""
    deep = up_to(n, lanes(w))
    ht = _START
    p = ht + d * deep
    spare = p + m * deep
    over = w.dtype.type(1.0 / d)
    _turned(w, ht, deep, h, (start * r + k) * n * d, n, d)
    for j in range(start, stop):
        unit = (j * r + k) * d * m
        contract(w, p, deep, u, unit, _NEXT, m, w, ht, deep, m, n, d, _FRESH)
        scaled(w, p, w, p, m * deep, over)
        values(code, w, p, m * deep)
        scaled(w, p, w, p, m * deep, scale)
        contract(w, ht, deep, v, unit, m, _NEXT, w, p, deep, d, n, m, _ONTO)
        _turned_back(w, ht, deep, n, d, h, ((j + 1) * r + k) * n * d, spare)


@kernel
def narrow_down(code, h, b, u, v, scale, ru, rv, start, stop, k, r, n, d, m, w):
    """b[j] from b[j + 1] for j from stop - 1 down to start, and the update of their units."""
    lane = lanes(w)
    deep = up_to(n, lane)
    bt = _START
    xt = bt + d * deep
    p = xt + d * deep
    q = p + m * deep
    wide = up_to(d, lane)
    moved = q + m * deep
    top = moved + m * wide
    spare = top + up_to(n * d, lane)
    over = w.dtype.type(1.0 / d)
    _turned(w, bt, deep, b, (stop * r + k) * n * d, n, d)
    # whole vectors of its last row may end past the array that the last b ends
    scaled(w, top, b, (stop * r + k) * n * d, n * d, w.dtype.type(1.0))
    for i in range(stop - start):
        j = stop - 1 - i
        at = (j * r + k) * n * d
        unit = (j * r + k) * d * m
        _turned(w, xt, deep, h, at, n, d)
        contract(w, p, deep, u, unit, _NEXT, m, w, xt, deep, m, n, d, _FRESH)
        contract(w, q, deep, v, unit, _NEXT, m, w, bt, deep, m, n, d, _FRESH)
        scaled(w, p, w, p, 2 * m * deep, over)
        slopes(code, w, p, q, m * deep)
        # v first: it needs b before this layer's part is added; then b, which needs u before it moves
        if i == 0:
            contract(w, moved, wide, w, p, deep, _NEXT, w, top, d, m, d, n, _FRESH)
        else:
            contract(w, moved, wide, w, p, deep, _NEXT, b, at + r * n * d, d, m, d, n, _FRESH)
        _move(v, unit, w, moved, wide, rv, d, m)
        scaled(w, p, w, q, m * deep, scale)
        contract(w, bt, deep, u, unit, m, _NEXT, w, p, deep, d, n, m, _ONTO)
        contract(w, moved, wide, w, q, deep, _NEXT, h, at, d, m, d, n, _FRESH)
        _move(u, unit, w, moved, wide, ru, d, m)
        _turned_back(w, bt, deep, n, d, b, at, spare)
