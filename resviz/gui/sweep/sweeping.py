"""Runs the Sweep tab: starts `resviz sweep` on the design in a child process, and reads its table.

What is drawn are always the rows of the present design that the folder's table holds, whoever wrote them.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QElapsedTimer, QObject

from resviz.config import Session
from resviz.errors import ResvizError
from resviz.gui.controller import Controller
from resviz.gui.pace import Pace
from resviz.gui.recipe import differences
from resviz.gui.resolve import resolve
from resviz.gui.state import AppState, Edit, Load, ShowRun
from resviz.gui.sweep.design import Design, cost_text, workers_of
from resviz.gui.sweep.designing import Designing
from resviz.gui.sweep.running import Running, SweepEnd, SweepState
from resviz.gui.sweep.tab import SweepTab
from resviz.gui.worker import Finished, Worker
from resviz.scene.model import Scene
from resviz.scene.sweep_curves import curve_at, empty_scene, sweep_scene
from resviz.scene.sweep_map import cell_at, sweep_map_scene
from resviz.scene.swept import Swept
from resviz.study.sweep.results import key_label

_EMPTY = (
    "Choose a session field and its values at the left, then press Run: "
    "every point is trained in the background and appears here. Or open a sweep file."
)
_REFUSED = "The design is not complete: what is missing stands below its field at the left."
_LONG_MS = 20_000  # a shorter sweep says more of its start than of the machine


class Sweeping(QObject):
    """See the module; ``controller`` is asked for runs, ``tab`` is shown."""

    def __init__(self, controller: Controller, tab: SweepTab, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller, self._tab = controller, tab
        self._swept: Swept | None = None
        self._speed = 1.0  # of a core, against the first guess
        self._closed = self._again = False
        self._pace = Pace(self)
        self._pace.due.connect(self.paint)
        self._clock = QElapsedTimer()
        self.designing = Designing(controller, tab.form, self)
        self.designing.changed.connect(self._on_design)
        self._reader = Worker("sweep results", rate=5.0, parent=self)
        self._reader.yielded.connect(self._on_swept)
        self._reader.finished.connect(self._on_read)
        self.running = Running(self)
        self.running.progressed.connect(self._on_progress)
        self.running.ended.connect(self._on_ended)
        tab.looked.connect(self.read)
        tab.run_asked.connect(self.run)
        tab.cancel_asked.connect(self.cancel)
        tab.chosen.connect(self._on_chosen)

    @property
    def scheduler(self) -> str:
        """Address of a dask scheduler; empty: workers here."""
        return self._tab.form.scheduler.text().strip()

    def see(self) -> None:
        """The tab is looked at."""
        self.designing.see()
        self._pace.soon()

    # -- the design -------------------------------------------------------------------------------------

    def _on_design(self) -> None:
        design, self._swept = self.designing.design, None
        if design is not None:
            sweep = design.plan.sweep
            self._tab.show_choices(sweep.columns, [key_label(axis.keys[0]) for axis in sweep.axes])
        self._tab.say("")
        self._show_state()
        self.read()
        self._pace.soon()

    def _workers(self) -> int:
        design = self.designing.design
        return 0 if design is None else workers_of(design, self._tab.form.workers.value(), self._speed)

    def _show_state(self) -> None:
        """Cost, what is there, and what Run would do."""
        design, form = self.designing.design, self._tab.form
        if design is None:
            self._tab.show_cost("estimating…" if self.designing.planning else "")
            self._tab.show_ready(0, 0)
            return
        remote = bool(self.scheduler)
        text, fits = cost_text(design, self._workers(), remote=remote, speed=self._speed)
        self._tab.show_cost(text, fits=fits)
        retried = design.results.failed if form.retry.isChecked() else 0
        self._tab.show_ready(design.known - retried, design.plan.cost.runs)
        foreign = design.results.foreign
        form.folder_note.say(
            f"{foreign} rows of other settings in this table are left out" if foreign else ""
        )

    # -- running ----------------------------------------------------------------------------------------

    def run(self) -> None:
        """Start what the design lacks; finished runs stay."""
        design, form = self.designing.design, self._tab.form
        if design is None or self.running.busy:
            return
        self.designing.keep_base()
        # where the program chooses, the command does: one worker a core, or one a GPU
        chosen = form.workers.value() >= 0 or self._workers() == 0
        try:
            self.running.start(
                design.plan.sweep,
                design.folder,
                scheduler=self.scheduler,
                workers=self._workers() if chosen else None,
                retry=form.retry.isChecked(),
            )
        except ResvizError as error:
            self._tab.say(str(error), error=True)
            return
        self._clock.start()
        self.designing.frozen = True
        self._tab.show_running(True)
        self._tab.show_progress(design.known, design.plan.cost.runs, "starting")

    def cancel(self) -> None:
        """End the sweep; its table stays as it is."""
        if self.running.busy:
            self._tab.show_cancelling()
            self.running.cancel()

    def _on_progress(self, state: SweepState) -> None:
        self._tab.show_progress(state.done, state.total, state.text())
        self.read()

    def _on_ended(self, end: SweepEnd) -> None:
        if self._closed:
            return
        self.designing.frozen = False
        self._tab.show_running(False)
        self._tab.say(end.message, error=end.how in ("refused", "failed"))
        if end.how == "failed" and end.error is not None:
            self._controller.failed.emit(end.error, end.report)
        design = self.designing.design
        if design is not None and end.how == "done" and end.share > 0 and self._clock.elapsed() > _LONG_MS:
            cost = design.plan.cost
            self._speed = cost.speed(cost.flops * end.share, self._clock.elapsed() / 1e3, self._workers())
        if not self._tab.isVisible():
            self._controller.notice.emit(f"Sweep: {end.message}", "note" if end.how == "done" else "error")
        self.read()

    # -- results ----------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read what has come into the table, and make of it what is shown."""
        design, tab = self.designing.design, self._tab
        quantity, across = tab.quantity.currentData(), max(0, tab.across.currentIndex())
        if design is None or quantity is None or self._closed:
            return
        if self._reader.busy:
            self._again = True
            return
        fits = tab.fits.isChecked() and not tab.as_map

        def work() -> Iterator[tuple[Design, Swept]]:
            design.results.take(design.follower.news())
            yield design, design.results.swept(quantity, across, fits=fits)

        self._reader.start(work)

    def _on_swept(self, run: int, read: tuple[Design, Swept]) -> None:
        design, swept = read
        if design is not self.designing.design:
            return  # its own comes after
        self._swept = swept
        if not self.running.busy:
            self._show_state()
        self._pace.soon()

    def _on_read(self, end: Finished) -> None:
        if end.run != self._reader.run:
            return
        if isinstance(end.error, ResvizError):
            self._tab.say(str(end.error), error=True)
        elif end.error is not None:
            self._controller.failed.emit(end.error, end.report)
        if self._again:
            self._again = False
            self.read()

    def paint(self) -> None:
        """Build and show the scene, if anybody looks."""
        if self._closed or not self._tab.isVisible():
            return
        self._pace.painted()
        # the last picture stays while another design is found out
        if self.designing.design is not None or not self.designing.planning:
            self._tab.view.show_scene(self._scene())

    def _scene(self) -> Scene:
        swept, design = self._swept, self.designing.design
        if swept is None or design is None:
            return empty_scene(_EMPTY if design is not None else _REFUSED)
        message = "The first points are being trained." if self.running.busy else _EMPTY
        total = design.plan.cost.runs
        caption = f"{total} runs" if design.known == total else f"{design.known} of {total} runs"
        if design.results.failed:
            caption += f", {design.results.failed} failed"
        draw = sweep_map_scene if self._tab.as_map and swept.lines is not None else sweep_scene
        return draw(swept, title=design.plan.sweep.title, message=message, caption=caption)

    def _on_chosen(self, x: float, y: float) -> None:
        """Open the run of the point that was clicked."""
        swept, design = self._swept, self.designing.design
        if swept is None or design is None:
            return
        as_map = self._tab.as_map and swept.lines is not None
        hit = cell_at(swept, x, y) if as_map else curve_at(swept, x, y)
        if hit is None:
            return
        session, state = design.session_at(int(swept.points[hit])), self._controller.state
        if state.session == session:
            return  # already there
        self.designing.keep_base()
        self._controller.ask(opening(state, session))
        self._controller.notice.emit(f"Opened {session.title}: press Run in the toolbar to train it.", "note")

    def close(self, wait_ms: int = 1500) -> bool:
        """End the sweep, whose table stays usable, and both threads; whether they ended in time."""
        self._closed = True
        self._pace.stop()
        self._reader.blockSignals(True)
        self._reader.close(0)
        self.running.close()
        return self.designing.close(wait_ms) and self._reader.close(wait_ms)


def opening(state: AppState, session: Session) -> ShowRun | Edit | Load:
    """What makes ``session`` the present run: a run that is kept; or a new one, undone like any edit.

    Where the present run would go on with it as a live edit, or has live edits, it is loaded instead.
    """
    kept = next((run.number for run in state.runs if run.session == session), None)
    if kept is not None:
        return ShowRun(kept)
    edit = Edit(differences(state.session, session))
    after = resolve(state, edit)
    return edit if after.session == session and after.run != state.run else Load(session)
