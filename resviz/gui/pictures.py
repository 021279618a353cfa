"""What the views are given: scenes of the present state, built from series that are already visited.

Building them reads and never computes: a scene costs some milliseconds whatever the net's size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from resviz.export.options import MAPPED, Options
from resviz.gui.curves import LossCurves
from resviz.gui.estimate import shape
from resviz.gui.ranges import range_of
from resviz.gui.state import AppState
from resviz.gui.views import GRIDS, PAIRED, pinned_of, shown_of
from resviz.gui.waiting import waiting_contrast, waiting_grid, waiting_whole
from resviz.gui.whole_pictures import WholePictures
from resviz.gui.work import Places, Sight, What
from resviz.scene.axes import Ranges
from resviz.scene.contrast import contrast
from resviz.scene.grid import grid_ranges, units_grid
from resviz.scene.model import Scene
from resviz.scene.others import Other, with_losses, with_outlines
from resviz.scene.show import Show
from resviz.scene.timeline import timeline

if TYPE_CHECKING:
    from resviz.config.sections import TrainingEvent
    from resviz.recording import Recording

_UNITS_A_PANEL = 256  # layers are pooled until a histogram has so many
_CONTRAST_PLACE = 3  # the fourth of six: deep enough to have moved, away from the end


def places_of(state: AppState) -> Places:
    """Where the window looks, with what the program chooses filled in."""
    network, choice = state.session.network, state.choice
    layers = pinned_of(state)
    window = choice.window or max(1, math.ceil(_UNITS_A_PANEL / network.units))
    return Places(
        layers,
        min(window, network.layers),
        layers[min(_CONTRAST_PLACE, len(layers) - 1)],
        min(choice.window or 1, network.layers),
    )


def what_of(state: AppState) -> What:
    """Which numbers it looks at."""
    choice = state.choice
    shown = shown_of(choice, shape(state.session)[1])
    if shown.view in GRIDS:  # what they do not show must not start another look
        return What(choice.observable, choice.sample, choice.coordinate, shown.view)
    return What(
        choice.observable,
        choice.sample,
        choice.coordinate,
        shown.view,
        shown.second,
        shown.second_coordinate,
    )


def drawn_of(state: AppState) -> tuple[object, ...]:
    """What other pictures of the same series and step depend on."""
    choice = state.choice
    return state.run, state.theme, choice.bins, choice.lock_axes, choice.scaled, choice.tall


def show_of(state: AppState) -> Show:
    """The choices as the grid's builder takes them."""
    places, choice = places_of(state), state.choice
    return Show(
        observable=choice.observable,
        sample=choice.sample,
        coordinate=choice.coordinate,
        layers=places.layers,
        window=places.window,
        bins=choice.bins,
        lock_axes=choice.lock_axes,
    )


def export_options(state: AppState, theme: str, view: str | None = None) -> Options:
    """What the window shows, as the options of an export; ``view`` in place of that of the units."""
    show, shown = show_of(state), shown_of(state.choice, shape(state.session)[1])
    view = view or ("overview" if shown.view in GRIDS else shown.view)
    paired = view in PAIRED  # elsewhere a pair that cannot be drawn must not forbid the export
    return Options(
        view=view,
        maps=shown.view == "grid-map" and view in MAPPED,
        bins=show.bins,
        second=state.choice.second if paired else None,
        second_coordinate=state.choice.second_coordinate if paired else None,
        observable=show.observable,
        layers=show.layers,
        sample=show.sample,
        coordinate=show.coordinate,
        window=state.choice.window,  # maps and ridges take fewer layers than the grid where none are chosen
        lock_axes=show.lock_axes,
        colours=state.choice.colours,
        theme=theme,
    )


