"""The only one who changes the window's state: owns the workers, the recording and the cursor's clock.

Views ask (`Controller.ask`) and are shown: `changed` carries the state, `grid_scene`, `contrast_scene` and
`timeline_scene` carry pictures. Workers: *train* records; *look* visits recorded steps for the pictures (so
that a change of observable never waits for training); *twin* trains another lazy twin when its alpha changes;
*files* opens and saves.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from resviz.config import Session
from resviz.errors import DivergenceError, ResvizError, SessionError
from resviz.gui.estimate import estimate, size_text
from resviz.gui.files import Files
from resviz.gui.pictures import NO_NUMBERS, Numbers, Pictures, numbers, places_of, what_of
from resviz.gui.resolve import resolve
from resviz.gui.state import (
    AppState,
    Edit,
    Ended,
    Intent,
    Load,
    NewSeed,
    Opened,
    Recorded,
    Saved,
    Tick,
)
from resviz.gui.twin import TwinTrainer
from resviz.gui.work import (
    Desk,
    Sight,
    SolvedLimits,
    Stage,
    Trained,
    look,
    train,
)
from resviz.gui.worker import Finished, Worker

if TYPE_CHECKING:
    from resviz.recording import Recording

_FRAME_MS = 16
_FOLLOWING = "following the units"
_GROWTH_MS = 200  # curves that grow are painted five times a second


@dataclass(frozen=True, slots=True)
class Facts:
    """What the status line says beside the state.

    Attributes:
        doing: work without steps that is going on, empty mostly.
        steps_a_second, frames_a_second: of training and of the pictures.
        device: where the net is trained.
        numbers: loss and errors at the cursor.
        twin_step: step of another twin in training, None if there is none.
    """

    doing: str = ""
    steps_a_second: float = 0.0
    frames_a_second: float = 0.0
    device: str = ""
    numbers: Numbers = NO_NUMBERS
    twin_step: int | None = None


class Controller(QObject):
    """See the module.

    Signals:
        changed(AppState, AppState): before and after.
        grid_scene, contrast_scene, timeline_scene(Scene): pictures to show.
        facts(Facts): the status line.
        notice(str, str): a message for the strip above the pictures and its kind: "", "note" or "error".
        refused(path, rule): an edit that was not taken.
        failed(error, report): what went wrong unexpectedly, with its traceback.
    """

    changed = Signal(object, object)
    grid_scene = Signal(object)
    contrast_scene = Signal(object)
    timeline_scene = Signal(object)
    facts = Signal(object)
    notice = Signal(str, str)
    refused = Signal(str, str)
    failed = Signal(object, str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = AppState(session)
        self.recording: Recording | None = None
        self._facts = Facts()
        self._limits = SolvedLimits()
        self._desk = Desk()
        self._sight: Sight | None = None
        self._pictures = Pictures()
        self._drawn = -1  # step of the grid's last picture
        self._paints: deque[float] = deque(maxlen=240)

        self._train = Worker("train", parent=self)
        self._train.yielded.connect(self._on_trained)
        self._train.paused.connect(self._on_train_paused)
        self._train.finished.connect(self._on_train_finished)
        self._look = Worker("look", parent=self)
        self._look.yielded.connect(self._on_sight)
        self._look.finished.connect(self._on_look_finished)
        self._twin = TwinTrainer(self._limits, self)
        self._twin.progressed.connect(lambda step: self._say(twin_step=step))
        self._twin.trained.connect(self._on_twin)
        self._twin.failed.connect(self._on_twin_failed)
        self.files = Files(self)
        self.files.loaded.connect(lambda session, path: self.ask(Load(session, path)))
        self.files.opened.connect(self._on_opened)
        self.files.saved.connect(self._on_saved)
        self.files.doing.connect(lambda what: self._say(doing=what))
        self.files.refused.connect(lambda text: self.notice.emit(text, "error"))
        self.files.failed.connect(self.failed)
        self._notes: tuple[str, ...] = ()  # that were shown
        self._train_run = 0  # the state's run that the train worker works for

        self._clock = QTimer(self)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.setInterval(_FRAME_MS)
        self._clock.timeout.connect(self._on_tick)
        self._elapsed = QElapsedTimer()
        self._owed = 0.0  # fractions of a step that the clock has not paid yet
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setInterval(0)
        self._frame.timeout.connect(self.paint)
        self._growth = QTimer(self)
        self._growth.setSingleShot(True)
        self._growth.setInterval(_GROWTH_MS)
        self._growth.timeout.connect(self.paint)
        self._uptime = QElapsedTimer()
        self._uptime.start()
        self._closed = False

    # -- asking -----------------------------------------------------------------------------------------

    def ask(self, intent: Intent) -> None:
        """Resolve ``intent`` and act on what it changes; an edit that breaks a rule is refused."""
        if self._closed:
            return
        try:
            new = resolve(self.state, intent)
        except SessionError as error:
            keys = list(intent.changes) if isinstance(intent, Edit) else []
            self.refused.emit(keys[0] if keys else "", rule_of(error))
            return
        old, self.state = self.state, new
        if new is old:
            return
        self._act(old, new)
        self.changed.emit(old, new)

    def new_seed(self) -> None:
        """Ask for other unit starts."""
        seed = self.state.session.network.seed
        while seed == self.state.session.network.seed:
            seed = random.SystemRandom().randrange(1, 10_000)
        self.ask(NewSeed(seed))

    def open(self, path: Path) -> None:
        """Load a session (.toml), or open a recording (.resviz, in the background)."""
        self.files.open(path)

    def save(self, path: Path) -> None:
        """Write the session (.toml), or the recording (.resviz, in the background)."""
        self.files.save(path, self.session_as_run(), self.recording)

    def session_as_run(self) -> Session:
        """The session with the run's live edits as events: what repeats the run as it was."""
        if self.recording is not None and self.recording.session.training.events:
            return self.recording.session
        return self.state.session

    # -- acting on differences --------------------------------------------------------------------------

    def _act(self, old: AppState, new: AppState) -> None:
        if new.run != old.run:
            self._begin(new)
        elif (new.training, new.target) != (old.training, old.target):
            self._drive(new)
        if new.session != old.session and new.run == old.run:
            self._live_edit(old.session, new.session)
        if new.playing != old.playing:
            self._set_clock(new.playing)
        if new.choice != old.choice or (new.newest != old.newest and not self._look.busy):
            self._start_looking()
        if new.cursor != old.cursor:
            self._desk.wanted = new.cursor
            if not self._look.busy:
                self._start_looking()
        # other places and observables are painted when they have been visited
        drawn = (new.cursor, new.run, new.theme, new.choice.bins, new.choice.lock_axes)
        if drawn != (old.cursor, old.run, old.theme, old.choice.bins, old.choice.lock_axes):
            self._frame.start()
        elif new.newest != old.newest:
            self._grow()

    def _begin(self, state: AppState) -> None:
        """A new run takes the place of the present one."""
        self._look.cancel()
        self._twin.cancel()
        self.recording = None
        self._desk = Desk()
        self._sight = None
        self._pictures = Pictures()
        self._drawn = -1
        self._facts = Facts(doing="starting", device=self._facts.device)
        self._train_run = state.run
        self._notes = ()
        self.notice.emit("", "")
        session = state.session
        if not state.training:  # an opened recording
            self._train.cancel()
            return
        cost = estimate(session)
        if not cost.fits:
            self._train.cancel()
            text = (
                f"This session needs {size_text(cost.units)} for its units and this machine has "
                f"{size_text(cost.available)}. Make layers, units or the limit's units smaller."
            )
            QTimer.singleShot(0, self, lambda run=state.run: self._stop(run, text))
            return
        limits = self._limits
        self._train.start(lambda: train(session, limits), until=_reached(state.target))

    def _drive(self, state: AppState) -> None:
        """Pause or resume the trainer as the state says."""
        if state.training:
            self._train.resume(until=_reached(state.target))
        else:
            self._train.pause()

    def _live_edit(self, old: Session, new: Session) -> None:
        """Hand a live edit to whoever records; a new contrast alpha trains another twin."""
        if self.recording is None:
            return
        if new.training.rate != old.training.rate:
            self.recording.edit(rate=new.training.rate)
        if new.training.last_step != old.training.last_step:
            self.recording.edit(steps=new.training.last_step)
        if new.contrast.alpha != old.contrast.alpha:
            self._twin.start(new)

    def _stop(self, run: int, failure: str) -> None:
        self.ask(Ended(run, failure))
        self._say(doing="")
        self.notice.emit(failure, "error")

    # -- training ---------------------------------------------------------------------------------------

    def _on_trained(self, run: int, value: Stage | Trained) -> None:
        if isinstance(value, Stage):
            self._say(doing=value.doing)
            if self._drawn < 0:
                self._frame.start()
            return
        first = self.recording is None
        self.recording = value.recording
        doing = "preparing the first step" if value.step < 0 else ""
        self._say(doing=doing, steps_a_second=value.speed, device=value.device)
        if value.notes != self._notes:
            self._notes = value.notes
            self.notice.emit("\n".join(value.notes), "note")
        if value.step >= 0:
            self.ask(Recorded(self._train_run, value.step, value.steps))
            if first or self._sight is None:
                self._start_looking()

    def _on_train_paused(self, run: int) -> None:
        self._say(steps_a_second=0.0)

    def _on_train_finished(self, end: Finished) -> None:
        if end.run != self._train.run or end.how == "cancelled":
            return
        self._say(doing="", steps_a_second=0.0)
        if end.how == "done":
            self.ask(Ended(self._train_run))
            return
        error = end.error
        if isinstance(error, DivergenceError):
            text = f"Paused: {error.message}"
            if error.remedy:
                text += f"\n{error.remedy}"
        elif isinstance(error, ResvizError):
            text = str(error)
        else:
            text = f"Training stopped: {type(error).__name__}: {error}"
        self.ask(Ended(self._train_run, text))
        self.notice.emit(text, "error")
        if not isinstance(error, ResvizError):
            self.failed.emit(error, end.report)

    def _on_twin(self, twin: Recording) -> None:
        if self.recording is not None:
            self.recording.contrast = twin
            self.recording.session = self.recording.session.with_values(
                {"contrast.alpha": twin.session.network.alpha}
            )
            self._start_looking()

    def _on_twin_failed(self, error: BaseException, report: str) -> None:
        self.notice.emit(f"The lazy twin at α = {self.state.session.contrast.alpha:g}: {error}", "error")
        if not isinstance(error, ResvizError):
            self.failed.emit(error, report)

    # -- looking ----------------------------------------------------------------------------------------

    def _start_looking(self) -> None:
        recording = self.recording
        if recording is None or recording.step < 0:
            return
        desk, places, what = self._desk, places_of(self.state), what_of(self.state)
        desk.wanted = self.state.cursor
        twin = recording.contrast
        if self._sight is not None and (self._sight.what, self._sight.places) != (what, places):
            self._say(doing=_FOLLOWING)  # until the first picture of them can be drawn
        self._look.start(lambda: look(desk, recording, twin, places, what))

    def _on_sight(self, run: int, sight: Sight) -> None:
        if self._drawn >= 0 and sight.grid.newest < 0:
            return  # the old picture stays until the first one of what was asked for can be drawn
        other = sight is not self._sight
        self._sight = sight
        if self._facts.doing == _FOLLOWING:
            self._say(doing="")
        if other or self._drawn != self._pictures.shown(self.state, sight):
            self._frame.start()
        else:
            self._grow()

    def _on_look_finished(self, end: Finished) -> None:
        if end.run != self._look.run:
            return
        if end.how == "failed":
            if isinstance(end.error, ResvizError):
                self.notice.emit(str(end.error), "error")
            else:
                self.failed.emit(end.error, end.report)
        elif end.how == "done" and self._sight is not None and self.recording is not None:
            # steps may have come while the last ones were visited
            if any(one.first_gap() is not None for one in self._sight.all):
                self._start_looking()
            self._grow()

    # -- files ------------------------------------------------------------------------------------------

    def _on_opened(self, recording: Recording, path: Path) -> None:
        self.ask(Opened(recording.session, path, recording.step, recording.steps))
        self.recording = recording
        self._say(doing="")
        self._start_looking()
        self._frame.start()

    def _on_saved(self, path: Path) -> None:
        self.ask(Saved(path))
        self.notice.emit(f"Saved {path.name}.", "note")

    # -- the cursor's clock -----------------------------------------------------------------------------

    def _set_clock(self, on: bool) -> None:
        self._owed = 0.0
        if on:
            self._elapsed.start()
            self._clock.start()
        else:
            self._clock.stop()

    def _on_tick(self) -> None:
        seconds = self._elapsed.restart() / 1000.0
        state = self.state
        ready = state.newest
        if self._sight is not None:
            # the cursor does not run ahead of its picture
            ready = min(ready, max(self._sight.grid.unbroken_from(state.cursor), state.cursor))
        elif self.recording is None:
            ready = state.cursor
        # a clock that had to wait owes one step, not all the steps it could have gone
        self._owed = min(self._owed + seconds * state.speed, max(1.0, seconds * state.speed))
        steps = min(int(self._owed), max(ready - state.cursor, 0))
        at_end = state.cursor >= state.newest and not state.training
        if steps or at_end:
            self._owed -= steps
            self.ask(Tick(steps))

    # -- pictures ---------------------------------------------------------------------------------------

    def _grow(self) -> None:
        """Paint what came to be since, but not at every step: nothing that was looked at has changed."""
        if not self._growth.isActive():
            self._growth.start()

    def paint(self) -> None:
        """Build and hand out the three pictures."""
        if self._closed:
            return
        self._growth.stop()
        state, sight = self.state, self._sight
        self.grid_scene.emit(self._pictures.grid(state, sight, self._waiting_for()))
        self.contrast_scene.emit(self._pictures.contrast(state, sight, self.recording))
        self.timeline_scene.emit(self._pictures.timeline(state, self.recording))
        self._drawn = self._pictures.shown(state, sight)
        now = self._uptime.elapsed() / 1000.0
        self._paints.append(now)
        recent = sum(1 for at in self._paints if now - at < 1.0)
        self._say(frames_a_second=float(recent), numbers=numbers(state, self.recording))

    def _waiting_for(self) -> str:
        """Why there is no picture yet."""
        if self.state.failure:
            return "training stopped"
        if self._facts.doing:
            return self._facts.doing
        return _FOLLOWING if self.state.newest >= 0 or self.state.training else "press Run"

    def _say(self, **facts: Any) -> None:
        new = replace(self._facts, **facts)
        if new != self._facts:
            self._facts = new
            self.facts.emit(new)

    # -- the end ----------------------------------------------------------------------------------------

    def close(self, wait_ms: int = 5000) -> bool:
        """Stop the clock and every worker; whether all threads ended."""
        if self._closed:
            return True
        self._closed = True
        for worker in (self._train, self._look):
            # what they say from here on has no one left to hear it
            worker.blockSignals(True)
            worker.cancel()
        self._clock.stop()
        self._frame.stop()
        self._growth.stop()
        ended = [part.close(wait_ms) for part in (self._train, self._look, self._twin, self.files)]
        return all(ended)


def _reached(target: int | None) -> Any:
    """Whether a value of the trainer has come to ``target``; None never pauses."""
    if target is None:
        return None
    return lambda value: isinstance(value, Trained) and value.step >= target


def rule_of(error: SessionError) -> str:
    """The part of a refusal that belongs under the editor: the rule, without file and remedy."""
    return error.message
