"""An atlas of the phase diagram: small networks over (alpha, L M / D), and what was measured of them.

Every cell trains the same Gaussian data with several seeds, in the output-weights parametrisation (HW's
dimension experiment), L and M alike; the cells of a row are replicas of one ensemble. Measured:

    travel    mean over units of the RMS change of u over its coordinates since k = 0
    spread    entrywise standard deviation of the output over seeds, RMS over entries
    diverged  share of the seeds whose output ended no nearer to the targets than the data themselves are

The whole default atlas takes some half a minute of one core and is kept in a file of 3 kB.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from resviz.errors import OutputError
from resviz.files import writing

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.data import Problem

__all__ = ["Atlas", "AtlasPlan", "atlas", "shape_of"]

Array = NDArray[np.float64]
Cell = tuple[float, float, float]
_VERSION = 1  # of what is computed: another one makes old files unknown
_NAMES = ("travel", "spread", "diverged")
_BYTES = 64e6  # of the networks that are trained at once


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

    alphas: tuple[float, ...] = field(default_factory=lambda: _powers(-1.875, 2.875, 20))
    ratios: tuple[float, ...] = field(default_factory=lambda: _powers(-0.25, 3.75, 9))
    dimension: int = 10
    samples: int = 10
    steps: int = 30
    seeds: int = 4
    data_seed: int = 2

    def session(self, alpha: float, ratio: float, seed: int) -> Session:
        """One of the sessions that are trained."""
        from resviz.config import Session

        layers, units = shape_of(ratio, self.dimension)
        network = {"layers": layers, "units": units, "alpha": alpha, "seed": seed}
        return Session(
            data={"samples": self.samples, "dimension": self.dimension, "seed": self.data_seed},
            network={**network, "parametrisation": "output-weights"},
            training={"steps": self.steps, "device": "cpu"},
        )

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
    """Train what is missing, small networks first: the atlas after some cells, None between pieces of work.

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
    from resviz.data import make_problem

    plan = found.plan
    problem = make_problem(plan.session(1.0, 1.0, 0))
    try:
        for row, ratio in enumerate(plan.ratios):
            lacking = np.flatnonzero(np.isnan(found.diverged[row])).tolist()
            group = _together(plan, problem, ratio)
            for first in range(0, len(lacking), group):
                columns = lacking[first : first + group]
                cells = yield from _cells(plan, problem, ratio, [plan.alphas[c] for c in columns])
                for column, cell in zip(columns, cells, strict=True):
                    found = found.with_cell(row, column, *cell)
                yield found
    finally:  # cancelled ones too: what is trained is kept
        if path is not None and found.done > 0:
            _write(found, path)


def _together(plan: AtlasPlan, problem: Problem, ratio: float) -> int:
    """Cells of one row that are trained at once, within `_BYTES`."""
    from resviz.study.ensemble import ensemble_bytes
    from resviz.study.ensemble import shape_of as shape_in

    shape = shape_in(plan.session(1.0, ratio, 0), problem)
    if shape is None:
        raise RuntimeError("plain gradient descent has a shape")
    return max(1, int(_BYTES / (plan.seeds * ensemble_bytes(shape))))


def _cells(
    plan: AtlasPlan, problem: Problem, ratio: float, alphas: Sequence[float]
) -> Generator[None, None, list[Cell]]:
    """(travel, spread, diverged) of some alphas."""
    from resviz.study.ensemble import train_together

    sessions = [plan.session(alpha, ratio, seed) for alpha in alphas for seed in range(plan.seeds)]
    trained = None
    for at in train_together(sessions, [problem] * len(sessions)):
        trained = at or trained
        yield None
    if trained is None:
        raise RuntimeError("an ensemble ends with itself")
    moved = np.zeros(len(sessions))
    for layer in range(trained.shape.layers):
        change = trained.u[layer] - trained.start_of(layer)  # (R, D, M)
        moved += change.square().mean(dim=1).sqrt().double().mean(dim=1).cpu().numpy()
        if layer % 16 == 0:
            yield None
    travel = np.reshape(moved / trained.shape.layers, (len(alphas), plan.seeds))
    output = trained.output[:, -1].reshape(len(alphas), plan.seeds, plan.samples, -1)
    blown = (trained.diverged >= 0).reshape(len(alphas), plan.seeds)
    with np.errstate(invalid="ignore", over="ignore"):
        learned = trained.loss[:, -1] < float(problem.loss(problem.h0))
    failed = blown | ~learned.reshape(blown.shape)
    return [_cell(travel[a][~blown[a]], output[a][~blown[a]], failed[a]) for a in range(len(alphas))]


def _cell(travel: Array, output: Array, failed: NDArray[np.bool_]) -> Cell:
    """From travel (R,) and output (R, N, D) of the seeds that stayed finite."""
    if not len(travel):
        return float("inf"), float("inf"), 1.0
    spread = float(np.sqrt(output.var(axis=0, ddof=1).mean())) if len(output) > 1 else float("nan")
    return float(travel.mean()), spread, float(failed.mean())


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
