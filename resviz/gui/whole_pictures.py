"""Scenes of the views that are no grid, built from what is visited; axes never shrink during a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from resviz.gui.views import GRIDS
from resviz.scene.axes import Ranges
from resviz.scene.cloud import cloud, cloud_ranges
from resviz.scene.depth import depth_ranges
from resviz.scene.depth_map import depth_map, ranges_below, with_maps
from resviz.scene.model import Scene
from resviz.scene.others import Other
from resviz.scene.paths import path_ranges, paths
from resviz.scene.ridgeline import ridgeline
from resviz.scene.show import Show

if TYPE_CHECKING:
    from resviz.gui.work import Sight


class WholePictures:
    """Remembers, for each series drawn, its axis ranges; and the step of the maps shown last."""

    def __init__(self) -> None:
        self._ranges = Ranges()
        self._ranged: tuple[Any, tuple[int, ...]] | None = None  # series and runs that the ranges are of
        self._map_step = -1

    def scene(self, sight: Sight, step: int, show: Show, waiting: str, others: Sequence[Other] = ()) -> Scene:
        """The view of ``sight``, which is not the grid, at ``step``, with ``others`` where it has room."""
        series, view = sight.whole, sight.view
        others = () if view == "depth-map" else others
        before = self._before(series, tuple(one.number for one in others))
        beside = [one.whole for one in others if one.whole is not None]
        if view == "cloud":
            self._ranges = cloud_ranges(series, before, beside)
            return cloud(series, step, self._ranges, waiting=waiting, others=others)
        if view == "paths":
            self._ranges = path_ranges(series, before, beside)
            return paths(series, step, self._ranges, waiting=waiting, others=others)
        self._ranges = depth_ranges(series, show, before, beside)
        if view == "ridgeline":
            return ridgeline(series, step, show, self._ranges, waiting=waiting, others=others)
        return depth_map(series, step, show, self._ranges, pinned=show.layers, waiting=waiting)

    def below(self, grid: Scene, sight: Sight, step: int, show: Show, waiting: str) -> Scene:
        """``grid`` with the depth maps below it; maps that are still followed stay at the step before."""
        series = sight.whole
        self._ranges = depth_ranges(series, show, self._before(series))
        ranges = ranges_below(grid, self._ranges, show)
        at = self.map_step(sight, step)
        late = at != step and series.has(at)
        maps = depth_map(
            series, at, show, ranges, pinned=show.layers, waiting=waiting, when=f"step {at}" if late else ""
        )
        return with_maps(grid, maps)

    def map_step(self, sight: Sight, step: int) -> int:
        """The step of the maps below the grid: that of the grid, until it is visited the last one before."""
        series = sight.whole
        if series.has(step):
            self._map_step = step
        elif not series.has(self._map_step) or self._map_step < series.newest < step:
            # training is followed live, and maps come later than the grid
            self._map_step = int(series.newest) if 0 <= series.newest < step else step
        return self._map_step

    def key(self, sight: Sight, step: int) -> tuple[Any, ...]:
        """What a picture of the maps depends on besides ``step``: it is painted again when this changes."""
        if sight.whole is None or sight.view not in (*GRIDS, "depth-map", "ridgeline"):
            return ()
        at = self.map_step(sight, step)
        filled = sight.whole.filled(at)
        return at, 0 if filled is None else filled.pieces

    def _before(self, series: Any, others: tuple[int, ...] = ()) -> Ranges | None:
        same = self._ranged is not None and self._ranged[0] is series and self._ranged[1] == others
        self._ranged = series, others
        return self._ranges if same else None
