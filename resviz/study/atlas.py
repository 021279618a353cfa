"""Training the atlas of the phase diagram: small networks over (alpha, L M / D), see `resviz.observe.atlas`.

Every cell trains the same Gaussian data with several seeds, in the output-weights parametrisation (HW's
dimension experiment), L and M alike; the cells of a row are replicas of one ensemble. The whole default atlas
takes some half a minute of one core and is kept in a file of 5 kB.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from resviz.observe.atlas import Atlas, AtlasPlan, keep_atlas, kept_atlas

if TYPE_CHECKING:
    from resviz.data import Problem

__all__ = ["atlas"]

Array = NDArray[np.float64]
Cell = tuple[float, float, float]
_BYTES = 64e6  # of the networks that are trained at once


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
    found = kept_atlas(plan, folder)
    yield found
    if found.done == 1.0:
        return
    from resviz.engine.compiled import one_thread

    with one_thread():
        yield from _missing(found, folder)


def _missing(found: Atlas, folder: Path | None) -> Iterator[Atlas | None]:
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
        if folder is not None and found.done > 0:
            keep_atlas(found, folder)


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
