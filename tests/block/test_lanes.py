"""Vector kernels against what they say."""

from __future__ import annotations

import numpy as np
import pytest

from resviz.block.lanes import kernel, lanes, turn


@kernel
def _turn(c, c0, cs, a, a0, ar, rows, columns):
    turn(c, c0, cs, a, a0, ar, rows, columns)
    return lanes(c)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_turned_square_is_the_transposed_one_and_zeros(dtype):
    a = np.random.default_rng(0).standard_normal(1000).astype(dtype)
    c = np.empty(1000, dtype)
    width = _turn(c, 0, 64, a, 0, 64, 1, 1)
    for rows in range(1, width + 1):
        for columns in range(1, width + 1):
            stride = columns + 3
            c[:] = 7.0
            _turn(c, 5, 40, a, 11, stride, rows, columns)
            for j in range(columns):
                expected = np.zeros(width, dtype)
                expected[:rows] = a[11 + j : 11 + j + rows * stride : stride]
                np.testing.assert_array_equal(c[5 + 40 * j : 5 + 40 * j + width], expected)
            assert (c[5 + 40 * (columns - 1) + width :] == 7.0).all()
            assert (c[:5] == 7.0).all()
