"""Broken and malicious files load or are refused with one clear message: see `hostile`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.recording.npy import decode, encode
from resviz.recording.spool.pieces import entries, line

PROGRAM = Path(__file__).parent / "hostile.py"


def opened(folder: Path, first: int, last: int) -> dict[str, int]:
    """Open inputs in a child with 500 MB; none takes long beside good ones, or executes anything."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), str(first), str(last)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PROGRAM.parents[2]), "RESVIZ_HOME": str(folder)},
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    *wrong, outcomes = done.stdout.splitlines()
    assert wrong == []
    assert not (folder / "executed").exists()
    counted: dict[str, int] = json.loads(outcomes)
    assert sum(counted.values()) == last - first
    return counted


@pytest.mark.skipif(sys.platform != "linux", reason="the bound on memory is Linux'")
def test_the_stored_and_crafted_files_and_some_mutations(tmp_path):
    counted = opened(tmp_path, 0, 400)
    assert counted["loaded"] > 20
    assert counted["refused"] > 200


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the bound on memory is Linux'")
def test_two_thousand_broken_files(tmp_path):
    print(opened(tmp_path, 0, 2400))


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda tail: encode(np.ones(3))[0] + tail))
def test_bytes_are_an_array_or_refused(data):
    try:
        array = decode(data)
    except ValueError:
        return
    assert array.nbytes <= len(data)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.sampled_from(["<f4", "<f8"]))
def test_arrays_come_back(shape, dtype):
    array = np.arange(np.prod(shape, dtype=int), dtype=dtype).reshape(shape)
    again = decode(b"".join(encode(array)))
    np.testing.assert_array_equal(again, array)
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert not again.flags.writeable


@pytest.mark.parametrize("dtype", ["O", "i8", "f2", "c16", "S3", ">f8"])
def test_what_no_recording_holds_is_not_written(dtype):
    if dtype == ">f8":
        np.testing.assert_array_equal(decode(b"".join(encode(np.ones(2, dtype)))), np.ones(2))
    else:
        with pytest.raises(TypeError, match="a recording holds no arrays"):
            encode(np.ones(2).astype(dtype))


@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5)), max_size=4), st.data()
)
def test_a_journal_is_read_up_to_where_it_is_broken(rows, data):
    whole = b"".join(map(line, rows))
    assert entries(whole) == (rows, len(whole))
    at = data.draw(st.integers(0, len(whole)))
    broken = whole[:at] + data.draw(st.binary(max_size=20))
    found, end = entries(broken)
    assert found == rows[: len(found)]
    assert whole.startswith(broken[:end])  # what was put in its place may be what was cut off
