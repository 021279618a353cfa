"""Pictures from recordings: films, figures and folders of frames, and the numbers behind them.

Everything is laid out at its target size by the drawing code of the window; nothing is a scaled screenshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.errors import RequestError
from resviz.export.film import CODECS
from resviz.export.finish import NO_FILM
from resviz.export.options import STILLS, TABLES, VIEWS, Options, check_options, options_of, output_suffix
from resviz.export.target import check_file
from resviz.files import Taken, writing

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.export.data import Columns
    from resviz.export.provenance import Provenance
    from resviz.export.sheet import Sheet
    from resviz.recording import Recording

    Recordings = Recording | Sequence[Recording]

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
    out: str | Path,
    options: Options,
    sessions: Session | Sequence[Session],
    *,
    newest: int | Sequence[int],
    overwrite: bool = False,
    data: str = "",
) -> Provenance:
    """Refuse what `export_steps` would refuse, before the work that leads there.

    Args:
        sessions: one a recording.
        newest: the newest step that each recording has, or will have.
        data: as of `export`.

    Returns:
        What the files will say about themselves.

    Raises:
        RequestError: an option, a step or an extension that cannot be; a file that may not be replaced.
        OutputError: a path that cannot be written.
    """
    from resviz.export.provenance import Provenance
    from resviz.export.sequence import check_sequence

    sessions = tuple(sessions) if isinstance(sessions, Sequence) else (sessions,)
    newest = tuple(newest) if isinstance(newest, Sequence) else (newest,)
    path = Path(out)
    suffix = output_suffix(path)
    for session in sessions:
        check_options(options, session, suffix)
    table = _table(suffix, data, len(sessions))
    steps = options.chosen_steps(min(newest), single=suffix in STILLS, last_only=not _all_steps(table))
    if table == "figure" and len(steps) > 1:
        raise RequestError(
            f"data of a figure are of one step, {len(steps)} were chosen", remedy="Choose one."
        )
    if len(sessions) == 1:
        options = options.resolved(sessions[0])
    shown = options.spread_over_time(steps)
    if suffix not in CODECS:
        options = replace(options, **NO_FILM)
    provenance = Provenance(sessions, newest, replace(options, steps=None), tuple(shown), table)
    beside = f".{data}" if data and not table else ""
    if suffix:
        check_file(path, overwrite=overwrite)
        if beside:
            check_file(path.with_suffix(beside), overwrite=overwrite)
    else:
        check_sequence(path, provenance, beside, overwrite=overwrite)
    return provenance


def export(
    recording: Recordings,
    out: str | Path,
    view: str = "overview",
    size: tuple[int, int] = (1920, 1080),
    fps: float = 30.0,
    steps: Any = None,
    *,
    data: str = "",
    overwrite: bool = False,
    **look: Any,
) -> tuple[str, ...]:
    """Draw a recording into a film (.mp4, .webm, .gif), a figure (.svg, .pdf, .png) or a folder of PNGs.

    Args:
        recording: one, or several to be set beside each other or overlaid (``together``).
        out: its extension chooses the format; without one it is a folder, made if need be. A table (.csv,
            .npz) holds numbers.
        view: one of `VIEWS`.
        size: pixels; of SVG and PDF at ``dpi`` an inch, 96 if that is left out.
        fps: frames a second of a film, one step a frame unless a ``duration`` is given.
        steps: a range, a slice, some steps or one; all for a film or folder, the newest for a figure.
        data: beside a figure or frame "csv" or "npz" of what it shows; for a table what it holds: "figure",
            "loss", "error", "output", "distance", "travel", "values", "density".
        overwrite: replace what is there; in a folder only frames of the same name, never other files.
            Without it a file that comes to be while its namesake is drawn is left alone too: the finished one
            gets the next free name, which the error says.
        look: the other fields of `Options`: observable, layers, sample, coordinate, window, bins, second,
            second_coordinate, theme, title, caption, dpi, font_scale, transparent, duration, quality, loop,
            together, ...

    Returns:
        Notes for the reader, e.g. that frames were padded to even sides; mostly none.

    Raises:
        RequestError: an option that cannot be.
        OutputError: the file cannot be written.
    """
    options = options_of(view=view, size=size, fps=fps, steps=steps, **look)
    notes: tuple[str, ...] = ()
    for progress in export_steps(recording, out, options, data=data, overwrite=overwrite):
        notes = progress.notes
    return notes


def export_steps(
    recording: Recordings, out: str | Path, options: Options, *, data: str = "", overwrite: bool = False
) -> Iterator[ExportProgress]:
    """The same as a generator: yields after every frame, may be dropped between two.

    A film or figure that is not finished leaves no file; finished frames of a folder stay, and the same
    request goes on after them.

    Raises:
        RequestError: an option that cannot be.
        OutputError: the file cannot be written.
    """
    from resviz.engine.compiled import one_thread
    from resviz.export.sheet import Sheet

    path = Path(out)
    suffix = output_suffix(path)
    recordings = tuple(recording) if isinstance(recording, Sequence) else (recording,)
    provenance = check(
        path,
        options,
        [one.session for one in recordings],
        newest=[one.step for one in recordings],
        overwrite=overwrite,
        data=data,
    )
    # the other cores are the encoder's
    with one_thread():
        taken: Taken = "replace" if overwrite else "beside"
        if provenance.data not in ("", "figure"):
            yield from _numbers(path, recordings[0], provenance, taken)
            return
        sheet = Sheet(recordings, provenance.options)
        for done, total in sheet.prepare():
            message = f"following the units, {done} of {total} steps"
            yield ExportProgress(0, len(provenance.steps), message)
        if provenance.data:
            from resviz.export.values import figure_bytes

            scene = sheet.scene(provenance.steps[0])
            _write(path, figure_bytes(suffix, scene, provenance), taken)
            yield ExportProgress(1, 1)
        elif suffix in STILLS:
            yield from _still(path, sheet, provenance, data, taken)
        elif suffix:
            yield from _film(path, sheet, provenance, taken)
        else:
            yield from _sequence(path, sheet, provenance, data, overwrite)


def _table(suffix: str, data: str, recordings: int) -> str:
    """Which table is written: "" where a picture is."""
    from resviz.export.data import check_data
    from resviz.export.finish import one_of

    if suffix in TABLES:
        check_data(data or "figure", recordings)
        return data or "figure"
    if data and suffix in CODECS:
        raise RequestError(
            f"a {suffix} film has no data beside it",
            remedy="Export a folder of frames, or a table: -o table.csv --data distance.",
        )
    if data:
        one_of("data beside a figure", data, tuple(known[1:] for known in TABLES))
    return ""


def _all_steps(table: str) -> bool:
    from resviz.export.data import every_step

    return not table or every_step(table)


def _still(
    path: Path, sheet: Sheet, provenance: Provenance, data: str, taken: Taken
) -> Iterator[ExportProgress]:
    from resviz.export.stills import write_still
    from resviz.export.values import figure_bytes

    scene = sheet.scene(provenance.steps[0])
    with writing(path, taken=taken) as temporary:
        write_still(temporary, scene, provenance)
    if data:
        _write(path.with_suffix(f".{data}"), figure_bytes(f".{data}", scene, provenance), taken)
    yield ExportProgress(1, 1)


def _sequence(
    path: Path, sheet: Sheet, provenance: Provenance, data: str, overwrite: bool
) -> Iterator[ExportProgress]:
    from resviz.export.sequence import FrameList, beside_frame, frame_name, write_sequence
    from resviz.export.stills import png_still
    from resviz.export.values import figure_bytes

    steps = provenance.steps
    frames = FrameList(path, provenance.digest())
    there = sum(frame_name(step) in frames.done for step in steps)
    notes = (f"went on after {there} frames that were there",) if there else ()

    def drawn(step: int) -> dict[str, bytes]:
        scene, alone, name = sheet.scene(step), replace(provenance, steps=(step,)), frame_name(step)
        files = {beside_frame(name, f".{data}"): figure_bytes(f".{data}", scene, alone)} if data else {}
        return {**files, name: png_still(scene, alone)}

    for done in write_sequence(path, steps, drawn, frames, overwrite=overwrite):
        yield ExportProgress(done, len(steps), notes=notes)


def _film(path: Path, sheet: Sheet, provenance: Provenance, taken: Taken) -> Iterator[ExportProgress]:
    from resviz.draw.output import pixels, screen
    from resviz.export.carried import add_gif_comment
    from resviz.export.film import gif_palette, padded, write_film

    options, steps = provenance.options, provenance.steps
    page = options.page()
    suffix = path.suffix.lower()
    notes: tuple[str, ...] = ()
    stored = padded(options.size, suffix)
    if stored != options.size:
        notes = (
            f"padded from {options.size[0]}x{options.size[1]} to {stored[0]}x{stored[1]}: "
            f"{suffix} films have even sides",
        )
    palette = None
    drawn = pixels if suffix == ".gif" else screen
    if suffix == ".gif":
        every = max(1, len(steps) // _PALETTE_FRAMES)
        samples = (pixels(sheet.scene(step), page) for step in steps[::every])
        palette = gif_palette(samples, options.quality)

    def pictures() -> Iterator[Any]:
        shown, picture = -1, None
        for step in steps:
            if step != shown:  # a long film of few steps shows each for several frames
                shown, picture = step, drawn(sheet.scene(step), page)
            yield picture

    with writing(path, taken=taken) as temporary:
        writer = write_film(
            temporary,
            pictures(),
            fps=options.fps,
            comment=provenance.text(),
            quality=options.quality,
            palette=palette,
            loop=options.loop,
            name=str(path),
        )
        for done in writer:
            yield ExportProgress(done, len(steps), notes=notes)
        if suffix == ".gif":
            add_gif_comment(temporary, provenance.text())


def _numbers(
    path: Path, recording: Recording, provenance: Provenance, taken: Taken
) -> Iterator[ExportProgress]:
    from resviz.export.data import NUMBERS, table_bytes

    making = NUMBERS[provenance.data].make(recording, provenance.options, provenance.steps)
    columns: Columns = {}
    while True:
        try:
            yield ExportProgress(next(making), len(provenance.steps))
        except StopIteration as end:
            columns = end.value
            break
    _write(path, table_bytes(path.suffix.lower(), columns, provenance), taken)


def _write(path: Path, content: bytes, taken: Taken) -> None:
    with writing(path, taken=taken) as temporary:
        temporary.write_bytes(content)
