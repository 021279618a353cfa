"""The scenes of one or several recordings, step by step, with the words that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from resviz.errors import RequestError
from resviz.export.frames import Frames
from resviz.export.options import Options

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.recording import Recording
    from resviz.scene.model import Scene

_MOST = 8  # recordings beside each other
_UNNAMED = ("title", "schema")


class Sheet:
    """What an export draws: `prepare` first, then `scene` of any step."""

    def __init__(self, recordings: Sequence[Recording], options: Options) -> None:
        """Look at ``recordings``, one view of each.

        Raises:
            RequestError: none or too many, or one that lacks what the view shows.
        """
        if not 1 <= len(recordings) <= _MOST:
            raise RequestError(
                f"{len(recordings)} recordings make no picture", remedy=f"Give from 1 to {_MOST}."
            )
        self.recordings, self.options = tuple(recordings), options
        self._frames = [view_frames(recording, options) for recording in recordings]
        self._labels = labels([recording.session for recording in recordings])

    def prepare(self) -> Iterator[tuple[int, int]]:
        """Visit every recorded step once, yielding (done, total)."""
        for frames in self._frames:
            yield from frames.prepare()
        if len(self._frames) > 1:
            self._share_ranges()

    def scene(self, step: int) -> Scene:
        """The figure after ``step`` gradient steps."""
        from resviz.scene.together import beside, check_overlay, overlaid

        first, *others = self._frames
        over = bool(others) and self.options.together == "overlay"
        if over and hasattr(first, "overlaid"):  # it knows better than which marks they are
            check_overlay(len(self._frames))
            return self._worded(first.overlaid(step, others, self._labels), step)
        scenes = [frames.scene(step) for frames in self._frames]
        if over:
            scenes = [overlaid(scenes, self._labels)]
        elif others:
            scenes = [beside(scenes, self._labels)]
        return self._worded(scenes[0], step)

    def _share_ranges(self) -> None:
        """One set of ranges and bins for the grids of all recordings that pin as many layers."""
        from resviz.scene.axes import Range
        from resviz.scene.model import Bars

        every = [frames for frames in self._frames if isinstance(frames, Frames)]
        known = [frames.ranges for frames in every]
        if not known or not known[0] or any(len(one) != len(known[0]) for one in known):
            return
        shared = [
            tuple(
                Range(min(r.low for r in axis), max(r.high for r in axis))
                for axis in zip(*place, strict=True)
            )
            for place in zip(*known, strict=True)
        ]
        for frames in every:
            frames.share([(x, y) for x, y in shared], self.options.bins)
        grid = (panel for panel in every[0].scene(0).panels if panel.key.startswith("layer "))
        marks = (mark for panel in grid for mark in panel.marks)
        bins = self.options.bins or max((m.heights.size for m in marks if isinstance(m, Bars)), default=None)
        for frames in every:
            frames.share([(x, y) for x, y in shared], bins)

    def _worded(self, scene: Scene, step: int) -> Scene:
        words = {}
        for name in ("title", "caption"):
            text = getattr(self.options, name)
            if text is not None:
                title = self.recordings[0].session.title
                # by hand: str.format would trip over the braces of mathematics
                words[name] = text.replace("{step}", str(step)).replace("{title}", title)
        return replace(scene, **words) if words else scene


class OneView(Protocol):
    """Whoever makes the scenes of a view of one recording."""

    def prepare(self) -> Iterator[tuple[int, int]]: ...
    def scene(self, step: int, /) -> Scene: ...


def view_frames(recording: Recording, options: Options) -> OneView:
    """Whoever makes the scenes of ``options.view``."""
    from resviz.export.beside import ErrorFrames, FieldFrames, FitFrames, PhaseFrames
    from resviz.export.whole import CloudFrames, DepthFrames, PathFrames

    makers: dict[str, Callable[[Recording, Options], OneView]] = {
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


def labels(sessions: Sequence[Session]) -> list[str]:
    """What tells sessions apart: their titles, else the values in which they differ."""
    titles = [session.title for session in sessions]
    if all(titles) and len(set(titles)) == len(titles):
        return titles
    flat = [dict(_leaves(session.to_mapping())) for session in sessions]
    keys = [
        key
        for key in dict.fromkeys(key for one in flat for key in one)
        if key not in _UNNAMED and len({repr(one.get(key)) for one in flat}) > 1
    ]
    names = [
        ", ".join(f"{key.split('.')[-1]} = {one[key]}" for key in keys[:3] if key in one) for one in flat
    ]
    return [name or title or "resviz" for name, title in zip(names, titles, strict=True)]


def _leaves(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
