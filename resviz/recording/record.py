"""Recording a session: one generator advances net, limit, lazy twin and lazy limit in lockstep.

The command line iterates it under a progress bar, the window hands it to its worker. It yields at least every
100 ms, also within a step, so that a pause or a cancel is never far.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, MutableMapping
from dataclasses import dataclass, replace

import numpy as np

from resviz.config import Session, limit_key
from resviz.data import Problem, make_problem
from resviz.engine.choose import Solver, limit_solver
from resviz.engine.compiled import one_thread, torch_threads
from resviz.engine.resnet import resnet
from resviz.engine.rule import Rates
from resviz.errors import DivergenceError, is_out_of_memory
from resviz.fields import Fields, LimitFields
from resviz.recording.made import made_with
from resviz.recording.recording import Recording
from resviz.recording.resume import limit_from, network_from
from resviz.recording.room import out_of_memory
from resviz.recording.spool.spool import held

__all__ = ["Limits", "Progress", "record", "remember", "run", "solve_lazy", "solve_limit", "solve_steps"]

Limits = MutableMapping[str, LimitFields]
"""Solved limits by key, so that Reset, New seed and another shape at the same data cost no solve."""

_PULSE_S = 0.03
_KERNELS = 1e6  # kernel pairs that cost no more than the particles of the presets; more would slow training


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes:
        recording: what is recorded so far; it grows.
        step: newest complete step, of net, twin and limits; -1 before the first.
        steps: planned number of steps.
        speed: complete steps a second, lately.
        notes: what went wrong beside the run: a twin or a limit that diverged and was left behind.
    """

    recording: Recording
    step: int
    steps: int
    speed: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def fraction(self) -> float:
        """Share of the planned steps that is done."""
        return max(self.step, 0) / max(self.steps, 1)


@dataclass
class _Lane:
    """One engine of the lockstep and where its fields go."""

    name: str
    engine: Iterator[Fields | None]
    sink: Recording | LimitFields

    @property
    def newest(self) -> int:
        """Newest step in the sink."""
        return self.sink.newest if isinstance(self.sink, LimitFields) else self.sink.step


def record(
    session: Session,
    *,
    problem: Problem | None = None,
    limits: Limits | None = None,
    contrast: bool = True,
    after: Recording | None = None,
    threads: int = 1,
) -> Iterator[Progress]:
    """Train the session's network and solve its limit, its lazy twin and the lazy limit, step by step.

    Args:
        problem: data made before, so that they are not made again.
        limits: limits solved before; complete ones are used and added.
        contrast: False leaves the twin and the lazy limit out.
        after: a recording to go on with, from its newest step, as *its* session says; it grows in place.
        threads: of torch.

    Raises:
        DivergenceError: the network diverged; the recording keeps the steps before. (A limit or a twin that
            diverges ends alone and is named in the notes.)
        DeviceError: the device is missing or out of memory.
    """
    known = {} if limits is None else limits
    with torch_threads(threads):
        if after is not None and after.step >= 0:
            yield from _lockstep(after, known, _lanes_on(after))
        else:
            problem = problem if problem is not None else make_problem(session)
            recording = Recording(session, problem, made=made_with(session, problem, threads))
            yield from _lockstep(recording, known, _lanes(recording, known, contrast))


def _lockstep(recording: Recording, known: Limits, found: Iterator[_Lane | None]) -> Iterator[Progress]:
    progress = Progress(recording, recording.step, recording.steps)
    yield progress
    lanes: list[_Lane] = []
    try:
        for lane in found:
            if lane is None:
                yield progress
            else:
                lanes.append(lane)
    except (RuntimeError, MemoryError) as error:
        raise _device_error(error, recording) from error
    last_yield = last_mark = time.monotonic()
    marked = step = recording.step + 1
    while step <= recording.steps:
        recording.begin_step(step)
        for lane in tuple(lanes):
            if lane.newest >= step:
                continue  # a limit that was solved further than its net was trained
            try:
                for fields in lane.engine:
                    if fields is not None:
                        lane.sink.append(fields)
                        if lane.newest >= step:
                            break
                    if time.monotonic() - last_yield > _PULSE_S:
                        yield progress
                        last_yield = time.monotonic()
            except DivergenceError as error:
                if lane.sink is recording:
                    raise
                lanes.remove(lane)
                if isinstance(lane.sink, LimitFields):
                    lane.sink.ended = True
                progress = replace(progress, notes=(*progress.notes, f"{lane.name}: {error.message}"))
            except (RuntimeError, MemoryError) as error:
                raise _device_error(error, recording) from error
        now = time.monotonic()
        speed = progress.speed
        if now - last_mark > 0.5:
            speed, marked, last_mark = (step + 1 - marked) / (now - last_mark), step + 1, now
        progress = replace(progress, step=step, steps=recording.steps, speed=speed)
        yield progress
        last_yield = time.monotonic()
        step += 1
    remember(recording, known)


