"""The only one who changes the window's state: owns the workers, the recording and the cursor's clock.

Views ask (`Controller.ask`) and are shown: `changed` carries the state, `grid_scene`, `contrast_scene` and
`timeline_scene` carry pictures. Workers: *train* records; *look* visits recorded steps for the pictures (so
that a change of observable never waits for training); *twin* trains another lazy twin when its alpha changes;
*files* opens and saves.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, QObject, Qt, Signal

from resviz.config import Session
from resviz.errors import ResvizError, SessionError
from resviz.gui.cursor import CursorClock
from resviz.gui.facts import Facts, numbers
from resviz.gui.files import Files
from resviz.gui.looking import Looking
from resviz.gui.overlays import Overlays
from resviz.gui.pace import Pace, Sparing
from resviz.gui.pictures import Pictures, drawn_of, places_of, what_of
from resviz.gui.resolve import resolve
from resviz.gui.state import (
    AppState,
    Edit,
    Ended,
    Happened,
    Intent,
    LetGo,
    Load,
    NewSeed,
    Opened,
    Recorded,
    Saved,
    Tick,
)
from resviz.gui.training import Grown, Training
from resviz.gui.twin import TwinTrainer
from resviz.gui.work import Sight, SolvedLimits

if TYPE_CHECKING:
    from resviz.recording import Recording

_FOLLOWING = "following the units"
_BESIDE_MS = 50  # between two pictures of contrast and timeline while the cursor moves by itself
_WRITING_MS = 30_000

GRID, CONTRAST, TIMELINE = "grid", "contrast", "timeline"
"""The three pictures."""


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
        self._facts = Facts()
        self._limits = SolvedLimits()
        self._pictures = Pictures()
        self._drawn = -1  # step of the grid's last picture

        self.training = Training(self._limits, self)
        self.training.grew.connect(self._on_grown)
        self.training.happened.connect(self._on_happened)
        self.training.ended.connect(lambda *how: self.ask(Ended(*how)))
        # queued: it is said in the middle of another intent
        self.training.let_go.connect(self._on_let_go, Qt.ConnectionType.QueuedConnection)
        self.training.said.connect(self._on_said)
        self.training.noticed.connect(self.notice)
        self.training.failed.connect(self.failed)
        self._train = self.training.worker
        self._look = Looking(self)
        self._look.seen.connect(self._on_seen)
        self._look.caught_up.connect(self._on_caught_up)
        self._look.failed.connect(self._on_look_failed)
        self.overlays = Overlays(self.training.kept, self)
        self.overlays.failed.connect(self._on_look_failed)
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

        self._clock = CursorClock(lambda: self.state.speed, self._room, self)
        self._clock.due.connect(self._on_due)
        self._pace = Pace(self)
        self._pace.due.connect(self.paint)
        self._beside = Sparing(_BESIDE_MS, self)
        self._beside.due.connect(self._paint_beside)
        self._hidden: set[str] = set()
        self.overlays.changed.connect(self._pace.soon)
        self._frames = 0  # a second
        self._closed = self._ended = False

    # -- asking -----------------------------------------------------------------------------------------

    def ask(self, intent: Intent) -> None:
        """Resolve ``intent`` and act on what it changes; an edit that breaks a rule is refused."""
        if self._closed:
            return
        try:
            new = resolve(self.state, intent)
        except SessionError as error:
            keys = list(intent.changes) if isinstance(intent, Edit) else []
            self.refused.emit(keys[0] if keys else "", error.message)
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
        self.files.save(path, self.state.session, self.recording)

    # -- acting on differences --------------------------------------------------------------------------

    def _act(self, old: AppState, new: AppState) -> None:
        if new.run != old.run:
            self._begin(old, new)
        elif new.session != old.session:
            self.training.edit(old.session, new.session)
            if new.session.contrast.alpha != old.session.contrast.alpha and self.recording is not None:
                self._twin.start(new.session)
                self._pace.soon()  # the old one is greyed
        if new.run == old.run and (new.training, new.target) != (old.training, old.target):
            self.training.drive(new)
        self.training.kept.leave({*old.numbers} - {*new.numbers})
        if new.playing != old.playing:
            self._clock.run(new.playing)
        if new.choice != old.choice or (new.newest != old.newest and not self._look.busy):
            self._start_looking()
        if new.cursor != old.cursor:
            self._look.want(new, hurry=not (new.playing or new.follow))
            if not self._look.busy and self._look.misses(new.cursor):
                self._start_looking()
        if (new.choice, new.runs, new.run, new.cursor) != (old.choice, old.runs, old.run, old.cursor):
            self.overlays.follow(new, places_of(new), what_of(new))
        # other places and observables are painted when they have been visited
        if drawn_of(new) != drawn_of(old):
            self._pace.soon()
        elif new.cursor != old.cursor:
            self._turn_to_cursor()
        elif new.newest != old.newest:
            self._pace.grow()

    def _begin(self, old: AppState, new: AppState) -> None:
        """A new run takes the place of the present one."""
        self._look.forget()
        self._twin.cancel()
        self._pictures = Pictures()
        self._drawn = -1
        self._facts = Facts(doing="starting" if new.training else "", device=self._facts.device)
        given_up = self.files.give_up()
        self.notice.emit(f"{given_up} is not opened: another run was begun." if given_up else "", "note")
        self.training.begin(old, new)
        self._start_looking()

    # -- training ---------------------------------------------------------------------------------------

    @property
    def recording(self) -> Recording | None:
        """Of the present run."""
        return self.training.recording

    def _on_said(self, facts: dict[str, Any]) -> None:
        before = self._facts.doing
        self._say(**facts)
        if self._facts.doing != before and self._drawn < 0:
            self._pace.soon()

    def _on_let_go(self, runs: tuple[int, ...]) -> None:
        self.ask(LetGo(runs))

    def _on_grown(self, grown: Grown) -> None:
        self.ask(Recorded(grown.run, grown.at.step, grown.at.steps))
        # whoever is started again at every step never comes to the end of the first picture
        if self._look.sight is None and not self._look.busy:
            self._start_looking()

    def _on_happened(self, run: int, session: Session) -> None:
        """Tell the state of which steps its live edits are; all else it knows better."""
        events = [event.model_dump(exclude_none=True) for event in session.training.events]
        if run == self.state.run and session.training.events != self.state.session.training.events:
            self.ask(Happened(run, self.state.session.with_values({"training.events": events})))

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
        places, what, sight = places_of(self.state), what_of(self.state), self._look.sight
        other = sight is not None and (sight.what, sight.places) != (what, places)
        self._look.want(self.state, hurry=other)
        if other:
            self._pace.postpone_growth()
            self._say(doing=_FOLLOWING)  # until the first picture of them can be drawn
        self._look.start(recording, places, what)

    def _on_seen(self, sight: Sight, other: bool) -> None:
        if self._facts.doing == _FOLLOWING:
            self._say(doing="")
        if other or self._pictures.stale(self.state, sight):
            self._pace.soon()
        else:
            self._pace.grow()

    def _on_caught_up(self) -> None:
        sight = self._look.sight
        # steps may have come while the last ones were visited
        if sight is not None and any(one.first_gap() is not None for one in sight.all):
            self._start_looking()
        self._pace.grow()

    def _on_look_failed(self, error: BaseException, report: str) -> None:
        if isinstance(error, ResvizError):
            self.notice.emit(str(error), "error")
        else:
            self.failed.emit(error, report)

    # -- files ------------------------------------------------------------------------------------------

    def _on_opened(self, recording: Recording, path: Path | None) -> None:
        self.ask(Opened(recording.session, path, recording.step, recording.steps))
        self.training.take(recording)
        self._say(doing="")
        self._start_looking()
        self._pace.soon()

    def recovered(self, recording: Recording) -> None:
        """Show an unsaved run of an earlier program, at its newest step."""
        self._on_opened(recording, None)

    def _on_saved(self, path: Path) -> None:
        self.ask(Saved(path, -1 if self.recording is None else self.recording.step))
        self.notice.emit(f"Saved {path.name}.", "note")

    # -- the cursor's clock -----------------------------------------------------------------------------

    def _room(self) -> int:
        """Steps that the cursor may go on: it does not run ahead of its picture."""
        state, sight = self.state, self._look.sight
        if sight is not None:
            return min(state.newest, sight.unbroken_from(state.cursor)) - state.cursor
        return 0 if self.recording is None else state.newest - state.cursor

    def _on_due(self, steps: int) -> None:
        at_end = self.state.cursor >= self.state.newest and not self.state.training
        if steps or at_end:
            self.ask(Tick(steps))

    # -- pictures ---------------------------------------------------------------------------------------

    def paint(self) -> None:
        """Build and hand out the pictures that are seen.

        While the cursor moves by itself, what lies beside the units follows some 20 times a second: nobody
        reads four plots and a row of numbers faster, and a frame of the units costs half as much.
        """
        if self._closed:
            return
        state, sight = self.state, self._look.sight
        if GRID not in self._hidden:
            self._pictures.others = self.overlays.others()
            self.grid_scene.emit(self._pictures.units(state, sight, self._waiting_for()))
            self._drawn = self._pictures.shown(state, sight)
        self._frames = self._pace.painted()
        self._beside.ask(now=not self._moving)

    def _turn_to_cursor(self) -> None:
        """Paint the units at the cursor if they are there; what lies beside them goes on in any case."""
        sight = self._look.sight
        if sight is None:
            self._pace.grow()  # there is nothing to see yet, and who looks needs the processor
        elif self._pictures.stale(self.state, sight):
            self._pace.soon()
        else:
            self._beside.ask(now=not self._moving)

    @property
    def _moving(self) -> bool:
        """Whether the cursor moves by itself."""
        return self.state.playing or (self.state.follow and self.state.training)

    def _paint_beside(self) -> None:
        state, sight = self.state, self._look.sight
        self._pictures.others = self.overlays.others()
        if CONTRAST not in self._hidden:
            old = self._facts.twin_step is not None
            self.contrast_scene.emit(self._pictures.contrast(state, sight, self.recording, old))
        if TIMELINE not in self._hidden:
            self.timeline_scene.emit(self._pictures.timeline(state, self.recording))
        self._say(frames_a_second=float(self._frames), numbers=numbers(state, self.recording))

    def see(self, picture: str, seen: bool) -> None:
        """Build `GRID`, `CONTRAST` or `TIMELINE` only while somebody sees it."""
        if seen == (picture in self._hidden):
            self._hidden ^= {picture}
            if seen:
                self._pace.soon()

    def on_painted(self) -> None:
        """The grid was painted; if with what is looked at, looking may go on."""
        sight = self._look.sight
        if sight is not None and self._drawn == self.state.cursor and sight.what == what_of(self.state):
            self._look.painted()

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

    def close(self, wait_ms: int = 1500) -> bool:
        """Stop the clock and every worker; whether all threads ended within ``wait_ms``.

        A file that is being written is waited for longer: its user asked for it.
        """
        if self._closed:
            return self._ended
        self._closed = True
        # what it says from here on has no one left to hear it
        self.training.blockSignals(True)
        self._clock.run(False)
        self._pace.stop()
        self._beside.stop()
        parts = (self.training, self._look, self._twin, self.overlays)
        for part in parts:  # all are told before any is waited for
            part.close(0)
        clock = QElapsedTimer()
        clock.start()
        ended = [part.close(max(0, wait_ms - clock.elapsed())) for part in parts]
        self._ended = self.files.close(_WRITING_MS) and all(ended)
        return self._ended
