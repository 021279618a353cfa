"""Compiled sweeps over depth, one call for a range of layers or nodes: what the TorchScript sweeps compute.

Arrays are one-dimensional views: fields (depth, R, N, D), units (depth, R, D, M). Importing this loads numba;
`engine.native` says when it does, and where what is compiled is kept.
"""

from __future__ import annotations

from numba import config, types

from resviz.block.lanes import kernel
from resviz.block.layer import backward, forward, layer_room
from resviz.block.lazylayer import lazy_backward, lazy_forward
from resviz.block.motion import move
from resviz.block.narrow import is_narrow, narrow_down, narrow_room, narrow_up

__all__ = ["compile_for", "down", "lazy_down", "lazy_up", "move", "room", "up"]


@kernel
def up(code, h, f, c, u, v, scale, nodes, start, stop, last, r, n, d, m, w):
    """h[j + 1] from h[j] for j in start..stop.

    A network adds scale * sum_j v_j sigma(p_j), which is left in ``f`` (R, N, D); between ``nodes`` it is the
    Adams-Bashforth step with weights ``c`` (S, 3, R), and f (S, R, N, D) keeps every velocity. ``scale`` (R,)
    is each replica's own. Nothing follows node ``last``.
    """
    size = r * n * d
    units = d * m
    if not nodes and is_narrow(w, n, m):
        for k in range(r):
            narrow_up(code, h, u, v, scale[k], start, stop, k, r, n, d, m, w)
        return
    for j in range(start, stop):
        at = j * size if nodes else 0
        for k in range(r):
            unit = (j * r + k) * units
            here = k * n * d
            forward(code, h, j * size + here, u, unit, v, unit, n, d, m, scale[k], f, at + here, w)
        if j < last and nodes:
            bend(h, j * size, (j + 1) * size, f, at, -size, min(j, 2), c, 3 * r * j, r, n * d)
        elif j < last:
            follow(h, j * size, (j + 1) * size, f, at, size)


@kernel
def down(code, h, b, f, c, u, v, scale, ru, rv, nodes, start, stop, last, r, n, d, m, w):
    """The same for b from layer stop - 1 down to start, and the update of their units.

    A network's layer j takes b[j + 1] and gives b[j]; of ``nodes``, j takes b[j] and gives b[j - 1].
    """
    size = r * n * d
    units = d * m
    if not nodes and is_narrow(w, n, m):
        for k in range(r):
            narrow_down(code, h, b, u, v, scale[k], ru[k], rv[k], start, stop, k, r, n, d, m, w)
        return
    for i in range(stop - start):
        j = stop - 1 - i
        at = j * size if nodes else 0
        x = j * size
        y = x if nodes else x + size
        for k in range(r):
            unit = (j * r + k) * units
            here = k * n * d
            backward(
                code, h, x + here, b, y + here, u, unit, v, unit, n, d, m, ru[k], rv[k], scale[k],
                f, at + here, w,
            )  # fmt: skip
        if y >= size and nodes:
            bend(b, y, y - size, f, at, size, min(last - j, 2), c, 3 * r * (last - j), r, n * d)
        elif y >= size:
            follow(b, y, y - size, f, at, size)


@kernel
def follow(h, now, then, f, at, size):
    """h[then] = h[now] + f[at]."""
    for i in range(size):
        h[then + i] = h[now + i] + f[at + i]


@kernel
def bend(h, now, then, f, at, back, past, c, row, r, size):
    """h[then] = h[now] + c_0 f[at] + c_1 f[at + back] + c_2 f[at + 2 back], of which ``past`` are there.

    c[row:] holds (c_2, c_1, c_0), each (R,); replicas have ``size`` entries.
    """
    for k in range(r):
        for i in range(k * size, (k + 1) * size):
            step = c[row + 2 * r + k] * f[at + i]
            if past > 0:
                step += c[row + r + k] * f[at + back + i]
            if past > 1:
                step += c[row + k] * f[at + 2 * back + i]
            h[then + i] = h[now + i] + step


@kernel
def lazy_up(code, h, f, c, u, v, du, dv, scale, start, stop, last, r, n, d, m, w):
    """`up` of the lazy limit, by Adams-Bashforth steps; displacements du, dv as units."""
    size = r * n * d
    for j in range(start, stop):
        for k in range(r):
            at = j * size + k * n * d
            lazy_forward(code, h, at, u, v, du, dv, (j * r + k) * d * m, n, d, m, scale, f, at, w)
        if j < last:
            bend(h, j * size, (j + 1) * size, f, j * size, -size, min(j, 2), c, 3 * r * j, r, n * d)


@kernel
def lazy_down(code, h, b, f, c, u, v, du, dv, scale, ru, rv, start, stop, last, r, n, d, m, w):
    """`down` of the lazy limit: displacements move, units stay."""
    size = r * n * d
    for i in range(stop - start):
        j = stop - 1 - i
        for k in range(r):
            at = j * size + k * n * d
            unit = (j * r + k) * d * m
            lazy_backward(code, h, at, b, at, u, v, du, dv, unit, n, d, m, ru, rv, scale, f, at, w)
        if j > 0:
            past = min(last - j, 2)
            bend(b, j * size, (j - 1) * size, f, j * size, size, past, c, 3 * r * (last - j), r, n * d)


def room(samples: int, dimension: int, units: int, size: int) -> int:
    """Elements of ``size`` bytes that a sweep needs as workspace."""
    return max(layer_room(samples, dimension, size), narrow_room(samples, dimension, units))


def compile_for(dtype: str, folder: str) -> None:
    """Compile every sweep for a dtype, or load it from ``folder``."""
    number = {"float32": types.float32, "float64": types.float64}[dtype]
    a, i, yes = types.Array(number, 1, "C"), types.intp, types.boolean
    signatures = {
        up: (i, a, a, a, a, a, a, yes, i, i, i, i, i, i, i, a),
        down: (i, a, a, a, a, a, a, a, a, a, yes, i, i, i, i, i, i, i, a),
        lazy_up: (i, a, a, a, a, a, a, a, number, i, i, i, i, i, i, i, a),
        lazy_down: (i, a, a, a, a, a, a, a, a, number, number, number, i, i, i, i, i, i, i, a),
        move: (i, a, a, a, a, a, a, a, a, a, yes, number, a, a, i, i, i, i, i, i, i, a),
    }
    for function, signature in signatures.items():
        # numba reads where to keep a function when its caching begins
        before, config.CACHE_DIR = config.CACHE_DIR, folder
        try:
            function.enable_caching()
        finally:
            config.CACHE_DIR = before
        function.compile(signature)
