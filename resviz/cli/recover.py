"""``resviz recover``: runs that ended before they were saved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resviz.cli.options import Level, LogLevel, Overwrite, Quiet, start_log
from resviz.cli.report import note
from resviz.errors import RecordingError, RequestError

if TYPE_CHECKING:
    from resviz.recording.spool import Found

EXTENSION = ".resviz"


def recover(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="An unsaved run as it is listed, or the file it was to be saved in. Left out: list all.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="The file to write (.resviz). Left out: the one that it was recorded for, or its title.",
        ),
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the unsaved runs.")] = False,
    drop_it: Annotated[bool, typer.Option("--drop", help="Delete RUN instead of saving it.")] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Save a run that was killed or never saved, or list all of them."""
    start_log(log_level)
    if run is None or list_all:
        if drop_it or output is not None:
            raise RequestError("no RUN is named", remedy="`resviz recover --list` shows their names.")
        _list(quiet)
        return
    from resviz.recording.spool import drop
    from resviz.recording.spool import recover as opened

    folder = _folder(run)
    if drop_it:
        drop(folder)
        note(f"{folder}: deleted", quiet=quiet)
        return
    from resviz.export.target import check_file
    from resviz.files import free_name

    recording = opened(folder)
    if output is None:
        # a file that is there may be an older run's
        output = free_name(_destination(folder, recording.session.title))
    elif output.suffix != EXTENSION:
        right = output.with_suffix(EXTENSION)
        raise RequestError(f"{output} does not end in {EXTENSION}", remedy=f"Write to {right} instead.")
    recording.save(check_file(output, overwrite=overwrite), overwrite=overwrite)
    if recording.spool is not None:
        recording.spool.close()
    note(f"{output}: steps 0 to {recording.step} of {recording.steps}", quiet=quiet)


def _list(quiet: bool) -> None:
    from resviz.recording.spool import spool_folder, unfinished

    found = unfinished()
    for one in found:
        typer.echo(_row(one, spool_folder()))
    if not found:
        note("no unsaved runs", quiet=quiet)


def _row(found: Found, home: Path) -> str:
    name = found.path.name if found.path.parent == home else str(found.path)
    size = f"{found.bytes / 1e6:.3g} MB"
    steps = f"steps 0 to {found.step} of {found.steps}"
    return f"{name}  {found.when:%Y-%m-%d %H:%M}  {steps}  {size}  {found.title or 'untitled'}"


def _folder(name: str) -> Path:
    """The spool that a user names.

    Raises:
        RecordingError: there is none.
    """
    from resviz.recording.spool import growing, spool_folder

    for path in (Path(name), spool_folder() / name):
        if (found := growing(path)) is not None:
            return found
    raise RecordingError(
        f"{name} is no unsaved run", remedy="`resviz recover --list` shows those that there are."
    )


def _destination(folder: Path, title: str) -> Path:
    if found := re.fullmatch(r"(.+\.resviz)(-\d+)?\.part", folder.name):
        return folder.with_name(found[1])
    words = re.sub(r"[^\w-]+", "-", title.lower()).strip("-") or "untitled"
    return Path(f"{words}{EXTENSION}")
