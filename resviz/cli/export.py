"""``resviz export``: films, figures, folders of frames, and tables."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resviz.cli.options import Changes, Level, LogLevel, Overwrite, Quiet, ShowProgress, start_log
from resviz.cli.report import Update, note, progress
from resviz.cli.session import is_recording, read_session, stopping_kindly
from resviz.errors import RequestError
from resviz.export.options import VIEWS

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.export import Options
    from resviz.recording import Recording

_FILM, _PAPER, _LOOK = "Films", "Words and paper", "What is shown"

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SESSION|REC...",
        help="Sessions or presets, trained first; or recordings (.resviz). Several are drawn together.",
        show_default=False,
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        help="A film (.mp4, .webm, .gif), a figure (.svg, .pdf, .png), a folder for PNG frames, or a table "
        "(.csv, .npz).",
    ),
]


def export(
    sources: Sources,
    output: Out,
    view: Annotated[str, typer.Option(help=f"{', '.join(VIEWS[:-1])} or {VIEWS[-1]}.")] = "overview",
    size: Annotated[
        str, typer.Option(metavar="WxH", help="In pixels; or on paper, as 85x60mm (cm, in, pt) with --dpi.")
    ] = "1920x1080",
    steps: Annotated[
        str,
        typer.Option(
            metavar="A:B:C",
            help="Steps from A up to but without B, every C-th, as in Python; or one step. Left out: "
            "all of them for a film or a folder, the newest for a figure.",
        ),
    ] = "",
    data: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="Of a table: figure, loss, error, output, distance, travel, values or density. Beside a "
            "figure or each frame: csv or npz, of what it shows.",
        ),
    ] = "",
    observable: Annotated[
        str, typer.Option(help="What is shown of the units.", rich_help_panel=_LOOK)
    ] = "preactivation",
    layers: Annotated[
        str,
        typer.Option(
            metavar="L1,L2,...",
            help="Layers of the grid; left out: six, spread over depth.",
            rich_help_panel=_LOOK,
        ),
    ] = "",
    sample: Annotated[
        int, typer.Option(help="Sample of an observable that needs one.", rich_help_panel=_LOOK)
    ] = 0,
    coordinate: Annotated[
        int, typer.Option(help="Coordinate of an observable that needs one.", rich_help_panel=_LOOK)
    ] = 0,
    window: Annotated[
        int | None,
        typer.Option(
            help="Layers pooled round each layer; left out: the fewest that hold 256 units.",
            rich_help_panel=_LOOK,
        ),
    ] = None,
    bins: Annotated[
        int | None,
        typer.Option(help="Bins across an axis; left out: by the number of units.", rich_help_panel=_LOOK),
    ] = None,
    second: Annotated[
        str | None,
        typer.Option(
            help="What a cloud or paths set against the observable; left out: its usual partner.",
            rich_help_panel=_LOOK,
        ),
    ] = None,
    second_coordinate: Annotated[
        int | None,
        typer.Option(help="Coordinate of the second observable, if it needs one.", rich_help_panel=_LOOK),
    ] = None,
    lock_axes: Annotated[
        bool,
        typer.Option("--lock-axes/--free-axes", help="All layers on the same axes.", rich_help_panel=_LOOK),
    ] = True,
    maps: Annotated[
        bool,
        typer.Option("--maps", help="Depth maps below the grid: overview and grid.", rich_help_panel=_LOOK),
    ] = False,
    colours: Annotated[
        str,
        typer.Option(help="Of a phase diagram: travel, spread, diverged or none.", rich_help_panel=_LOOK),
    ] = "travel",
    together: Annotated[
        str, typer.Option(help="Several recordings: beside or overlay.", rich_help_panel=_LOOK)
    ] = "beside",
    title: Annotated[
        str | None,
        typer.Option(help="Over the picture; {step} and {title} are filled in.", rich_help_panel=_PAPER),
    ] = None,
    caption: Annotated[
        str | None,
        typer.Option(
            help="Under the picture, in place of the view's own; '' for none.", rich_help_panel=_PAPER
        ),
    ] = None,
    theme: Annotated[str, typer.Option(help="light, dark or print.", rich_help_panel=_PAPER)] = "light",
    transparent: Annotated[
        bool, typer.Option("--transparent", help="No ground; not in films.", rich_help_panel=_PAPER)
    ] = False,
    dpi: Annotated[
        float | None, typer.Option(help="Pixels an inch on paper; left out: 96.", rich_help_panel=_PAPER)
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option(
            help="Scale of type and lines; left out: dpi/96, without --dpi height/1080.",
            rich_help_panel=_PAPER,
        ),
    ] = None,
    font_scale: Annotated[float, typer.Option(help="Scale of type alone.", rich_help_panel=_PAPER)] = 1.0,
    fps: Annotated[float, typer.Option(help="Frames a second.", rich_help_panel=_FILM)] = 30.0,
    duration: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Spread the steps over so long; left out: one frame a step.",
            rich_help_panel=_FILM,
        ),
    ] = None,
    quality: Annotated[str, typer.Option(help="draft, good or best.", rich_help_panel=_FILM)] = "good",
    loop: Annotated[int, typer.Option(help="How often a gif plays; 0: for ever.", rich_help_panel=_FILM)] = 0,
    changes: Changes = None,
    overwrite: Overwrite = False,
    show_progress: ShowProgress = None,
    pipe: Annotated[bool, typer.Option("--pipe", hidden=True)] = False,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Draw recordings, or sessions that are trained first, into OUT."""
    start_log(log_level)
    if pipe:
        from resviz.cli.pipe import watch_stdin

        watch_stdin()
    from resviz.export import Options
    from resviz.export.written import parse_layers, parse_size, parse_steps

    options = Options(
        view=view,
        size=parse_size(size, dpi),
        steps=parse_steps(steps),
        observable=observable,
        layers=parse_layers(layers),
        sample=sample,
        coordinate=coordinate,
        window=window,
        lock_axes=lock_axes,
        maps=maps,
        bins=bins,
        second=second,
        second_coordinate=second_coordinate,
        colours=colours,
        together=together,
        title=title,
        caption=caption,
        theme=theme,
        transparent=transparent,
        dpi=dpi,
        scale=scale,
        font_scale=font_scale,
        fps=fps,
        duration=duration,
        quality=quality,
        loop=loop,
    )
    recordings = _recordings(sources, changes, output, options, data, overwrite, show_progress, quiet)
    draw(
        recordings,
        output,
        options,
        data=data,
        overwrite=overwrite,
        show_progress=show_progress,
        pipe=pipe,
        quiet=quiet,
    )


