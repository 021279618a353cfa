"""The Sweep tab in the real window: sweeps designed, run in a child process, cancelled, resumed, read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QProcess, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from resviz.config import Session
from resviz.errors import RequestError
from resviz.export.verify import verify
from resviz.gui.app import make_window
from resviz.gui.look import error_colour
from resviz.gui.plot_menu import PlotMenu
from resviz.gui.state import AppState, Edit, KeptRun, Load, SetTheme, ShowRun
from resviz.gui.sweep.design import Design, cost_text, duration
from resviz.gui.sweep.running import SweepState
from resviz.gui.sweep.sweeping import opening
from resviz.gui.sweep.tab import SweepTab
from resviz.gui.window import MainWindow
from resviz.scene.model import Heat, Line, Points, Role
from resviz.scene.theme import theme
from resviz.study.sweep import load_sweep, read_table, run_sweep

TINY = Session(
    title="tiny",
    data={"samples": 3, "dimension": 3},
    network={"layers": 4, "units": 5},
    training={"steps": 3, "device": "cpu"},
    limit={"nodes": 8, "units": 64},
)
INPUTS = (QLineEdit, QComboBox, QSpinBox, QAbstractButton)


@pytest.fixture(scope="module")
def one_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """User state of all child processes here: each of its own would have kernels compiled anew."""
    return tmp_path_factory.mktemp("sweep-home")


@pytest.fixture
def window(
    qtbot: QtBot, one_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    monkeypatch.setenv("RESVIZ_HOME", str(one_home))
    monkeypatch.setenv("HOME", str(tmp_path))
    made = make_window(TINY)
    made.controller.failed.connect(lambda error, report: pytest.fail(report))
    made.resize(1500, 900)
    made.show()
    qtbot.addWidget(made)
    made.tabs.setCurrentWidget(made.tabs.sweep)
    ready(qtbot, made)
    yield made
    made.close()


def ready(qtbot: QtBot, window: MainWindow) -> Design:
    """The design, when it has been found out and its rows are shown."""
    sweeping = window.beside.sweeping
    qtbot.waitUntil(
        lambda: (
            not sweeping.designing.planning
            and (sweeping.designing.design is None or sweeping._swept is not None)
        ),
        timeout=60_000,
    )
    return sweeping.designing.design


def find(window: MainWindow, name: str, kind: type = QWidget):
    return window.tabs.sweep.findChild(kind, f"sweep.{name}")


def type_in(window: MainWindow, name: str, text: str) -> None:
    edit = find(window, name)
    if isinstance(edit, QComboBox):
        edit.setCurrentText(text)
        edit.lineEdit().editingFinished.emit()
        return
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)
    if not text:
        QTest.keyClick(edit, Qt.Key.Key_Delete)


def choose(window: MainWindow, name: str, data: str) -> None:
    combo = find(window, name, QComboBox)
    combo.setCurrentIndex(max(combo.findData(data), combo.findText(data)))
    combo.activated.emit(combo.currentIndex())


def press(window: MainWindow, name: str) -> None:
    button = find(window, name, QAbstractButton)
    assert button.isEnabled()
    button.click()


def said(window: MainWindow, name: str) -> str:
    return find(window, name, QLabel).text()


def marks(window: MainWindow, kind: type, role: Role | None = None) -> list:
    scene = window.tabs.sweep.view.scene
    return [m for m in scene.panels[0].marks if isinstance(m, kind) and role in (None, m.role)]


def two_by_two(qtbot: QtBot, window: MainWindow, folder: Path) -> Design:
    """alpha = 1, 2 across, L = 2, 4 as lines, two repetitions."""
    choose(window, "axis1.way", "list")
    type_in(window, "axis1.values", "1 2")
    press(window, "add")
    choose(window, "axis2.way", "list")
    type_in(window, "axis2.values", "2 4")
    find(window, "repetitions", QSpinBox).setValue(2)
    find(window, "measure.travel", QAbstractButton).setChecked(False)
    type_in(window, "folder", str(folder))
    design = ready(qtbot, window)
    assert design is not None, said(window, "axis2.note")
    return design


def wait_for_end(qtbot: QtBot, window: MainWindow) -> None:
    sweeping = window.beside.sweeping
    qtbot.waitUntil(lambda: not sweeping.running.busy and not sweeping._reader.busy, timeout=120_000)
    sweeping.paint()


def test_the_first_look_proposes_a_sweep_and_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    assert "press Run" in window.tabs.sweep.view.scene.panels[0].message
    assert said(window, "axis1.note") == "0.1, 0.316, 1, 3.16, 10   (5 values)"
    assert said(window, "cost").startswith("Estimated: 5 points, 5 runs, 5 limits")
    assert said(window, "session") == "Session: tiny (the window's)"
    # the design follows the window's session while it is not run
    window.controller.ask(Edit({"network.units": 6}))
    assert ready(qtbot, window).plan.session(0, 0).network.units == 6
    assert find(window, "folder").placeholderText().endswith("/sweeps/alpha")
    # everything has a name, and what is typed into can be reached with Tab
    for widget in window.tabs.sweep.findChildren(QWidget):
        if isinstance(widget, INPUTS) and widget.objectName().startswith("sweep."):
            assert widget.accessibleName(), widget.objectName()
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget.objectName()


def test_a_sweep_runs_to_its_end_in_a_child_and_is_read(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    states: list[SweepState] = []
    window.beside.sweeping.running.progressed.connect(states.append)
    folder = tmp_path / "results"
    two_by_two(qtbot, window, folder)
    assert "4 points, 8 runs, 2 limits" in said(window, "cost")
    press(window, "run")
    assert not find(window, "axis1.key").isEnabled()
    assert find(window, "progress").isVisible()
    wait_for_end(qtbot, window)
    assert said(window, "message").startswith("Finished: 8 of 8 runs")
    assert (states[0].done, states[-1].done, states[-1].total) == (0, 8, 8)
    assert said(window, "session") == "Session: tiny (kept)"
    assert not find(window, "run").isEnabled()  # nothing is missing

    rows = read_table(folder)
    assert len(rows) == 8
    scene = window.tabs.sweep.view.scene
    assert [entry.text for entry in scene.legend] == ["L = 2", "L = 4"]
    for line, layers in enumerate((2, 4)):
        (points,) = marks(window, Points, (Role.FIRST, Role.SECOND)[line])
        for x, y in zip(points.x, points.y, strict=True):
            losses = [r["loss"] for r in rows if (r["network.alpha"], r["network.layers"]) == (x, layers)]
            assert y == pytest.approx(math.exp(np.mean(np.log(losses))))
    choose(window, "across", "layers L")
    qtbot.waitUntil(lambda: window.tabs.sweep.view.scene.panels[0].x.label == "layers L")
    choose(window, "plot", "map")
    qtbot.waitUntil(lambda: bool(marks(window, Heat)))
    assert marks(window, Heat)[0].values.shape == (2, 2)

    # a click opens the run, which leaves the sweep as it is
    view = window.tabs.sweep.view
    place = view.geometry_of_panels.panel("sweep").to_pixel(2.0, 2.0)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPointF(*place).toPoint())
    session = window.controller.state.session
    assert (session.network.layers, session.network.alpha, session.network.seed) == (2, 2.0, 11)
    assert session.title == "tiny: α = 2, L = 2, unit seed 11"
    row = next(r for r in rows if (r["network.alpha"], r["network.layers"], r["repetition"]) == (2, 2, 0))
    assert Session.from_mapping(json.loads(row["session"])) == session.with_values({"title": "tiny"})
    assert ready(qtbot, window).known == 8
    window.commands.undo.trigger()
    assert window.controller.state.session == TINY

    menu = view.findChild(PlotMenu)
    for name in ("figure.svg", "figure.png", "figure.pdf", "data.csv", "data.npz"):
        menu.export(tmp_path / name)
        assert window.notice.text == f"Written: {tmp_path / name}"
    assert "layers = 4" in (tmp_path / "figure.svg").read_text("utf-8")  # the session that was varied
    with pytest.raises(RequestError, match="many runs"):
        next(verify(tmp_path / "figure.svg"))
    menu._copy_command()
    words = QGuiApplication.clipboard().text()
    assert words == f"resviz sweep {folder / 'sweep.toml'} -o {folder}"
    menu._copy_python("sweep")
    script = QGuiApplication.clipboard().text().replace("if __name__", "assert sweep.points()\nif __name__")
    exec(compile(script, "copied", "exec"), {"__name__": "copied"})
    menu._copy_values("sweep")
    assert QGuiApplication.clipboard().text().startswith("panel\tmark")


def test_a_cancelled_sweep_keeps_its_rows_and_goes_on(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    type_in(window, "axis1.key", "training.steps")
    choose(window, "axis1.way", "list")
    type_in(window, "axis1.values", "3")
    type_in(window, "folder", str(folder))
    first = ready(qtbot, window)
    for _ in run_sweep(first.plan.sweep, folder, workers=0):
        pass
    type_in(window, "axis1.values", "3 10000000")  # hours
    assert ready(qtbot, window).known == 1
    assert find(window, "run").text() == "Continue"
    press(window, "run")
    qtbot.waitUntil(lambda: said(window, "message").startswith("1 of 2 runs"), timeout=60_000)
    window.findChild(QProcess).kill()
    wait_for_end(qtbot, window)
    assert "was killed" in said(window, "message")
    assert "1 of 2 runs are kept" in said(window, "message")
    press(window, "run")
    qtbot.waitUntil(lambda: said(window, "message").startswith("1 of 2 runs"), timeout=60_000)
    press(window, "cancel")
    assert find(window, "cancel").text() == "Cancelling…"
    wait_for_end(qtbot, window)
    assert said(window, "message").startswith("Cancelled: 1 of 2 runs are kept")
    assert [row["training.steps"] for row in read_table(folder)] == [3]
    assert find(window, "axis1.values").isEnabled()

    type_in(window, "axis1.values", "3 4")
    assert ready(qtbot, window).known == 1
    press(window, "run")
    wait_for_end(qtbot, window)
    assert said(window, "message").startswith("Finished: 2 of 2 runs")
    assert sorted(row["training.steps"] for row in read_table(folder)) == [3, 4]
    (line,) = marks(window, Line, Role.FIRST)
    assert list(line.x) == [3.0, 4.0]
    assert np.isfinite(line.y).all()


def test_closing_the_window_ends_the_sweep(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    type_in(window, "axis1.key", "training.steps")
    choose(window, "axis1.way", "list")
    type_in(window, "axis1.values", "10000000")
    type_in(window, "folder", str(folder))
    ready(qtbot, window)
    press(window, "run")
    qtbot.waitUntil(lambda: (folder / "table.csv").exists(), timeout=60_000)
    window.close()
    assert not window.beside.sweeping.running.busy
    assert read_table(folder) == []


def test_refusals_stand_beside_the_field(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    def refused(name: str, part: str) -> None:
        ready(qtbot, window)
        assert part in said(window, name)
        assert find(window, name).isVisible()
        assert find(window, name).refused
        assert not find(window, "run").isEnabled()

    type_in(window, "axis1.key", "network.alfa")
    refused("axis1.note", "nearest known key: network.alpha")
    type_in(window, "axis1.key", "network.alpha")
    choose(window, "axis1.way", "logspace")
    type_in(window, "axis1.first", "0")
    refused("axis1.note", "first = 0: equal ratios start and end above 0")
    type_in(window, "axis1.first", "1")
    press(window, "add")
    type_in(window, "axis2.key", "network.alpha")
    refused("note", "a key stands in two axes")
    press(window, "axis2.remove")
    # the rule of a pair of values is found when the points are written down
    find(window, "measure.output_std", QAbstractButton).setChecked(True)
    refused("measure.note", "output std needs repetitions")
    for name in ("loss", "output_error", "output_std", "travel", "diverged"):
        find(window, f"measure.{name}", QAbstractButton).setChecked(False)
    refused("measure.note", "nothing is chosen")
    find(window, "measure.loss", QAbstractButton).setChecked(True)
    type_in(window, "scheduler", "nonsense")
    refused("scheduler.note", "scheduler = 'nonsense': an address is a host and a port")
    type_in(window, "scheduler", "")
    other = tmp_path / "other"
    other.mkdir()
    (other / "table.csv").write_text("id,point,error\n", encoding="utf-8")
    type_in(window, "folder", str(other))
    refused("folder.note", "holds another sweep")
    assert said(window, "cost") == ""  # nothing is being estimated any more
    type_in(window, "folder", str(tmp_path / "new"))
    assert ready(qtbot, window) is not None
    assert find(window, "run").isEnabled()


def test_what_the_command_refuses_is_said(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    type_in(window, "folder", str(tmp_path / "file"))
    ready(qtbot, window)
    assert "cannot be read" in said(window, "folder.note")
    type_in(window, "folder", str(tmp_path / "results"))
    ready(qtbot, window)
    (tmp_path / "results").mkdir()  # meanwhile somebody else has begun there
    (tmp_path / "results" / "table.csv").write_text("id,point,error\n", encoding="utf-8")
    press(window, "run")
    wait_for_end(qtbot, window)
    assert "holds another sweep" in said(window, "message")
    assert (tmp_path / "results" / "table.csv").read_text(encoding="utf-8") == "id,point,error\n"


def test_a_point_that_no_session_allows_is_named_at_its_axis(window: MainWindow, qtbot: QtBot) -> None:
    type_in(window, "axis1.key", "data.dimension")
    choose(window, "axis1.way", "list")
    type_in(window, "axis1.values", "3 4")
    press(window, "add")
    type_in(window, "axis2.key", "network.embedding")
    choose(window, "axis2.way", "list")
    type_in(window, "axis2.values", "auto none")
    assert ready(qtbot, window) is not None
    window.controller.ask(Edit({"network.dimension": 3}))
    qtbot.waitUntil(lambda: "none" in said(window, "axis1.note") + said(window, "axis2.note"), timeout=20_000)
    qtbot.waitUntil(lambda: not find(window, "run").isEnabled())


def test_failed_points_are_rings_and_can_be_tried_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    design = two_by_two(qtbot, window, folder)
    for _ in run_sweep(design.plan.sweep, folder, workers=0):
        pass
    table = folder / "table.csv"
    lines = table.read_text("utf-8").splitlines(keepends=True)
    header = lines[0].strip().split(",")
    broken = lines[1].split(",")
    broken[header.index("error")] = "RuntimeError: broke"
    for name in ("loss", "output_error", "limit_error"):
        broken[header.index(name)] = ""
    again = lines[2].split(",")
    again[header.index("error")] = "RuntimeError: broke"
    for name in ("loss", "output_error", "limit_error"):
        again[header.index(name)] = ""
    table.write_text("".join([lines[0], ",".join(broken), ",".join(again), *lines[3:]]), encoding="utf-8")
    find(window, "retry", QAbstractButton).setChecked(True)
    ready(qtbot, window)
    qtbot.waitUntil(lambda: bool(marks(window, Points, Role.CURSOR)))
    assert find(window, "run").text() == "Continue"
    assert "2 failed" in window.tabs.sweep.view.scene.caption
    panel = window.tabs.sweep.view.scene.panels[0]
    (ring,) = marks(window, Points, Role.CURSOR)
    assert any("RuntimeError: broke" in line for line in panel.reading(ring.x[0], ring.y[0]))
    press(window, "run")
    wait_for_end(qtbot, window)
    qtbot.waitUntil(lambda: not marks(window, Points, Role.CURSOR), timeout=20_000)
    assert said(window, "message").startswith("Finished: 8 of 8 runs.")


def test_files_are_opened_and_saved(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    designing = window.beside.sweeping.designing
    design = two_by_two(qtbot, window, tmp_path / "results")
    type_in(window, "title", "Mine")
    sweep = ready(qtbot, window).plan.sweep
    designing.save(tmp_path / "mine.toml")
    assert said(window, "note") == "Saved mine.toml."
    saved = load_sweep(tmp_path / "mine.toml")
    assert saved.points() == sweep.points()
    assert (saved.title, saved.measure) == ("Mine", ("loss", "output_error", "diverged"))
    assert designing.file == tmp_path / "mine.toml"
    # a file with a table beside it comes with its results, in the order of its columns
    folder = tmp_path / "earlier"
    turned = saved.model_copy(update={"measure": ("diverged", "loss"), "title": "Earlier"})
    for _ in run_sweep(turned, folder, workers=0):
        pass
    designing.open(folder / "sweep.toml")
    opened = ready(qtbot, window)
    assert (opened.plan.sweep.title, opened.folder, opened.known) == ("Earlier", folder, 8)
    assert opened.plan.values == design.plan.values
    assert said(window, "session") == "Session: tiny (kept)"
    qtbot.waitUntil(lambda: bool(marks(window, Points)))
    window.controller.ask(Edit({"network.units": 7}))
    press(window, "present")
    assert ready(qtbot, window).plan.sweep.base().network.units == 7
    assert "8 rows of other settings" in said(window, "folder.note")
    for text, part in (("axes = 3", "axes"), ("", "axes: 0"), ("session = 'helo'", "helo")):
        (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
        designing.open(tmp_path / "bad.toml")
        assert part in said(window, "note")
        assert find(window, "note").refused
    designing.open(tmp_path / "missing.toml")
    assert "cannot be read" in said(window, "note")
    designing.save(tmp_path / "no" / "such" / "folder.toml")
    assert "cannot be written" in said(window, "note")


def test_the_wheel_scrolls_the_form_and_changes_no_value(window: MainWindow, qtbot: QtBot) -> None:
    spin, way = find(window, "repetitions"), find(window, "axis1.way")
    find(window, "title").setFocus()
    for widget in (spin, way):
        middle = QPointF(widget.rect().center())
        turned = QWheelEvent(
            middle, widget.mapToGlobal(middle), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, turned)
    assert (spin.value(), way.currentData()) == (1, "logspace")
    spin.setFocus()
    QApplication.sendEvent(spin, turned)
    assert spin.value() == 2


def test_notes_take_the_themes_colours(window: MainWindow, qtbot: QtBot) -> None:
    type_in(window, "axis1.key", "network.alfa")
    ready(qtbot, window)
    note = find(window, "axis1.note")

    def is_error_of(name: str) -> bool:
        return note.palette().color(note.foregroundRole()).name() == error_colour(theme(name)).lower()

    for name in ("light", "dark"):
        window.controller.ask(SetTheme(name))
        qtbot.waitUntil(partial(is_error_of, name))


def test_a_cost_that_does_not_fit_is_said(window: MainWindow, qtbot: QtBot) -> None:
    design = ready(qtbot, window)
    text, fits = cost_text(design, 2, remote=False, speed=1.0)
    assert fits
    assert "2 processes" in text
    text, fits = cost_text(design, 1_000_000, remote=False, speed=1.0)
    assert not fits
    assert "take fewer workers" in text
    assert "on the cluster" in cost_text(design, 2, remote=True, speed=1.0)[0]
    assert [duration(s) for s in (0.1, 12.3, 600, 36000)] == ["less than a second", "12 s", "10 min", "10 h"]


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (SweepState(0, 8), "0 of 8 runs · starting"),
        (SweepState(3, 8, 1, 12.0, 0.5), "3 of 8 runs · 1 failed · 0.5 runs/s · 12 s left"),
        (SweepState(300, 800, 0, None, 250.2), "300 of 800 runs · 250 runs/s"),
    ],
)
def test_progress_in_words(state: SweepState, text: str) -> None:
    assert state.text() == text


def test_a_point_is_opened_as_what_loses_nothing() -> None:
    other = TINY.with_values({"network.layers": 8})
    faster = TINY.with_values({"training.rate": 2.0})
    fresh = AppState(TINY, run=1, made=1, runs=(KeptRun(1, TINY),))
    assert opening(fresh, other) == Edit({"network.layers": 8})
    assert opening(replace(fresh, runs=(*fresh.runs, KeptRun(2, other))), other) == ShowRun(2)
    trained = replace(fresh, newest=2, steps=3, cursor=2)
    assert opening(trained, other) == Edit({"network.layers": 8})
    # as an edit it would go on with the present run, from its newest step on
    assert opening(trained, faster) == Load(faster)


def test_the_tab_is_reached_by_name(window: MainWindow) -> None:
    assert window.findChild(SweepTab, "sweep.tab") is window.tabs.sweep
    assert window.tabs.tabText(window.tabs.indexOf(window.tabs.sweep)) == "Sweep"
