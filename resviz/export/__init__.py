"""Pictures from recordings: films, figures and folders of frames.

Everything is laid out at its target size by the drawing code of the window; nothing is a scaled screenshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.export.options import STILLS, VIEWS, Options, check_options, output_suffix
from resviz.export.target import check_file, check_frames_folder, make_folder
from resviz.files import writing

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.recording import Recording

__all__ = ["VIEWS", "ExportProgress", "Options", "check", "export", "export_steps"]

_PALETTE_FRAMES = 8


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """How far an export is.

    Attributes:
        done, total: frames drawn, frames in all.
        message: what is being done besides drawing, e.g. following the units.
        notes: what the reader of the file should know, e.g. that frames were padded.
    """

    done: int
    total: int
    message: str = ""
    notes: tuple[str, ...] = ()


def check(
    out: str | Path, options: Options, session: Session, *, newest: int, overwrite: bool = False
) -> None:
    """Refuse what `export_steps` would refuse, before the work that leads there.

    Args:
        newest: the newest step that the recording has, or will have.

    Raises:
        RequestError: an option, a step or an extension that cannot be; a file that may not be replaced.
        OutputError: a path that cannot be written.
    """
    path = Path(out)
    suffix = output_suffix(path)
    check_options(options, session, suffix)
    steps = options.chosen_steps(newest, single=suffix in STILLS)
    if suffix:
        check_file(path, overwrite=overwrite)
    else:
        from resviz.export.stills import frame_name

        check_frames_folder(path, [frame_name(step) for step in steps], overwrite=overwrite)


def export(
    recording: Recording,
    out: str | Path,
    view: str = "overview",
    size: tuple[int, int] = (1920, 1080),
    fps: float = 30.0,
    steps: Any = None,
    *,
    overwrite: bool = False,
    **look: Any,
) -> tuple[str, ...]:
    """Draw a recording into a film (.mp4, .webm, .gif), a figure (.svg, .pdf, .png) or a folder of PNGs.

    Args:
        out: its extension chooses the format; without one it is a folder, made if need be.
        view: one of `VIEWS`: "overview", "grid", "ridgeline", "depth-map", "cloud", "paths", "fields", "fit",
            "error", "phase-diagram", "contrast".
        size: pixels; of SVG and PDF at 96 an inch.
        fps: frames a second of a film, one step a frame.
        steps: a range, a slice, some steps or one; all for a film or folder, the newest for a figure.
        overwrite: replace what is there; in a folder only frames of the same name, never other files.
        look: the other fields of `Options`: observable, layers, sample, coordinate, window, bins, second,
            second_coordinate, theme, scale.

    Returns:
        Notes for the reader, e.g. that frames were padded to even sides; mostly none.

    Raises:
        RequestError: an option that cannot be.
        OutputError: the file cannot be written.
    """
    unknown = look.keys() - Options.__dataclass_fields__.keys()
    if unknown:
        from resviz.errors import RequestError

        raise RequestError(
            f"export has no option {sorted(unknown)[0]!r}",
            remedy=f"Options: {', '.join(Options.__dataclass_fields__)}.",
        )
    options = Options(view=view, size=size, fps=fps, steps=steps, **look)
    notes: tuple[str, ...] = ()
    for progress in export_steps(recording, out, options, overwrite=overwrite):
        notes = progress.notes
    return notes


def export_steps(
    recording: Recording, out: str | Path, options: Options, *, overwrite: bool = False
) -> Iterator[ExportProgress]:
    """The same as a generator: yields after every frame, may be dropped between two.

    A film or figure that is not finished leaves no file; finished frames of a folder stay.

    Raises:
        RequestError: an option that cannot be.
        OutputError: the file cannot be written.
    """
    from resviz.engine.compiled import one_thread

    path = Path(out)
    suffix = output_suffix(path)
    check(path, options, recording.session, newest=recording.step, overwrite=overwrite)
    steps = options.chosen_steps(recording.step, single=suffix in STILLS)
    # the other cores are the encoder's
    with one_thread():
        frames = _frames(recording, options)
        for done, total in frames.prepare():
            yield ExportProgress(0, len(steps), f"following the units, {done} of {total} steps")
        if suffix in STILLS:
            yield from _still(path, frames, steps[0])
        elif suffix:
            yield from _film(path, frames, steps)
        else:
            yield from _folder(path, frames, steps)


def _frames(recording: Recording, options: Options) -> Any:
    """Whoever makes the scenes of a view."""
    from resviz.export.beside import ErrorFrames, FieldFrames, FitFrames, PhaseFrames
    from resviz.export.frames import Frames
    from resviz.export.whole import CloudFrames, DepthFrames, PathFrames

    makers: dict[str, Any] = {
        "ridgeline": DepthFrames,
        "depth-map": DepthFrames,
        "cloud": CloudFrames,
        "paths": PathFrames,
        "fields": FieldFrames,
        "fit": FitFrames,
        "error": ErrorFrames,
        "phase-diagram": PhaseFrames,
    }
    return makers.get(options.view, Frames)(recording, options)


def _still(path: Path, frames: Any, step: int) -> Iterator[ExportProgress]:
    from resviz.export.provenance import Provenance
    from resviz.export.stills import write_still

    options = frames.options
    with writing(path) as temporary:
        provenance = Provenance(frames.recording.session, options.view, step, step)
        write_still(temporary, frames.scene(step), options, provenance)
    yield ExportProgress(1, 1)


def _folder(path: Path, frames: Any, steps: list[int]) -> Iterator[ExportProgress]:
    from resviz.export.stills import frame_name

    make_folder(path)
    for number, step in enumerate(steps):
        for _ in _still(path / frame_name(step), frames, step):
            yield ExportProgress(number + 1, len(steps))


def _film(path: Path, frames: Any, steps: list[int]) -> Iterator[ExportProgress]:
    from resviz.draw.output import pixels
    from resviz.export.film import padded, write_film
    from resviz.export.palette import Palette
    from resviz.export.provenance import Provenance
    from resviz.scene.theme import theme

    options: Options = frames.options
    chosen = theme(options.theme)

    def drawn(step: int) -> Any:
        return pixels(frames.scene(step), options.size, chosen, options.drawn_scale)

    suffix = path.suffix.lower()
    notes: tuple[str, ...] = ()
    stored = padded(options.size, suffix)
    if stored != options.size:
        notes = (
            f"padded from {options.size[0]}x{options.size[1]} to {stored[0]}x{stored[1]}: "
            f"{suffix} films have even sides",
        )
    palette = None
    if suffix == ".gif":
        every = max(1, len(steps) // _PALETTE_FRAMES)
        palette = Palette.of(drawn(step) for step in steps[::every])
    comment = Provenance(frames.recording.session, options.view, steps[0], steps[-1]).text()
    with writing(path) as temporary:
        pictures = (drawn(step) for step in steps)
        for done in write_film(temporary, pictures, fps=options.fps, comment=comment, palette=palette):
            yield ExportProgress(done, len(steps), notes=notes)
