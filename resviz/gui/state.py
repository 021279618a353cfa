"""What the window shows, as one frozen value, and everything one can ask of it.

Views emit `Intent`s; `resviz.gui.resolve.resolve` turns (state, intent) into the next state; the controller
acts on the difference of the two. Nothing here knows Qt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from resviz.config import Session

RECORDING = ".resviz"
ThemeChoice = Literal["system", "light", "dark"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the Units tab looks at; None means *chosen by the program*.

    Attributes:
        observable: a name of `resviz.observe.OBSERVABLES`.
        sample: which sample i, for observables that need one.
        coordinate: which coordinate, for observables that need one.
        layers: the pinned layers; None: six of them spread over the depth.
        bins: bars of a histogram.
        window: layers pooled round each pinned one; None: the fewest that hold 256 units.
        lock_axes: one range for all panels.
        view: a name of `resviz.gui.views.VIEWS`.
        second: the other axis of a cloud and of paths; None: the observable's usual partner.
        second_coordinate: of ``second``, where it needs one.
        roomy: there is room for depth maps below the grid.
        scaled: displacements beside the lazy twin are multiplied by alpha.
        tall: there is room for all of the contrast's panels.
        colours: of the phase diagram: a name of `resviz.scene.phase.QUANTITIES`, or "none".
        range: first and last of the steps that are played round and round, and exported; None: all.
    """

    observable: str = "preactivation"
    sample: int = 0
    coordinate: int = 0
    layers: tuple[int, ...] | None = None
    bins: int | None = None
    window: int | None = None
    lock_axes: bool = True
    view: str = "grid-map"
    second: str | None = None
    second_coordinate: int | None = None
    roomy: bool = True
    scaled: bool = False
    tall: bool = False
    colours: str = "travel"
    range: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run of this window, as its list shows it.

    Attributes:
        number: counts the runs from 1.
        session: what it was, or is, trained from.
        name, note: the user's own words.
        visible: its histogram is drawn while it is pinned.
        pinned: drawn over the present run, on the same axes and bins.
        newest, steps, ended, failure, saved_step: as in `AppState`, when the run was left.
        path, preset, commentary: where its session came from.
        held: its fields are in memory; others are trained again when they are shown.
    """

    number: int
    session: Session
    name: str = ""
    note: str = ""
    visible: bool = True
    pinned: bool = False
    newest: int = -1
    steps: int = 0
    ended: bool = False
    failure: str = ""
    path: Path | None = None
    saved_step: int = -1
    preset: str = ""
    commentary: str = ""
    held: bool = True

    @property
    def unsaved(self) -> bool:
        """It was trained, and no file of its user's holds all of its steps."""
        written = self.path is not None and self.path.suffix == RECORDING and self.saved_step >= self.newest
        return self.newest >= 1 and self.held and not written


