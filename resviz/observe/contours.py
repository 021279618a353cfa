"""Densities of pairs of numbers, and the regions that hold given shares of the mass.

    f^(x, y) = 2 f_w - f_{sqrt 2 w}, f_w the mean of Gaussians of widths w = (w_x, w_y) around the units

on a grid, by a cosine transform (the fourth-order estimate of `resviz.observe.density` in two dimensions).

A region {f > c} of share m is the smallest that holds m of the units; its border is found by marching squares
(Lorensen and Cline 1987 in two dimensions) on the estimated grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from resviz.fields.fields import AnyArray

__all__ = ["SHARES", "contours", "pair_density", "region_level", "region_outlines"]

Array = NDArray[np.float64]
Outline = tuple[Array, Array]
"""Coordinates (n,), (n,) of closed lines, separated by NaN."""

SHARES = (0.5, 0.8, 0.95)
"""Shares of the units inside the drawn outlines."""

_CELLS = 96
_WIDTH = 0.8  # kernel width in spreads times n^(-1/6), the rate of two dimensions
_PAD = 4.0

# corners inside (1: lower left, 2: lower right, 4: upper right, 8: upper left) -> pairs of crossed sides
# (0: lower, 1: right, 2: upper, 3: left); at the two saddles the regions are kept apart
_SIDES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),),
    14: ((0, 3),),
}  # fmt: skip


def contours(x: AnyArray, y: AnyArray, shares: Sequence[float] = SHARES) -> tuple[Outline, ...] | None:
    """Outlines of the smallest regions that hold ``shares`` of the points (n,), (n,).

    Returns:
        None where the points have no density: not finite, or all at one x or y.
    """
    found = pair_density(x, y)
    if found is None:
        return None
    at_x, at_y, density = found
    return tuple(region_outlines(at_x, at_y, density, region_level(density, share)) for share in shares)


def pair_density(x: AnyArray, y: AnyArray) -> tuple[Array, Array, Array] | None:
    """Grids (c,), (c,) and the density (c, c) on them, rows along y; None where there is none."""
    from scipy.fft import dctn, idctn

    axes = []
    for given in (x, y):
        values = np.asarray(given, np.float64)
        if not np.isfinite(values).all():
            return None
        low, first, third, high = np.quantile(values, (0.0, 0.25, 0.75, 1.0))
        spread = min(float(values.std()), float(third - first) / 1.349) or float(values.std())
        if not spread > 1e-9 * (1.0 + abs(float(values.mean()))):
            return None
        width = _WIDTH * spread * len(values) ** (-1 / 6)
        start, end = low - _PAD * width, high + _PAD * width
        axes.append((values, width, start, (end - start) / _CELLS))
    (a, width_x, start_x, cell_x), (b, width_y, start_y, cell_y) = axes
    column, row = ((a - start_x) / cell_x).astype(np.intp), ((b - start_y) / cell_y).astype(np.intp)
    counts = np.bincount(row * _CELLS + column, minlength=_CELLS**2).reshape(_CELLS, _CELLS)
    angle = -0.5 * (np.pi * np.arange(_CELLS) / _CELLS) ** 2
    damping = np.exp(angle[:, None] * (width_y / cell_y) ** 2 + angle * (width_x / cell_x) ** 2)
    # twice the width w less the width sqrt(2) w: a bias of order w^4, so that humps far apart stay apart
    damping *= 2.0 - damping
    density = np.maximum(idctn(dctn(counts.astype(np.float64)) * damping), 0.0)
    density /= density.sum() * cell_x * cell_y
    centres = np.arange(_CELLS) + 0.5
    return start_x + cell_x * centres, start_y + cell_y * centres, density


def region_level(density: Array, share: float) -> float:
    """The level c for which {density > c} holds ``share`` of the mass."""
    ordered = np.sort(density.ravel())[::-1]
    mass = np.cumsum(ordered)
    return float(ordered[min(int(np.searchsorted(mass, share * mass[-1])), len(ordered) - 1)])


def region_outlines(x: Array, y: Array, density: Array, level: float) -> Outline:
    """The border of {density > level}, whose values at the grid's own border are taken as 0."""
    padded = np.pad(density, 1)
    at_x = np.concatenate(([2 * x[0] - x[1]], x, [2 * x[-1] - x[-2]]))
    at_y = np.concatenate(([2 * y[0] - y[1]], y, [2 * y[-1] - y[-2]]))
    inside = padded > level
    rows, columns = inside.shape
    case = (
        inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    )  # (rows - 1, columns - 1)
    upright = rows * columns  # numbers of upright sides start here, after the level ones
    follows: dict[int, list[int]] = {}
    for i, j in np.argwhere((case > 0) & (case < 15)).tolist():
        corner = i * columns + j
        side = (corner, upright + corner + 1, corner + columns, upright + corner)
        for one, other in _SIDES[int(case[i, j])]:
            follows.setdefault(side[one], []).append(side[other])
            follows.setdefault(side[other], []).append(side[one])
    numbers: list[int] = []
    while follows:  # -1 stands between two lines
        numbers += [*_loop(follows), -1]
    return _points(np.array(numbers[:-1], np.intp), at_x, at_y, padded, level)


def _loop(follows: dict[int, list[int]]) -> list[int]:
    """One closed walk over crossed sides, taken out of ``follows``."""
    start = next(iter(follows))
    loop, here = [start], start
    while True:
        onward = follows[here]
        there = onward.pop()
        follows[there].remove(here)
        for end in (here, there):
            if end in follows and not follows[end]:
                del follows[end]
        loop.append(there)
        here = there
        if here == start or here not in follows:
            return loop


def _points(numbers: NDArray[np.intp], x: Array, y: Array, density: Array, level: float) -> Outline:
    """Where the level is crossed on each numbered side; NaN for -1."""
    rows, columns = density.shape
    between = numbers < 0
    upright = numbers >= rows * columns
    i, j = np.divmod(np.where(between, 0, numbers - upright * rows * columns), columns)
    i_end, j_end = np.minimum(i + upright, rows - 1), np.minimum(j + ~upright, columns - 1)
    low, high = density[i, j], density[i_end, j_end]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(high == low, 0.5, (level - low) / (high - low))
    at_x, at_y = x[j] + share * (x[j_end] - x[j]), y[i] + share * (y[i_end] - y[i])
    at_x[between] = at_y[between] = np.nan
    return at_x, at_y
