"""One layer, compiled: what `block.unit` says, for lanes that run along the units.

The units of a layer are taken in groups that stay in the nearest cache together with their preactivations,
and each group is read from memory once a sweep:

    p, q    (N, group)   products over D           a, g    sigma(p), sigma'(p) q in their place
    sums    (N, D)       products over the group   u, v    moved by products over N

Groups that are whole vectors wide are worked on where they lie; others (the last of a layer, or all where D
is so large that rows would crowd each other out of the cache) are copied into the workspace and back.
Importing this loads numba.
"""

from __future__ import annotations

import numpy as np

from resviz.block.elementwise import slopes, values
from resviz.block.lanes import apart, contract, dots, fold, kernel, lanes

__all__ = [
    "add_sums",
    "backward",
    "clear_sums",
    "forward",
    "group_of",
    "layer_room",
    "near",
    "put_back",
    "put_sums",
    "scaled",
    "up_to",
]

_CACHE = 32768  # bytes that a group may take
_SUMS = 16384  # bytes that sums kept lane by lane may take
_NEAR_ROWS = 12  # rows that may lie a multiple of 4096 bytes apart without crowding each other out

# typed, since numba compiles a callee anew for every literal
_START, _NEXT = np.intp(0), np.intp(1)
_FRESH, _ONTO = np.bool_(True), np.bool_(False)


