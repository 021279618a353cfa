"""The 1797 handwritten digits of scikit-learn, 8 x 8 pixels."""

from __future__ import annotations

import numpy as np

from resviz.data.rows import stratified_rows
from resviz.data.standardise import Array, one_hot, standardised


def digits(samples: int | None, seed: int) -> tuple[Array, Array]:
    """x (N, 64) standardised pixels, y (N, 10) centred one-hot rows; ``samples`` None: all.

    Fewer samples are a draw that keeps the shares of the classes.

    Raises:
        DataError: more samples are asked for than there are.
    """
    from sklearn.datasets import load_digits

    pixels, label = load_digits(return_X_y=True)
    rows = stratified_rows(label, samples, seed, "digits")
    return standardised(pixels[rows].astype(np.float64)), one_hot(label[rows], 10)
