"""The series behind the views that are no grid: made by the looking thread, drawn by the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.gui.work import Places, What
    from resviz.observe import Passage
    from resviz.recording import Recording

_KEPT = 4
"""Series that are kept beside one another, so that going back to a view costs a look-up."""


class Wholes:
    """Whole-depth passages and series of one run; the looking thread alone touches it."""

    def __init__(self) -> None:
        self._passages: dict[Any, Any] = {}
        self._series: dict[Any, Any] = {}

    def series(self, recording: Recording, places: Places, what: What, passage: Passage) -> Any | None:
        """What the view of ``what`` draws: a DepthSeries, CloudSeries or GhostSeries; None for the grid.

        Args:
            passage: of the pinned layers, whose units a cloud shares with the grid.
        """
        limit = recording.limit
        kind = "depth" if what.view in ("grid-map", "depth-map", "ridgeline") else what.view
        if kind == "grid":
            return None
        at: tuple[Any, ...] = (what.sample, what.coordinate)
        if kind == "depth":
            key: tuple[Any, ...] = (kind, id(limit), places.row_window, what.observable, *at)
        else:
            where = (places.layers, places.window) if kind == "cloud" else ()
            key = (kind, id(limit), *where, what.observable, what.second, what.second_coordinate, *at)
        found = self._series.pop(key, None) or self._made(kind, recording, places, what, passage)
        self._series[key] = found  # most recent last
        while len(self._series) > _KEPT:
            del self._series[next(iter(self._series))]
        return found

    def _made(self, kind: str, recording: Recording, places: Places, what: What, passage: Passage) -> Any:
        from resviz.observe.aspects import aspect, path_pairs
        from resviz.observe.cloud import CloudSeries
        from resviz.observe.depths import DepthPassage, DepthSeries
        from resviz.observe.ghosts import Ghosts, GhostSeries, fan_layers

        problem = recording.problem
        first = aspect(problem, what.observable, sample=what.sample, coordinate=what.coordinate)
        if kind == "depth":
            depths = self._passage(
                ("depth", id(recording.limit), places.row_window),
                lambda: DepthPassage(recording, window=places.row_window),
            )
            return DepthSeries(depths, what.observable, first.look)
        second = aspect(problem, what.second, sample=what.sample, coordinate=what.second_coordinate)
        layers = places.layers if kind == "cloud" else fan_layers(recording.session.network.layers)
        ghosts = self._passage(("ghost", id(recording.limit), layers), lambda: Ghosts(recording, layers))
        if kind == "cloud":
            return CloudSeries(passage, (first, second), ghosts)
        return GhostSeries(ghosts, path_pairs(problem, (first, second)))

    def _passage(self, key: tuple[Any, ...], make: Any) -> Any:
        found = self._passages.pop(key, None) or make()
        self._passages[key] = found
        while len(self._passages) > _KEPT:
            del self._passages[next(iter(self._passages))]
        return found
