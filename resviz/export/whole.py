"""Frames of the views over the whole depth, of clouds and of paths.

Like `resviz.export.frames.Frames` they go once through the recording for the axes; after it every scene costs
the same, and memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from resviz.export.options import Options

if TYPE_CHECKING:
    from resviz.observe.aspects import Aspect
    from resviz.observe.depths import DepthSeries
    from resviz.recording import Recording
    from resviz.scene.axes import Ranges
    from resviz.scene.model import Scene
    from resviz.scene.show import Show

SAMPLED = 24
"""Steps spread over the run whose densities the axes hold, whichever steps were asked for."""


def sampled(newest: int) -> list[int]:
    """At most 24 steps from 0 to ``newest``."""
    chosen: list[int] = np.unique(np.linspace(0, newest, SAMPLED).astype(int)).tolist()
    return chosen


def pair_of(recording: Recording, show: Show) -> tuple[Aspect, Aspect]:
    """The two observables of a cloud or of paths."""
    from resviz.observe.aspects import aspect

    problem = recording.problem
    return (
        aspect(problem, show.observable, sample=show.sample, coordinate=show.coordinate),
        aspect(problem, show.second, sample=show.sample, coordinate=show.second_coordinate),
    )


class DepthFrames:
    """Depth maps, alone or below a grid, or a ridgeline of one recording."""

    def __init__(self, recording: Recording, options: Options) -> None:
        from resviz.observe.depths import DepthPassage, DepthSeries
        from resviz.observe.observables import Look

        self.recording, self.options = recording, options
        self.show = options.show(recording.session)
        look = Look.at(recording.problem, sample=self.show.sample, coordinate=self.show.coordinate)
        passage = DepthPassage(recording, window=options.window or 1)
        self.series: DepthSeries = DepthSeries(passage, self.show.observable, look)
        self.ranges: Ranges | None = None

    def prepare(self) -> Iterator[tuple[int, int]]:
        """Visit steps spread over the recording, yielding (done, total)."""
        from resviz.scene.depth import depth_ranges

        steps = sampled(self.series.passage.newest)
        for done, step in enumerate(steps):
            for _ in self.series.visit(step):
                pass
            yield done + 1, len(steps)
        self.ranges = depth_ranges(self.series, self.show)

    def scene(self, step: int) -> Scene:
        """The scene after ``step`` gradient steps."""
        from resviz.scene.depth_map import depth_map
        from resviz.scene.ridgeline import ridgeline

        self._visit(step)
        if self.options.view == "ridgeline":
            return ridgeline(self.series, step, self.show, self.ranges)
        # layers are marked where panels of their own stand beside the maps
        pinned = self.show.layers if self.options.layers else ()
        return depth_map(self.series, step, self.show, self.ranges, pinned=pinned)

    def below(self, grid: Scene, step: int) -> Scene:
        """``grid``, of the same step, with the maps below it."""
        from resviz.scene.depth_map import depth_map, ranges_below, with_maps

        if self.ranges is None:
            raise RuntimeError("maps before prepare")
        self._visit(step)
        ranges = ranges_below(grid, self.ranges, self.show)
        return with_maps(grid, depth_map(self.series, step, self.show, ranges, pinned=self.show.layers))

    def _visit(self, step: int) -> None:
        if self.series.can_visit(step):
            for _ in self.series.visit(step):
                pass


class CloudFrames:
    """Clouds of one recording."""

    def __init__(self, recording: Recording, options: Options) -> None:
        from resviz.observe import Passage
        from resviz.observe.cloud import CloudSeries
        from resviz.observe.ghosts import Ghosts

        self.recording, self.options = recording, options
        self.show = options.show(recording.session)
        layers = self.show.layers
        passage = Passage(recording, layers, window=options.window)
        self.series = CloudSeries(passage, pair_of(recording, self.show), Ghosts(recording, layers))
        self.ranges: Ranges | None = None

    def prepare(self) -> Iterator[tuple[int, int]]:
        """Visit steps spread over the recording, yielding (done, total)."""
        from resviz.scene.cloud import cloud_ranges

        steps = sampled(self.series.passage.newest)
        for done, step in enumerate(steps):
            self._visit(step)
            yield done + 1, len(steps)
        self.ranges = cloud_ranges(self.series)

    def scene(self, step: int) -> Scene:
        """The scene after ``step`` gradient steps."""
        from resviz.scene.cloud import cloud

        self._visit(step)
        return cloud(self.series, step, self.ranges)

    def _visit(self, step: int) -> None:
        if self.series.can_visit(step):
            for _ in self.series.visit(step):
                pass


class PathFrames:
    """Paths of the tracked start of one recording."""

    def __init__(self, recording: Recording, options: Options) -> None:
        from resviz.observe.aspects import path_pairs
        from resviz.observe.ghosts import Ghosts, GhostSeries, fan_layers

        self.recording, self.options = recording, options
        self.show = options.show(recording.session)
        ghosts = Ghosts(recording, fan_layers(recording.session.network.layers))
        self.series = GhostSeries(ghosts, path_pairs(recording.problem, pair_of(recording, self.show)))
        self.ranges: Ranges | None = None

    def prepare(self) -> Iterator[tuple[int, int]]:
        """Follow the start to the newest step, yielding (done, total)."""
        from resviz.scene.paths import path_ranges

        newest = self.series.ghosts.newest
        for _ in self.series.visit(newest):
            yield self.series.newest + 1, newest + 1
        self.ranges = path_ranges(self.series)

    def scene(self, step: int) -> Scene:
        """The scene after ``step`` gradient steps."""
        from resviz.scene.paths import paths

        return paths(self.series, step, self.ranges)
