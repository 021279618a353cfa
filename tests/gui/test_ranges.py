"""Selected steps: by mouse and keys, played round and round, offered to an export."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from windows import STEPS, action

from resviz.config import Session
from resviz.gui.export_dialog import ExportDialog
from resviz.gui.ranges import range_of
from resviz.gui.resolve import resolve
from resviz.gui.state import AppState, Load, Look, Seek, SelectRange, Tick, TogglePlay
from resviz.gui.window import MainWindow
from resviz.scene.model import Span

DONE = AppState(Session(), newest=100, steps=100, ended=True, cursor=30)


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        (None, SelectRange(20, 40), (20, 40)),
        (None, SelectRange(first=-1), (30, 100)),
        (None, SelectRange(last=-1), (0, 30)),
        ((20, 40), SelectRange(first=-1), (30, 40)),
        ((20, 40), SelectRange(last=60), (20, 60)),
        ((50, 60), SelectRange(last=-1), None),  # nothing between the ends
        ((20, 40), SelectRange(0, 0), None),
        ((20, 40), SelectRange(-5, 400), None),  # the whole run
        (None, SelectRange(90, 400), (90, 100)),
    ],
)
def test_ends_are_chosen_one_by_one_or_together(before, asked, after):
    state = resolve(DONE, Look({"range": before}))
    assert resolve(state, asked).choice.range == after


def test_a_playing_cursor_goes_round():
    state = resolve(resolve(DONE, SelectRange(20, 23)), TogglePlay())
    seen = []
    for _ in range(6):
        state = resolve(state, Tick(1))
        seen.append(state.cursor)
    assert seen == [20, 21, 22, 23, 20, 21]  # from outside it begins at the first
    assert state.playing
    at_end = resolve(replace(DONE, cursor=100, playing=True), SelectRange(90, 100))
    assert resolve(at_end, Tick(0)).cursor == 90  # the clock has nothing left, and the range begins again
    assert resolve(resolve(state, SelectRange(0, 0)), Tick(200)).playing is False


def test_a_run_that_has_not_come_so_far_plays_on_and_another_session_has_no_range():
    early = replace(DONE, newest=10, cursor=10, playing=True, training=True, ended=False)
    assert resolve(resolve(early, SelectRange(20, 40)), Tick(0)).cursor == 10
    waiting = resolve(replace(early, newest=25, cursor=25), SelectRange(20, 40))
    assert resolve(waiting, Tick(1)).cursor == 25
    assert range_of(replace(waiting, steps=15)) is None  # a shorter run
    assert resolve(waiting, Load(Session())).choice.range is None


@given(
    st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.lists(st.integers(0, 300), max_size=9)
)  # fmt: skip
def test_whatever_is_played_the_cursor_comes_into_the_range_and_stays(first, last, cursor, ticks):
    state = resolve(replace(DONE, cursor=cursor, playing=True), SelectRange(first, last))
    for steps in [1, *ticks]:
        state = resolve(state, Tick(steps))
        if (chosen := range_of(state)) is not None:
            assert chosen[0] <= state.cursor <= chosen[1]


def test_mouse_and_keys_select_and_an_export_begins_with_it(opened: MainWindow, qtbot: QtBot) -> None:
    view, control = opened.timeline.view, opened.controller
    place = view.geometry_of_panels.panel("timeline")

    def at(step: float) -> QPointF:
        x, _ = place.to_pixel(step, 1.0)
        return QPointF(x, place.plot.top + place.plot.height / 2)

    shift, left = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton
    cursor = control.state.cursor
    QTest.mousePress(view, left, shift, at(7).toPoint())
    QTest.mouseMove(view, at(3).toPoint())
    QTest.mouseRelease(view, left, shift, at(3).toPoint())
    assert control.state.choice.range == (3, 7)
    assert control.state.cursor == cursor  # it was no scrub

    def spans() -> list[Span]:
        return [mark for mark in view.scene.panel("timeline").marks if isinstance(mark, Span)]

    qtbot.waitUntil(lambda: [(span.low, span.high) for span in spans()] == [(3.0, 7.0)])
    control.ask(Seek(5))
    opened.units.view.setFocus()
    QTest.keyClick(opened.units.view, Qt.Key.Key_BracketRight)
    assert control.state.choice.range == (3, 5)
    action(opened, "export").trigger()
    dialog = opened.findChild(ExportDialog)
    assert dialog.steps.text() == "3:6"
    dialog.close()
    action(opened, "range.all").trigger()
    qtbot.waitUntil(lambda: not spans())
    action(opened, "range.first").trigger()
    assert control.state.choice.range == (5, STEPS)
