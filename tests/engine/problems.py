"""Small problems with known answers, shared by the tests of engines and transport."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from resviz.config import Session
from resviz.data import Problem
from resviz.fields import Fields


def two_directions() -> Problem:
    """N = 1, D = 2, |x^| = |y^| = 1, x orthogonal to y: the problem of mathematics.md 2.2."""
    root = np.sqrt(2.0)
    return Problem(np.array([[root, 0.0]]), np.array([[0.0, root]]))


def session(*, d: int = 2, n: int = 1, **network: object) -> Session:
    """A float64 session of D = ``d``, N = ``n``."""
    return Session(
        data={"samples": n, "dimension": d},
        network={"dimension": d, **network},
        training={"dtype": "float64"},
        limit={"nodes": 64, "units": 4096},
    )


def steps(engine: Iterator[Fields | None], last: int) -> list[Fields]:
    """The fields of steps 0..``last``."""
    return list(islice((f for f in engine if f is not None), last + 1))


def constant(eta: float = 1.0):
    """The same rate at every step."""
    return lambda step: eta