def layer_room(samples: int, dimension: int, size: int) -> int:
    """Elements of ``size`` bytes that the kernels of a layer need as workspace, whatever its width."""
    n, d = samples, dimension
    group = max(_CACHE // size // (2 * (n + d)), 128)
    deep = d + 64  # rows of whole vectors
    sums = max(_SUMS // size, n * deep)
    return 4 * n * group + 6 * d * group + group * deep + sums + 4 * n * d + 16 * 64


@kernel
def group_of(w, n, rows, products):
    """Units of a group: whole pairs of vectors, as many as the cache holds with all that belongs to them.

    A unit brings ``rows`` numbers of its own and ``products`` for every sample.
    """
    pair = 2 * lanes(w)
    return max(_CACHE // w.itemsize // (products * n + rows) // pair, 1) * pair


@kernel
def up_to(x, step):
    return (x + step - 1) // step * step


@kernel
def scaled(w, at, x, x0, count, factor):
    """w[at:] = factor * x[x0:], ``count`` numbers."""
    a = w[at : at + count]
    b = x[x0 : x0 + count]
    for i in range(count):
        a[i] = factor * b[i]


@kernel
def _copy(a, a0, ar, b, b0, br, rows, columns, padded):
    """A[r, :columns] = B[r, :columns] and zeros up to ``padded``."""
    apart()
    for r in range(rows):
        to = a[a0 + r * ar : a0 + r * ar + padded]
        source = b[b0 + r * br : b0 + r * br + columns]
        for j in range(columns):
            to[j] = source[j]
        for j in range(columns, padded):
            to[j] = 0


@kernel
def _turn(a, a0, ar, b, b0, br, rows, columns):
    """A[j, r] = B[r, j], with zeros up to the stride of A."""
    apart()
    for j in range(columns):
        to = a[a0 + j * ar : a0 + (j + 1) * ar]
        for r in range(rows):
            to[r] = b[b0 + r * br + j]
        for r in range(rows, ar):
            to[r] = 0


@kernel
def add_sums(w, sums, p, ps, b, b0, bs, turned, n, d, width):
    """sums += sum over a group's units of p (N, width) times b (D, width)."""
    lane = lanes(w)
    if n * d * lane * w.itemsize <= _SUMS:
        dots(w, sums, w, p, ps, b, b0, bs, n, d, up_to(width, lane) // lane)
    else:
        deep = up_to(d, lane)
        _turn(w, turned, deep, b, b0, bs, d, width)
        contract(w, sums, deep, w, p, ps, _NEXT, w, turned, deep, n, d, width, _ONTO)


@kernel
def clear_sums(w, sums, n, d):
    lane = lanes(w)
    count = n * d * lane if n * d * lane * w.itemsize <= _SUMS else n * up_to(d, lane)
    w[sums : sums + count] = 0


@kernel
def put_sums(w, sums, n, d, scale, out, o0):
    """out[o0:] (N, D) = scale * sums."""
    lane = lanes(w)
    if n * d * lane * w.itemsize <= _SUMS:
        for i in range(n * d):
            out[o0 + i] = scale * fold(w, sums, i)
    else:
        deep = up_to(d, lane)
        for r in range(n):
            for c in range(d):
                out[o0 + r * d + c] = scale * w[sums + r * deep + c]


@kernel
def near(w, at, u, u0, d, m, width, whole):
    """A group's units within lanes' reach, copied to w[at] if they must be: array, offset, row stride."""
    if whole == width and d <= _NEAR_ROWS:
        return u, u0, m
    _copy(w, at, whole, u, u0, m, d, width, whole)
    return w, at, whole


@kernel
def put_back(u, u0, w, at, d, m, width, whole):
    """Units that `near` has copied, where they came from."""
    if whole != width or d > _NEAR_ROWS:
        _copy(u, u0, m, w, at, whole, d, width, width)


@kernel
def forward(code, x, x0, u, u0, v, v0, n, d, m, scale, out, o0, w):
    """out (N, D) = scale * sum_j v_j sigma(u_j . x / D): u, v (D, M) at u0, v0; x (N, D) at x0."""
    lane = lanes(w)
    group = group_of(w, n, 2 * d, 2)
    xs = _START
    p = xs + up_to(n * d, 16)
    ub = p + n * group
    vb = ub + d * group
    turned = vb + d * group
    sums = turned + group * up_to(d, lane)
    scaled(w, xs, x, x0, n * d, w.dtype.type(1.0 / d))
    clear_sums(w, sums, n, d)
    for j in range(0, m, group):
        width = min(group, m - j)
        whole = up_to(width, lane)
        a, a0, ar = near(w, ub, u, u0 + j, d, m, width, whole)
        b, b0, br = near(w, vb, v, v0 + j, d, m, width, whole)
        contract(w, p, whole, w, xs, d, _NEXT, a, a0, ar, n, width, d, _FRESH)
        values(code, w, p, n * whole)
        add_sums(w, sums, p, whole, b, b0, br, turned, n, d, width)
    put_sums(w, sums, n, d, scale, out, o0)


@kernel
def backward(code, x, x0, y, y0, u, u0, v, v0, n, d, m, ru, rv, scale, out, o0, w):
    """out (N, D) = scale * sum_j u_j sigma'(p_j) q_j, then u_j, v_j moved at the rates ru, rv."""
    lane = lanes(w)
    group = group_of(w, n, 2 * d, 2)
    xs = _START
    ys = xs + up_to(n * d, 16)
    xr = ys + up_to(n * d, 16)
    yr = xr + up_to(n * d, 16)
    p = yr + up_to(n * d, 16)
    q = p + n * group
    ub = q + n * group
    vb = ub + d * group
    turned = vb + d * group
    sums = turned + group * up_to(d, lane)
    scaled(w, xs, x, x0, n * d, w.dtype.type(1.0 / d))
    scaled(w, ys, y, y0, n * d, w.dtype.type(1.0 / d))
    scaled(w, xr, x, x0, n * d, -ru)
    scaled(w, yr, y, y0, n * d, -rv)
    clear_sums(w, sums, n, d)
    for j in range(0, m, group):
        width = min(group, m - j)
        whole = up_to(width, lane)
        a, a0, ar = near(w, ub, u, u0 + j, d, m, width, whole)
        b, b0, br = near(w, vb, v, v0 + j, d, m, width, whole)
        contract(w, p, whole, w, xs, d, _NEXT, a, a0, ar, n, width, d, _FRESH)
        contract(w, q, whole, w, ys, d, _NEXT, b, b0, br, n, width, d, _FRESH)
        slopes(code, w, p, q, n * whole)
        add_sums(w, sums, q, whole, a, a0, ar, turned, n, d, width)
        if ru != 0 or rv != 0:
            contract(a, a0, ar, w, xr, _NEXT, d, w, q, whole, d, width, n, _ONTO)
            contract(b, b0, br, w, yr, _NEXT, d, w, p, whole, d, width, n, _ONTO)
            put_back(u, u0 + j, w, ub, d, m, width, whole)
            put_back(v, v0 + j, w, vb, d, m, width, whole)
    put_sums(w, sums, n, d, scale, out, o0)
