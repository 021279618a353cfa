"""The engine's other costs: the limit solver, transport, densities; and how a step's cost grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.recording.record import Limits

__all__ = ["engine_parts", "growth"]


def engine_parts(*, quick: bool = False) -> dict[str, Callable[[], object]]:
    """Pieces of work by name, ready to be timed.

    limit: one step of the Mean ODE's and of the lazy limit's particles, 64 nodes x 256 units.
    transport: 2^16 starts through 100 steps. densities: 12 panels over 100 recorded steps, 2^12 starts.
    steps, bare and recorded: what it costs to keep every step's fields, losses and outputs, the limit known.
    """
    from resviz.config import Session
    from resviz.data import make_problem
    from resviz.engine.lazy import lazy_limit
    from resviz.engine.meanode import mean_ode
    from resviz.engine.rule import rule
    from resviz.fields import unit_starts
    from resviz.transport import Seen, cohort

    steps, power = (3, 8) if quick else (100, 16)
    # on the processor: what a GPU does is in the steps
    session = Session(limit={"nodes": 64, "units": 256}, training={"steps": steps, "device": "cpu"})
    problem = make_problem(session)
    rates = session.training.rate_at

    def step_of(engine: Iterator[object]) -> Callable[[], object]:
        def step() -> None:
            while next(engine) is None:
                pass

        return step

    rng = np.random.default_rng(0)
    fields = (0.3 * rng.standard_normal((steps, 2, 1, 10, 10))).astype(np.float32)
    seen = [Seen(h, b, 1.0) for h, b in fields]
    units = cohort(unit_starts(0, 0, 2**power, 10)[None], rule(session))
    mark = units.save()

    def transport() -> None:
        units.restore(mark)
        units.advance(seen)

    return {
        "limit step, 64x256": step_of(mean_ode(session, problem, rates=rates)),
        "lazy limit step, 64x256": step_of(lazy_limit(session, problem, rates=rates)),
        f"transport, {2**power} units x {steps} steps": transport,
        f"12 panels x {steps} steps": _panels(session, steps),
        **_recording(session, 10 * steps),  # what a run costs once, some 6 ms, is no part of its steps
    }


def _recording(session: Session, steps: int) -> dict[str, Callable[[], object]]:
    """The network of ``session`` through ``steps``, by the engine alone and into a recording."""
    from collections import deque

    from resviz.data import make_problem
    from resviz.engine.kernelcache import kernels_now
    from resviz.engine.resnet import resnet
    from resviz.recording import record
    from resviz.study.benchmark import BARE, RECORDED

    kernels_now(session.training.dtype)
    session = session.with_values({"training.steps": steps})
    problem = make_problem(session)
    limits: Limits = {}

    def bare() -> None:
        for fields in resnet(session, problem, rates=session.training.rate_at):
            if fields is not None and fields.step == steps:
                return

    def recorded() -> None:
        deque(record(session, problem=problem, limits=limits, contrast=False), maxlen=1)

    recorded()  # solves the limit, once
    return {BARE: bare, RECORDED: recorded}


def _panels(session: Session, steps: int) -> Callable[[], object]:
    """Values of finite units and limit of 12 layers at all steps, and the densities of the last one."""
    from resviz.observe import Passage, Series
    from resviz.recording import run

    recording = run(session)
    layers = [round(i * 63 / 11) for i in range(12)]
    passage = Passage(recording, layers, starts=2**12)

    def panels() -> None:
        series = Series(passage, "preactivation")
        for step in range(steps + 1):
            series.visit(step)
        for place in range(len(layers)):
            series.density(steps, place)

    return panels


def growth(*, quick: bool = False) -> Iterator[tuple[float, float]]:
    """(units L M, median seconds a step) over growing L = M, D = N = 10."""
    import time

    from resviz.study.benchmark import training_step

    for exponent in np.arange(3.0, 4.1 if quick else 7.1, 0.5):
        side = round(10 ** (exponent / 2))
        step = training_step(side, side, 10, 10)
        samples = []
        for _ in range(3 if exponent > 6 else 9):
            start = time.perf_counter()
            step()
            samples.append(time.perf_counter() - start)
        yield float(side * side), float(np.median(samples))