def remember(recording: Recording, known: Limits) -> None:
    """Add the limits of a recording that are solved to its last step."""
    for owner in (recording, recording.contrast):
        for limit in () if owner is None else (owner.limit, owner.lazy):
            if owner is not None and limit is not None and limit.newest >= recording.steps:
                # each recording has limits of its own, which may grow; what is known stays as it is
                known[_key(owner.session, limit.alpha)] = limit.until(recording.steps)


def _key(session: Session, alpha: float) -> str:
    return f"{limit_key(session)}:{'lazy' if np.isinf(alpha) else 'mean ODE'}"


def _lanes(recording: Recording, known: Limits, contrast: bool) -> Iterator[_Lane | None]:
    """The engines of a session, the limits first: a net's newest step always has its density."""
    session, problem = recording.session, recording.problem
    rates = recording.rate_at

    def limit(owner: Recording, name: str, alpha: float) -> Generator[_Lane | None, None, LimitFields]:
        found = known.get(_key(owner.session, alpha))
        if found is not None and found.newest >= owner.steps:
            return found.until(owner.steps)
        solver = yield from _found(limit_solver(owner.session, problem, alpha, kernels=_KERNELS))
        fields = solver.unsolved()
        yield _Lane(name, solver.start(rates=rates), fields)
        return fields

    recording.limit = yield from limit(recording, "Mean ODE", session.network.alpha)
    if contrast:
        recording.lazy = yield from limit(recording, "lazy limit", float(np.inf))
        twin_session = session.with_values({"network.alpha": session.contrast.alpha})
        twin = recording.contrast = Recording(twin_session, problem, made=recording.made)
        twin.limit = yield from limit(twin, "twin's Mean ODE", twin_session.network.alpha)
        yield _Lane("lazy twin", resnet(twin_session, problem, rates=rates), twin)
    yield _Lane("network", resnet(session, problem, rates=rates), recording)


def _lanes_on(recording: Recording) -> Iterator[_Lane | None]:
    """The engines of a recording that goes on; what diverged before stays behind."""
    rates, problem = recording.rate_at, recording.problem
    twin = recording.contrast
    limits = [("Mean ODE", recording, recording.limit), ("lazy limit", recording, recording.lazy)]
    nets = [("network", recording)]
    if twin is not None:
        limits.append(("twin's Mean ODE", twin, twin.limit))
        nets.insert(0, ("lazy twin", twin))
    for name, owner, limit in limits:
        if limit is not None and not limit.ended and limit.newest < recording.steps:
            yield _Lane(name, limit_from(owner.session, problem, limit, rates=rates), limit)
    for name, owner in nets:
        step = owner.step + 1
        yield _Lane(name, network_from(owner.session, problem, owner.fields, step, rates=rates), owner)


def _found(search: Iterator[Solver | None]) -> Generator[None, None, Solver]:
    """The solver at the end of a search, passing its pauses on."""
    for solver in search:
        if solver is not None:
            return solver
        yield None
    raise RuntimeError("a search for a solver ends with one")


def _device_error(error: RuntimeError | MemoryError, recording: Recording) -> Exception:
    if is_out_of_memory(error):
        return out_of_memory(recording.session, recording.problem)
    return error


def run(session: Session, *, progress: bool = False, limits: Limits | None = None) -> Recording:
    """Train the session's network and solve its limits, to the last step.

    Args:
        progress: show a bar on stderr.
    """
    states = held(record(session, limits=limits))
    return deque(_shown(states, "training", progress), maxlen=1)[0].recording


def _shown(states: Iterator[Progress], what: str, show: bool) -> Iterator[Progress]:
    """The same states, with a progress bar on stderr if asked for."""
    if not show:
        yield from states
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        for state in states:
            bar.update(task, total=state.steps, completed=max(state.step, 0))
            yield state


def solve_steps(session: Session, *, lazy: bool = False) -> Iterator[LimitFields]:
    """Solve a session's Mean ODE (or its lazy limit) alone, yielding the same growing fields at every pulse.

    Raises:
        DivergenceError: the limit diverged; what was yielded keeps the steps before.
    """
    problem = make_problem(session)
    rates: Rates = session.training.rate_at
    alpha = float(np.inf) if lazy else session.network.alpha
    limit = LimitFields(np.array([0.0, 1.0]), alpha)  # nothing is solved while a solver is looked for
    with one_thread():
        for solver in limit_solver(session, problem, alpha):
            if solver is None:
                yield limit
                continue
            limit = solver.unsolved()
            for state in solver.start(rates=rates):
                if state is not None:
                    limit.append(state)
                yield limit
                if limit.newest >= session.training.last_step:
                    return


def solve_limit(session: Session) -> LimitFields:
    """The Mean ODE of a session: fields h, b (K + 1, S, N, D) at nodes s, loss, output and its error."""
    return deque(solve_steps(session), maxlen=1)[0]


def solve_lazy(session: Session) -> LimitFields:
    """The lazy limit alpha -> infinity of a session."""
    return deque(solve_steps(session, lazy=True), maxlen=1)[0]
