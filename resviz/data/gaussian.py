"""Gaussian samples with Gaussian targets, as in the experiments of HW."""

from __future__ import annotations

from resviz.data.standardise import Array
from resviz.data.streams import stream


def gaussian(samples: int, dimension: int, seed: int) -> tuple[Array, Array]:
    """x and y, each (N, d) with independent entries N(0, 1), used exactly as they are."""
    draw = stream(seed, "samples").standard_normal((2, samples, dimension))
    return draw[0], draw[1]
