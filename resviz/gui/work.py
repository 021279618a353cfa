"""What the window's workers run: generators that train, look, open and save. No Qt; torch is loaded in here.

One object is shared between a generator and the window, `Desk`; its fields say who writes them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

from resviz.apart.process import warm
from resviz.config import Session
from resviz.errors import OutputError
from resviz.export.drifts import DriftLanes, drift_lanes
from resviz.gui.seen import Seen
from resviz.gui.turns import Turns
from resviz.gui.views import GRIDS
from resviz.gui.whole import Wholes
from resviz.priority import give_way

if TYPE_CHECKING:
    from resviz.gui.reins import Reins
    from resviz.observe import Passage
    from resviz.observe.laziness import LazinessSeries
    from resviz.recording import Progress, Recording

_SOLVED_LIMITS = 12
_PAINT_S = 0.15  # a picture that is hidden is never painted


@dataclass(frozen=True, slots=True)
class Stage:
    """Work that has no steps yet: what is being done, for the status line."""

    doing: str


@dataclass(frozen=True, slots=True)
class Trained:
    """Where training stands.

    Attributes:
        recording: the growing recording; up to ``step`` it does not change any more.
        step, steps: newest recorded and planned step.
        speed: steps a second.
        device: where the net is trained.
        notes: what failed beside the net (a limit, the twin) and was left behind.
        doing: work before the first step that is new.
    """

    recording: Recording
    step: int
    steps: int
    speed: float
    device: str
    notes: tuple[str, ...] = ()
    doing: str = ""


class SolvedLimits(dict[str, Any]):
    """Solved limits by key, the oldest forgotten: Reset and New seed cost no solve."""

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        while len(self) > _SOLVED_LIMITS:
            del self[next(iter(self))]


def train(
    session: Session,
    limits: SolvedLimits,
    *,
    contrast: bool = True,
    threads: int = 0,
    after: Recording | None = None,
    spool: bool = False,
    folder: Path | None = None,
    settle: bool = False,
    reins: Reins | None = None,
) -> Iterator[Stage | Trained]:
    """Record ``session`` from step 0; everything that takes long, the imports too, happens in here.

    Args:
        threads: processor threads; 0 leaves it to the program.
        after: a recording to go on with instead, from its newest step.
        spool: keep it on disk while it grows, so that nothing ends it but its user.
        folder: of spools; left out, in the user's folder.
        settle: what is loaded by now stays: full garbage collections need not go through it.
        reins: of a process of its own, where training takes nothing from painting; left out, or where there
            can be none, it is trained in this thread.
    """
    yield Stage("loading engine")
    if reins is not None:
        warm()  # it loads its engine while this process does
    import torch

    from resviz.apart.trained import can_train_apart
    from resviz.engine.compiled import resolve_device
    from resviz.engine.resnet import net_device
    from resviz.recording import record
    from resviz.recording.spool import held, spooled

    dtype = torch.float32 if session.training.dtype == "float32" else torch.float64
    resolve_device(session.training.device, dtype)  # what is missing is told before data is made
    if settle:
        _settle(session.training.dtype)
    known = -1 if after is None else after.step
    waiting = "preparing the first step" if known < 0 else "replaying the units"
    yield Stage("making data" if known < 0 else waiting)
    states: Iterator[Progress] | None = None
    if reins is not None and can_train_apart(session):
        states = yield from _apart(session, limits, contrast, threads or 1, after, reins)
    if states is None:
        states = record(session, limits=limits, contrast=contrast, after=after, threads=threads or 1)
    grown = spooled(states, folder) if spool else held(states)
    device = ""
    try:
        for at in grown:
            doing = waiting if at.step == known else ""
            device = device or str(net_device(session, at.recording.problem))
            yield Trained(at.recording, at.step, at.steps, at.speed, device, at.notes, doing)
    finally:
        # now, and not when garbage is collected: another process may be waiting for its end
        _end(grown)
        _end(states)


def _apart(
    session: Session,
    limits: SolvedLimits,
    contrast: bool,
    threads: int,
    after: Recording | None,
    reins: Reins,
) -> Generator[Stage, None, Iterator[Progress] | None]:
    """The states of another process, from the first that has a recording on; None if there can be none."""
    from resviz.apart.trained import trained_apart

    reins.used = True
    states = trained_apart(
        session, limits=limits, contrast=contrast, after=after, threads=threads, steering=reins
    )
    try:
        for first in states:
            if first is not None:
                return _from(first, states)
            yield Stage("loading engine")
    except (OSError, OutputError):  # nowhere to hand the recording over
        reins.used = False
    except GeneratorExit:
        _end(states)
        raise
    return None


def _from(first: Progress, states: Iterator[Progress | None]) -> Iterator[Progress]:
    """``first`` and what comes after it."""
    try:
        yield first
        for one in states:
            if one is not None:
                yield one
    finally:
        _end(states)


def _end(states: Iterator[Any]) -> None:
    if isinstance(states, Generator):
        states.close()


def _settle(dtype: str) -> None:
    """Load what the first steps would, then set all objects of modules apart for good.

    There are half a million of them, and a full collection that goes through them stops the window for 0.2 s
    every half minute of training. For a process of one window: what is set apart is never collected.
    """
    import gc

    import resviz.observe  # noqa: F401
    from resviz.engine.kernelcache import kernels

    kernels(dtype)
    gc.collect()
    gc.freeze()


def _use_threads(count: int) -> None:
    """Threads for products: torch's of the calling thread (it counts them per thread), numpy's of all.

    Small products are slower shared out, and waiting threads spin: beside training a look cost seven times
    the processor time (2 cores), and training took all of both cores for no gain.
    """
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(count)
    threadpool_limits(count, user_api="blas")


def open_file(path: Path) -> Iterator[Any]:
    """Yield the recording in ``path``."""
    yield Stage(f"opening {path.name}")
    from resviz.recording import open_recording

    yield open_recording(path)


def save_file(recording: Recording, path: Path) -> Iterator[Any]:
    """Write ``recording`` to ``path`` and yield the path written."""
    yield Stage(f"saving {path.name}")
    yield recording.save(path)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the window looks.

    Attributes:
        layers: of the grid and the cloud.
        window: layers pooled round each of them.
        contrast_layer: the layer of the contrast.
        row_window: layers that a row of a depth map holds at least.
    """

    layers: tuple[int, ...]
    window: int
    contrast_layer: int
    row_window: int = 1


