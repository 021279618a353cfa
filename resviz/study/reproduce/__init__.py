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

_HW, _AS = "HW, arXiv 2509.10167", "AS, arXiv 2603.18168"

EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment("reference-loss", "Loss of the reference network", _HW, reference_loss),
    Experiment("unit-paths", "One unit's path in every layer", _HW, unit_paths),
    Experiment("error-vs-L", "Output error against depth", _HW, error_vs_depth),
    Experiment("error-vs-M", "Output error against width", _HW, error_vs_width),
    Experiment("output-std-vs-alpha", "Deviation of the output over seeds", _HW, output_std_vs_alpha),
    Experiment("loss-vs-alpha", "Loss against the branch scale", _HW, loss_vs_alpha),
    Experiment("lazy-travel", "Travel of units against the branch scale", _HW, lazy_travel),
    Experiment("phase-diagram", "Phase diagram, measured", _HW + " v2", phase_diagram),
    Experiment("shape-embedding-error", "Embedding error of all shapes", _AS, shape_embedding_error),
    Experiment("shape-output-error", "Output error of all shapes", _AS, shape_output_error),
    Experiment("density-grid", "Densities of a wide linear network", _AS, density_grid),
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