def _recordings(
    sources: Sequence[str],
    changes: Sequence[str] | None,
    output: Path,
    options: Options,
    data: str,
    overwrite: bool,
    show_progress: bool | None,
    quiet: bool,
) -> list[Recording]:
    """The recordings named, after everything that can be refused was refused: training takes minutes."""
    from resviz.cli.run import train
    from resviz.export import check

    if changes and all(map(is_recording, sources)):
        raise RequestError(
            "--set changes a session; a recording is what it is",
            remedy="Export the session instead, or leave --set out.",
        )
    given: list[Recording | Session] = [_opened(name) or read_session(name, changes) for name in sources]
    from resviz.config import Session

    check(
        output,
        options,
        [one if isinstance(one, Session) else one.session for one in given],
        newest=[one.training.last_step if isinstance(one, Session) else one.step for one in given],
        overwrite=overwrite,
        data=data,
    )
    return [
        train(one, keep=None, show_progress=show_progress, quiet=quiet) if isinstance(one, Session) else one
        for one in given
    ]


def _opened(name: str) -> Recording | None:
    """The recording ``name``: a file, or a run that is being recorded, as far as it goes; None: a session."""
    from resviz.recording import open_recording
    from resviz.recording.spool import follow, growing

    path = Path(name)
    if not path.is_file() and growing(path) is not None:
        return next((found for found in follow(path) if found is not None), None)
    return open_recording(path) if is_recording(name) else None


def draw(
    recordings: Recording | Sequence[Recording],
    output: Path,
    options: Options,
    *,
    overwrite: bool,
    show_progress: bool | None,
    quiet: bool,
    data: str = "",
    pipe: bool = False,
) -> None:
    """Export with a progress bar, then say what was written.

    Raises:
        RequestError, OutputError: as `resviz.export.export_steps`.
    """
    from resviz.export import export_steps

    # no window is wanted, and Qt aborts on a display that does not answer
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    total = 0
    notes: tuple[str, ...] = ()
    with stopping_kindly(), _shown(show_progress, pipe=pipe, quiet=quiet) as update:
        for now in export_steps(recordings, output, options, data=data, overwrite=overwrite):
            total, notes = now.total, now.notes
            update(now.done, now.total, now.message)
    if pipe:
        from resviz.cli.pipe import say

        say(notes=notes)
        return
    for line in notes:
        note(f"{output}: {line}", quiet=quiet)
    what = "step" if output.suffix.lower() in (".csv", ".npz") else "frame" if total > 1 else "picture"
    note(f"{output}: {total} {what}{'s' if total > 1 else ''}", quiet=quiet)


@contextmanager
def _shown(show_progress: bool | None, *, pipe: bool, quiet: bool) -> Iterator[Update]:
    if pipe:
        from resviz.cli.pipe import piped_progress

        yield piped_progress()
    else:
        with progress("drawing", shown=show_progress, quiet=quiet) as update:
            yield update