@dataclass(frozen=True, slots=True)
class What:
    """Which numbers it looks at there."""

    observable: str
    sample: int
    coordinate: int
    view: str = "grid"
    second: str = ""  # the other axis of clouds and paths
    second_coordinate: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """The series behind the pictures; they go on filling after they were delivered.

    Attributes:
        whole: a DepthSeries, CloudSeries or GhostSeries, if the view needs one.
    """

    grid: Seen
    session: Seen
    twin: Seen | None = None
    lazy: Seen | None = None
    what: What | None = None
    places: Places | None = None
    drifts: DriftLanes = field(default_factory=DriftLanes)
    whole: Any = None

    @property
    def view(self) -> str:
        """The view that was looked at."""
        return "grid" if self.what is None else self.what.view

    @property
    def main(self) -> Any:
        """The series that says which step the units' picture shows."""
        return self.grid if self.whole is None or self.view in GRIDS else self.whole

    @property
    def all(self) -> tuple[Any, ...]:
        """Every series there is, in the order in which a step of them is wanted."""
        others = (self.grid, self.session, self.twin, self.lazy, *self.drifts.all, self.whole)
        return (self.main, *(one for one in others if one is not None and one is not self.main))

    def unbroken_from(self, step: int) -> int:
        """The last step up to which, from ``step`` on, the units' picture is ready."""
        ends = [one.unbroken_from(step) for one in (self.main, self.whole) if one is not None]
        return int(min(ends))