@dataclass(frozen=True, slots=True)
class AppState:
    """The whole of the window's state.

    Attributes:
        session: what the present run is trained from, its live edits among it as events.
        past, future: sessions that undo and redo lead to.
        path: the session or recording file, None while untitled.
        saved: the session as it is on disk (or as it was opened).
        saved_step: newest step of the recording on disk.
        commentary: the preset's paragraph, simple HTML.
        run: number of the present run; another number is another recording.
        made: runs made so far.
        runs: all of them, the present one too.
        branch: (run, step): the present run kept the steps before ``step`` of another one.
        training: training is wanted; False is paused.
        target: training pauses by itself at this step; None: at the last.
        newest: newest recorded step, -1 before the first.
        steps: planned steps K of the run.
        ended: nothing more will be recorded: all steps are done, or training failed.
        failure: why training failed, empty while it did not.
        cursor: the step shown.
        follow: the cursor is pinned to the newest step.
        playing: the cursor moves by itself at ``speed`` steps a second.
    """

    session: Session
    past: tuple[Session, ...] = ()
    future: tuple[Session, ...] = ()
    path: Path | None = None
    saved: Session | None = None
    saved_step: int = -1
    commentary: str = ""
    preset: str = ""
    run: int = 0
    made: int = 0
    runs: tuple[KeptRun, ...] = ()
    branch: tuple[int, int] | None = None
    training: bool = False
    target: int | None = None
    newest: int = -1
    steps: int = 0
    ended: bool = False
    failure: str = ""
    cursor: int = 0
    follow: bool = False
    playing: bool = False
    speed: float = 12.0
    choice: Choice = field(default_factory=Choice)
    theme: ThemeChoice = "system"

    @property
    def active(self) -> bool:
        """Something moves by itself: training that was not asked for a single step, or the cursor."""
        return self.playing or (self.training and self.target is None)

    @property
    def modified(self) -> bool:
        """The session differs from its file, or the recording has grown since it was written."""
        grown = self.path is not None and self.path.suffix == RECORDING and self.newest > self.saved_step
        return grown or (self.saved is not None and self.session != self.saved)

    @property
    def form(self) -> Session:
        """The session with rate and steps as they are in force for the next step to be made."""
        training = self.session.training
        if not training.events:
            return self.session
        rate = training.rate_at(self.newest + 1)
        return self.session.with_values({"training.rate": rate, "training.steps": training.last_step})

    @property
    def present(self) -> KeptRun:
        """The present run, as the list shows it."""
        kept = next((one for one in self.runs if one.number == self.run), KeptRun(self.run, self.session))
        return replace(
            kept,
            session=self.session,
            newest=self.newest,
            steps=self.steps,
            ended=self.ended,
            failure=self.failure,
            path=self.path,
            saved_step=self.saved_step,
            preset=self.preset,
            commentary=self.commentary,
        )

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of the listed runs."""
        return tuple(one.number for one in self.runs)

    @property
    def pinned(self) -> tuple[KeptRun, ...]:
        """Runs that are drawn over the present one."""
        return tuple(
            one for one in self.runs if one.pinned and one.visible and one.held and one.number != self.run
        )


@dataclass(frozen=True, slots=True)
class ToggleRun:
    """Run what stands still, pause all that moves."""


@dataclass(frozen=True, slots=True)
class TogglePlay:
    """Let the cursor play what is recorded, or hold it; training is left alone."""


@dataclass(frozen=True, slots=True)
class StepBy:
    """Move the cursor; forward at the newest step trains one."""

    steps: int


@dataclass(frozen=True, slots=True)
class Seek:
    """Put the cursor at a step."""

    step: int


@dataclass(frozen=True, slots=True)
class Tick:
    """The cursor clock went on by ``steps``."""

    steps: int


@dataclass(frozen=True, slots=True)
class SelectRange:
    """Select steps to play and export: None leaves an end where it is, -1 puts it where the cursor stands."""

    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Follow:
    """Pin the cursor to the newest step, or let it go."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetSpeed:
    """Cursor speed in steps a second."""

    speed: float


@dataclass(frozen=True, slots=True)
class Reset:
    """Train again from step 0 with the same seed."""


@dataclass(frozen=True, slots=True)
class NewSeed:
    """Train again from step 0 with other unit starts; ``network.seed`` alone changes."""

    seed: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Change session values by dotted key.

    A live edit holds from the newest step on; with ``branch`` a new run keeps the steps before that one and
    obeys the edit from it on.
    """

    changes: Mapping[str, Any]
    branch: int | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """Back to the session before the last edit."""


@dataclass(frozen=True, slots=True)
class Redo:
    """Forward again to the edit that was undone."""


@dataclass(frozen=True, slots=True)
class Look:
    """Change fields of `Choice` by name."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pin:
    """Give a layer a panel of its own, or take that of a pinned one away."""

    layer: int


@dataclass(frozen=True, slots=True)
class SetTheme:
    """Light, dark, or what the system says."""

    theme: ThemeChoice


@dataclass(frozen=True, slots=True)
class Load:
    """Another session takes the place of this one; ``run`` starts it."""

    session: Session
    path: Path | None = None
    commentary: str = ""
    preset: str = ""
    run: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A recording was opened: shown at its last step, paused."""

    session: Session
    path: Path | None
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Saved:
    """The session, or the recording that holds it up to ``step``, was written to ``path``."""

    path: Path
    step: int = -1


@dataclass(frozen=True, slots=True)
class ShowRun:
    """Make a kept run the present one."""

    number: int


@dataclass(frozen=True, slots=True)
class EditRun:
    """Change name, note, visible or pinned of a run in the list."""

    number: int
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RemoveRun:
    """Take a run that was left off the list; the present one stays."""

    number: int


@dataclass(frozen=True, slots=True)
class LetGo:
    """The fields of these runs were given up for want of memory; their settings stay."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """Live edits of run ``run`` became events; ``session`` says of which steps."""

    run: int
    session: Session


@dataclass(frozen=True, slots=True)
class Recorded:
    """Run ``run`` has recorded up to ``step`` of ``steps``."""

    run: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Training of run ``run`` is over; ``failure`` says why if it broke off, ``again`` that it may go on."""

    run: int
    failure: str = ""
    again: bool = False


Intent = (
    ToggleRun | TogglePlay | StepBy | Seek | Tick | Follow | SetSpeed | Reset | NewSeed | Edit | Undo | Redo
    | Look | Pin | SetTheme | Load | Opened | Saved | ShowRun | EditRun | RemoveRun | LetGo | Happened
    | Recorded | Ended | SelectRange
)  # fmt: skip
