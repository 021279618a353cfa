"""Pinned runs looked at beside the present one, in the view that is shown: at the same depths and steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from resviz.gui.curves import LossCurve
from resviz.gui.keeping import Keeping
from resviz.gui.seen import Seen
from resviz.gui.state import AppState, KeptRun
from resviz.gui.views import PAIRED
from resviz.gui.work import Places, What
from resviz.gui.worker import Finished, Worker
from resviz.scene.others import Other

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.data import Problem
    from resviz.fields import Fields, LimitFields
    from resviz.observe.aspects import Aspect
    from resviz.recording import Recording


_RIDGE_UNITS = 2**13
"""Units of a run, over all its depth, that outlines beside ridges are made of."""


class _NetAlone:
    """A recording without its limit: an outline needs no density."""

    limit: LimitFields | None = None

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.session: Session = recording.session
        self.problem: Problem = recording.problem
        self.step = recording.step

    def fields(self, step: int) -> Fields:
        return self._recording.fields(step)


@dataclass(slots=True)
class _Desk:
    """What is visited; ``wanted`` is written by the window, the rest by the visiting thread alone."""

    wanted: int
    series: dict[int, Any] = field(default_factory=dict)


def _visit(
    desk: _Desk, runs: Sequence[tuple[int, Recording]], places: Places, total: int, what: What
) -> Iterator[int | None]:
    """Visit the wanted step of every run, then all others; yields the step that is ready, None between."""
    import torch

    torch.set_num_threads(1)
    for number, recording in runs:
        found = _series(_NetAlone(recording), places, total, what)
        if found is not None:
            desk.series[number] = found
        yield None
    while True:
        visit = next(
            (one.visit(desk.wanted) for one in desk.series.values() if one.can_visit(desk.wanted)), None
        )
        if visit is None:
            gaps = [(step, one) for one in desk.series.values() if (step := one.first_gap()) is not None]
            if not gaps:
                return
            step, behind = min(gaps, key=lambda gap: gap[0])
            visit = behind.visit(step)
        for ready in visit:
            yield desk.wanted if ready else None


def _series(run: _NetAlone, places: Places, total: int, what: What) -> Any | None:
    """What the view of ``what`` draws of a run; None where its data have no such sample or coordinate."""
    from resviz.observe import Passage, Series
    from resviz.observe.aspects import aspect, path_pairs
    from resviz.observe.cloud import CloudSeries
    from resviz.observe.depths import DepthPassage, DepthSeries
    from resviz.observe.ghosts import Ghosts, GhostSeries, fan_layers

    problem, depth = run.problem, run.session.network.layers
    first = aspect(problem, what.observable, sample=what.sample, coordinate=what.coordinate)
    both = [first]
    if what.view in PAIRED:
        both.append(aspect(problem, what.second, sample=what.sample, coordinate=what.second_coordinate))
    if what.view == "depth-map" or not all(_has(problem, one, what.view) for one in both):
        return None
    if what.view == "ridgeline":
        whole = DepthPassage(run, window=places.row_window, most=_RIDGE_UNITS)
        return DepthSeries(whole, what.observable, first.look)
    chosen = fan_layers(total) if what.view == "paths" else places.layers
    # the layers at the same depths, which may be fewer in a shallower net: then some stand twice
    layers = [min(round(layer * depth / total), depth - 1) for layer in chosen]
    if what.view == "paths":
        return GhostSeries(Ghosts(run, layers), path_pairs(problem, (both[0], both[1])))
    passage = Passage(run, layers, window=max(1, round(places.window * depth / total)))
    if what.view == "cloud":
        return CloudSeries(passage, (both[0], both[1]))
    return Seen(Series(passage, what.observable, first.look), distances=False)


def _has(problem: Problem, one: Aspect, view: str) -> bool:
    """Whether a problem has the sample or the coordinate of an aspect; paths take u and v there too."""
    if one.chosen.needs == "sample":
        return one.look.sample < problem.samples
    return one.look.coordinate < problem.dimension or (one.chosen.needs is None and view != "paths")


class Overlays(QObject):
    """Follows the pinned runs in a thread of its own, after what is looked at first.

    Signals:
        changed(): other runs, or the shown step of one, can be drawn now.
        failed(error, report): it broke off.
    """

    changed = Signal()
    failed = Signal(object, str)

    def __init__(self, kept: Keeping, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept = kept
        self._desk = _Desk(0)
        self._asked: tuple[Any, ...] = ()
        self._runs: tuple[KeptRun, ...] = ()
        self._losses: dict[int, LossCurve] = {}
        self._worker = Worker("overlays", rate=10.0, background=True, parent=self)
        self._worker.yielded.connect(lambda run, step: self.changed.emit())
        self._worker.finished.connect(self._on_finished)

    def follow(self, state: AppState, places: Places, what: What) -> None:
        """Follow the state's pinned runs at these places."""
        self._runs = tuple(one for one in state.pinned if one.number in self._kept)
        self._desk.wanted = state.cursor
        numbers = tuple(one.number for one in self._runs)
        asked = (numbers, what, places, state.session.network.layers)
        if asked == self._asked:
            return
        self._asked = asked
        self._desk = _Desk(state.cursor)
        self._losses = {number: curve for number, curve in self._losses.items() if number in numbers}
        self._worker.cancel()
        if numbers:
            desk, runs = self._desk, [(number, self._kept[number]) for number in numbers]
            total = state.session.network.layers
            self._worker.start(lambda: _visit(desk, runs, places, total, what))
        self.changed.emit()

    def others(self) -> tuple[Other, ...]:
        """What can be drawn of them now."""
        return tuple(self._other(one) for one in self._runs if one.number in self._kept)

    def _other(self, run: KeptRun) -> Other:
        recording = self._kept[run.number]
        curve = self._losses.get(run.number)
        if curve is None or curve.source is not recording:
            curve = self._losses[run.number] = LossCurve(recording)
        loss = curve.read(recording.step) if recording.step >= 0 else None
        series, name = self._desk.series.get(run.number), run.name or f"run {run.number}"
        grid = series if isinstance(series, Seen) else None
        return Other(name, run.number, grid, loss, None if series is grid else series, self._asked[1:3])

    def _on_finished(self, end: Finished) -> None:
        if end.run == self._worker.run and end.how == "failed":
            self.failed.emit(end.error, end.report)

    def close(self, wait_ms: int) -> bool:
        """End the thread."""
        self._worker.blockSignals(True)
        return self._worker.close(wait_ms)
