"""The published experiments of HW (arXiv 2509.10167) and AS (arXiv 2603.18168), each with a verdict.

::

    from resviz.study.reproduce import EXPERIMENTS, Plan, reproduce

    for state in reproduce(["reference-loss"], Plan(quick=True)):
        ...                                # Progress, and at last the Result

Published values were read off figures (some 2 % for dots, 10 % by eye), and the data cannot be drawn again:
a reproduction matches shapes, slopes and levels within a stated factor, exact values where there are some.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from resviz.errors import RequestError
from resviz.study.published import PUBLISHED
from resviz.study.reproduce.alpha import lazy_travel, loss_vs_alpha, output_std_vs_alpha
from resviz.study.reproduce.density import density_grid
from resviz.study.reproduce.error import error_vs_depth, error_vs_width
from resviz.study.reproduce.experiment import Experiment, Plan, Progress
from resviz.study.reproduce.phase import phase_diagram
from resviz.study.reproduce.reference import reference_loss, unit_paths
from resviz.study.reproduce.result import Check, Result, Table
from resviz.study.reproduce.shape import shape_embedding_error, shape_output_error
from resviz.study.reproduce.write import check_folder, write_result

__all__ = [
    "EXPERIMENTS",
    "Check",
    "Experiment",
    "Plan",
    "Progress",
    "Result",
    "Table",
    "check_folder",
    "experiments",
    "reproduce",
    "write_result",
]

# steps, and the family that shares its runs
_STEPS = {
    "reference-loss": (reference_loss, "reference"),
    "unit-paths": (unit_paths, "reference"),
    "error-vs-L": (error_vs_depth, "error"),
    "error-vs-M": (error_vs_width, "error"),
    "output-std-vs-alpha": (output_std_vs_alpha, "alpha"),
    "loss-vs-alpha": (loss_vs_alpha, "alpha"),
    "lazy-travel": (lazy_travel, "alpha"),
    "phase-diagram": (phase_diagram, ""),
    "shape-embedding-error": (shape_embedding_error, "shape"),
    "shape-output-error": (shape_output_error, "shape"),
    "density-grid": (density_grid, ""),
}
EXPERIMENTS: tuple[Experiment, ...] = tuple(
    Experiment(one.name, one.title, one.source, *_STEPS[one.name]) for one in PUBLISHED
)


def experiments(names: Sequence[str] = ()) -> list[Experiment]:
    """The experiments called ``names``, each once; all of them for none.

    Raises:
        RequestError: no experiment has that name.
    """
    known = {experiment.name: experiment for experiment in EXPERIMENTS}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            raise RequestError(
                f"experiment {name!r} does not exist",
                remedy=(f"Did you mean {near[0]}? " if near else "") + "Choose from: " + ", ".join(known),
            )
    return [known[name] for name in dict.fromkeys(names)] if names else list(EXPERIMENTS)


def reproduce(names: Sequence[str] = (), plan: Plan | None = None) -> Iterator[Progress | Result]:
    """Run experiments one after the other; those of one family share their runs.

    Yields:
        Progress of the experiment at work, at least every 100 ms, and each result when it is there.

    Raises:
        RequestError: no experiment has that name.
    """
    plan = plan or Plan()
    for experiment in experiments(names):
        yield from experiment.run(plan)
