"""Which step of which series the looking thread visits next."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from threading import Event
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot
from windows import SMALL, wait_for_step

from resviz.gui import looking
from resviz.gui.state import Follow, Load, Look, Reset
from resviz.gui.turns import Stride, Turns
from resviz.gui.whole_pictures import WholePictures
from resviz.gui.window import MainWindow


@dataclass(eq=False)
class Counted:
    """A series of ``recorded`` steps, which were visited; a visit costs ``fixed``, and ``cost`` a step."""

    name: str
    recorded: int = 0
    cost: float = 0.01
    fixed: float = 0.0
    ready: set[int] = field(default_factory=set)
    at: int = 0
    few: bool = False
    chosen: range | None = None  # of the steps, where there are few

    @property
    def newest(self) -> int:
        return max(self.ready, default=-1)

    def can_visit(self, step: int) -> bool:
        there = self.chosen is None or step in self.chosen
        return there and 0 <= step <= self.recorded and step not in self.ready

    def first_gap(self) -> int | None:
        return next((step for step in self.chosen or range(self.recorded + 1) if self.can_visit(step)), None)

    def visit(self, step: int) -> float:
        way, self.at = max(1, step - self.at), step
        self.ready.add(step)
        return self.fixed + way * self.cost


@dataclass
class Several:
    all: tuple[Counted, ...]


def series(*costs: float) -> tuple[Several, Turns]:
    return Several(tuple(Counted(f"{i}", cost=cost) for i, cost in enumerate(costs))), Turns()


def go(sight: Several, turns: Turns, wanted: int, **how: bool) -> tuple[int, str, float] | None:
    """One visit: its step, whose, and the seconds that it took."""
    turn = turns.next(sight, wanted, **{"live": False, **how})
    if turn is None:
        return None
    step, one = turn
    seconds = one.visit(step)
    turns.took(seconds)
    return step, one.name, seconds


def record(sight: Several, step: int) -> None:
    for one in sight.all:
        one.recorded = step


def test_the_wanted_step_then_what_lies_beside_it_then_the_past():
    sight, turns = series(0.001, 0.001, 0.001)
    record(sight, 2)
    visits = []
    while (visit := go(sight, turns, 2)) is not None:
        visits.append(visit[:2])
    assert visits == [(2, "0"), (2, "1"), (2, "2"), *((k, n) for k in (0, 1) for n in "012")]


def test_who_scrubs_sees_the_units_first():
    sight, turns = series(0.001, 0.001)
    record(sight, 500)
    for wanted in (400, 7, 300):
        step, name, _ = go(sight, turns, wanted)
        assert (step, name) == (wanted, "0")


def follow(sight: Several, turns: Turns, seconds: float, speed: float, first: int = 10):
    """All visits while training goes on at ``speed`` and is followed live: (when, step, whose)."""
    now, visits = 0.0, []
    while now < seconds:
        newest = first + int(speed * now)
        record(sight, newest)
        visit = go(sight, turns, newest, live=True)
        if visit is None:
            now += 1 / speed
            continue
        now += visit[2]
        visits.append((now, *visit[:2]))
    return visits


def test_pictures_come_on_the_way_when_training_is_faster_than_who_looks():
    sight, turns = series(0.02, 0.004, 0.004)  # 50 steps of the units a second, at most
    visits = follow(sight, turns, 30, speed=200)
    pictures = [(now, step) for now, step, name in visits if name == "0"]
    steps = [step for _, step in pictures]
    assert steps == sorted(set(steps))
    late = [now for now, _ in pictures if now > 5]  # once it has learned how far it comes
    assert max(b - a for a, b in pairwise(late)) < 0.6
    assert steps[-1] < 0.5 * (10 + 200 * 30)  # it could not have been live


@given(
    st.floats(1e-4, 0.1),
    st.lists(st.floats(0.0, 3.0), min_size=1, max_size=3),
    st.lists(st.floats(0.8, 1.25), min_size=20, max_size=20),
)
def test_a_stride_takes_its_time_or_as_long_as_what_does_not_grow_with_it(cost, fixed, noise):
    stride = Stride(0.15)
    for always in fixed:  # a machine becomes busy, or idle
        spans = []
        for visit in range(200):
            span = stride.steps
            spans.append(span)
            stride.learn(span, noise[visit % 20] * (always + span * cost))
        usual = sorted(spans[100:])[50]
        at_best = max(0.15, always)  # of the part that grows with the steps
        assert usual * cost < 4 * at_best + 2 * cost
        assert usual * cost > at_best / 8 or always + 2 * usual * cost > 0.15


def test_who_hardly_gets_the_processor_follows_as_fast_as_it_can():
    """Visits went on for ever fewer steps, one in the end, though none of that made them shorter."""
    sight, turns = series(0.004, 0.001, 0.002)
    for one in sight.all:
        one.fixed = 1.0
    newest = follow(sight, turns, 120, speed=700)[-1][1]
    assert min(one.newest for one in sight.all) > newest / 50 > 0
    assert sight.all[0].newest > 120 / 0.004 / 8  # a quarter of the time is that of others


def test_what_lies_beside_is_visited_while_training_goes_on_and_all_of_it_at_the_same_steps():
    sight, turns = series(0.004, 0.001, 0.002)
    visits = follow(sight, turns, 20, speed=150)
    steps = {name: [step for _, step, whose in visits if whose == name] for name in "012"}
    assert len(steps["1"]) > 10
    assert steps["1"] == sorted(steps["1"])
    assert abs(len(steps["1"]) - len(steps["2"])) <= 1
    assert steps["2"] == steps["1"][: len(steps["2"])]
    spent = {name: sum(b[0] - a[0] for a, b in pairwise(visits) if b[2] == name) for name in "012"}
    assert 0.1 < (spent["1"] + spent["2"]) / sum(spent.values()) < 0.5


def test_who_reads_few_steps_reads_those_that_the_others_have_passed():
    sight, turns = series(0.004, 0.001, 0.001)
    few = sight.all[2]
    few.few, few.chosen = True, range(0, 10_000, 100)
    follow(sight, turns, 20, speed=150)
    assert sorted(few.ready) == list(range(0, few.newest + 1, 100))
    assert 300 < few.newest <= sight.all[1].newest


def test_all_of_a_slow_training_is_seen():
    sight, turns = series(0.005, 0.005, 0.005)
    follow(sight, turns, 10, speed=10)
    newest = sight.all[0].recorded
    assert all(len(one.ready) >= newest - 1 for one in sight.all)


@given(
    st.lists(st.floats(1e-4, 0.3), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=30),
)
def test_every_visit_is_a_new_one_and_in_the_end_all_is_visited(costs, wishes):
    sight, turns = series(*costs)
    record(sight, 40)
    for wanted, live in wishes:
        before = [len(one.ready) for one in sight.all]
        visit = go(sight, turns, wanted, live=live)
        assert visit is None or sum(len(one.ready) for one in sight.all) == sum(before) + 1
    while go(sight, turns, 40, live=bool(len(wishes) % 2)) is not None:
        pass
    assert all(one.ready == set(range(41)) for one in sight.all)


PATIENCE_MS = 120_000  # who looks gives way to all others, and a machine may have many
LONG = SMALL.with_values({"training.steps": 100_000, "training.rate": 1e-4})


def test_the_first_picture_comes_whatever_training_does(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking was once begun anew at every step until there was a picture, and there was none."""
    control, begun, look = window.controller, [], looking.look

    def slow(*arguments):
        begun.append(control.state.newest)
        while control.state.newest < begun[0] + 20:  # twenty steps come before the first piece of it
            yield None
        yield from look(*arguments)

    monkeypatch.setattr(looking, "look", slow)
    control.ask(Load(LONG, run=True))
    qtbot.waitUntil(lambda: control._look.sight is not None, timeout=PATIENCE_MS)
    assert control.state.training
    assert len(begun) <= 2


