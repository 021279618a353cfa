"""The runs' recordings and the worker that makes them grow: begun, paused, gone on with, branched, kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from resviz.config import Session
from resviz.errors import DeviceError, ResvizError
from resviz.gui.estimate import estimate, size_text
from resviz.gui.keeping import Keeping
from resviz.gui.recovery import leave
from resviz.gui.reins import Reached, Reins
from resviz.gui.report import ended_text
from resviz.gui.state import AppState
from resviz.gui.stored import Settings
from resviz.gui.work import SolvedLimits, Stage, Trained, train
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording


@dataclass(frozen=True, slots=True)
class Grown:
    """Where the present run stands."""

    run: int
    at: Trained


class Training(QObject):
    """Trains one run at a time.

    Signals:
        grew(Grown): a step was recorded.
        happened(run, Session): live edits became events of the recording's session.
        ended(run, text, again): nothing more comes; ``text`` says why if it broke off, ``again`` that it may
            be gone on with as it is.
        let_go(numbers): runs whose fields were given up for want of memory.
        said(dict): facts for the status line.
        noticed(text, kind), failed(error, report): as of the controller.
    """

    grew = Signal(object)
    happened = Signal(int, object)
    ended = Signal(int, str, bool)
    let_go = Signal(object)
    said = Signal(dict)
    noticed = Signal(str, str)
    failed = Signal(object, str)

    def __init__(self, limits: SolvedLimits, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.recording: Recording | None = None
        self.kept = Keeping()
        self.apart = True  # train in a process of its own; False: in the worker's thread
        self.settle = False  # ask the next run to set what it loads apart from garbage collection
        self._threads = 0
        self._folder: Path | None = None  # of unsaved runs; None: in the user's folder
        self._limits = limits
        self._run = 0  # the state's run that the worker works for
        self._notes: tuple[str, ...] = ()  # that were shown
        self.worker = Worker("train", parent=self)
        self.worker.yielded.connect(self._on_value)
        self.worker.paused.connect(lambda run: self.said.emit({"steps_a_second": 0.0}))
        self.worker.finished.connect(self._on_finished)

    # -- asked -----------------------------------------------------------------------------------------

    def begin(self, old: AppState, new: AppState) -> None:
        """Another run takes the place of the present one, which is kept."""
        if self.recording is not None:
            self.kept[old.run] = self.recording
        self.recording = None
        self._run, self._notes = new.run, ()
        if new.branch is not None and (origin := self.kept.get(new.branch[0])) is not None:
            self.recording = origin.branch(new.branch[1], new.session)
        elif new.newest >= 0:
            self.recording = self.kept.get(new.run)
        if new.training:
            self._start(new.session, new.target)
        else:
            self.worker.cancel()
        pinned = {one.number for one in new.runs if one.pinned}
        if gone := self.kept.fit(pinned | {new.run}):
            self.let_go.emit(gone)

    def apply(self, settings: Settings) -> None:
        """Obey the user's settings, from the next run on."""
        from resviz.fields.memory import MEMORY

        MEMORY.limit = settings.memory
        self._threads = settings.threads
        self._folder = Path(settings.spool_folder).expanduser() if settings.spool_folder else None

    def take(self, recording: Recording) -> None:
        """An opened recording is the present run."""
        self.recording = recording

    def drive(self, state: AppState) -> None:
        """Train or pause as the state says; a recording that nobody works on is gone on with."""
        if not state.training:
            self.worker.pause()
        elif self.worker.working:
            self.worker.resume(until=_reached(state.target))
        else:
            self._start(state.session, state.target)

    def edit(self, old: Session, new: Session) -> None:
        """Hand a live edit to whoever records."""
        recording = self.recording
        if recording is None or new.training.events == old.training.events:
            return
        if not self.worker.working:
            recording.session = new  # nobody is at a step: the edit holds from the next one
            if recording.contrast is not None:
                events = [event.model_dump(exclude_none=True) for event in new.training.events]
                twin = recording.contrast
                twin.session = twin.session.with_values({"training.events": events})
            return
        # what it has itself reported as an event was no new wish
        known = {*old.training.events, *recording.session.training.events}
        for event in new.training.events:
            if event not in known:
                recording.edit(rate=event.rate, steps=event.steps)

    # -- the worker ------------------------------------------------------------------------------------

    def _start(self, session: Session, target: int | None) -> None:
        limits, threads, folder = self._limits, self._threads, self._folder
        cost = estimate(session)
        if not cost.fits:
            self.worker.cancel()
            text = (
                f"This session needs {size_text(cost.units)} for its units and this machine has "
                f"{size_text(cost.available)}. Make layers, units or the limit's units smaller."
            )
            QTimer.singleShot(0, self, lambda run=self._run: self._stop(run, text))
            return
        after, settle = self.recording, self.settle
        self.settle = False

        reins = Reins() if self.apart else None

        def make() -> Iterator[Stage | Trained]:
            return train(
                session,
                limits,
                threads=threads,
                after=after,
                spool=True,
                folder=folder,
                settle=settle,
                reins=reins,
            )

        self.worker.start(make, until=_reached(target), steered=reins)

    def _stop(self, run: int, failure: str) -> None:
        self.ended.emit(run, failure, False)
        self.said.emit({"doing": ""})
        self.noticed.emit(failure, "error")

    def _on_value(self, run: int, value: Stage | Trained) -> None:
        if isinstance(value, Stage):
            self.said.emit({"doing": value.doing})
            return
        self.recording = value.recording
        self.said.emit({"doing": value.doing, "steps_a_second": value.speed, "device": value.device})
        if value.notes != self._notes:
            self._notes = value.notes
            self.noticed.emit("\n".join(value.notes), "note")
        if value.step >= 0:
            self.grew.emit(Grown(self._run, value))
        if not value.recording.edited:
            self.happened.emit(self._run, value.recording.session)

    def _on_finished(self, end: Finished) -> None:
        if end.run != self.worker.run or end.how == "cancelled":
            return
        self.said.emit({"doing": "", "steps_a_second": 0.0})
        if end.how == "done":
            if not self._went_on():
                self.ended.emit(self._run, "", False)
            return
        text = ended_text(end.error)
        # memory may be free again, or a device back; what diverged would diverge again
        self.ended.emit(self._run, text, isinstance(end.error, DeviceError))
        self.noticed.emit(text, "error")
        if not isinstance(end.error, ResvizError):
            self.failed.emit(end.error, end.report)

    def _went_on(self) -> bool:
        """Whether more steps were asked for after the last one was made and before that was known here."""
        recording = self.recording
        if recording is None or not recording.edited:
            return False
        recording.begin_step(recording.step + 1)
        self.happened.emit(self._run, recording.session)
        if recording.steps <= recording.step:
            return False
        self._start(recording.session, None)
        return True

    def close(self, wait_ms: int) -> bool:
        """End the thread."""
        self.worker.blockSignals(True)
        return self.worker.close(wait_ms)

    def leave(self) -> None:
        """Nothing is recorded any more: write what is new to the disk."""
        recordings = {id(one): one for one in (self.recording, *self.kept.values()) if one is not None}
        leave(list(recordings.values()))


def _reached(target: int | None) -> Reached | None:
    """Whether a value of the trainer has come to ``target``; None never pauses."""
    return None if target is None else Reached(target)
