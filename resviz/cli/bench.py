"""``resviz bench``: how fast the engine and the window are on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from resviz.cli.options import Level, LogLevel, Overwrite, Quiet, ShowProgress, start_log
from resviz.cli.report import note, progress
from resviz.cli.session import stopping_kindly


def bench(
    file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write everything measured to FILE.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE.svg", help="Draw the growth of a step's cost.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Time steps alone, on cpu, cuda or cuda:1. [default: all]",
        ),
    ] = None,
    window: Annotated[bool, typer.Option(help="Measure the window too (offscreen).")] = True,
    peers: Annotated[bool, typer.Option(help="Time numpy, torch's autograd and JAX beside ours.")] = True,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small shapes and few rounds: to see that everything runs.")
    ] = False,
    overwrite: Overwrite = False,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Time training, limits, transport, densities and the window against peers and the machine's limits."""
    start_log(log_level)
    from resviz.export.target import check_file
    from resviz.files import Taken, writing
    from resviz.study.benchmark import Report, benchmark
    from resviz.study.summary import table

    for path in filter(None, (file, figure)):  # before minutes of work
        check_file(path, overwrite=overwrite)
    taken: Taken = "replace" if overwrite else "beside"
    report: Report | None = None
    with stopping_kindly(), progress("bench", shown=show_progress, quiet=quiet) as update:
        for state in benchmark(quick=quick, peers=peers, device=device):
            if isinstance(state, Report):
                report = state
            else:
                update(0, 0, state)
        assert report is not None
        if window:
            update(0, 0, "window")
            from resviz.gui.benchmark import measured

            report.window = measured(quick=quick)
    typer.echo(table(report), nl=False)
    if file is not None:
        with writing(file, taken=taken) as temporary:
            temporary.write_text(json.dumps(report.as_dict(), indent=1) + "\n", encoding="utf-8")
        note(f"{file}", quiet=quiet)
    if figure is not None:
        from resviz.study.growthfigure import write_growth

        write_growth(report, figure, taken=taken)
        note(f"{figure}", quiet=quiet)
