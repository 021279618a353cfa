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
    from resviz.engine.compiled import resolve_device
    from resviz.engine.kernelcache import kernels_now
    from resviz.engine.resnet import resnet

    session = Session(
        data={"samples": N, "dimension": D},
        network={"layers": L, "units": M, "dimension": D},
        training={"device": device},
    )
    if resolve_device(device).type == "cpu":
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
        bound: seconds that a thread, or the card, takes at least by the measured roofline.
        device: where all of them ran.
    """

    sizes: tuple[int, int, int, int]
    timings: dict[str, Timing]
    flops: float
    bytes: float
    bound: float
    device: str = "cpu"

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
        roofline: of the processor; ``card``: of the GPU, if there is one.
        steps: one shape and device each.
        engine: name -> timing of the limit solver, transport, densities.
        memory: what a step holds at its peak, in units of what it must (`study.footprint`).
        growth: (units L M, seconds a step).
        window: what `gui.benchmark` measured.
    """

    machine: dict[str, str]
    roofline: Roofline | None = None
    card: Roofline | None = None
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


def benchmark(
    *, quick: bool = False, peers: bool = True, device: str | None = None
) -> Iterator[Report | str]:
    """Measure the engine, yielding what is being done and at last the report (without the window's part).

    Args:
        quick: small shapes and few rounds, to see that everything runs.
        peers: False leaves the peers out.
        device: "cpu" or a CUDA device, whose steps alone are measured; None: everything, the steps on the
            processor and, where there is one, on the first GPU.

    Raises:
        DeviceError: the device is missing, or neither the processor nor CUDA.
    """
    from resviz.study.footprint import memory_peak
    from resviz.study.machine import cores, described
    from resviz.study.roofline import card_roofline, measured_roofline
    from resviz.study.scale import engine_parts, growth

    devices = _devices(device)
    report = Report(described())
    for where in devices:
        yield f"roofline, {where}"
        if where == "cpu":
            roofline = report.roofline = measured_roofline(cores(), *((256, 16) if quick else ()))
        else:
            roofline = report.card = card_roofline(where, *((256, 16) if quick else ()))
        yield from _steps(report, roofline, where, quick=quick, peers=peers)
    if device is not None:
        yield report
        return
    yield "limit, transport, densities"
    report.engine = yield from _timed(engine_parts(quick=quick), "limit, transport, densities", quick)
    yield "growth"
    for units, seconds in growth(quick=quick):
        report.growth.append((units, seconds))
        yield f"growth, {units:.0e} units"
    yield "memory"
    report.memory = memory_peak(*((20, 100) if quick else (1000, 1000)), 10, 10)
    yield report


def _devices(device: str | None) -> list[str]:
    import torch

    from resviz.engine.compiled import resolve_device
    from resviz.errors import DeviceError

    if device is None:
        return ["cpu", "cuda:0"] if torch.cuda.is_available() else ["cpu"]
    found = str(resolve_device(device))
    if not found.startswith(("cpu", "cuda")):
        raise DeviceError(f"steps are not compared on {found}", remedy="choose cpu or cuda")
    return [found]


def _steps(report: Report, roofline: Roofline, device: str, *, quick: bool, peers: bool) -> Iterator[str]:
    """All shapes on one device, into the report."""
    from resviz.study import peers as others
    from resviz.study.machine import cores
    from resviz.study.roofline import step_bytes, step_flops

    for shape in _QUICK if quick else SHAPES:
        sizes = others.Sizes(*shape)
        what = f"steps, {sizes}, {device}"
        yield what
        ways: dict[str, Callable[[], object]] = {OURS: training_step(*shape, device=device)}
        if peers:
            ways.update({peer.name: peer.step for peer in others.peers(sizes, cores(), device)})
        timings = yield from _timed(ways, what, quick)
        report.steps.append(
            StepResult(shape, timings, step_flops(sizes), step_bytes(sizes), roofline.bound(sizes), device)
        )
        del ways


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
