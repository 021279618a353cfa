"""Columns to zero mean and unit variance; class labels to centred one-hot rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def standardised(columns: Array) -> Array:
    """Each column of (N, d) to zero mean and unit variance (over N); a constant column becomes zero."""
    # by the largest entry first: squares of 1e200 would overflow
    scale = np.max(np.abs(columns), axis=0)
    scaled = columns / np.where(scale > 0, scale, 1.0)
    constant = np.all(columns == columns[:1], axis=0)
    centred = np.where(constant, 0.0, scaled - scaled.mean(axis=0))
    deviation = centred.std(axis=0)
    result: Array = centred / np.where(deviation > 0, deviation, 1.0)
    return result


def one_hot(labels: NDArray[np.intp], classes: int) -> Array:
    """Labels (N,) in 0..C-1 as rows (N, C): sqrt(C) (e_label - 1/C), so that every row sums to zero.

    The zero output then has the loss 1 - 1/C.
    """
    rows: Array = np.sqrt(classes) * (np.eye(classes)[labels] - 1.0 / classes)
    return rows
