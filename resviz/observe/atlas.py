"""An atlas of the phase diagram: what was measured of small networks over (alpha, L M / D), kept in a file.

travel    RMS over units, coordinates and seeds of the change of u since k = 0
spread    entrywise standard deviation of the output over seeds, RMS over entries
diverged  share of the seeds whose output ended no nearer to the targets than the data themselves are

The atlas of the default plan comes with the program: atlas/sweep.toml is the sweep that made it,
atlas/cells.csv what it measured. What a user's machine has trained beside it lies in the user's folder.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from resviz.config import Session
from resviz.config.regime import Regime
from resviz.files import make_folder, writing

__all__ = [
    "Atlas",
    "AtlasPlan",
    "keep_atlas",
    "kept_atlas",
    "measured_regimes",
    "shape_of",
    "shipped_atlas",
    "write_cells",
]

Array = NDArray[np.float64]
STILL, LOUD, WILD, LOST = 0.86, 0.08, 0.42, 0.5
"""What was measured where the theory draws its boundaries, see `measured_regimes`."""

_VERSION = 2  # of what is computed: another one makes old files unknown
_NAMES = ("travel", "spread", "diverged")
_COLUMNS = ("alpha", "ratio", "layers", "units", *_NAMES)


def _powers(low: float, high: float, count: int) -> tuple[float, ...]:
    return tuple(float(f"{x:.6g}") for x in np.logspace(low, high, count))


@dataclass(frozen=True, slots=True)
class AtlasPlan:
    """What is trained; left out, the cells of the atlas that comes with the program.

    Attributes:
        alphas: (A,) branch multipliers; ratios: (B,) of L M / D.
        dimension, samples: D and N of the Gaussian data.
        steps: K.
        seeds: networks a cell, at least 2.
        data_seed: of the data.
    """

    alphas: tuple[float, ...] = field(default_factory=lambda: _powers(-1.9375, 2.9375, 40))
    ratios: tuple[float, ...] = field(default_factory=lambda: _powers(-0.25, 5.25, 12))
    dimension: int = 10
    samples: int = 10
    steps: int = 30
    seeds: int = 4
    data_seed: int = 2

    def session(self, alpha: float, ratio: float, seed: int) -> Session:
        """One of the sessions that are trained."""
        layers, units = shape_of(ratio, self.dimension)
        network = {"layers": layers, "units": units, "alpha": alpha, "seed": seed}
        return Session(
            data={"samples": self.samples, "dimension": self.dimension, "seed": self.data_seed},
            network={**network, "parametrisation": "output-weights"},
            training={"steps": self.steps, "device": "cpu"},
        )

    def finer(self) -> AtlasPlan:
        """The same with a row between any two."""
        logs = np.log10(self.ratios)
        between = [float(f"{10.0**x:.6g}") for x in (logs[1:] + logs[:-1]) / 2]
        return replace(self, ratios=tuple(sorted((*self.ratios, *between))))

    def has_cells_of(self, other: AtlasPlan) -> bool:
        """Whether a cell of both plans is trained in the same way."""
        return replace(self, alphas=other.alphas, ratios=other.ratios) == other

    @property
    def file_name(self) -> str:
        """Of its results."""
        text = json.dumps([_VERSION, asdict(self)], sort_keys=True)
        return f"atlas-{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """Measured quantities, (B, A) each; NaN where a cell was not trained yet.

    Attributes:
        plan: what was trained.
        travel, spread, diverged: see the module; travel and spread are those of the seeds that stayed finite,
            infinite where none (for spread: less than two) did.
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

    def over(self, other: Atlas) -> Atlas:
        """This one, completed by what ``other`` knows of its cells; what stands here stays."""
        if not self.plan.has_cells_of(other.plan):
            return self
        rows = {ratio: i for i, ratio in enumerate(other.plan.ratios)}
        columns = {alpha: i for i, alpha in enumerate(other.plan.alphas)}
        arrays = [getattr(self, name).copy() for name in _NAMES]
        for row, ratio in enumerate(self.plan.ratios):
            for column, alpha in enumerate(self.plan.alphas):
                if ratio in rows and alpha in columns and np.isnan(self.diverged[row, column]):
                    for array, name in zip(arrays, _NAMES, strict=True):
                        array[row, column] = getattr(other, name)[rows[ratio], columns[alpha]]
        return Atlas(self.plan, *arrays)

    def regimes(self, row: int, column: int) -> tuple[Regime, ...]:
        """What was measured in a cell says: see `measured_regimes`."""
        return measured_regimes(*(float(getattr(self, name)[row, column]) for name in _NAMES))

    def whole_rows(self) -> Atlas:
        """The rows that are trained from end to end."""
        rows = ~np.isnan(self.diverged).any(axis=1)
        plan = replace(self.plan, ratios=tuple(np.array(self.plan.ratios)[rows].tolist()))
        return Atlas(plan, *(getattr(self, name)[rows] for name in _NAMES))

    @property
    def done(self) -> float:
        """Share of the cells that are trained."""
        return float(np.mean(np.isfinite(self.diverged)))


