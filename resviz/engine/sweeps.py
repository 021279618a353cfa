"""Compiled sweeps over depth, one call for a range of layers or nodes: what the TorchScript sweeps compute.

Arrays are one-dimensional views: fields (depth, R, N, D), units (depth, R, D, M). Importing this loads numba;
`engine.native` says when it does, and where what is compiled is kept.
"""

from __future__ import annotations

import numpy as np
from numba import config, types

from resviz.block.lanes import kernel
from resviz.block.layer import backward, forward, layer_room
from resviz.block.lazylayer import lazy_backward, lazy_forward
from resviz.block.motion import move
from resviz.block.narrow import is_narrow, narrow_down, narrow_room, narrow_up

__all__ = ["compile_for", "down", "lazy_down", "lazy_up", "move", "room", "train", "up"]


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


@kernel
def train(
    code, lazy, nodes, h, b, f, c, u, v, du, dv, scale, ru, rv, last, r, n, d, m, w,
    y, out, outputs, past_h, past_b, missed, past_f, kept_u, kept_v,
):  # fmt: skip
    """As many whole gradient steps as there are rates ``ru``, their fields kept.

    Args:
        f: (R, N, D) of a network; (depth, R, N, D) of ``nodes``, with weights c; ``lazy`` moves du, dv.
        ru, rv: (steps,).
        y, out: (N, outputs) targets and (D, outputs) read-out, in double; ``out`` is empty without one.
        past_h, past_b: (steps, R, depth + 1, N, D), the fields of every step.
        missed, past_f: sum_j missed_j f_j of every forward sweep, (steps, R, N, D), of nodes.
        kept_u, kept_v: the moving units before the first step, if there is room for them.
    """
    size = r * n * d
    if len(kept_u) > 0:
        kept_u[:] = du if lazy else u
        kept_v[:] = dv if lazy else v
    rates_u = np.empty(r, u.dtype)
    rates_v = np.empty(r, u.dtype)
    for step in range(len(ru)):
        rates_u[:] = ru[step]
        rates_v[:] = rv[step]
        places = last + 1 if nodes else last
        if lazy:
            lazy_up(code, h, f, c, u, v, du, dv, scale[0], 0, places, last, r, n, d, m, w)
        else:
            up(code, h, f, c, u, v, scale, nodes, 0, places, last, r, n, d, m, w)
        if nodes:
            for k in range(size):
                total = f[k] * missed[0]
                for j in range(1, last + 1):
                    total += f[j * size + k] * missed[j]
                past_f[step * size + k] = total
        for k in range(r):
            pull(h, b, last * size + k * n * d, y, out, n, d, outputs)
        if lazy:
            lazy_down(
                code, h, b, f, c, u, v, du, dv, scale[0], ru[step], rv[step], 0, places, last, r, n, d, m, w
            )
        else:
            down(code, h, b, f, c, u, v, scale, rates_u, rates_v, nodes, 0, places, last, r, n, d, m, w)
        for k in range(r):
            for j in range(last + 1):
                at = j * size + k * n * d
                to = ((step * r + k) * (last + 1) + j) * n * d
                past_h[to : to + n * d] = h[at : at + n * d]
                past_b[to : to + n * d] = b[at : at + n * d]


@kernel
def pull(h, b, at, y, out, n, d, outputs):
    """b at the end (N, D) from h there: (h - y)/N, or (f - y) W_out^T/(N d_out) with f = h W_out/D."""
    if len(out) == 0:
        for i in range(n * d):
            b[at + i] = (np.float64(h[at + i]) - y[i]) / n
        return
    for i in range(n):
        for c in range(d):
            b[at + i * d + c] = 0
        for e in range(outputs):
            seen = 0.0
            for c in range(d):
                seen += h[at + i * d + c] * out[c * outputs + e]
            rest = (seen / d - y[i * outputs + e]) / n / outputs
            for c in range(d):
                b[at + i * d + c] += rest * out[c * outputs + e]


def room(samples: int, dimension: int, units: int, size: int) -> int:
    """Elements of ``size`` bytes that a sweep needs as workspace."""
    return max(layer_room(samples, dimension, size), narrow_room(samples, dimension, units))


def compile_for(dtype: str, folder: str) -> None:
    """Compile every sweep for a dtype, or load it from ``folder``."""
    number = {"float32": types.float32, "float64": types.float64}[dtype]
    a, i, yes = types.Array(number, 1, "C"), types.intp, types.boolean
    double = types.Array(types.float64, 1, "C")
    signatures = {
        up: (i, a, a, a, a, a, a, yes, i, i, i, i, i, i, i, a),
        down: (i, a, a, a, a, a, a, a, a, a, yes, i, i, i, i, i, i, i, a),
        lazy_up: (i, a, a, a, a, a, a, a, number, i, i, i, i, i, i, i, a),
        lazy_down: (i, a, a, a, a, a, a, a, a, number, number, number, i, i, i, i, i, i, i, a),
        train: (i, yes, yes, *(a,) * 11, i, i, i, i, i, a, double, double, i, *(a,) * 6),
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
