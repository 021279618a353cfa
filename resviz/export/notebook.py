"""Pictures and small films of recordings in a notebook; no window is opened."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Any

from resviz.export import check, export_steps
from resviz.export.options import Options, options_of

if TYPE_CHECKING:
    from resviz.export.provenance import Provenance
    from resviz.recording import Recording
    from resviz.scene.model import Scene

    Recordings = Recording | Sequence[Recording]

__all__ = ["Animation", "Picture", "animation", "mimebundle", "plot"]

_FRAMES = 40  # of an animation: some 400 kB, which a notebook keeps in its file
_FILM_SIZE = (840, 480)
_FILM_RATE = 12.0


class _Shown:
    """One view of some recordings, drawn when it is first shown."""

    def __init__(self, recording: Recordings, options: Options) -> None:
        self._recordings = tuple(recording) if isinstance(recording, Sequence) else (recording,)
        self._options = options

    def _check(self, suffix: str) -> Provenance:
        """Refuse now what could not be drawn later, when a notebook only shows the traceback."""
        recordings, out = self._recordings, Path(gettempdir()) / f"resviz{suffix}"
        sessions, newest = [one.session for one in recordings], [one.step for one in recordings]
        return check(out, self._options, sessions, newest=newest, overwrite=True)

    def _words(self) -> str:
        return "; ".join(map(words_of, self._recordings))

    def save(self, path: str | Path, *, overwrite: bool = False, **more: Any) -> Path:
        """Write it to ``path``; its extension chooses the format, as in `resviz.export`.

        Args:
            more: other options than it was made with, e.g. ``dpi=300``.

        Raises:
            RequestError: a format it cannot have, or a file that exists.
            OutputError: the file cannot be written.
        """
        known = {field.name: getattr(self._options, field.name) for field in fields(self._options)}
        _drawn(self._recordings, Path(path), options_of(**{**known, **more}), overwrite=overwrite)
        return Path(path)


def _drawn(recordings: Sequence[Recording], path: Path, options: Options, *, overwrite: bool = False) -> None:
    for _ in export_steps(recordings, path, options, overwrite=overwrite):
        pass


class Picture(_Shown):
    """A still picture; the last expression of a cell shows it."""

    @cached_property
    def scene(self) -> Scene:
        """What is drawn, in data coordinates."""
        from resviz.engine.compiled import one_thread
        from resviz.export.sheet import Sheet

        made = self._check(".png")
        sheet = Sheet(self._recordings, made.options)
        with one_thread():
            for _ in sheet.prepare():
                pass
            return sheet.scene(made.steps[0])

    @cached_property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        from resviz.export.stills import png_still

        return png_still(self.scene, self._check(".png"))

    @cached_property
    def svg(self) -> str:
        """The picture as an SVG file."""
        from resviz.export.stills import write_still

        with TemporaryDirectory(prefix="resviz-") as folder:
            path = Path(folder) / "shown.svg"
            write_still(path, self.scene, self._check(".svg"))
            return path.read_text("utf-8")

    def __repr__(self) -> str:
        steps = self._check(".png").shown
        return f"<{self._options.view} at step {steps} of {self._words()}>"

    def _repr_png_(self) -> bytes:
        return self.png

    def _repr_svg_(self) -> str:
        return self.svg


class Animation(_Shown):
    """A small film that plays in a cell."""

    @cached_property
    def gif(self) -> bytes:
        """The film as a GIF file."""
        with TemporaryDirectory(prefix="resviz-") as folder:
            path = Path(folder) / "shown.gif"
            _drawn(self._recordings, path, self._options)
            return path.read_bytes()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": self._words(), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        words = html.escape(self._words())
        width, height = self._options.size
        picture = base64.b64encode(self.gif).decode("ascii")
        return (
            f'<figure style="margin:0"><img alt="{words}" width="{width}" height="{height}" '
            f'style="max-width:100%;height:auto" src="data:image/gif;base64,{picture}">'
            f"<figcaption>{words}</figcaption></figure>"
        )


def plot(
    recording: Recordings,
    view: str = "overview",
    step: int | None = None,
    *,
    size: tuple[int, int] = (1280, 800),
    **look: Any,
) -> Picture:
    """A picture of a recording, or of several, that a notebook shows and `Picture.save` writes.

    Args:
        recording: one, or several to be set beside each other or overlaid (``together``).
        view: one of `resviz.export.VIEWS`.
        step: after so many gradient steps; left out, the newest.
        look: other fields of `resviz.export.Options`: observable, layers, theme, title, dpi, ...

    Raises:
        RequestError: an option or step that cannot be.
    """
    shown = Picture(recording, options_of(view=view, size=size, steps=step, **look))
    shown._check(".png")
    return shown


def animation(
    recording: Recordings,
    view: str = "grid",
    steps: Any = None,
    *,
    size: tuple[int, int] = _FILM_SIZE,
    fps: float = _FILM_RATE,
    **look: Any,
) -> Animation:
    """A small film of a recording, or of several, that plays in a notebook.

    Args:
        steps: as in `resviz.export`; left out, some 40 spread over the recording.
        look: other fields of `resviz.export.Options`.

    Raises:
        RequestError: an option or step that cannot be.
    """
    if steps is None:
        newest = min(one.step for one in recording) if isinstance(recording, Sequence) else recording.step
        steps = tuple(sorted({round(newest * at / (_FRAMES - 1)) for at in range(_FRAMES)}))
    shown = Animation(recording, options_of(view=view, size=size, steps=steps, fps=fps, **look))
    shown._check(".gif")
    return shown


def mimebundle(recording: Recording) -> Mapping[str, Any]:
    """What a notebook shows of a recording: a small film of its units, and words where there are none."""
    if recording.step < 0:
        return {"text/plain": words_of(recording)}
    return animation(recording)._repr_mimebundle_()


def words_of(recording: Recording) -> str:
    """ "Hello: L = 64, M = 256, step 100 of 100, loss 0.0123"."""
    session, step = recording.session, recording.step
    network = session.network
    said = f"{session.title or 'resviz'}: L = {network.layers}, M = {network.units}"
    if step < 0:
        return f"{said}, nothing recorded yet"
    return f"{said}, step {step} of {recording.steps}, loss {float(recording.loss[step]):.3g}"
