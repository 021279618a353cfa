"""``resviz sweep``: a session varied along axes, on every core or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resviz.cli.options import Level, LogLevel, Quiet, ShowProgress, start_log
from resviz.cli.report import note, progress
from resviz.cli.session import stopping_kindly

if TYPE_CHECKING:
    from resviz.study.sweep import SweepProgress

_RATE_S = 0.1  # between two lines for the window


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
    pipe: Annotated[bool, typer.Option("--pipe", hidden=True)] = False,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Run all points of SWEEP that DIR/table.csv does not hold yet; rows are added as runs end."""
    start_log(log_level)
    if pipe:
        from resviz.cli.pipe import watch_stdin
        from resviz.priority import give_way

        watch_stdin()
        give_way()  # with all threads and workers to come: somebody looks at the window that asked
    from resviz.study.sweep import SweepProgress, limited_rows, load_sweep, read_table, run_sweep

    chosen = load_sweep(file)
    begun, state = time.monotonic(), SweepProgress(0, 0, 0, 0.0)
    before: int | None = None
    try:
        with (
            stopping_kindly(),
            _told(show_progress, pipe=pipe, quiet=quiet) as tell,
            closing(run_sweep(chosen, output, scheduler=scheduler, workers=workers, retry=retry)) as states,
        ):
            for state in states:
                before = state.done if before is None else before
                tell(state)
    except KeyboardInterrupt:
        note(f"{output / 'table.csv'}: kept {state.done} of {state.total} runs", quiet=quiet)
        note("  The same command goes on from there.", quiet=quiet)
        raise
    if pipe:
        return
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


@contextmanager
def _told(
    show_progress: bool | None, *, pipe: bool, quiet: bool
) -> Iterator[Callable[[SweepProgress], None]]:
    """Tells where a sweep stands: people by a bar, the window by JSON lines of the same names."""
    if pipe:
        yield _piped()
        return
    with progress("sweeping", shown=show_progress, quiet=quiet) as update:

        def tell(state: SweepProgress) -> None:
            failed = f", {state.failed} failed" if state.failed else ""
            update(round(1000 * state.fraction), 1000, f"{state.done} of {state.total} runs{failed}")

        yield tell


def _piped() -> Callable[[SweepProgress], None]:
    from resviz.cli.pipe import Left, say

    left, last = Left(), float("-inf")
    begun = False

    def tell(state: SweepProgress) -> None:
        nonlocal last, begun
        if not begun and 0 < state.fraction < 1 and state.working:
            begun = True  # what came before were workers that start, and the first limits
            left.begin(state.fraction)
        now = time.monotonic()
        if now - last < _RATE_S and state.done < state.total:
            return
        last = now
        say(
            done=state.done,
            total=state.total,
            failed=state.failed,
            fraction=state.fraction,
            left=left.at(state.fraction) if begun else None,
        )

    return tell
