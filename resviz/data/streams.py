"""Random streams of a data set: counter-based, so that each purpose has its own and none shifts another."""

from __future__ import annotations

import numpy as np

# second word of the Philox key, eight ASCII letters; no small number, which would be the key of a layer
_PURPOSES = {
    "samples": b"samples ",
    "rows": b"rows    ",
    "read-in": b"read in ",
    "read-out": b"read out",
}


def stream(seed: int, purpose: str) -> np.random.Generator:
    """The generator of one purpose (samples, rows, read-in, read-out), independent of all others."""
    key = np.array([seed, int.from_bytes(_PURPOSES[purpose], "little")], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
