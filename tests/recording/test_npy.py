"""Arrays as files hold them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from resviz.recording.npy import decode, encode, encode_rows


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=5),
        elements=st.integers(-9, 9),
    ).filter(len),
    st.booleans(),
)
def test_rows_are_written_as_the_array_that_they_make(array: np.ndarray, turned: bool) -> None:
    rows = [row.T.copy().T if turned else row for row in array]  # not in C order, too
    found = b"".join(bytes(part) for part in encode_rows(rows))
    file = io.BytesIO()
    np.save(file, array)
    assert found == file.getvalue() == b"".join(bytes(part) for part in encode(array))
    np.testing.assert_array_equal(decode(found), array)


def test_rows_of_two_types_become_one_array() -> None:
    rows = [np.ones(2, np.float32), np.zeros(2)]
    found = decode(b"".join(bytes(part) for part in encode_rows(rows)))
    assert found.dtype == np.float64
    with pytest.raises(TypeError, match="int"):
        encode_rows([np.ones(2, int)])
