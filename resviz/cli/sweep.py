"""``resviz sweep``: a session varied along axes, on every core or on a cluster."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from resviz.cli.options import Level, LogLevel, Quiet, ShowProgress, start_log
from resviz.cli.report import note, progress
from resviz.cli.session import stopping_kindly


def sweep(
    file: Annotated[
        Path, typer.Argument(metavar="SWEEP", help="A sweep file (TOML), or phase-atlas, which comes along.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the table; an old one goes on.")
    ],
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A dask scheduler, as tcp://host:8786; left out, workers here."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Workers here; left out, one a core or one a GPU; 0: in this process."),
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try runs again whose row is an error.")] = False,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Run all points of SWEEP that DIR/table.csv does not hold yet; rows are added as runs end."""
    start_log(log_level)
    from resviz.study.sweep import SweepProgress, limited_rows, load_sweep, read_table, run_sweep

    chosen = load_sweep(file)
    begun, state = time.monotonic(), SweepProgress(0, 0, 0, 0.0)
    before: int | None = None
    try:
        with (
            stopping_kindly(),
            progress("sweeping", shown=show_progress, quiet=quiet) as update,
            closing(run_sweep(chosen, output, scheduler=scheduler, workers=workers, retry=retry)) as states,
        ):
            for state in states:
                before = state.done if before is None else before
                failed = f", {state.failed} failed" if state.failed else ""
                update(round(1000 * state.fraction), 1000, f"{state.done} of {state.total} runs{failed}")
    except KeyboardInterrupt:
        note(f"{output / 'table.csv'}: kept {state.done} of {state.total} runs", quiet=quiet)
        note("  The same command goes on from there.", quiet=quiet)
        raise
    known = f" ({before} known before)" if before else ""
    failed = f", {state.failed} failed: see the column error" if state.failed else ""
    took = f"{time.monotonic() - begun:.0f} s"
    note(f"{output / 'table.csv'}: {state.done} runs{known} in {took}{failed}", quiet=quiet)
    measured, limited = limited_rows(read_table(output))
    if limited:
        note(
            f"  {limited} of {measured} output errors are limited by the reference: raise limit.units.",
            quiet=quiet,
        )
