"""``resviz verify``: is a picture what it says it is?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resviz.cli.options import Level, LogLevel, Quiet, ShowProgress, start_log
from resviz.cli.report import note, progress
from resviz.cli.session import stopping_kindly

if TYPE_CHECKING:
    from resviz.export.provenance import Provenance
    from resviz.export.verify import Verdict


def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A picture, film or table that `resviz export` wrote.")
    ],
    recordings: Annotated[
        list[Path] | None,
        typer.Option(
            "--recording", metavar="REC", help="Its recording; left out, the session is trained again."
        ),
    ] = None,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Draw FILE again from the session that it carries, and compare; exit status 1 if it differs."""
    start_log(log_level)
    # no window is wanted, and Qt aborts on a display that does not answer
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    provenance, verdict = _verdict(file, recordings or [], show_progress, quiet)
    from resviz.export.provenance import versions

    word = "identical" if verdict.exact else "agrees" if verdict.same else "DIFFERS"
    typer.echo(f"{file}: {word}: {verdict.found}")
    if not verdict.exact and provenance.software != versions():
        note(f"  made by {provenance.software}\n  drawn by {versions()}", quiet=quiet)
    if not verdict.same:
        raise typer.Exit(1)


def _verdict(
    file: Path, recordings: list[Path], show_progress: bool | None, quiet: bool
) -> tuple[Provenance, Verdict]:
    from resviz.export.verify import verify
    from resviz.recording import open_recording

    steps = verify(file, [open_recording(path) for path in recordings])
    with stopping_kindly(), progress("verifying", shown=show_progress, quiet=quiet) as update:
        while True:
            try:
                now = next(steps)
            except StopIteration as end:
                found: tuple[Provenance, Verdict] = end.value
                return found
            update(now.done, now.total, now.message)