def test_a_look_at_the_last_run_that_has_not_ended_holds_up_no_other(
    trained: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives way to all others: on a busy machine it ends long after the next run's first step."""
    control, within, free, look = trained.controller, Event(), Event(), looking.look

    def held(*arguments):
        if not within.is_set():
            within.set()
            free.wait(60)
        yield from look(*arguments)

    monkeypatch.setattr(looking, "look", held)
    control.ask(Look({"observable": "travel_u"}))
    qtbot.waitUntil(within.is_set, timeout=PATIENCE_MS)
    control.ask(Reset())
    try:
        qtbot.waitUntil(lambda: control.state.newest == 0 and not control.state.training, timeout=PATIENCE_MS)
        assert control._look.sight is None
    finally:
        free.set()
    wait_for_step(qtbot, trained, 0)


def test_contrast_and_maps_go_on_while_training_is_followed(window: MainWindow, qtbot: QtBot) -> None:
    control = window.controller
    control.ask(Load(LONG, run=True))
    control.ask(Follow(True))

    def moved(past: int) -> bool:
        sight = control._look.sight
        if sight is None or sight.twin is None or sight.lazy is None or sight.whole is None:
            return False
        beside = (sight.session, sight.twin, sight.lazy, sight.whole)
        return min(one.newest for one in (sight.grid, *beside)) > past

    for past in (0, 30):
        qtbot.waitUntil(lambda past=past: moved(past), timeout=PATIENCE_MS)
        assert control.state.training
    units, twin = control._look.sight.grid.newest, control._look.sight.twin.newest
    control.ask(Look({"observable": "travel_u"}))

    def went_on() -> bool:
        sight = control._look.sight
        return sight.what.observable == "travel_u" and sight.grid.newest > units and sight.twin.newest > twin

    qtbot.waitUntil(went_on, timeout=PATIENCE_MS)
    assert min(control._look.sight.grid._ready) > units  # from where the units are, not through the past
    # maps of what is looked at now
    qtbot.waitUntil(lambda: control._look.sight.whole.newest > 0, timeout=PATIENCE_MS)
    assert control.state.training


class Visited:
    """A series of which these steps were visited."""

    def __init__(self, *steps: int) -> None:
        self.steps = set(steps)

    @property
    def newest(self) -> int:
        return max(self.steps, default=-1)

    def has(self, step: int) -> bool:
        return step in self.steps


def test_maps_that_come_later_are_shown_at_the_newest_step_before_the_grids():
    maps, pictures = Visited(), WholePictures()
    sight = SimpleNamespace(whole=maps)
    assert pictures.map_step(sight, 7) == 7  # none yet: they say so
    shown = []
    for visited, step in ((5, 9), (0, 12), (12, 12), (10, 14), (13, 20)):
        maps.steps.add(visited)
        shown.append(pictures.map_step(sight, step))
    assert shown == [5, 5, 12, 12, 13]
    assert pictures.map_step(sight, 3) == 13  # scrubbing back: until those are visited
    maps.steps.add(3)
    assert pictures.map_step(sight, 3) == 3
