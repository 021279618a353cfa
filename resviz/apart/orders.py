"""What a window may ask of its trainer, and the words in which either tells the other.

A trainer works for one job at a time. All that it says names the job, so that what it was still saying of an
earlier one is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.config import Session

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from resviz.data import Problem, Span
    from resviz.fields.fields import AnyArray

__all__ = [
    "At",
    "Begun",
    "Cancel",
    "Edit",
    "Ended",
    "Failed",
    "Go",
    "Head",
    "Job",
    "Known",
    "News",
    "Order",
    "Rows",
    "Sessions",
    "Steering",
    "Stopped",
]  # fmt: skip


@dataclass(slots=True)
class Steering:
    """How far training may go; written by its owner between two states, read before the next.

    Attributes:
        paused: it must not go on.
        target: not past this step; None: to the last.
        stands: set for the owner: the trainer stands as it was told last, and all that it did was yielded.
    """

    paused: bool = False
    target: int | None = None
    stands: bool = False


# ---- to the trainer -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Job:
    """Record a session.

    Attributes:
        number: of the job, larger than of any before.
        contrast, threads: as `record` takes them.
        known: solved limits by their key, and their newest step: they need not be solved, nor come back.
        after: a spool's folder or a recording's file to go on with.
        paused, target: as the first `Go` has them, which would come too late: a step may take no time at all.
    """

    number: int
    session: Session
    contrast: bool = True
    threads: int = 1
    known: Mapping[str, int] = field(default_factory=dict)
    after: Path | None = None
    paused: bool = False
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """Go on up to ``target``, or pause; ``serial`` numbers these, and comes back with `At`."""

    job: int
    serial: int
    paused: bool
    target: int | None


@dataclass(frozen=True, slots=True)
class Edit:
    """A live edit, from the next step to begin on: ``asked`` as `Recording.pending` has it."""

    job: int
    asked: dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody waits for the job any more."""

    job: int


Order = Job | Go | Edit | Cancel

# ---- from the trainer -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """A recording came to be."""

    session: Session
    problem: Problem
    made: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sessions:
    """Live edits became events: the sessions of net and twin, and what was asked for."""

    net: Session
    twin: Session | None
    asked: dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Begun:
    """A lane came to be: of a limit its depths and all else that is no step, of the twin its session."""

    name: str
    session: Session | None = None
    s: NDArray[np.float64] | None = None
    alpha: float = 0.0
    span: Span | None = None
    solver: str = ""
    units: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """A lane is a limit that the window knows."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive steps of a lane: arrays of `Fields` each, and their numbers (count, 4)."""

    name: str
    start: int
    arrays: list[tuple[AnyArray, AnyArray, AnyArray, AnyArray | None]]
    columns: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ended:
    """The solver of a limit stopped."""

    name: str


@dataclass(frozen=True, slots=True)
class At:
    """Where it stands, as `Progress` has it; ``held`` is the serial of the `Go` that it holds for, or -1."""

    step: int
    steps: int
    speed: float
    notes: tuple[str, ...]
    held: int = -1


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job is done, to its last step."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The job raised; ``report`` is the traceback."""

    error: BaseException
    report: str


News = list[Any]
"""Of the classes above, in the order in which they happened."""
