"""The data of a recording, as they come back from a file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from resviz.data import Problem
from resviz.fields.fields import AnyArray

__all__ = ["PROBLEM", "stored_problem"]

PROBLEM = ("x", "y", "read_in", "read_out")


def stored_problem(arrays: Mapping[str, AnyArray]) -> Problem:
    """The problem of ``arrays``, by the names of `PROBLEM`.

    Raises:
        ValueError: they are not those of one problem.
    """
    for name, array in arrays.items():
        if array.ndim != 2 or 0 in array.shape:
            raise ValueError(f"{name} has shape {array.shape} instead of two axes, neither empty")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite")
    if not {"x", "y"} <= arrays.keys() or ("read_in" in arrays) != ("read_out" in arrays):
        raise ValueError(f"the data are {', '.join(sorted(arrays)) or 'missing'}")
    problem = Problem(**{name: np.asarray(array, np.float64) for name, array in arrays.items()})
    if len(problem.y) != problem.samples:
        raise ValueError(f"x has {problem.samples} rows and y has {len(problem.y)}")
    if problem.read_in is None or problem.read_out is None:
        if problem.d_in != problem.d_out:
            raise ValueError(f"x has {problem.d_in} columns and y has {problem.d_out}, without a read-in")
    elif (problem.read_in.shape[1], problem.read_out.shape) != (
        problem.d_in,
        (problem.dimension, problem.d_out),
    ):
        raise ValueError(
            f"read_in and read_out have shapes {problem.read_in.shape} and {problem.read_out.shape}"
        )
    return problem
