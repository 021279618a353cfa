"""Messages between two processes arrive as they were sent, arrays and all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from io import RawIOBase
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from resviz import errors
from resviz.apart.wire import pack, receive, send


def _pipe() -> tuple[RawIOBase, RawIOBase]:
    read, write = os.pipe()
    return os.fdopen(read, "rb", buffering=0), os.fdopen(write, "wb", buffering=0)


@pytest.fixture
def pipe() -> Iterator[tuple[RawIOBase, RawIOBase]]:
    ends = _pipe()
    yield ends
    for end in ends:
        end.close()


def _through(message: Any) -> Any:
    read, write = _pipe()
    with read, write:
        sending = threading.Thread(target=send, args=(write, pack(message)))
        sending.start()
        found = receive(read)
        sending.join()
    return found


@given(
    st.lists(
        hnp.arrays(
            st.sampled_from([np.float32, np.float64, np.uint8]),
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
            elements=st.integers(0, 100),
        ),
        max_size=5,
    )
)
def test_arrays_arrive_as_they_were(arrays: list[np.ndarray]) -> None:
    for sent, found in zip(arrays, _through(arrays), strict=True):
        assert found.dtype == sent.dtype
        np.testing.assert_array_equal(found, sent)


@pytest.mark.parametrize("plain", [False, True])
def test_what_is_larger_than_a_pipe_arrives_whole(plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if plain:  # as on Windows
        monkeypatch.delattr(os, "readv")
        monkeypatch.delattr(os, "writev")
    sent = np.random.default_rng(0).standard_normal((700, 700))
    found = _through({"h": sent, "step": 3})
    assert found["step"] == 3
    np.testing.assert_array_equal(found["h"], sent)


@pytest.mark.parametrize("plain", [False, True])
def test_arrays_of_every_size_arrive(plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if plain:
        monkeypatch.delattr(os, "readv")
        monkeypatch.delattr(os, "writev")
    sizes = [*np.random.default_rng(1).integers(0, 3000, 2000), 0, 200_000, 65_536, 65_537, 1, 0]
    sent = [np.full(size, i % 251, np.uint8) for i, size in enumerate(sizes)]
    for before, after in zip(sent, _through(sent), strict=True):
        np.testing.assert_array_equal(after, before)


@pytest.mark.skipif(not hasattr(os, "readv"), reason="this system reads arrays one by one")
def test_many_small_arrays_take_few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each, a thread waited up to 5 ms until a window that paints gave the interpreter back."""
    calls = []
    readv, writev = os.readv, os.writev
    monkeypatch.setattr(os, "readv", lambda *args: calls.append("r") or readv(*args))
    monkeypatch.setattr(os, "writev", lambda *args: calls.append("w") or writev(*args))
    sent = [np.full(10, i) for i in range(400)]  # less than a pipe holds
    np.testing.assert_array_equal(_through(sent), sent)
    assert calls.count("w") <= 2
    assert calls.count("r") <= 6


def test_arrays_are_sent_from_where_they_lie() -> None:
    array = np.zeros(1000)
    *_, part = pack([array])
    array[3] = 7.0
    assert np.frombuffer(part)[3] == 7.0


def test_an_end_is_told(pipe: tuple[RawIOBase, RawIOBase]) -> None:
    read, write = pipe
    write.write(b"1234")  # the process ended within a message
    write.close()
    with pytest.raises(EOFError):
        receive(read)


@pytest.mark.parametrize(
    "error",
    [
        errors.SessionError("alpha = -1 is wrong", remedy="Make it positive."),
        errors.DeviceError("no GPU"),
        errors.DivergenceError("step 5, layer 3: not finite", step=5, layer=3, remedy="Lower rate."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_arrive_with_all_that_they_say(error: errors.ResvizError) -> None:
    found = _through(error)
    assert type(found) is type(error)
    assert (str(found), vars(found), found.args) == (str(error), vars(error), error.args)
