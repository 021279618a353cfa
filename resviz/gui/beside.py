"""Fills the tabs beside Units, each only while it is seen: builds their scenes and does their slow work.

Fields and Error read what is recorded, the phase diagram the atlas that comes with the program. The map of
the fit and a finer atlas are computed in threads of their own that rest while their tab is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from resviz.errors import ResvizError
from resviz.files import user_folder
from resviz.gui.controller import Controller
from resviz.gui.estimate import shape
from resviz.gui.pace import Pace
from resviz.gui.past import PastErrors, earlier_points, present_point
from resviz.gui.pictures import places_of
from resviz.gui.state import AppState, Edit, Look, Seek, ShowRun
from resviz.gui.sweep.sweeping import Sweeping
from resviz.gui.tabs import Tabs
from resviz.gui.worker import Finished, Worker
from resviz.scene.axes import Ranges
from resviz.scene.error import ErrorCurves, error_scene, read_errors
from resviz.scene.fields import fields_ranges, fields_scene, read_fields, shown_coordinates
from resviz.scene.fit import cell_at, fit_scene
from resviz.scene.others import with_errors, with_fields
from resviz.scene.phase import phase_notes, phase_scene, point_at

if TYPE_CHECKING:
    from resviz.observe.atlas import Atlas
    from resviz.observe.fit import Fit, FitMap
    from resviz.recording import Recording

_COMPARING = "comparing with the limit"


class Beside(QObject):
    """See the module; ``controller`` is asked, ``tabs`` are shown."""

    def __init__(self, controller: Controller, tabs: Tabs) -> None:
        super().__init__(tabs)
        self._controller, self._tabs = controller, tabs
        self._past = PastErrors()
        self._pace = Pace(self)
        self._pace.due.connect(self.paint)
        self._ranges: Ranges | None = None
        self._ranged: tuple[Any, ...] = ()
        self._errors: ErrorCurves | None = None
        self._errors_of: Recording | None = None
        self._fit: Fit | None = None
        self._fit_of: tuple[Any, ...] = ()
        self._map: FitMap | None = None
        self._why = ""  # there is no map
        self._fit_worker = Worker("fit", rate=10.0, background=True, parent=self)
        self._fit_worker.yielded.connect(self._on_map)
        self._fit_worker.finished.connect(self._on_fit_finished)
        self._atlas: Atlas | None = None
        self._atlas_worker = Worker("atlas", rate=5.0, background=True, parent=self)
        self._atlas_worker.yielded.connect(self._on_atlas)
        self._atlas_worker.finished.connect(self._on_atlas_finished)
        self.sweeping = Sweeping(controller, tabs.sweep, self)
        self._closed = False

        controller.changed.connect(self._on_changed)
        # a recording that was opened comes after the state that says so
        controller.facts.connect(lambda facts: self._past.follow(controller.state, controller.recording))
        tabs.currentChanged.connect(self._on_tab)
        tabs.fields.looked.connect(lambda changes: controller.ask(Look(changes)))
        tabs.fit.chosen.connect(self._on_cell)
        tabs.error.chosen.connect(lambda step: controller.ask(Seek(round(step))))
        tabs.phase.chosen.connect(self._on_setting)
        tabs.phase.quantity_chosen.connect(lambda name: controller.ask(Look({"colours": name})))
        tabs.phase.atlas_asked.connect(self._on_atlas_asked)

    # -- when -------------------------------------------------------------------------------------------

    def _on_changed(self, old: AppState, new: AppState) -> None:
        self._past.follow(new, self._controller.recording)
        if new.run != old.run:
            self._errors = self._errors_of = None
            self._forget_fit()
        if self._tabs.currentIndex() == 0:
            return
        if (new.cursor, new.run, new.choice, new.session, new.ended, new.pinned) != (
            old.cursor, old.run, old.choice, old.session, old.ended, old.pinned,
        ):  # fmt: skip
            self._pace.soon()
        elif new.newest != old.newest:
            self._pace.grow()

    def _on_tab(self, index: int) -> None:
        if self._tabs.currentWidget() is not self._tabs.fit:
            self._fit_worker.cancel()
        if self._tabs.currentWidget() is not self._tabs.phase:
            self._atlas_worker.pause()
        elif self._atlas is None:
            self._read_atlas()
        else:
            self._atlas_worker.resume()
        if self._tabs.currentWidget() is self._tabs.sweep:
            self.sweeping.see()
        self._pace.soon()

    def paint(self) -> None:
        """Build and show the scene of the tab that is seen."""
        if self._closed:
            return
        self._pace.painted()
        shown = self._tabs.currentWidget()
        state, recording = self._controller.state, self._controller.recording
        if recording is not None and recording.step < 0:
            recording = None
        if shown is self._tabs.fields:
            self._paint_fields(state, recording)
        elif shown is self._tabs.fit:
            self._paint_fit(state, recording)
        elif shown is self._tabs.error:
            self._paint_error(state, recording)
        elif shown is self._tabs.phase:
            self._paint_phase(state)

    # -- fields -----------------------------------------------------------------------------------------

    def _paint_fields(self, state: AppState, recording: Recording | None) -> None:
        samples, dimension = shape(state.session)
        if recording is not None:
            samples, dimension = recording.problem.samples, recording.problem.dimension
        choice = state.choice
        sample = min(choice.sample, samples - 1)
        shown = shown_coordinates(choice.coordinate, dimension)
        self._tabs.fields.show_choice(sample, min(choice.coordinate, dimension - 1), samples, dimension)
        if recording is None:
            self._tabs.fields.view.show_scene(fields_scene(None, step=0, sample=0, message=_waiting(state)))
            return
        step = min(state.cursor, recording.step)
        curves = read_fields(recording, step, sample, shown)
        others = [
            read_fields(other, step, sample, shown)
            for _, _, other in self._controller.training.kept.pinned(state)
            if step <= other.step and sample < other.problem.samples and shown[-1] < other.problem.dimension
        ]
        ranged = (state.run, sample, shown)
        before = self._ranges if ranged == self._ranged else None
        for one in (curves, *others):
            before = fields_ranges(one, before)
        self._ranges, self._ranged = before, ranged
        scene = fields_scene(curves, step=step, sample=sample, ranges=self._ranges)
        self._tabs.fields.view.show_scene(with_fields(scene, others))

    # -- fit --------------------------------------------------------------------------------------------

    def _paint_fit(self, state: AppState, recording: Recording | None) -> None:
        if recording is not None:
            self._follow_fit(state, recording)
        pinned = places_of(state).contrast_layer
        scene = fit_scene(
            self._map, step=state.cursor, steps=state.steps or state.session.training.last_step,
            layer=pinned, message=self._why or (_waiting(state) if recording is None else _COMPARING),
        )  # fmt: skip
        self._tabs.fit.view.show_scene(scene)

    def _follow_fit(self, state: AppState, recording: Recording) -> None:
        """Compute what is missing of the map, of what the Units tab looks at."""
        choice, window = state.choice, places_of(state).window
        asked = (
            id(recording), id(recording.limit), recording.steps,
            choice.observable, choice.sample, choice.coordinate, window,
        )  # fmt: skip
        if asked != self._fit_of:
            from resviz.observe.fit import Fit
            from resviz.observe.observables import Look as At

            self._forget_fit()
            at = At.at(recording.problem, sample=choice.sample, coordinate=choice.coordinate)
            self._fit, self._fit_of = Fit(recording, choice.observable, at, window=window), asked
        fit = self._fit
        if fit is not None and not self._fit_worker.busy and fit.missing():
            self._fit_worker.start(lambda: _filled(fit))

    def _forget_fit(self) -> None:
        self._fit_worker.cancel()
        self._fit, self._fit_of, self._map, self._why = None, (), None, ""

    def _on_map(self, run: int, found: FitMap) -> None:
        self._map = found
        self._pace.grow()

    def _on_fit_finished(self, end: Finished) -> None:
        if end.run == self._fit_worker.run and end.how == "failed":
            self._fit = None  # it would fail again
            if isinstance(end.error, ResvizError):
                self._why = str(end.error)
            else:
                self._failed(end)
        self._pace.grow()  # steps may have come meanwhile

    def _on_cell(self, step: float, depth: float) -> None:
        if self._map is None:
            return
        k, layer = cell_at(self._map, step, depth)
        state = self._controller.state
        self._controller.ask(Seek(k))
        pinned = places_of(state).layers
        if layer not in pinned:
            # the nearest panel gives way, so that there are as many as before
            nearest = min(pinned, key=lambda one: abs(one - layer))
            layers = tuple(sorted(layer if one == nearest else one for one in pinned))
            self._controller.ask(Look({"layers": layers}))

    # -- error ------------------------------------------------------------------------------------------

    def _paint_error(self, state: AppState, recording: Recording | None) -> None:
        message = _waiting(state)
        if recording is not None:
            if recording is not self._errors_of:
                self._errors, self._errors_of = None, recording
            if recording.limit is None:
                message = "there is no limit to compare with"
            else:
                self._errors = read_errors(recording, self._errors)
        scene = error_scene(
            self._errors,
            step=state.cursor,
            steps=state.steps or state.session.training.last_step,
            others=self._past.like(state.run),
            alpha=state.session.network.alpha,
            message=message,
        )
        kept = self._controller.training.kept.pinned(state)
        pinned = [(name, number, self._past.of(number, of)) for name, number, of in kept]
        self._tabs.error.view.show_scene(with_errors(scene, pinned))

    # -- phase diagram ----------------------------------------------------------------------------------

    def _paint_phase(self, state: AppState) -> None:
        present = present_point(state)
        scene = phase_scene(
            present,
            earlier_points(state),
            self._atlas,
            state.choice.colours,
            phase_notes(state.session, present, self._atlas),
        )
        self._tabs.phase.view.show_scene(scene)

    def _read_atlas(self) -> None:
        """What comes with the program and what was trained beside it: some 10 ms, and no waiting."""
        from resviz.observe.atlas import AtlasPlan, kept_atlas

        self._atlas = kept_atlas(AtlasPlan().finer(), user_folder())
        self._show_atlas(False)

    def _on_atlas_asked(self, on: bool) -> None:
        if on:
            folder = user_folder()

            def train() -> Any:
                from resviz.study.atlas import atlas

                return atlas(folder=folder)

            self._atlas_worker.start(train)
        else:
            self._atlas_worker.cancel()
        self._show_atlas(on)

    def _show_atlas(self, running: bool) -> None:
        self._tabs.phase.show_atlas(0.0 if self._atlas is None else self._atlas.done, running)

    def _on_atlas(self, run: int, atlas: Atlas) -> None:
        self._atlas = atlas
        self._show_atlas(True)
        if self._tabs.currentWidget() is self._tabs.phase:
            self._pace.grow()

    def _on_atlas_finished(self, end: Finished) -> None:
        if end.run != self._atlas_worker.run:
            return
        self._show_atlas(False)
        if end.how == "failed":
            self._failed(end)

    def _on_setting(self, alpha: float, ratio: float) -> None:
        """Load the run that was clicked, or the session at the clicked place."""
        state = self._controller.state
        if point_at([present_point(state)], alpha, ratio) is not None:
            return  # already there
        hit = point_at(earlier_points(state), alpha, ratio)
        if hit is not None:
            self._controller.ask(ShowRun(hit.number))
            return
        from resviz.observe.atlas import shape_of

        network = state.session.network
        layers, units = shape_of(ratio, shape(state.session)[1], network.layers / network.units)
        scale = alpha / network.sigma_v if network.sigma_v > 0 else alpha
        changes = {
            "network.alpha": float(f"{scale:.3g}"),
            "network.layers": layers,
            "network.units": units,
            "network.parametrisation": "output-weights",
        }
        self._controller.ask(Edit(changes))

    # -- failures and the end ---------------------------------------------------------------------------

    def _failed(self, end: Finished) -> None:
        if isinstance(end.error, ResvizError):
            self._controller.notice.emit(str(end.error), "error")
        elif end.error is not None:
            self._controller.failed.emit(end.error, end.report)

    def close(self, wait_ms: int = 1500) -> bool:
        """End both threads; whether they ended within ``wait_ms``."""
        self._closed = True
        self._pace.stop()
        workers = (self._fit_worker, self._atlas_worker)
        for worker in workers:
            worker.blockSignals(True)
            worker.close(0)
        ended = [worker.close(wait_ms) for worker in workers]
        return self.sweeping.close(wait_ms) and all(ended)


def _filled(fit: Fit) -> Iterator[FitMap | None]:
    from resviz.engine.compiled import one_thread

    with one_thread():
        yield from fit.fill()


def _waiting(state: AppState) -> str:
    if state.failure:
        return "training stopped"
    return "following the units" if state.training else "press Run"