class Pictures:
    """Scenes of one run; remembers the axis ranges, which never shrink, and the step shown last."""

    def __init__(self) -> None:
        self._ranges: Ranges | None = None
        self._ranged: tuple[Any, ...] = ()  # what the ranges were made for
        self._shown = -1
        self._whole = WholePictures()
        self._drawn: tuple[Any, ...] = ()  # what the units' last picture was drawn of
        self._losses = LossCurves()
        self.others: tuple[Other, ...] = ()  # pinned runs, drawn over this one
        self._tops: dict[str, float] = {}  # of their outlines

    def shown(self, state: AppState, sight: Sight | None) -> int:
        """The step of the units' picture: the cursor's, until that is visited the last one shown; or -1.

        Who follows live sees the newest visited: training goes on while a step is looked at.
        """
        if sight is None or sight.main.newest < 0:
            return -1
        if sight.main.has(state.cursor):
            self._shown = state.cursor
        elif state.follow and self._shown < sight.main.newest <= state.cursor:
            self._shown = int(sight.main.newest)
        return self._shown if sight.main.has(self._shown) else int(sight.main.newest)

    def stale(self, state: AppState, sight: Sight) -> bool:
        """Whether the units' picture would be another one now."""
        return self._key(state, sight) != self._drawn

    def _key(self, state: AppState, sight: Sight) -> tuple[Any, ...]:
        step = self.shown(state, sight)
        return step, *self._whole.key(sight, step)

    def units(self, state: AppState, sight: Sight | None, waiting_for: str) -> Scene:
        """The Units tab's picture, in the view that was looked at."""
        step = self.shown(state, sight)
        if sight is not None:
            self._drawn = self._key(state, sight)
        if sight is not None and sight.view == "cloud" and sight.whole.mixed:
            step = max(step, 0)  # says why there is nothing to see
        if sight is None or step < 0:
            view = shown_of(state.choice, shape(state.session)[1]).view if sight is None else sight.view
            if view in GRIDS:
                return waiting_grid(places_of(state).layers, state.session.network.layers, waiting_for)
            return waiting_whole(view, waiting_for)
        show = show_of(state)
        # another look of them may be ready before that of the present run, or after it
        others = tuple(other for other in self.others if other.seen == (sight.what, sight.places))
        if sight.view not in GRIDS:
            return self._whole.scene(sight, step, show, waiting_for, others)
        grid = self._grid(sight, step, show, others)
        return grid if sight.whole is None else self._whole.below(grid, sight, step, show, waiting_for)

    def _grid(self, sight: Sight, step: int, show: Show, others: Sequence[Other]) -> Scene:
        series = sight.grid
        ranged = (series, show.bins, show.lock_axes, tuple(other.number for other in others))
        if ranged != self._ranged:
            self._ranges, self._tops = None, {}
        self._ranged = ranged
        beside = [one.series for one in others if one.series is not None and one.series.newest >= 0]
        self._ranges = grid_ranges(series, show, self._ranges, others=beside)
        return with_outlines(units_grid(series, step, show, self._ranges), step, others, self._tops)

    def contrast(
        self, state: AppState, sight: Sight | None, recording: Recording | None, old: bool = False
    ) -> Scene:
        """Session, lazy twin and lazy limit at the cursor; ``old``: another twin is being trained."""
        steps = _planned(state)
        if sight is None:
            return waiting_contrast(steps)
        step = state.cursor
        if not sight.session.has(step):  # training is followed live: the last step that all of them have
            newest = [one.newest for one in (sight.session, sight.twin, sight.lazy) if one is not None]
            at = min((one for one in newest if one >= 0), default=-1)
            step = min(step, at if sight.session.has(at) else sight.session.newest)
        scene = contrast(
            sight.session,
            sight.twin,
            sight.lazy,
            self._losses.read(recording),
            sight.drifts.read(),
            step=max(step, 0),
            steps=steps,
            scaled=state.choice.scaled,
            old=old,
            layout="tall" if state.choice.tall else "short",
        )
        return with_losses(scene, "loss", self.others)

    def timeline(self, state: AppState, recording: Recording | None) -> Scene:
        """Losses over all planned steps, and the cursor."""
        curves = self._losses.read(recording)
        events = [(event.step, event_text(event)) for event in state.session.training.events]
        scene = timeline(curves.net, curves.limit, _planned(state), state.cursor, range_of(state), events)
        return with_losses(scene, "timeline", self.others)


def event_text(event: TrainingEvent) -> str:
    """What a live edit says, short: it stands in the timeline."""
    parts = []
    if event.rate is not None:
        parts.append(f"η {event.rate:g}")
    if event.steps is not None:
        parts.append(f"K {event.steps}")
    return ", ".join(parts)


def _planned(state: AppState) -> int:
    return state.steps or state.session.training.last_step
