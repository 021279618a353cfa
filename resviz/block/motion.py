"""Units moved through given fields, compiled: many steps while a group of them stays in the nearest cache.

    m_u <- mu m_u + sum_i w_i h_i sigma'(p_i) q_i        u <- u - rate_u m_u
    m_v <- mu m_v + sum_i w_i b_i sigma(p_i)             v <- v - rate_v m_v

p and q come from (u, v); what moves are (tu, tv): the same units, or the displacements of the lazy limit.
Importing this loads numba.
"""

from __future__ import annotations

import numpy as np

from resviz.block.elementwise import slopes
from resviz.block.lanes import contract, kernel, lanes
from resviz.block.layer import group_of, near, put_back, scaled, up_to

__all__ = ["move"]

_START, _NEXT = np.intp(0), np.intp(1)
_FRESH, _ONTO = np.bool_(True), np.bool_(False)


@kernel
def move(
    code, h, b, weights, u, v, tu, tv, mu, mv, lazy, momentum, ru, rv, start, stop, steps, places, n, d, m, w
):
    """Push the units of places start..stop through all steps.

    Args:
        h, b: (steps, places, N, D) fields.
        weights: (steps, N) of the samples.
        u, v, tu, tv, mu, mv: (places, D, M); tu, tv are read where ``lazy``, mu, mv where ``momentum`` > 0.
        ru, rv: (steps,) rates.
    """
    lane = lanes(w)
    group = group_of(w, n, 4 * d, 2)
    xs = _START
    ys = xs + up_to(n * d, 16)
    xr = ys + up_to(n * d, 16)
    yr = xr + up_to(n * d, 16)
    p = yr + up_to(n * d, 16)
    q = p + n * group
    ub = q + n * group
    vb = ub + d * group
    tub = vb + d * group
    tvb = tub + d * group
    mub = tvb + d * group
    mvb = mub + d * group
    for place in range(start, stop):
        units = place * d * m
        for j in range(0, m, group):
            at = units + j
            width = min(group, m - j)
            whole = up_to(width, lane)
            a, a0, ar = near(w, ub, u, at, d, m, width, whole)
            c, c0, cr = near(w, vb, v, at, d, m, width, whole)
            ta, ta0, tar = a, a0, ar
            tc, tc0, tcr = c, c0, cr
            if lazy:
                ta, ta0, tar = near(w, tub, tu, at, d, m, width, whole)
                tc, tc0, tcr = near(w, tvb, tv, at, d, m, width, whole)
            ma, ma0, mar = a, a0, ar
            mc, mc0, mcr = c, c0, cr
            if momentum > 0:
                ma, ma0, mar = near(w, mub, mu, at, d, m, width, whole)
                mc, mc0, mcr = near(w, mvb, mv, at, d, m, width, whole)
            for k in range(steps):
                f = (k * places + place) * n * d
                scaled(w, xs, h, f, n * d, w.dtype.type(1.0 / d))
                scaled(w, ys, b, f, n * d, w.dtype.type(1.0 / d))
                for i in range(n):
                    fu = weights[k * n + i]
                    fv = fu
                    if momentum <= 0:
                        fu = -ru[k] * fu
                        fv = -rv[k] * fv
                    scaled(w, xr + i * d, h, f + i * d, d, fu)
                    scaled(w, yr + i * d, b, f + i * d, d, fv)
                contract(w, p, whole, w, xs, d, _NEXT, a, a0, ar, n, width, d, _FRESH)
                contract(w, q, whole, w, ys, d, _NEXT, c, c0, cr, n, width, d, _FRESH)
                slopes(code, w, p, q, n * whole)
                if momentum > 0:
                    _decay(ma, ma0, mar, d, whole, momentum)
                    _decay(mc, mc0, mcr, d, whole, momentum)
                    contract(ma, ma0, mar, w, xr, _NEXT, d, w, q, whole, d, width, n, _ONTO)
                    contract(mc, mc0, mcr, w, yr, _NEXT, d, w, p, whole, d, width, n, _ONTO)
                    _add(ta, ta0, tar, ma, ma0, mar, d, whole, -ru[k])
                    _add(tc, tc0, tcr, mc, mc0, mcr, d, whole, -rv[k])
                else:
                    contract(ta, ta0, tar, w, xr, _NEXT, d, w, q, whole, d, width, n, _ONTO)
                    contract(tc, tc0, tcr, w, yr, _NEXT, d, w, p, whole, d, width, n, _ONTO)
            if lazy:
                put_back(tu, at, w, tub, d, m, width, whole)
                put_back(tv, at, w, tvb, d, m, width, whole)
            else:
                put_back(u, at, w, ub, d, m, width, whole)
                put_back(v, at, w, vb, d, m, width, whole)
            if momentum > 0:
                put_back(mu, at, w, mub, d, m, width, whole)
                put_back(mv, at, w, mvb, d, m, width, whole)


@kernel
def _decay(a, a0, ar, rows, columns, factor):
    for r in range(rows):
        row = a[a0 + r * ar : a0 + r * ar + columns]
        for j in range(columns):
            row[j] *= factor


@kernel
def _add(a, a0, ar, b, b0, br, rows, columns, factor):
    for r in range(rows):
        row = a[a0 + r * ar : a0 + r * ar + columns]
        other = b[b0 + r * br : b0 + r * br + columns]
        for j in range(columns):
            row[j] += factor * other[j]