def measured_regimes(travel: float, spread: float, diverged: float) -> tuple[Regime, ...]:
    """The regimes that three measured numbers fit.

    Thresholds are calibrated: travel is `STILL` where alpha = 10^0.5, spread is `LOUD` where
    alpha = 10^-0.5 sqrt(L M / D) and `WILD` where alpha = 10^0.5 sqrt(L M / D), in every row of L M / D > 10
    (from half a decade beyond that boundary on, `LOST` of the seeds or more learn nothing). Below
    L M / D = 10 the noise 0.22 sqrt(D/(L M)) of any trained network is `LOUD` by itself.

    Units that move are seen both where alpha << 1 and where alpha ~ 1: their limits differ, not their travel.
    """
    if diverged >= LOST or spread >= WILD:
        return (Regime.BLOW_UP,)
    if spread >= LOUD:
        return (Regime.LAZY_SDE,)
    return (Regime.LAZY_ODE,) if travel < STILL else (Regime.SUBCRITICAL, Regime.FEATURES)


def shape_of(ratio: float, dimension: int, aspect: float = 1.0) -> tuple[int, int]:
    """(L, M) nearest to L M / D = ``ratio`` with L/M = ``aspect``, at least one of each."""
    product = ratio * dimension
    layers = max(1, round((product * aspect) ** 0.5))
    return layers, max(1, round(product / layers))


def empty_atlas(plan: AtlasPlan) -> Atlas:
    """No cell trained."""
    return Atlas(plan, *(np.full((len(plan.ratios), len(plan.alphas)), np.nan) for _ in _NAMES))


@cache
def shipped_atlas() -> Atlas:
    """The atlas that comes with the program, whole."""
    found = empty_atlas(AtlasPlan())
    rows = {ratio: i for i, ratio in enumerate(found.plan.ratios)}
    columns = {alpha: i for i, alpha in enumerate(found.plan.alphas)}
    with (files(__package__) / "atlas" / "cells.csv").open(encoding="utf-8") as file:
        for cell in csv.DictReader(file):
            at = rows[float(cell["ratio"])], columns[float(cell["alpha"])]
            for name in _NAMES:
                getattr(found, name)[at] = float(cell[name])
    return found


def write_cells(found: Atlas, path: Path) -> None:
    """Write an atlas as the program carries it: a line a cell, six digits.

    Raises:
        OutputError: it cannot be written.
    """
    plan = found.plan
    with writing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for row, ratio in enumerate(plan.ratios):
            for column, alpha in enumerate(plan.alphas):
                values = (f"{getattr(found, name)[row, column]:.6g}" for name in _NAMES)
                writer.writerow((alpha, ratio, *shape_of(ratio, plan.dimension), *values))


def kept_atlas(plan: AtlasPlan, folder: Path | None) -> Atlas:
    """What is known of a plan's cells: what comes with the program, then what ``folder`` keeps."""
    found = empty_atlas(plan).over(shipped_atlas())
    if folder is None:
        return found
    path = folder / plan.file_name
    if not path.is_file():
        return found
    try:
        with np.load(path, allow_pickle=False) as kept:
            arrays = [np.asarray(kept[name], dtype=np.float64) for name in _NAMES]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return found
    if any(a.shape != found.diverged.shape for a in arrays):
        return found
    return found.over(Atlas(plan, *arrays))


def keep_atlas(found: Atlas, folder: Path) -> None:
    """Write what was measured into ``folder``, which is made if need be.

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(folder, remedy="Set RESVIZ_HOME to a writable folder.")
    with writing(folder / found.plan.file_name) as temporary, temporary.open("wb") as file:
        np.savez(file, **{name: getattr(found, name) for name in _NAMES})
