"""What a worker does: train some points and measure them. Plain data in, plain data out.

Points of one shape are trained as one ensemble. Runs that need more than an ensemble keeps (distances, which
replay units; batches, momentum, clipping) are recorded one by one.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resviz.config import Session, limit_key
from resviz.data import Problem
from resviz.errors import DivergenceError, ResvizError
from resviz.study.sweep.model import Point

if TYPE_CHECKING:
    from resviz.study.crew import Batch
    from resviz.study.ensemble import Ensemble

__all__ = ["Ended", "Solved", "Task", "alone", "failed", "halves", "make_tasks", "perform", "solve"]

Array = NDArray[np.float64]
_TASK_FLOPS = 2e11  # some ten seconds of one core: what a killed worker loses at most
_SMALL_FLOPS = 2e9  # a task shorter than its own journey helps nobody


@dataclass(frozen=True)
class Task:
    """Points of one shape.

    Attributes:
        points: (number, sessions as JSON, one a repetition).
        measure: names of `model.MEASURES`.
        limits: keys of the limits that are measured against.
        flops: of all its trainings, roughly.
        first: number of the first repetition.
    """

    points: tuple[tuple[int, tuple[str, ...]], ...]
    measure: tuple[str, ...]
    limits: tuple[str, ...] = ()
    flops: float = 0.0
    first: int = 0

    @property
    def runs(self) -> int:
        """Trainings in it."""
        return sum(len(sessions) for _, sessions in self.points)


@dataclass(frozen=True, eq=False)
class Solved:
    """The last output of a limit, or why there is none."""

    output: Array | None
    error: float = float("nan")
    failure: str = ""


@dataclass(frozen=True)
class Ended:
    """One run: its point, repetition, numbers by column, seconds, and an error instead of numbers."""

    point: int
    repetition: int
    measured: dict[str, float]
    seconds: float
    error: str = ""


def _session(text: str) -> Session:
    return Session.from_mapping(json.loads(text))


def alone(measure: Sequence[str], session: Session, problem: Problem) -> bool:
    """Whether a run is recorded by itself instead of trained with others of its shape."""
    from resviz.study.ensemble import shape_of

    return "distance" in measure or shape_of(session, problem) is None


def make_tasks(
    points: Sequence[Point], measure: Sequence[str], *, workers: int
) -> tuple[list[Task], dict[str, str]]:
    """Points of equal shape together, the most work first, no task longer than some seconds.

    Returns:
        The tasks, and for each limit's key a session (JSON) that has it.

    Raises:
        DataError: data that cannot be used.
    """
    from resviz.study.crew import batches
    from resviz.study.reproduce.experiment import problems_of

    limits: dict[str, str] = {}
    groups: dict[object, list[tuple[Point, float]]] = {}
    sessions = [point.sessions[0] for point in points]
    for point, problem in zip(points, problems_of(sessions), strict=True):
        session = point.sessions[0]
        if alone(measure, session, problem):
            groups[point.number] = [(point, 0.0)]
            continue
        (batch,) = batches([session], [problem])
        groups.setdefault(batch.shape, []).append((point, batch.flops * len(point.sessions)))
    total = sum(flops for group in groups.values() for _, flops in group)
    bound = min(_TASK_FLOPS, max(total / (4 * workers), _SMALL_FLOPS))
    made: list[tuple[float, Task]] = []
    for group in groups.values():
        parts: list[list[tuple[Point, float]]] = [[]]
        for point, flops in group:
            if parts[-1] and sum(f for _, f in parts[-1]) + flops > bound:
                parts.append([])
            parts[-1].append((point, flops))
        for part in parts:
            keys: dict[str, None] = {}
            if "output_error" in measure and part[0][1] > 0:
                for point, _ in part:
                    for session in point.sessions:
                        key = limit_key(session)
                        keys[key] = None
                        limits.setdefault(key, json.dumps(session.to_mapping()))
            written = tuple(
                (point.number, tuple(json.dumps(s.to_mapping()) for s in point.sessions)) for point, _ in part
            )
            made.append(
                (sum(f for _, f in part), Task(written, tuple(measure), tuple(keys), sum(f for _, f in part)))
            )
    made.sort(key=lambda pair: -pair[0])
    return [task for _, task in made], limits


def solve(session: str) -> Solved:
    """The limit of a session (JSON); a failure is a value, so that what needs it can say so."""
    from resviz.recording.record import solve_steps

    try:
        limit = deque(solve_steps(_session(session)), maxlen=1)[0]
    except (ResvizError, RuntimeError, MemoryError) as error:
        return Solved(None, failure=f"its limit: {_one_line(error)}")
    return Solved(np.asarray(limit.output[-1], dtype=np.float64), float(limit.output_error[-1]))


def perform(task: Task, limits: dict[str, Solved]) -> list[Ended]:
    """Train and measure all runs of a task. What fails together is tried apart, and then says why."""
    try:
        return _together(task, limits)
    except (ResvizError, RuntimeError, MemoryError, ValueError, ArithmeticError) as error:
        if task.runs == 1:
            return [failed(task, _one_line(error))[0]]
        return [run for part in halves(task) for run in perform(part, limits)]


def failed(task: Task, error: str) -> list[Ended]:
    """Every run of a task as a row that says why it has no numbers."""
    return [
        Ended(number, task.first + i, {}, 0.0, error)
        for number, texts in task.points
        for i in range(len(texts))
    ]


def halves(task: Task) -> list[Task]:
    """A task cut into its points; a point into its repetitions, which then are numbered from ``first``."""
    if len(task.points) > 1:
        return [replace(task, points=(point,), flops=task.flops / len(task.points)) for point in task.points]
    ((number, texts),) = task.points
    return [
        replace(task, points=((number, (text,)),), first=task.first + i, flops=task.flops / len(texts))
        for i, text in enumerate(texts)
    ]


def _together(task: Task, limits: dict[str, Solved]) -> list[Ended]:
    from resviz.engine.compiled import one_thread
    from resviz.study.crew import batches
    from resviz.study.reproduce.experiment import problems_of

    sessions = [_session(text) for _, texts in task.points for text in texts]
    places = [(number, task.first + i) for number, texts in task.points for i in range(len(texts))]
    problems = problems_of(sessions)
    found: dict[int, tuple[dict[str, float], float]] = {}
    outputs: dict[int, Array] = {}
    with one_thread():
        if alone(task.measure, sessions[0], problems[0]):
            for row, (session, problem) in enumerate(zip(sessions, problems, strict=True)):
                begun = time.monotonic()
                measured, outputs[row] = _recorded(session, problem, task.measure)
                found[row] = measured, time.monotonic() - begun
        else:
            for batch in batches(sessions, problems):
                begun = time.monotonic()
                trained = _trained(batch, task.measure, limits)
                each = (time.monotonic() - begun) / len(batch.rows)
                for row, (measured, output) in zip(batch.rows, trained, strict=True):
                    found[row], outputs[row] = (measured, each), output
    if "output_std" in task.measure:
        _add_spread(places, outputs, found)
    missing = {}
    if "output_error" in task.measure:
        missing = {key: limits[key].failure for key in task.limits if limits[key].failure}
    return [
        Ended(*place, *found[row], missing.get(limit_key(sessions[row]), "") if missing else "")
        for row, place in enumerate(places)
    ]


def _trained(
    batch: Batch, measure: Sequence[str], limits: dict[str, Solved]
) -> list[tuple[dict[str, float], Array]]:
    """Numbers and last output of every session; the ensemble dies here, before the next one is drawn."""
    from resviz.study.ensemble import train_together

    ensemble = deque(train_together(batch.sessions, batch.problems), maxlen=1)[0]
    if ensemble is None:
        raise RuntimeError("a training ends with its last step")
    # what diverged stood still from there on: its last output and loss mean nothing
    lost = ensemble.diverged >= 0
    outputs = np.where(lost[:, None, None], np.nan, ensemble.output[:, -1])
    rows = _measured(ensemble, np.where(lost, np.nan, ensemble.loss[:, -1]), measure)
    if "output_error" in measure:
        for row, output, session in zip(rows, outputs, ensemble.sessions, strict=True):
            row |= _against(output, limits[limit_key(session)])
    return list(zip(rows, outputs, strict=True))


def _measured(ensemble: Ensemble, loss: Array, measure: Sequence[str]) -> list[dict[str, float]]:
    from resviz.study.measure import movement, travel

    count = len(ensemble.sessions)
    columns: dict[str, Array] = {}
    if "loss" in measure:
        columns["loss"] = loss
    if "diverged" in measure:
        columns["diverged"] = ensemble.diverged
    if {"laziness", "kernel_drift"} & set(measure):
        moved = movement(ensemble)
        columns |= {"travel": moved.travel, "laziness": moved.laziness, "kernel_drift": moved.kernel_drift}
    elif "travel" in measure:
        columns["travel"] = travel(ensemble)
    return [{name: float(values[i]) for name, values in columns.items()} for i in range(count)]


def _against(output: Array, limit: Solved) -> dict[str, float]:
    if limit.output is None:
        return {"output_error": float("nan"), "limit_error": float("nan")}
    return {"output_error": _rms(output - limit.output), "limit_error": limit.error}


def _rms(values: Array) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean(values**2)))


def _recorded(session: Session, problem: Problem, measure: Sequence[str]) -> tuple[dict[str, float], Array]:
    """One run with its limit, replayed where that is asked for."""
    from resviz.recording.record import record

    recording, diverged = None, -1
    try:
        for state in record(session, problem=problem, contrast=False):
            recording = state.recording
    except DivergenceError as error:
        diverged = error.step
    if recording is None or recording.step < 0:
        raise RuntimeError("a run records its step 0")
    rows: dict[str, float] = {"diverged": diverged}
    whole = diverged < 0
    output = np.asarray(recording.output[-1], dtype=np.float64) if whole else np.full_like(problem.y, np.nan)
    rows["loss"] = float(recording.loss[-1]) if whole else float("nan")
    limit = recording.limit
    if limit is not None and limit.newest >= recording.steps:
        solved = Solved(np.asarray(limit.output[-1], np.float64), float(limit.output_error[-1]))
    else:
        solved = Solved(None)
    if "output_error" in measure:
        rows |= _against(output, solved)
    if whole:
        rows |= _replayed(recording, measure)
    return rows, output


def _replayed(recording: Any, measure: Sequence[str]) -> dict[str, float]:
    """Measures of the units, of at most 16 layers spread over depth."""
    from resviz.observe.laziness import frozen_probes, spread_layers

    rows: dict[str, float] = {}
    session, step = recording.session, recording.step
    layers = spread_layers(session.network.layers, 16)
    if "travel" in measure:
        squares = [np.mean(recording.values("travel_u", layer=n, step=step) ** 2) for n in layers]
        rows["travel"] = float(np.sqrt(np.mean(squares)))
    if {"laziness", "kernel_drift"} & set(measure):
        read = frozen_probes(recording, layers).read(step)
        rows |= {"laziness": read.laziness, "kernel_drift": read.mean_drift}
    if "distance" in measure:
        found = [recording.distance("preactivation", layer=n, step=step, sample=0) for n in layers]
        rows["ks_ratio"] = float(np.mean([d.ks / d.ks_null for d in found]))
        rows["w1_ratio"] = float(np.mean([d.w1 / d.w1_null for d in found]))
    return rows


def _add_spread(
    places: Sequence[tuple[int, int]],
    outputs: dict[int, Array],
    found: dict[int, tuple[dict[str, float], float]],
) -> None:
    """output_std, the same for all repetitions of a point: over those that did not diverge."""
    from resviz.study.measure import spread

    members: dict[int, list[int]] = {}
    for row, (number, _) in enumerate(places):
        members.setdefault(number, []).append(row)
    for rows in members.values():
        whole = [outputs[row] for row in rows if np.isfinite(outputs[row]).all()]
        value = spread(np.stack(whole)) if whole else float("nan")
        for row in rows:
            found[row][0]["output_std"] = value


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
