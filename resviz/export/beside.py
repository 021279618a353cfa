"""Frames of the views beside the units: fields, fit, error, phase diagram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.errors import RequestError
from resviz.export.options import Options
from resviz.export.whole import sampled

if TYPE_CHECKING:
    from resviz.observe.fit import FitMap
    from resviz.recording import Recording
    from resviz.scene.axes import Ranges
    from resviz.scene.model import Scene


class FieldFrames:
    """Fields over depth."""

    def __init__(self, recording: Recording, options: Options) -> None:
        from resviz.scene.fields import shown_coordinates

        self.recording, self.options = recording, options
        self.coordinates = shown_coordinates(options.coordinate, recording.problem.dimension)
        if options.sample >= recording.problem.samples:
            raise RequestError(
                f"sample {options.sample} does not exist",
                remedy=f"Choose one from 0 to {recording.problem.samples - 1}.",
            )
        self.ranges: Ranges | None = None

    def prepare(self) -> Iterator[tuple[int, int]]:
        """Read steps spread over the recording for the axes, yielding (done, total)."""
        from resviz.scene.fields import fields_ranges, read_fields

        steps = sampled(self.recording.step)
        for done, step in enumerate(steps):
            curves = read_fields(self.recording, step, self.options.sample, self.coordinates)
            self.ranges = fields_ranges(curves, self.ranges)
            yield done + 1, len(steps)

    def scene(self, step: int) -> Scene:
        """The scene after ``step`` gradient steps."""
        from resviz.scene.fields import fields_scene, read_fields

        sample = self.options.sample
        curves = read_fields(self.recording, step, sample, self.coordinates)
        return fields_scene(curves, step=step, sample=sample, ranges=self.ranges)

    def overlaid(self, step: int, others: Sequence[FieldFrames], labels: Sequence[str]) -> Scene:
        """The scene with the nets of ``others`` over it, dotted; ``labels`` name all of them.

        Raises:
            RequestError: data of fewer coordinates.
        """
        from resviz.scene.fields import fields_scene, read_fields
        from resviz.scene.others import with_fields

        if any(one.coordinates != self.coordinates for one in others):
            raise RequestError(
                "these recordings have different coordinates", remedy="Set them beside each other."
            )
        sample = self.options.sample
        own, *over = (read_fields(o.recording, step, sample, o.coordinates) for o in (self, *others))
        ranges = _joined([one.ranges for one in (self, *others) if one.ranges is not None])
        scene = _named(fields_scene(own, step=step, sample=sample, ranges=ranges), "finite net", labels[0])
        return with_fields(scene, over, ", ".join(labels[1:]))


class FitFrames:
    """The map of the fit; only the cursor moves from frame to frame."""

    def __init__(self, recording: Recording, options: Options) -> None:
        from resviz.observe.fit import Fit
        from resviz.observe.observables import Look

        if recording.limit is None:
            raise _no_limit("fit")
        self.recording, self.options = recording, options
        look = Look.at(recording.problem, sample=options.sample, coordinate=options.coordinate)
        self.fit = Fit(recording, options.observable, look, window=options.window)
        self.map: FitMap | None = None

    def prepare(self) -> Iterator[tuple[int, int]]:
        """Compute every cell, yielding (done, total)."""
        total = len(self.fit.layers) * len(self.fit.steps)
        for found in self.fit.fill():
            if found is not None:
                self.map = found
                yield round(found.known * total), total

    def scene(self, step: int) -> Scene:
        """The scene with its cursor at ``step``."""
        from resviz.scene.fit import fit_scene

        return fit_scene(self.map, step=step, steps=self.recording.steps)


class ErrorFrames:
    """The output's error over steps; only the cursor moves from frame to frame."""

    def __init__(self, recording: Recording, options: Options) -> None:
        from resviz.scene.error import read_errors

        if recording.limit is None:
            raise _no_limit("error")
        self.recording, self.options = recording, options
        self.curves = read_errors(recording)

    def prepare(self) -> Iterator[tuple[int, int]]:
        """Nothing needs to be followed."""
        yield 1, 1

    def scene(self, step: int) -> Scene:
        """The scene with its cursor at ``step``."""
        from resviz.scene.error import error_scene

        alpha = self.recording.session.network.alpha
        return error_scene(self.curves, step=step, steps=self.recording.steps, alpha=alpha)

    def overlaid(self, step: int, others: Sequence[ErrorFrames], labels: Sequence[str]) -> Scene:
        """The scene with the measured errors of ``others``; ``labels`` name all of them."""
        from resviz.scene.others import with_errors

        scene = _named(self.scene(step), "measured: net against limit", labels[0])
        measured = [one.curves.measured for one in others]
        numbers = range(1, len(others) + 1)
        return with_errors(scene, list(zip(labels[1:], numbers, measured, strict=True)))


class PhaseFrames:
    """The phase diagram with the recording as its point, the same at every step.

    Its colours are the atlas that comes with the program, and what the user has trained beside it.
    """

    def __init__(self, recording: Recording, options: Options) -> None:
        from resviz.files import user_folder
        from resviz.observe.atlas import AtlasPlan, kept_atlas

        self.recording, self.options = recording, options
        self.atlas = kept_atlas(AtlasPlan().finer(), user_folder())

    def prepare(self) -> Iterator[tuple[int, int]]:
        """Nothing needs to be followed."""
        yield 1, 1

    def scene(self, step: int) -> Scene:
        """The scene."""
        from resviz.scene.phase import phase_notes, phase_scene, run_point

        session = self.recording.session
        point = run_point(session, self.recording.problem.dimension)
        caption = phase_notes(session, point, self.atlas)
        return phase_scene(point, (), self.atlas, self.options.colours, caption)


def _no_limit(view: str) -> RequestError:
    return RequestError(
        f"view {view}: this recording has no limit to compare with",
        remedy="Choose another view, or record the session again.",
    )


def _joined(every: Sequence[Ranges]) -> Ranges:
    """Ranges that hold all of them."""
    from resviz.scene.axes import Range, Ranges

    known: dict[str, Range] = {}
    for one in every:
        for name, new in one.known.items():
            old = known.get(name, new)
            known[name] = Range(min(old.low, new.low), max(old.high, new.high))
    return Ranges().with_ranges(known)


def _named(scene: Scene, text: str, label: str) -> Scene:
    """The scene whose legend says of ``text`` whose it is."""
    legend = tuple(replace(e, text=f"{text}: {label}") if e.text == text else e for e in scene.legend)
    return replace(scene, legend=legend)
