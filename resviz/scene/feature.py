"""What a histogram has to resolve: the width of a density's narrowest feature.

A bin is too wide when it is wider than half of it: a peak then falls into one or two bars and has no shape.
"""

from __future__ import annotations

import numpy as np

from resviz.scene.model import Array

TOO_WIDE = "these bins are too wide for a density: take more"
_SHARE = 0.1  # of the mass; smaller bumps are no feature
_LEVELS = (0.5, 0.35, 0.25, 0.15)  # of the top


def feature_width(x: Array, pdf: Array) -> float:
    """Full width at half maximum of the narrowest peak of a density that holds a tenth of its mass.

    Peaks are the pieces of the density above half of their own maximum, found by lowering the level from the
    top; a Gaussian of deviation d gives 2.35 d.

    Args:
        x: (n,) rising grid.
        pdf: (n,) values there.
    """
    top = float(pdf.max())
    if not top > 0:
        return float("inf")
    cells = np.empty(len(x))
    cells[1:-1] = 0.5 * (x[2:] - x[:-2])
    cells[0], cells[-1] = x[1] - x[0], x[-1] - x[-2]
    mass = pdf * cells
    total = float(mass.sum())
    above = np.zeros((len(_LEVELS), len(pdf) + 2), bool)
    np.greater(pdf, np.multiply(_LEVELS, top)[:, None], out=above[:, 1:-1])
    # a peak half as high as the tallest is seen at the lower levels
    turns = above[:, 1:] != above[:, :-1]
    if np.count_nonzero(turns) == 2 * len(_LEVELS) and float(mass[above[-1, 1:-1]].sum()) >= _SHARE * total:
        return float(cells[above[0, 1:-1]].sum())  # one peak at every level: the same
    narrowest = float("inf")
    for level in turns:
        for first, last in np.flatnonzero(level).reshape(-1, 2):
            piece = slice(first, last)
            highest = float(pdf[piece].max())
            width = float(cells[piece][pdf[piece] > 0.5 * highest].sum())
            if float(mass[piece].sum()) >= _SHARE * total:
                narrowest = min(narrowest, width)
    return narrowest


def too_wide(bin_width: float, feature: float) -> bool:
    """Whether bins hide a feature of this width."""
    return bin_width > 0.5 * feature
