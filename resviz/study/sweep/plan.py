"""What a sweep comes to before it runs: its points, how each run is known in the table, time and memory."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.config import Session, limit_key
from resviz.data import Problem
from resviz.study.sweep.model import Point, Sweep
from resviz.study.sweep.table import session_id

if TYPE_CHECKING:
    from resviz.study.ensemble import Shape

__all__ = ["Cost", "Plan", "plan_sweep"]

_FLOPS = 3e10  # floating-point operations a second of the kernels on one core: the first guess
_IMPORT_S, _START_S = 3.0, 8.0  # until a process has imported what it needs; until workers of it have
_WORKER_BYTES = 350e6  # of a worker process that has
_AUTO_NODES, _AUTO_UNITS = 64, 1024  # of a limit that chooses them by tolerance, typically
_SMALL_S = 20.0  # of work that is over before worker processes would have started and shared it
_EVERY = 64  # points between two signs of life


@dataclass(frozen=True)
class Cost:
    """What a sweep costs.

    Attributes:
        runs, limits: trainings, and limits that are solved for them.
        flops: of all of them, roughly.
        bytes: of the largest batch or recording.
    """

    runs: int = 0
    limits: int = 0
    flops: float = 0.0
    bytes: float = 0.0

    def workers(self, cores: int, speed: float = 1.0) -> int:
        """Worker processes that are worth starting; 0 runs all in one."""
        return 0 if cores < 2 or self.flops < _SMALL_S * _FLOPS * speed else cores

    def seconds(self, workers: int, *, speed: float = 1.0, left: float = 1.0) -> float:
        """Wall time of the share ``left`` of the work.

        Args:
            workers: processes; 0 is this one.
            speed: how many times faster than the first guess a core of this machine was.
        """
        start = _START_S if workers else _IMPORT_S
        return start + left * self.flops / (_FLOPS * speed * max(1, workers))

    def speed(self, flops: float, seconds: float, workers: int) -> float:
        """How many times faster than the first guess a core was that did ``flops`` in ``seconds``."""
        start = _START_S if workers else _IMPORT_S
        return flops / (_FLOPS * max(1, workers) * max(0.1, seconds - start))

    def memory(self, workers: int) -> float:
        """Bytes of all processes at their peak."""
        return max(1, workers) * (_WORKER_BYTES + self.bytes)


@dataclass(frozen=True, eq=False)
class Plan:
    """A sweep with all its points, but without their sessions: thousands of those are made when needed.

    Attributes:
        base: the session that is varied.
        values: of each point, by key.
        places: id of a run -> (point, repetition); several where two points are the same session.
    """

    sweep: Sweep
    base: Session
    values: tuple[Mapping[str, Any], ...]
    places: Mapping[str, tuple[tuple[int, int], ...]]
    cost: Cost

    def session(self, point: int, repetition: int) -> Session:
        """The session of one run."""
        return self.sweep.session_at(self.base, self.values[point], repetition)


def plan_sweep(sweep: Sweep) -> Generator[Plan | None, None, None]:
    """The plan, after None between pieces of work.

    Raises:
        SessionError: a value out of range, named with its point.
        DataError: data that cannot be used.
    """
    values: list[Mapping[str, Any]] = []
    places: dict[str, tuple[tuple[int, int], ...]] = {}
    count = _Count(sweep)
    for point in sweep.each_point():
        values.append(point.values)
        for repetition, session in enumerate(point.sessions):
            name = session_id(session)
            places[name] = (*places.get(name, ()), (point.number, repetition))
        count.add(point)
        if point.number % _EVERY == 0:
            yield None
    yield Plan(sweep, sweep.base(), tuple(values), places, count.cost())


class _Count:
    """Adds up what points cost."""

    def __init__(self, sweep: Sweep) -> None:
        self._measure = sweep.measure
        self._one_limit = sweep.repeat == "network.seed"  # unit seeds do not count for a limit
        self._problems: dict[str, Problem] = {}
        self._limits: set[str] = set()
        self._shapes: dict[Shape, int] = {}
        self._runs, self._flops, self._bytes = 0, 0.0, 0.0

    def add(self, point: Point) -> None:
        from resviz.study.ensemble import shape_of
        from resviz.study.sweep.task import alone

        session, many = point.sessions[0], len(point.sessions)
        problem = self._problem(session)
        self._runs += many
        self._flops += many * _net_flops(session, problem)
        shape = shape_of(session, problem)
        by_itself = alone(self._measure, session, problem)
        if by_itself or shape is None:
            self._bytes = max(self._bytes, _recorded_bytes(session, problem))
        else:
            self._shapes[shape] = self._shapes.get(shape, 0) + many
        if by_itself or "output_error" in self._measure:
            keys = {limit_key(one) for one in (point.sessions[:1] if self._one_limit else point.sessions)}
            # a run that is recorded by itself solves its limit too
            new = many if by_itself else len(keys - self._limits)
            self._limits |= keys
            self._flops += new * _limit_flops(session, problem)
            self._bytes = max(self._bytes, _limit_bytes(session, problem))

    def _problem(self, session: Session) -> Problem:
        from resviz.data import make_problem

        network = session.network
        known = json.dumps([session.data.model_dump(), network.dimension, network.embedding])
        if known not in self._problems:
            self._problems[known] = make_problem(session)
        return self._problems[known]

    def cost(self) -> Cost:
        from resviz.study.crew import batch_size
        from resviz.study.ensemble import ensemble_bytes

        together = [
            ensemble_bytes(shape) * min(many, batch_size(shape)) for shape, many in self._shapes.items()
        ]
        return Cost(self._runs, len(self._limits), self._flops, max([self._bytes, *together]))


def _step_flops(problem: Problem) -> float:
    """Of a unit in a gradient step: five products of length D a sample, and its activation."""
    return problem.samples * (10.0 * problem.dimension + 30.0)


def _net_flops(session: Session, problem: Problem) -> float:
    network = session.network
    return max(1, session.training.last_step) * network.layers * network.units * _step_flops(problem)


def _limit_size(session: Session) -> tuple[int, int]:
    nodes, units = session.limit.nodes, session.limit.units
    return (
        _AUTO_NODES if nodes == "auto" else nodes,
        _AUTO_UNITS if units == "auto" else units,
    )


def _limit_flops(session: Session, problem: Problem) -> float:
    nodes, units = _limit_size(session)
    return max(1, session.training.last_step) * nodes * units * _step_flops(problem)


def _limit_bytes(session: Session, problem: Problem) -> float:
    nodes, units = _limit_size(session)
    return 4.0 * nodes * (2 * units * problem.dimension + 4 * problem.samples * problem.dimension)


def _recorded_bytes(session: Session, problem: Problem) -> float:
    """Of the units, and of the fields of all steps."""
    network, word = session.network, 4.0 if session.training.dtype == "float32" else 8.0
    units = 2 * network.layers * network.units * problem.dimension
    fields = 2 * (network.layers + 1) * problem.samples * problem.dimension
    return word * (units + min(units, fields) * (session.training.last_step + 1))
