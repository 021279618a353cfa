"""What a recording holds, lane by lane, and steps as arrays for a file and back."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resviz.data import Problem, Span
from resviz.fields import Fields, LimitFields
from resviz.fields.fields import AnyArray
from resviz.recording.recording import Recording

__all__ = [
    "STACKED",
    "Followed",
    "Lane",
    "Shapes",
    "check_limit",
    "drop_empty",
    "hang",
    "lanes",
    "rows",
    "stacked",
    "unstacked",
]

Lane = Recording | LimitFields


@dataclass
class Followed:
    """How far somebody who passes a growing recording on has followed a lane of it.

    Attributes:
        lane: it, not held.
        count: its steps that were passed on.
        ended: so was the word that its solver stopped.
    """

    lane: weakref.ref[Any]
    count: int = 0
    ended: bool = False

    @classmethod
    def whole(cls, lane: Lane) -> Followed:
        """All of ``lane`` was passed on."""
        ended = isinstance(lane, LimitFields) and lane.ended
        return cls(weakref.ref(lane), len(lane.history), ended)


STACKED = ["h", "b", "output", "weights"]
"""Arrays of steps, in the order of `stacked`."""


def lanes(recording: Recording) -> dict[str, Lane]:
    """The nets and limits of a recording by the folder that holds each in a file."""
    twin = recording.contrast
    found: dict[str, Lane | None] = {
        "net": recording,
        "limit": recording.limit,
        "lazy": recording.lazy,
        "twin/net": twin,
        "twin/limit": None if twin is None else twin.limit,
    }
    return {name: lane for name, lane in found.items() if lane is not None}


def hang(recording: Recording, name: str, limit: LimitFields) -> None:
    """Make ``limit`` the lane ``name`` of a recording.

    Raises:
        ValueError: there is no such lane, or no twin to have it.
    """
    if name == "limit":
        recording.limit = limit
    elif name == "lazy":
        recording.lazy = limit
    elif name == "twin/limit" and recording.contrast is not None:
        recording.contrast.limit = limit
    else:
        raise ValueError(f"there is no lane {name!r}")


def drop_empty(recording: Recording) -> None:
    """Take away the twin and the limits that have no step yet."""
    for one in (recording, recording.contrast):
        if one is not None and one.limit is not None and one.limit.newest < 0:
            one.limit = None
    if recording.lazy is not None and recording.lazy.newest < 0:
        recording.lazy = None
    if recording.contrast is not None and recording.contrast.step < 0:
        recording.contrast = None


def check_limit(s: AnyArray, span: Span | None, problem: Problem) -> None:
    """Refuse depths and a span that no limit of ``problem`` has.

    Raises:
        ValueError: they are not.
    """
    if s.ndim != 1 or len(s) < 2 or s[0] != 0.0 or s[-1] != 1.0 or not (np.diff(s) > 0).all():
        raise ValueError("the depths do not rise from 0 to 1")
    if span is not None:
        shape = span.basis.shape
        if len(shape) != 2 or shape[0] != problem.dimension or not 0 < shape[1] <= shape[0]:
            raise ValueError(f"the span has shape {shape}")
        if not np.isfinite(span.basis).all():
            raise ValueError("the span holds numbers that are not finite")


def rows(fields: Sequence[Fields]) -> dict[str, list[AnyArray]]:
    """Arrays of consecutive steps, not copied: h, b, output, and weights where there are batches."""
    found = {name: [getattr(f, name) for f in fields] for name in ("h", "b", "output")}
    if any(f.weights is not None for f in fields):
        whole = np.ones(len(fields[0].output))
        found["weights"] = [whole if f.weights is None else f.weights for f in fields]
    return found


def stacked(fields: Sequence[Fields]) -> dict[str, AnyArray]:
    """The `rows` of consecutive steps as one array each."""
    return {name: np.stack(arrays) for name, arrays in rows(fields).items()}


def unstacked(start: int, arrays: Mapping[str, AnyArray], columns: NDArray[np.float64]) -> list[Fields]:
    """The steps from ``start`` on that `stacked` made arrays of; ``columns`` as `Steps.add` takes them."""
    weights = arrays.get("weights")
    return [
        Fields(
            start + i,
            arrays["h"][i],
            arrays["b"][i],
            arrays["output"][i],
            loss=float(loss),
            rate=float(rate),
            output_error=float(error),
            weights=None if weights is None else weights[i],
            factor=float(factor),
        )
        for i, (loss, rate, error, factor) in enumerate(columns)
    ]


@dataclass(frozen=True)
class Shapes:
    """What the arrays of a lane have to look like.

    Attributes:
        depths: L + 1 of a network, S of a limit.
        samples, d_out: N, d_out.
        rank: D, or r of a limit that keeps to its span; None: any (a limit at infinite D).
        replicas: R of a limit; 0 of a network, whose fields have no such axis.
    """

    depths: int
    samples: int
    d_out: int
    rank: int | None
    replicas: int = 0

    @classmethod
    def of(cls, lane: Lane, recording: Recording, *, replicas: int | None = None) -> Shapes:
        """Those of a lane of ``recording``; ``replicas`` of a limit that has no step yet."""
        problem, session = recording.problem, recording.session
        samples, d_out, dimension = problem.samples, problem.d_out, problem.dimension
        if isinstance(lane, Recording):
            return cls(session.network.layers + 1, samples, d_out, dimension)
        rank = None if session.limit.large_d else dimension
        if lane.span is not None:
            rank = int(lane.span.basis.shape[1])
        return cls(len(lane.s), samples, d_out, rank, lane.replicas if replicas is None else replicas)

    def fit(self, count: int, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Refuse shapes that are not those of ``count`` steps.

        Raises:
            ValueError: a shape is another one, or an array is missing.
        """
        lead = (count, self.replicas, self.depths) if self.replicas else (count, self.depths)
        h = shapes.get("h", ())
        rank = h[-1] if self.rank is None and h else self.rank
        wanted = {
            "h": (*lead, self.samples, rank),
            "b": (*lead, self.samples, rank),
            "output": (count, self.samples, self.d_out),
            "weights": (count, self.samples),
        }
        for name, shape in wanted.items():
            if shapes.get(name, shape if name == "weights" else None) != shape:
                raise ValueError(f"{name} has shape {shapes.get(name)} instead of {shape}")
        if count < 1 or 0 in h:
            raise ValueError(f"h has shape {h}: there is nothing in it")

    def check(self, count: int, arrays: Mapping[str, AnyArray]) -> None:
        """Refuse arrays that are not those of ``count`` steps.

        Raises:
            ValueError: a shape is another one, or a number is not finite.
        """
        self.fit(count, {name: array.shape for name, array in arrays.items()})
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise ValueError(f"{name} holds numbers that are not finite")
        if arrays["h"].dtype != arrays["b"].dtype:
            raise ValueError(f"h is {arrays['h'].dtype} and b is {arrays['b'].dtype}")
