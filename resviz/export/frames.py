"""A recording and a view, as the scene of each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from resviz.errors import RequestError
from resviz.export.drifts import DriftLanes, drift_lanes
from resviz.export.options import Options
from resviz.export.whole import DepthFrames

if TYPE_CHECKING:
    from resviz.fields import LimitFields
    from resviz.observe import Series
    from resviz.recording import Recording
    from resviz.scene.axes import Range, Ranges
    from resviz.scene.contrast import Losses
    from resviz.scene.model import Array, Scene

# The axes hold the densities of so many steps spread over the run: they are the same in every frame and in
# every still, whichever steps were asked for
_PEAK_STEPS = 24


class Frames:
    """Scenes of one view of one recording.

    `prepare` goes once through the recorded steps for the axes; after it every scene costs the same, wherever
    its step lies, and what one step took is dropped at the next: memory does not grow with the film.
    """

    def __init__(self, recording: Recording, options: Options) -> None:
        """Look at ``recording``.

        Raises:
            RequestError: the recording lacks what the view shows.
        """
        self.recording, self.options = recording, options
        self.show = options.show(recording.session)
        if options.view == "contrast" and recording.contrast is None and recording.lazy is None:
            raise RequestError(
                "view contrast: this recording has no twin and no lazy limit",
                remedy="Choose another view, or record the session again.",
            )
        self._grid = series_of(recording, options) if options.view != "contrast" else None
        self._session: Series | None = None
        self._twin: Series | None = None
        self._lazy: Series | None = None
        self._drifts = DriftLanes()
        if options.view != "grid" and (recording.contrast is not None or recording.lazy is not None):
            self._follow_contrast()
        self._maps = DepthFrames(recording, options) if options.maps else None
        self._ranges: Ranges | None = None
        self._losses: Losses | None = None
        self._shown = -1

    @property
    def visits(self) -> int:
        """How many steps `prepare` visits."""
        return sum(series.passage.newest + 1 for series in self._every())

    def prepare(self) -> Iterator[tuple[int, int]]:
        """Visit every recorded step once, yielding (done, total)."""
        from resviz.scene.grid import grid_ranges

        total, done = self.visits, 0
        for series in self._every():
            last = series.passage.newest
            sampled = set(np.linspace(0, last, _PEAK_STEPS).astype(int).tolist())
            for step in series.fill(0):
                if step in sampled:
                    for place in range(len(series.layers)):
                        series.density(step, place)
                if 0 < step < last:
                    series.forget(step)
                done += 1
                yield done, total
            series.settle()
        for lane in self._drifts.all:
            while (gap := lane.first_gap()) is not None:
                for _ in lane.visit(gap):
                    yield done, total
        if self._maps is not None:
            for _ in self._maps.prepare():
                yield done, total
        self._losses = _losses(self.recording)
        if self._grid is not None:
            self._ranges = grid_ranges(self._grid, self.show)

    @property
    def ranges(self) -> list[tuple[Range, Range]]:
        """The grid's ranges of x and y at each pinned layer; empty in views without a grid."""
        if self._ranges is None:
            return []
        known = [[self._ranges.get(f"layer {layer} {axis}") for axis in "xy"] for layer in self.show.layers]
        return [(x, y) for x, y in known if x is not None and y is not None]

    def share(self, ranges: Sequence[tuple[Range, Range]], bins: int | None) -> None:
        """Draw the grid on these ranges and with as many bins, those of other recordings."""
        from resviz.scene.axes import Ranges

        shared: dict[str, Range] = {}
        for layer, (x, y) in zip(self.show.layers, ranges, strict=True):
            shared |= {f"layer {layer} x": x, f"layer {layer} y": y}
        self._ranges = Ranges().with_ranges(shared)
        self.show = replace(self.show, bins=bins)

    def scene(self, step: int) -> Scene:
        """The scene after ``step`` gradient steps."""
        from resviz.scene.contrast import contrast
        from resviz.scene.grid import units_grid
        from resviz.scene.overview import overview
        from resviz.scene.timeline import timeline

        if self._losses is None:
            raise RuntimeError("a scene before prepare")
        self._read(step)
        losses, steps = self._losses, self.recording.steps
        side = None
        if self._session is not None:
            side = contrast(
                self._session, self._twin, self._lazy, losses, self._drifts.read(),
                step=step, steps=steps, layout="wide" if self._grid is None else "short",
            )  # fmt: skip
        if self._grid is None:
            if side is None:
                raise RuntimeError("a view without panels")
            return side
        grid = units_grid(self._grid, step, self.show, self._ranges)
        if self._maps is not None:
            grid = self._maps.below(grid, step)
        if self.options.view == "grid":
            return grid
        return overview(grid, side, timeline(losses.net, losses.limit, steps, step))

    def _every(self) -> list[Series]:
        every = (self._grid, self._session, self._twin, self._lazy)
        return [series for series in every if series is not None]

    def _read(self, step: int) -> None:
        """Hold ``step`` in every series, besides the first and the newest, and no other."""
        for series in self._every():
            if self._shown != step and 0 < self._shown < series.newest:
                series.forget(self._shown)
            if step <= series.passage.newest:
                series.visit(step)
        self._shown = step

    def _follow_contrast(self) -> None:
        """Displacement at one deep pinned layer, of session, twin and lazy limit as far as they exist."""
        from resviz.observe import Passage, Series

        recording, window = self.recording, self.options.window
        # the fourth of six, as the window shows it: deep enough to have moved, away from the end
        layers = (self.show.layers[min(3, len(self.show.layers) - 1)],)
        self._session = Series(Passage(recording, layers, window=window), "travel_u")
        if recording.contrast is not None:
            self._twin = Series(Passage(recording.contrast, layers, window=window), "travel_u")
        if recording.lazy is not None:
            limit = Passage(recording, layers, window=window, limit=recording.lazy, finite=False)
            # its units stay; alpha times what they moved has a limit
            self._lazy = Series(limit, "travel_scaled")
        self._drifts = drift_lanes({}, recording, recording.contrast)


def series_of(
    recording: Recording, options: Options, observable: str = "", limit: LimitFields | None = None
) -> Series:
    """One observable, the chosen one if none is named, at the pinned layers of a recording.

    Args:
        limit: follow this limit alone, in place of net and limit.
    """
    from resviz.observe import Passage, Series
    from resviz.observe.observables import Look

    look = Look.at(recording.problem, sample=options.sample, coordinate=options.coordinate)
    layers = options.show(recording.session).layers
    passage = Passage(recording, layers, window=options.window, limit=limit, finite=limit is None)
    return Series(passage, observable or options.observable, look)


def _losses(recording: Recording) -> Losses:
    from resviz.scene.contrast import Losses

    twin = recording.contrast
    return Losses(
        recording.loss,
        _loss(recording.limit),
        _loss(twin),
        _loss(twin.limit) if twin is not None else None,
        _loss(recording.lazy),
    )


def _loss(of: Recording | LimitFields | None) -> Array | None:
    return of.loss if of is not None else None
