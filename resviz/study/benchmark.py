"""How fast the engine is: from outside, against its peers, and against what the machine could do."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.study.roofline import Roofline
    from resviz.study.timing import Timing

__all__ = ["BARE", "RECORDED", "SHAPES", "Report", "StepResult", "benchmark", "training_step"]

SHAPES = ((1000, 1000, 10, 10), (64, 256, 10, 10), (1000, 1, 10, 10), (16, 4096, 10, 10), (64, 256, 128, 64))
"""L, M, D, N of the steps that are compared."""

_QUICK = ((8, 64, 10, 10), (50, 1, 10, 10))
OURS = "resviz"
BARE, RECORDED = "all steps, bare", "all steps, recorded"


def training_step(L: int, M: int, D: int, N: int, device: str = "cpu") -> Callable[[], None]:
    """A callable that does one gradient step of a fresh net: the engine, dtype and rate that `run` uses.

    The kernels are compiled first where they never were (half a minute); `run` would not wait for them.

    Args:
        L: layers.
        M: units a layer.
        D: embedding dimension, d_in = d_out = D, Gaussian data.
        N: samples.
        device: "cpu", "cuda", "cuda:1", "mps" or "auto".

    Raises:
        SessionError: a size out of range.
        DeviceError: the device is missing.
    """
    from resviz.config import Session
    from resviz.data import make_problem
    from resviz.engine.kernelcache import kernels_now
    from resviz.engine.resnet import resnet

    session = Session(
        data={"samples": N, "dimension": D},
        network={"layers": L, "units": M, "dimension": D},
        training={"device": device},
    )
    kernels_now(session.training.dtype)
    steps = resnet(session, make_problem(session), rates=session.training.rate_at, most=1)

    def step() -> None:
        # the engine yields None between two pieces of a step
        while next(steps) is None:
            pass

    step()  # draws the units and loads the kernels: no part of a step
    return step


@dataclass(frozen=True)
class StepResult:
    """One shape's steps.

    Attributes:
        sizes: (L, M, D, N).
        timings: of ours and of every peer.
        flops, bytes: of one step (`study.roofline`).
        bound: seconds that a thread takes at least by the measured roofline.
    """

    sizes: tuple[int, int, int, int]
    timings: dict[str, Timing]
    flops: float
    bytes: float
    bound: float

    @property
    def ratios(self) -> dict[str, float]:
        """Median of every peer over ours."""
        ours = self.timings[OURS].median
        return {name: t.median / ours for name, t in self.timings.items() if name != OURS}


@dataclass
class Report:
    """Everything that was measured; what was left out is None or empty.

    Attributes:
        machine: processor, cores, memory, versions.
        steps: one shape each.
        engine: name -> timing of the limit solver, transport, densities.
        memory: what a step holds at its peak, in units of what it must (`study.footprint`).
        growth: (units L M, seconds a step).
        window: what `gui.benchmark` measured.
    """

    machine: dict[str, str]
    roofline: Roofline | None = None
    steps: list[StepResult] = field(default_factory=list)
    engine: dict[str, Timing] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    growth: list[tuple[float, float]] = field(default_factory=list)
    window: dict[str, Any] = field(default_factory=dict)

    @property
    def recording_overhead(self) -> float | None:
        """What recording adds to bare training, as a share of it (64x256)."""
        if BARE not in self.engine or RECORDED not in self.engine:
            return None
        return self.engine[RECORDED].median / self.engine[BARE].median - 1.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        found = asdict(self)
        found["recording_overhead"] = self.recording_overhead
        for plain, step in zip(found["steps"], self.steps, strict=True):
            plain["ratios"] = step.ratios
            plain["gflops"] = step.flops / step.timings[OURS].median / 1e9
            plain["fraction_of_bound"] = step.bound / step.timings[OURS].median
        return found


def benchmark(*, quick: bool = False, peers: bool = True) -> Iterator[Report | str]:
    """Measure the engine, yielding what is being done and at last the report (without the window's part).

    Args:
        quick: small shapes and few rounds, to see that everything runs.
        peers: False leaves the peers out.
    """
    from resviz.study import peers as others
    from resviz.study.footprint import memory_peak
    from resviz.study.machine import cores, described
    from resviz.study.roofline import measured_roofline, step_bytes, step_flops
    from resviz.study.scale import engine_parts, growth

    report = Report(described())
    yield "roofline"
    report.roofline = measured_roofline(cores(), *((256, 16) if quick else ()))
    for shape in _QUICK if quick else SHAPES:
        sizes = others.Sizes(*shape)
        yield f"steps, {sizes}"
        ways: dict[str, Callable[[], object]] = {OURS: training_step(*shape)}
        if peers:
            ways.update({peer.name: peer.step for peer in others.peers(sizes, cores())})
        timings = yield from _timed(ways, f"steps, {sizes}", quick)
        report.steps.append(
            StepResult(shape, timings, step_flops(sizes), step_bytes(sizes), report.roofline.bound(sizes))
        )
        del ways
    yield "limit, transport, densities"
    report.engine = yield from _timed(engine_parts(quick=quick), "limit, transport, densities", quick)
    yield "growth"
    for units, seconds in growth(quick=quick):
        report.growth.append((units, seconds))
        yield f"growth, {units:.0e} units"
    yield "memory"
    report.memory = memory_peak(*((20, 100) if quick else (1000, 1000)), 10, 10)
    yield report


def _timed(
    ways: dict[str, Callable[[], object]], what: str, quick: bool
) -> Generator[str, None, dict[str, Timing]]:
    from resviz.study.timing import interleaved

    timings: dict[str, Timing] = {}
    for found in interleaved(ways, rounds=3 if quick else 9):
        if found is None:
            yield what
        else:
            timings = found
    return timings
