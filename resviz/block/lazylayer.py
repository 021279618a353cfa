"""One layer of the lazy limit, compiled: units that stay, displacements that move (see `engine.lazy`).

Importing this loads numba.
"""

from __future__ import annotations

import numpy as np

from resviz.block.elementwise import bends, slopes
from resviz.block.lanes import contract, kernel, lanes
from resviz.block.layer import add_sums, clear_sums, group_of, near, put_back, put_sums, scaled, up_to

__all__ = ["lazy_backward", "lazy_forward"]

_START, _NEXT = np.intp(0), np.intp(1)
_FRESH, _ONTO = np.bool_(True), np.bool_(False)


@kernel
def lazy_forward(code, x, x0, u, v, du, dv, z0, n, d, m, scale, out, o0, w):
    """out (N, D) = scale * sum_j (dv_j sigma(p_j) + v_j sigma'(p_j) dp_j), all units (D, M) at z0."""
    lane = lanes(w)
    group = group_of(w, n, 4 * d, 2)
    xs = _START
    p = xs + up_to(n * d, 16)
    dp = p + n * group
    ub = dp + n * group
    vb = ub + d * group
    dub = vb + d * group
    dvb = dub + d * group
    turned = dvb + d * group
    sums = turned + group * up_to(d, lane)
    scaled(w, xs, x, x0, n * d, w.dtype.type(1.0 / d))
    clear_sums(w, sums, n, d)
    for j in range(0, m, group):
        width = min(group, m - j)
        whole = up_to(width, lane)
        a, a0, ar = near(w, ub, u, z0 + j, d, m, width, whole)
        b, b0, br = near(w, vb, v, z0 + j, d, m, width, whole)
        da, da0, dar = near(w, dub, du, z0 + j, d, m, width, whole)
        db, db0, dbr = near(w, dvb, dv, z0 + j, d, m, width, whole)
        contract(w, p, whole, w, xs, d, _NEXT, a, a0, ar, n, width, d, _FRESH)
        contract(w, dp, whole, w, xs, d, _NEXT, da, da0, dar, n, width, d, _FRESH)
        slopes(code, w, p, dp, n * whole)
        add_sums(w, sums, p, whole, db, db0, dbr, turned, n, d, width)
        add_sums(w, sums, dp, whole, b, b0, br, turned, n, d, width)
    put_sums(w, sums, n, d, scale, out, o0)


@kernel
def lazy_backward(code, x, x0, y, y0, u, v, du, dv, z0, n, d, m, ru, rv, scale, out, o0, w):
    """out = scale * sum_j (u_j (sigma' dq + sigma'' dp q)_j + du_j (sigma' q)_j), then du_j, dv_j moved."""
    lane = lanes(w)
    group = group_of(w, n, 4 * d, 4)
    xs = _START
    ys = xs + up_to(n * d, 16)
    xr = ys + up_to(n * d, 16)
    yr = xr + up_to(n * d, 16)
    p = yr + up_to(n * d, 16)
    q = p + n * group
    dp = q + n * group
    dq = dp + n * group
    ub = dq + n * group
    vb = ub + d * group
    dub = vb + d * group
    dvb = dub + d * group
    turned = dvb + d * group
    sums = turned + group * up_to(d, lane)
    scaled(w, xs, x, x0, n * d, w.dtype.type(1.0 / d))
    scaled(w, ys, y, y0, n * d, w.dtype.type(1.0 / d))
    scaled(w, xr, x, x0, n * d, -ru)
    scaled(w, yr, y, y0, n * d, -rv)
    clear_sums(w, sums, n, d)
    for j in range(0, m, group):
        width = min(group, m - j)
        whole = up_to(width, lane)
        a, a0, ar = near(w, ub, u, z0 + j, d, m, width, whole)
        b, b0, br = near(w, vb, v, z0 + j, d, m, width, whole)
        da, da0, dar = near(w, dub, du, z0 + j, d, m, width, whole)
        db, db0, dbr = near(w, dvb, dv, z0 + j, d, m, width, whole)
        contract(w, p, whole, w, xs, d, _NEXT, a, a0, ar, n, width, d, _FRESH)
        contract(w, q, whole, w, ys, d, _NEXT, b, b0, br, n, width, d, _FRESH)
        contract(w, dp, whole, w, xs, d, _NEXT, da, da0, dar, n, width, d, _FRESH)
        contract(w, dq, whole, w, ys, d, _NEXT, db, db0, dbr, n, width, d, _FRESH)
        bends(code, w, p, q, dp, dq, n * whole)
        add_sums(w, sums, dq, whole, a, a0, ar, turned, n, d, width)
        add_sums(w, sums, q, whole, da, da0, dar, turned, n, d, width)
        contract(da, da0, dar, w, xr, _NEXT, d, w, q, whole, d, width, n, _ONTO)
        contract(db, db0, dbr, w, yr, _NEXT, d, w, p, whole, d, width, n, _ONTO)
        put_back(du, z0 + j, w, dub, d, m, width, whole)
        put_back(dv, z0 + j, w, dvb, d, m, width, whole)
    put_sums(w, sums, n, d, scale, out, o0)
