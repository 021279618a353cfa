"""An atlas of the phase diagram: small networks over (alpha, L M / D), and what was measured of them.

Every cell trains the same Gaussian data with several seeds at once, side by side on the replica axis of the
engine's sweep, in the output-weights parametrisation (HW's dimension experiment), L and M alike. Measured:

    travel    mean over units of the RMS change of u over its coordinates since k = 0
    spread    entrywise standard deviation of the output over seeds, RMS over entries
    diverged  share of the seeds whose output ended no nearer to the targets than the data themselves are

The whole default atlas takes some half a minute of one core and is kept in a file of 3 kB.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from resviz.errors import OutputError
from resviz.files import writing

if TYPE_CHECKING:
    from resviz.data import Problem

__all__ = ["Atlas", "AtlasPlan", "atlas", "shape_of"]

Array = NDArray[np.float64]
_VERSION = 1  # of what is computed: another one makes old files unknown
_NAMES = ("travel", "spread", "diverged")
_BLOW_UP = 1e6  # an output this many times larger than the targets is no longer training


def _powers(low: float, high: float, count: int) -> tuple[float, ...]:
    return tuple(float(f"{x:.6g}") for x in np.logspace(low, high, count))


@dataclass(frozen=True, slots=True)
class AtlasPlan:
    """What is trained.

    Attributes:
        alphas: (A,) branch multipliers; ratios: (B,) of L M / D.
        dimension, samples: D and N of the Gaussian data.
        steps: K.
        seeds: networks a cell, at least 2.
        data_seed: of the data.
    """

    alphas: tuple[float, ...] = field(default_factory=lambda: _powers(-1.75, 2.75, 19))
    ratios: tuple[float, ...] = field(default_factory=lambda: _powers(-0.25, 3.75, 9))
    dimension: int = 10
    samples: int = 10
    steps: int = 30
    seeds: int = 4
    data_seed: int = 2

    @property
    def key(self) -> str:
        """Names the file of its results."""
        text = json.dumps([_VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """Measured quantities, (B, A) each; NaN where a cell was not trained yet.

    Attributes:
        plan: what was trained.
        travel, spread, diverged: see the module; travel and spread are those of the seeds that stayed finite,
            infinite where none did.
    """

    plan: AtlasPlan
    travel: Array
    spread: Array
    diverged: Array

    def with_cell(self, row: int, column: int, travel: float, spread: float, diverged: float) -> Atlas:
        """A copy with one cell more."""
        arrays = [a.copy() for a in (self.travel, self.spread, self.diverged)]
        for array, value in zip(arrays, (travel, spread, diverged), strict=True):
            array[row, column] = value
        return Atlas(self.plan, *arrays)

    @property
    def done(self) -> float:
        """Share of the cells that are trained."""
        return float(np.mean(np.isfinite(self.diverged)))


def shape_of(ratio: float, dimension: int, aspect: float = 1.0) -> tuple[int, int]:
    """(L, M) nearest to L M / D = ``ratio`` with L/M = ``aspect``, at least one of each."""
    product = ratio * dimension
    layers = max(1, round((product * aspect) ** 0.5))
    return layers, max(1, round(product / layers))


def atlas(plan: AtlasPlan | None = None, folder: Path | None = None) -> Iterator[Atlas | None]:
    """Train what is missing, small networks first: the atlas after every cell, None within one.

    Args:
        plan: left out, the default one.
        folder: where finished cells are kept, so that a cancelled atlas goes on where it was; None keeps
            nothing. Made if need be.

    Raises:
        OutputError: the file cannot be written.
    """
    plan = plan or AtlasPlan()
    path = None if folder is None else folder / f"atlas-{plan.key}.npz"
    found = _read(plan, path)
    yield found
    if found.done == 1.0:
        return
    from resviz.engine.compiled import one_thread

    with one_thread():
        yield from _missing(found, path)


def _missing(found: Atlas, path: Path | None) -> Iterator[Atlas | None]:
    from resviz.config import Session
    from resviz.data import make_problem

    plan = found.plan
    data = {"samples": plan.samples, "dimension": plan.dimension, "seed": plan.data_seed}
    problem = make_problem(Session(data=data))
    try:
        for row, ratio in enumerate(plan.ratios):
            if np.isfinite(found.diverged[row]).all():
                continue
            starts = yield from _starts(plan, *shape_of(ratio, plan.dimension))
            for column, alpha in enumerate(plan.alphas):
                if np.isnan(found.diverged[row, column]):
                    cell = yield from _cell(plan, problem, starts, alpha)
                    found = found.with_cell(row, column, *cell)
                    yield found
    finally:  # cancelled ones too: what is trained is kept
        if path is not None and found.done > 0:
            _write(found, path)


def _starts(plan: AtlasPlan, layers: int, units: int) -> Generator[None, None, NDArray[np.float32]]:
    """(L, R, 2, D, M), the seeds side by side."""
    from resviz.fields import unit_starts

    starts = np.empty((layers, plan.seeds, 2, plan.dimension, units), np.float32)
    for layer in range(layers):
        for seed in range(plan.seeds):
            starts[layer, seed] = unit_starts(seed, layer, units, plan.dimension)
        if layer % 64 == 0:
            yield None
    return starts


def _cell(
    plan: AtlasPlan, problem: Problem, starts: NDArray[np.float32], alpha: float
) -> Generator[None, None, tuple[float, float, float]]:
    """(travel, spread, diverged) of one cell."""
    import torch

    from resviz.config import Session
    from resviz.engine.compiled import chunks, compiled
    from resviz.engine.resnet import Sweep
    from resviz.engine.rule import rule

    layers, replicas, _, d, m = starts.shape
    chosen = rule(Session(network={"parametrisation": "output-weights", "alpha": alpha}))
    sweep, scale = compiled(Sweep, type(chosen.sigma())), alpha / (layers * m)
    z = torch.from_numpy(starts) * float(np.sqrt(d))
    u, v = z[:, :, 0].contiguous(), z[:, :, 1].contiguous()  # (L, R, D, M)
    h = torch.zeros(layers + 1, replicas, problem.samples, d)
    h[0] = torch.tensor(problem.h0, dtype=h.dtype)
    b = torch.zeros_like(h)
    ranges = chunks(layers, 10.0 * replicas * problem.samples * d * m)
    largest = _BLOW_UP * float(np.abs(problem.y).max())
    alive = np.ones(replicas, bool)
    for step in range(plan.steps + 1):
        for start, stop in ranges:
            sweep.up(h, u, v, scale, start, stop)
            yield None
        output = h[-1].double().numpy()  # (R, N, D)
        with np.errstate(invalid="ignore"):
            alive &= (np.abs(output) < largest).all(axis=(1, 2))  # NaN is not smaller
        if step == plan.steps or not alive.any():
            break
        # what has blown up is no longer pulled: overflows are slow
        b[-1] = torch.from_numpy(np.where(alive[:, None, None], problem.pull(output), 0.0)).to(b)
        for start, stop in reversed(ranges):
            sweep.down(h, b, u, v, scale, *chosen.updates(1.0), start, stop)
            yield None
    if not alive.any():
        return float("inf"), float("inf"), 1.0
    diverged = float(np.mean(~alive | ~(problem.loss(output) < problem.loss(problem.h0))))
    kept = torch.from_numpy(alive)
    moved = (u - z[:, :, 0]).square().mean(dim=2).sqrt()  # (L, R, M)
    travel = float(moved[:, kept].double().mean())
    spread = float("nan")
    if alive.sum() > 1:
        spread = float(np.sqrt(output[alive].var(axis=0, ddof=1).mean()))
    return travel, spread, diverged


def _read(plan: AtlasPlan, path: Path | None) -> Atlas:
    """What is kept; an empty atlas where there is nothing, or nothing that can be read."""
    shape = (len(plan.ratios), len(plan.alphas))
    empty = Atlas(plan, *(np.full(shape, np.nan) for _ in range(3)))
    if path is None or not path.is_file():
        return empty
    try:
        with np.load(path, allow_pickle=False) as kept:
            arrays = [np.asarray(kept[name], dtype=np.float64) for name in _NAMES]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return empty
    return Atlas(plan, *arrays) if all(a.shape == shape for a in arrays) else empty


def _write(found: Atlas, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path.parent} cannot be made: {error.strerror}", remedy="Set RESVIZ_HOME to a writable folder."
        ) from error
    with writing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{name: getattr(found, name) for name in _NAMES})
