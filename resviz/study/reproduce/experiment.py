"""An experiment: a generator from a plan to its result, so that a bar or a window can show and cancel it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from resviz.config import Session
from resviz.data import Problem, make_problem
from resviz.study.crew import train_all
from resviz.study.ensemble import Ensemble
from resviz.study.machine import in_words
from resviz.study.reproduce.result import Result, SharedRuns

__all__ = ["Experiment", "Plan", "Progress", "Steps", "problems_of", "trained"]

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """Share of an experiment that is done, 0..1, and what it does now."""

    fraction: float
    message: str = ""


@dataclass(frozen=True)
class Plan:
    """How experiments are run.

    Attributes:
        quick: a reduced grid of each.
        workers: threads; None is one a core.
        shared: runs that several experiments read, by family: error-vs-L and error-vs-M have one grid.
        made: who made them, by family.
    """

    quick: bool = False
    workers: int | None = None
    shared: dict[str, Any] = field(default_factory=dict)
    made: dict[str, SharedRuns] = field(default_factory=dict)


Steps = Generator[Progress, None, Result]


@dataclass(frozen=True)
class Experiment:
    """A published experiment.

    Attributes:
        steps: plan -> generator of progress that returns the result.
        family: of experiments that read the same runs; empty if there are no others.
    """

    name: str
    title: str
    source: str
    steps: Callable[[Plan, Experiment], Steps]
    family: str = ""

    def run(self, plan: Plan) -> Generator[Progress | Result, None, None]:
        """Progress at least every 100 ms, at last the result with its wall time."""
        begun, known = time.monotonic(), plan.made.get(self.family)
        result = yield from self.steps(plan, self)
        seconds = time.monotonic() - begun
        if self.family and known is None:
            plan.made[self.family] = SharedRuns(self.name, seconds)
        yield replace(result, seconds=seconds, machine=in_words(), runs=known)


def problems_of(sessions: Sequence[Session]) -> list[Problem]:
    """The sessions' problems, each made once."""
    made: dict[tuple[object, ...], Problem] = {}
    keys = [(s.data, s.network.dimension, s.network.embedding, s.folder) for s in sessions]
    for key, session in zip(keys, sessions, strict=True):
        if key not in made:
            made[key] = make_problem(session)
    return [made[key] for key in keys]


def trained(
    plan: Plan,
    sessions: Sequence[Session],
    measure: Callable[[Ensemble], Sequence[T]],
    message: str,
    *,
    problems: Sequence[Problem] | None = None,
    part: tuple[float, float] = (0.0, 1.0),
) -> Generator[Progress, None, list[T]]:
    """Train all sessions, equal shapes together; returns one result a session.

    Args:
        part: the share of the experiment's progress that this is.
    """
    found: dict[int, T] = {}
    problems = problems_of(sessions) if problems is None else problems
    low, high = part
    for share in train_all(sessions, problems, measure, workers=plan.workers):
        found |= dict(zip(share.rows, share.results, strict=True))
        yield Progress(low + (high - low) * share.fraction, f"{message}, {len(found)} of {len(sessions)}")
    return [found[row] for row in range(len(sessions))]
