"""``resviz reproduce``: the published experiments, each with figure, numbers and a verdict."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from resviz.cli.options import Level, LogLevel, Overwrite, Quiet, ShowProgress, start_log
from resviz.cli.report import note, progress
from resviz.cli.session import stopping_kindly

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Experiments by name; left out, all of them. See --list."),
]
Folder = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for figures and numbers.")]


def reproduce(
    names: Names = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A reduced grid of each: at most 2 minutes on 2 cores.")
    ] = False,
    out: Folder = Path("reproduced"),
    show_list: Annotated[bool, typer.Option("--list", help="List the experiments, and run none.")] = False,
    overwrite: Overwrite = False,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Reproduce published experiments: figure (SVG, PNG), numbers (CSV) and a verdict with its rule."""
    start_log(log_level)
    from resviz.study.reproduce import Plan, Result, check_folder, experiments, write_result

    chosen = experiments(names or [])
    if show_list:
        for experiment in chosen:
            typer.echo(f"{experiment.name:<24}{experiment.title} ({experiment.source})")
        return
    check_folder(out, [experiment.name for experiment in chosen], overwrite=overwrite)
    plan = Plan(quick=quick)
    begun = time.monotonic()
    results: list[Result] = []
    with stopping_kindly():
        for experiment in chosen:
            with (
                progress(experiment.name, shown=show_progress, quiet=quiet) as update,
                # closed at once when interrupted: its threads stop within a piece of work
                closing(experiment.run(plan)) as states,
            ):
                for state in states:
                    if isinstance(state, Result):
                        results.append(state)
                    else:
                        update(round(100 * state.fraction), 100, state.message)
            paths = write_result(results[-1], out)
            typer.echo(results[-1].text() + "\n")
            note(f"{paths[0]} and {len(paths) - 1} more files", quiet=quiet)
    if len(results) > 1:
        for result in results:
            typer.echo(f"{result.name:<24}{result.verdict}")
        note(f"{len(results)} experiments in {time.monotonic() - begun:.0f} s", quiet=quiet)
