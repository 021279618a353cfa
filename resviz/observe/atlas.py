"""An atlas of the phase diagram: what was measured of small networks over (alpha, L M / D), kept in a file.

travel    mean over units of the RMS change of u over its coordinates since k = 0
spread    entrywise standard deviation of the output over seeds, RMS over entries
diverged  share of the seeds whose output ended no nearer to the targets than the data themselves are
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from resviz.config import Session
from resviz.files import make_folder, writing

__all__ = ["Atlas", "AtlasPlan", "keep_atlas", "kept_atlas", "shape_of"]

Array = NDArray[np.float64]
_VERSION = 1  # of what is computed: another one makes old files unknown
_NAMES = ("travel", "spread", "diverged")


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
        layers, units = shape_of(ratio, self.dimension)
        network = {"layers": layers, "units": units, "alpha": alpha, "seed": seed}
        return Session(
            data={"samples": self.samples, "dimension": self.dimension, "seed": self.data_seed},
            network={**network, "parametrisation": "output-weights"},
            training={"steps": self.steps, "device": "cpu"},
        )

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


def kept_atlas(plan: AtlasPlan, folder: Path | None) -> Atlas:
    """What is kept; an empty atlas where there is nothing, or nothing that can be read."""
    shape = (len(plan.ratios), len(plan.alphas))
    empty = Atlas(plan, *(np.full(shape, np.nan) for _ in range(3)))
    if folder is None:
        return empty
    path = folder / plan.file_name
    if not path.is_file():
        return empty
    try:
        with np.load(path, allow_pickle=False) as kept:
            arrays = [np.asarray(kept[name], dtype=np.float64) for name in _NAMES]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return empty
    return Atlas(plan, *arrays) if all(a.shape == shape for a in arrays) else empty


def keep_atlas(found: Atlas, folder: Path) -> None:
    """Write what was measured into ``folder``, which is made if need be.

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(folder, remedy="Set RESVIZ_HOME to a writable folder.")
    with writing(folder / found.plan.file_name) as temporary, temporary.open("wb") as file:
        np.savez(file, **{name: getattr(found, name) for name in _NAMES})
