"""Training the atlas of the phase diagram: small networks over (alpha, L M / D), see `resviz.observe.atlas`.

Every cell trains the same Gaussian data with several seeds, in the output-weights parametrisation (HW's
dimension experiment), L and M alike; the cells of a row are replicas of one ensemble. The atlas of the
default plan comes with the program. It is made again, some ten minutes of one core, by ::

    resviz sweep phase-atlas -o DIR
    python -m resviz.study.atlas DIR CELLS.csv

`atlas` trains what it lacks: rows between its rows, on the user's machine, kept in a file of some 20 kB.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resviz.errors import RequestError
from resviz.observe.atlas import Atlas, AtlasPlan, empty_atlas, keep_atlas, kept_atlas, write_cells

if TYPE_CHECKING:
    from resviz.data import Problem

__all__ = ["atlas", "cell_of", "from_table"]

Array = NDArray[np.float64]
Cell = tuple[float, float, float]
_BYTES = 64e6  # of the networks that are trained at once


def atlas(plan: AtlasPlan | None = None, folder: Path | None = None) -> Iterator[Atlas | None]:
    """Train what is missing, small networks first: the atlas after some cells, None between pieces of work.

    Args:
        plan: left out, the default one with a row between any two.
        folder: where finished cells are kept, so that a cancelled atlas goes on where it was; None keeps
            nothing. Made if need be.

    Raises:
        OutputError: the file cannot be written.
    """
    plan = plan or AtlasPlan().finer()
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
    from resviz.study.measure import moved, spread

    sessions = [plan.session(alpha, ratio, seed) for alpha in alphas for seed in range(plan.seeds)]
    trained = None
    for at in train_together(sessions, [problem] * len(sessions)):
        trained = at or trained
        yield None
    if trained is None:
        raise RuntimeError("an ensemble ends with itself")
    squares = np.zeros(len(sessions))
    for layer in range(trained.shape.layers):
        squares += moved(trained, layer)
        if layer % 16 == 0:
            yield None
    shape = (len(alphas), plan.seeds)
    lost = (trained.diverged >= 0).reshape(shape)
    travel = np.sqrt(squares / trained.shape.layers).reshape(shape)
    loss = trained.loss[:, -1].reshape(shape)
    output = trained.output[:, -1].reshape(*shape, plan.samples, -1)
    start = float(problem.loss(problem.h0))
    return [
        _cell(travel[a], loss[a], lost[a], spread(output[a][~lost[a]]), start) for a in range(len(alphas))
    ]


def _cell(travel: Array, loss: Array, lost: NDArray[np.bool_], deviation: float, start: float) -> Cell:
    """One cell from its seeds.

    Args:
        travel, loss: (S,), of the seeds that stayed finite.
        lost: (S,) whether a seed diverged.
        deviation: of the outputs of those that did not.
        start: the loss of the data themselves.
    """
    failed = lost | ~(np.where(lost, np.inf, loss) < start)
    moved = float(np.sqrt(np.mean(travel[~lost] ** 2))) if not lost.all() else np.inf
    return moved, deviation if (~lost).sum() > 1 else np.inf, float(failed.mean())


def from_table(rows: Sequence[dict[str, Any]]) -> Atlas:
    """The default plan's atlas from the rows of its sweep.

    Raises:
        RequestError: a run of the plan is missing, or has failed.
    """
    from resviz.data import make_problem
    from resviz.study.sweep.table import session_id

    plan = AtlasPlan()
    found = empty_atlas(plan)
    problem = make_problem(plan.session(1.0, 1.0, 0))
    start = float(problem.loss(problem.h0))
    known = {row["id"]: row for row in rows if not row["error"]}
    for row, ratio in enumerate(plan.ratios):
        for column, alpha in enumerate(plan.alphas):
            wanted = (session_id(plan.session(alpha, ratio, seed)) for seed in range(plan.seeds))
            runs = [known[one] for one in wanted if one in known]
            if len(runs) < plan.seeds:
                raise RequestError(
                    f"the table lacks a run of alpha = {alpha:g}, LM/D = {ratio:g}",
                    remedy="Let the sweep come to its end: resviz sweep phase-atlas -o DIR",
                )
            found = found.with_cell(row, column, *cell_of(runs, start))
    return found


def cell_of(runs: Sequence[dict[str, Any]], start: float) -> Cell:
    """(travel, spread, diverged) from the rows of one point; ``start`` is the loss of the data themselves."""
    travel, loss = (np.array([run[name] for run in runs], np.float64) for name in ("travel", "loss"))
    lost = np.array([run["diverged"] >= 0 for run in runs])
    return _cell(travel, loss, lost, float(runs[0]["output_std"]), start)


if __name__ == "__main__":
    from resviz.study.sweep import read_table

    write_cells(from_table(read_table(sys.argv[1])), Path(sys.argv[2]))
