"""``resviz limit`` and ``resviz lazy``: the limits alone, as plain arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resviz.cli.options import (
    Changes,
    Level,
    LogLevel,
    Output,
    Overwrite,
    Quiet,
    SessionName,
    ShowProgress,
    start_log,
)
from resviz.cli.report import note, progress
from resviz.cli.session import read_session, stopping_kindly
from resviz.errors import DivergenceError, RequestError

if TYPE_CHECKING:
    from resviz.fields import LimitFields

ARRAYS = ("s", "h", "b", "loss", "output", "output_error")


def limit(
    session: SessionName,
    output: Output,
    changes: Changes = None,
    overwrite: Overwrite = False,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Solve the Neural Mean ODE of SESSION; arrays s, h, b, loss, output, output_error go to OUT (.npz)."""
    start_log(log_level)
    _solve(session, output, changes, overwrite, show_progress, quiet, lazy=False)


def lazy(
    session: SessionName,
    output: Output,
    changes: Changes = None,
    overwrite: Overwrite = False,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Solve the lazy limit (alpha to infinity) of SESSION; the same arrays as of `resviz limit` go to OUT."""
    start_log(log_level)
    _solve(session, output, changes, overwrite, show_progress, quiet, lazy=True)


def _solve(
    name: str,
    output: Path,
    changes: list[str] | None,
    overwrite: bool,
    show_progress: bool | None,
    quiet: bool,
    *,
    lazy: bool,
) -> None:
    from resviz.export.target import check_file

    if output.suffix != ".npz":
        raise RequestError(
            f"{output} does not end in .npz", remedy=f"Write to {output.with_suffix('.npz')} instead."
        )
    session = read_session(name, changes)
    check_file(output, overwrite=overwrite)
    from resviz.recording import solve_steps

    solved: LimitFields | None = None
    try:
        with stopping_kindly(), progress("solving", shown=show_progress, quiet=quiet) as update:
            for solved in solve_steps(session, lazy=lazy):
                update(max(solved.newest, 0), session.training.last_step, "")
    except (KeyboardInterrupt, DivergenceError):
        if solved is not None and solved.newest >= 0:
            save(solved, output, overwrite=overwrite)
            note(f"{output}: kept what was solved, steps 0 to {solved.newest}", quiet=quiet)
        raise
    if solved is None:
        raise RuntimeError("a solver yields at least once")
    save(solved, output, overwrite=overwrite)
    note(
        f"{output}: {solved.newest} steps, loss {solved.loss[-1]:.3g}, "
        f"output error {solved.output_error[-1]:.1e} ({solved.took})",
        quiet=quiet,
    )


def save(solved: LimitFields, path: Path, *, overwrite: bool) -> None:
    """Write the arrays of ``solved`` to a .npz file.

    Raises:
        OutputError: the file cannot be written.
    """
    import numpy as np

    from resviz.files import Taken, writing

    taken: Taken = "replace" if overwrite else "beside"
    with writing(path, taken=taken) as temporary, temporary.open("wb") as file:
        np.savez(file, **{name: getattr(solved, name) for name in ARRAYS})
