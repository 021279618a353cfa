"""``resviz export``: films, figures and folders of frames."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resviz.cli.options import (
    Changes,
    Level,
    LogLevel,
    Overwrite,
    Quiet,
    ShowProgress,
    Source,
    start_log,
)
from resviz.cli.report import note, progress
from resviz.cli.session import is_recording, read_session, stopping_kindly
from resviz.errors import RequestError
from resviz.export.options import VIEWS

if TYPE_CHECKING:
    from resviz.export import Options
    from resviz.recording import Recording

Out = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        help="A film (.mp4, .webm, .gif), a figure (.svg, .pdf, .png), or a folder for PNG frames.",
    ),
]


def export(
    source: Source,
    output: Out,
    view: Annotated[str, typer.Option(help=f"{', '.join(VIEWS[:-1])} or {VIEWS[-1]}.")] = "overview",
    size: Annotated[str, typer.Option(metavar="WxH", help="Width and height in pixels.")] = "1920x1080",
    fps: Annotated[float, typer.Option(help="Frames (steps) a second of a film.")] = 30.0,
    steps: Annotated[
        str,
        typer.Option(
            metavar="A:B:C",
            help="Steps from A up to but without B, every C-th, as in Python; or one step. Left out: "
            "all of them for a film or a folder, the newest for a figure.",
        ),
    ] = "",
    observable: Annotated[str, typer.Option(help="What is shown of the units.")] = "preactivation",
    layers: Annotated[
        str, typer.Option(metavar="L1,L2,...", help="Layers of the grid; left out: six, spread over depth.")
    ] = "",
    sample: Annotated[int, typer.Option(help="Sample of an observable that needs one.")] = 0,
    coordinate: Annotated[int, typer.Option(help="Coordinate of an observable that needs one.")] = 0,
    window: Annotated[
        int | None,
        typer.Option(help="Layers pooled round each layer; left out: the fewest that hold 256 units."),
    ] = None,
    bins: Annotated[
        int | None, typer.Option(help="Bins across an axis; left out: by the number of units.")
    ] = None,
    second: Annotated[
        str | None,
        typer.Option(help="What a cloud or paths set against the observable; left out: its usual partner."),
    ] = None,
    second_coordinate: Annotated[
        int | None, typer.Option(help="Coordinate of the second observable, if it needs one.")
    ] = None,
    theme: Annotated[str, typer.Option(help="light, dark or print.")] = "light",
    scale: Annotated[
        float | None, typer.Option(help="Scale of type and lines; left out: height/1080.")
    ] = None,
    changes: Changes = None,
    overwrite: Overwrite = False,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Draw a recording, or a session that is trained first, into OUT."""
    start_log(log_level)
    from resviz.export import Options, check
    from resviz.export.written import parse_layers, parse_size, parse_steps

    options = Options(
        view=view,
        size=parse_size(size),
        fps=fps,
        steps=parse_steps(steps),
        observable=observable,
        layers=parse_layers(layers),
        sample=sample,
        coordinate=coordinate,
        window=window,
        bins=bins,
        second=second,
        second_coordinate=second_coordinate,
        theme=theme,
        scale=scale,
    )
    recording = None
    if is_recording(source):
        if changes:
            raise RequestError(
                "--set changes a session; a recording is what it is",
                remedy="Export the session instead, or leave --set out.",
            )
        recording = _opened(source)
        check(output, options, recording.session, newest=recording.step, overwrite=overwrite)
    else:
        session = read_session(source, changes)
        # all that can be refused is refused before minutes of training
        check(output, options, session, newest=session.training.last_step, overwrite=overwrite)
        from resviz.cli.run import train

        recording = train(session, keep=None, show_progress=show_progress, quiet=quiet)
    draw(recording, output, options, overwrite=overwrite, show_progress=show_progress, quiet=quiet)


def draw(
    recording: Recording,
    output: Path,
    options: Options,
    *,
    overwrite: bool,
    show_progress: bool | None,
    quiet: bool,
) -> None:
    """Export with a progress bar, then say what was written.

    Raises:
        RequestError, OutputError: as `resviz.export.export_steps`.
    """
    from resviz.export import export_steps

    # no window is wanted, and Qt aborts on a display that does not answer
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if options.view == "phase-diagram":
        _train_atlas(show_progress=show_progress, quiet=quiet)
    total = 0
    notes: tuple[str, ...] = ()
    with stopping_kindly(), progress("drawing", shown=show_progress, quiet=quiet) as update:
        for now in export_steps(recording, output, options, overwrite=overwrite):
            total, notes = now.total, now.notes
            update(now.done, now.total, now.message)
    for line in notes:
        note(f"{output}: {line}", quiet=quiet)
    note(f"{output}: {total} {'picture' if total == 1 else 'frames'}", quiet=quiet)


def _train_atlas(*, show_progress: bool | None, quiet: bool) -> None:
    """Train what the user's atlas of the phase diagram lacks: half a minute, once."""
    from resviz.files import user_folder
    from resviz.study.atlas import atlas

    with stopping_kindly(), progress("training the atlas", shown=show_progress, quiet=quiet) as update:
        for found in atlas(folder=user_folder()):
            if found is not None:
                update(round(100 * found.done), 100, "")


def _opened(path: str) -> Recording:
    from resviz.recording import open_recording

    return open_recording(path)
