"""``resviz [FILE]``: the window; without a display, a film instead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resviz.cli.options import Changes, Level, LogLevel, Quiet, ShowProgress, start_log
from resviz.cli.report import note
from resviz.cli.session import is_recording, read_session
from resviz.errors import RecordingError, RequestError

if TYPE_CHECKING:
    from resviz.config import Session

_FILM_SIZE = (1280, 720)
_FILM_RATE = 20.0

NO_DISPLAY = """\
resviz: no usable display, so no window. Without one there are
  resviz run SESSION -o REC.resviz     train and record
  resviz export REC.resviz -o OUT.mp4  films and figures
  resviz presets                       sessions to start from"""


def window(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A session, a recording, or a preset's name.")
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="FILE is being recorded by another process: show it as it grows."),
    ] = False,
    changes: Changes = None,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Open the window (the command may be left out)."""
    start_log(log_level)
    recording = file is not None and (follow or is_recording(file))
    if follow:
        _check_growing(file)
    if recording and changes:
        raise RequestError("--set changes a session; a recording is what it is", remedy="Leave --set out.")
    # a wrong file is refused here, before Qt starts
    session = None if recording else read_session(file or "hello", changes)
    from resviz.draw.display import display_usable

    if display_usable():
        from resviz.gui.app import main

        raise typer.Exit(main(file=Path(file) if file else None, session=session, follow=follow))
    if follow:
        raise RequestError(
            "there is no display to follow it on", remedy="`resviz export` draws what is recorded so far."
        )
    note(NO_DISPLAY, quiet=quiet)
    _render(file, session, show_progress, quiet)


def _check_growing(file: str | None) -> None:
    """Refuse what nobody records, before a window opens for it.

    Raises:
        RequestError: no file is named.
        RecordingError: nothing is recorded into it, and it is not there.
    """
    if file is None:
        raise RequestError("--follow needs a FILE", remedy="Name the recording that another process writes.")
    from resviz.recording.spool import growing

    if growing(Path(file)) is None and not Path(file).is_file():
        raise RecordingError(
            f"{file} does not exist, and nobody records it", remedy="Start `resviz run ... -o FILE` first."
        )


def _render(file: str | None, session: Session | None, show_progress: bool | None, quiet: bool) -> None:
    """What the window would have shown, as a film in the working folder that replaces nothing."""
    from resviz.cli.export import draw
    from resviz.cli.run import train
    from resviz.export import Options
    from resviz.export.target import check_file
    from resviz.files import free_name

    path = check_file(free_name(Path(f"{Path(file).stem if file else 'hello'}.mp4")))
    note(f"Rendering {path} instead.", quiet=quiet)
    if session is not None:
        recording = train(session, keep=None, show_progress=show_progress, quiet=quiet)
    else:
        from resviz.recording import open_recording

        recording = open_recording(str(file))
    options = Options(size=_FILM_SIZE, fps=_FILM_RATE)
    draw(recording, path, options, overwrite=False, show_progress=show_progress, quiet=quiet)