@dataclass(slots=True)
class Desk:
    """A run's passages and series, kept so that looking again costs a look-up.

    Attributes:
        wanted: the step to visit first; the window writes it at any time, the looking thread reads it.
        hurry: somebody waits for the picture of the wanted step, and nothing else is computed until it is
            painted: two threads that hold the interpreter in turn take twice as long. The window sets it, who
            looks takes it back.
        live: the wanted step goes on with training; written by the window.
        painted: set by the window when that picture was painted.
        passages, series, drifts, turns: written by the looking thread alone.
    """

    wanted: int = 0
    hurry: bool = False
    live: bool = False
    painted: Event = field(default_factory=Event)
    passages: dict[Any, Passage] = field(default_factory=dict)
    series: dict[Any, Seen] = field(default_factory=dict)
    drifts: dict[Any, LazinessSeries] = field(default_factory=dict)
    wholes: Wholes = field(default_factory=Wholes)
    turns: Turns = field(default_factory=Turns)


def look(
    desk: Desk, recording: Recording, twin: Recording | None, places: Places, what: What
) -> Iterator[Sight | None]:
    """Visit the wanted step, then every recorded step that was not visited (see `resviz.gui.turns`).

    Yields the sight when a step has become ready, None within its visit; ends when all are visited, to be
    started again when there are more. From the first picture on it gives way to others.
    """
    _use_threads(1)
    sight = _sight(desk, recording, twin, places, what)
    yield sight if sight.main.newest >= 0 or sight.grid.newest >= 0 else None
    while True:
        if desk.hurry and (desk.live or sight.main.has(desk.wanted)):
            desk.painted.wait(0.0 if desk.live else _PAINT_S)
            desk.hurry = False
        turn = desk.turns.next(sight, desk.wanted, live=desk.live)
        if turn is None:
            return
        step, behind = turn
        begun = perf_counter()
        for ready in behind.visit(step):
            yield sight if ready else None
            if ready:  # and not before: the first picture waits for seconds of imports
                give_way()
            if behind is sight.whole and desk.hurry and step != desk.wanted:
                break  # rows of a large net take a while: who scrubs waits for none of them
        desk.turns.took(perf_counter() - begun)


def _sight(desk: Desk, recording: Recording, twin: Recording | None, places: Places, what: What) -> Sight:
    from resviz.observe.observables import Look

    at = Look.at(recording.problem, sample=what.sample, coordinate=what.coordinate)
    one = (places.contrast_layer,)
    grid = _series(
        desk, ("net", recording, places.layers, places.window), what.observable, at, distances=True
    )
    session = _series(desk, ("net", recording, one, places.window), "travel_u", at)
    other = lazy = None
    if twin is not None and twin.step >= 0:
        other = _series(desk, ("net", twin, one, places.window), "travel_u", at)
    if recording.lazy is not None and recording.lazy.newest >= 0:
        # its units stay; alpha times what they moved has a limit
        lazy = _series(desk, ("lazy", recording, one, places.window), "travel_scaled", at)
    drifts = drift_lanes(desk.drifts, recording, twin)
    passage = _passage(desk, ("net", recording, places.layers, places.window))
    whole = desk.wholes.series(recording, places, what, passage)
    return Sight(grid, session, other, lazy, what, places, drifts, whole)


_Where: TypeAlias = "tuple[str, Recording, tuple[int, ...], int]"
"""net or lazy, of which recording, at which layers, pooled over how many."""


def _series(
    desk: Desk,
    where: _Where,
    name: str,
    at: Any,
    *,
    distances: bool = False,
) -> Seen:
    from resviz.observe import Series

    full = (*_key(where), name, at, distances)
    if full not in desk.series:
        desk.series[full] = Seen(Series(_passage(desk, where), name, at), distances=distances)
    return desk.series[full]


def _passage(desk: Desk, where: _Where) -> Passage:
    from resviz.observe import Passage

    kind, recording, layers, window = where
    key = _key(where)
    if key not in desk.passages:
        desk.passages[key] = (
            Passage(recording, layers, window=window, limit=recording.lazy, finite=False)
            if kind == "lazy"
            else Passage(recording, layers, window=window)
        )
    return desk.passages[key]


def _key(where: _Where) -> tuple[Any, ...]:
    kind, recording, layers, window = where
    # a limit that came to be, or was replaced, after the passage was made needs another one
    limit = recording.lazy if kind == "lazy" else recording.limit
    return kind, id(recording), id(limit), layers, window
