"""The tabs beside Units, each in the real window on a session that trains in a blink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QProgressBar, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot
from windows import SMALL, STEPS

from resviz.draw.view import SceneView
from resviz.gui.past import PastErrors, earlier_points, present_point
from resviz.gui.pictures import export_options
from resviz.gui.plot_menu import Plots
from resviz.gui.state import AppState, Edit, KeptRun, Seek
from resviz.gui.tabs import SceneTab
from resviz.gui.window import MainWindow
from resviz.observe.atlas import Atlas, AtlasPlan
from resviz.recording import Recording
from resviz.scene.model import Heat, Line, Points, Role, Rule
from resviz.study import atlas as study


@pytest.fixture
def small_atlas(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = AtlasPlan(alphas=(0.1, 1.0, 100.0), ratios=(1.6, 6.4), steps=3, seeds=2)
    whole = study.atlas
    monkeypatch.setattr(study, "atlas", lambda folder: whole(plan, folder))


def click(view: SceneView, panel: str, x: float, y: float) -> None:
    place = view.geometry_of_panels.panel(panel)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPointF(*place.to_pixel(x, y)).toPoint())


def of(view: SceneView, panel: str, kind: type) -> list:
    return [mark for mark in view.scene.panel(panel).marks if isinstance(mark, kind)]


def test_hidden_tabs_do_nothing(opened: MainWindow, qtbot: QtBot) -> None:
    opened.controller.ask(Seek(3))
    qtbot.waitUntil(lambda: opened.units.view.scene.caption.startswith("step 3 "), timeout=30_000)
    for view in opened.tabs.views:
        assert not view.scene.panels
    assert opened.beside._fit_worker.run == opened.beside._atlas_worker.run == 0


def test_fields_follow_cursor_sample_and_coordinates(
    opened: MainWindow, qtbot: QtBot, recording: Recording
) -> None:
    tab = opened.tabs.fields
    opened.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: tab.view.scene.caption.startswith(f"step {STEPS} "))

    def net(panel: str) -> np.ndarray:
        return of(tab.view, panel, Line)[0].y

    np.testing.assert_allclose(net("h"), recording.fields(STEPS).h[:, 0, 0], rtol=1e-6)
    assert len(of(tab.view, "b", Line)) == 8  # four coordinates, net and limit
    opened.findChild(QSpinBox, "fields.sample").setValue(2)
    opened.controller.ask(Seek(4))
    qtbot.waitUntil(lambda: tab.view.scene.caption.startswith("step 4   ·   sample 2"))
    np.testing.assert_allclose(net("b"), recording.fields(4).b[:, 2, 0], rtol=1e-6)
    assert opened.controller.state.choice.sample == 2
    assert opened.findChild(QSpinBox, "fields.coordinate").maximum() == 3


def test_the_fit_fills_and_a_click_moves_cursor_and_pin(opened: MainWindow, qtbot: QtBot) -> None:
    tab = opened.tabs.fit
    opened.tabs.setCurrentWidget(tab)

    def whole() -> bool:
        heats = of(tab.view, "fit", Heat) if tab.view.scene.panels else []
        return bool(heats) and np.isfinite(heats[0].values).all()

    qtbot.waitUntil(whole, timeout=60_000)
    assert of(tab.view, "fit", Heat)[0].values.shape == (8, STEPS + 1)
    pinned = opened.controller.state.choice.layers
    assert pinned is None
    click(tab.view, "fit", 4.1, 0.13)
    assert opened.controller.state.cursor == 4
    assert 1 in opened.controller.state.choice.layers  # of 0, 2, 3, 4, 6, 7 before
    assert len(opened.controller.state.choice.layers) == 6
    qtbot.waitUntil(lambda: any(r.at == 4 for r in of(tab.view, "fit", Rule)))
    # another observable is another map
    combo = opened.findChild(QComboBox, "observable")
    combo.setCurrentIndex(combo.findData("u_norm"))
    combo.activated.emit(combo.currentIndex())
    qtbot.waitUntil(lambda: "of |u| over" in tab.view.scene.panel("fit").title and whole(), timeout=60_000)


def test_the_fit_of_a_run_that_grows(window: MainWindow, qtbot: QtBot) -> None:
    tab = window.tabs.fit
    window.tabs.setCurrentWidget(tab)
    window.commands.run.trigger()
    qtbot.waitUntil(lambda: "fit" in str([p.key for p in tab.view.scene.panels]))
    qtbot.waitUntil(
        lambda: window.controller.state.ended and "% computed" not in tab.view.scene.caption
        and bool(of(tab.view, "fit", Heat)), timeout=60_000,
    )  # fmt: skip
    window.tabs.setCurrentIndex(0)
    assert not window.beside._fit_worker.busy or window.beside._fit_worker._newest.cancelled


def test_the_error_shows_this_run_and_fits_the_finished_ones(opened: MainWindow, qtbot: QtBot) -> None:
    tab = opened.tabs.error
    opened.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: bool(tab.view.scene.panels) and bool(of(tab.view, "error", Line)))
    assert "published" in tab.view.scene.caption
    click(tab.view, "error", 3.0, tab.view.scene.panel("error").y.low * 1.5)
    assert opened.controller.state.cursor == 3
    qtbot.waitUntil(lambda: any(line.startswith("k = 3") for line in tab.view.scene.panels[0].corner))
    opened.controller.ask(Edit({"network.layers": 16}))
    opened.commands.run.trigger()
    qtbot.waitUntil(
        lambda: opened.controller.state.ended and "of 2 shapes" in tab.view.scene.caption, timeout=60_000
    )
    old = [line for line in of(tab.view, "error", Line) if line.role is Role.OLD]
    assert len(old) == 1 or len(old) == 2


def test_the_phase_diagram_has_its_colours_at_once_and_refines_them(
    opened: MainWindow, qtbot: QtBot, small_atlas: None, resviz_home: Path
) -> None:
    tab = opened.tabs.phase
    opened.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: bool(tab.view.scene.panels))
    present = of(tab.view, "phase", Points)[-1]
    assert (present.x[0], present.y[0]) == (1.0, 8 * 32 / 4)
    (heat,) = of(tab.view, "phase", Heat)  # of the first scene: what comes with the program
    assert heat.values.shape == (12, 40)
    assert "atlas" in tab.view.scene.caption
    assert opened.beside._atlas_worker.run == 0  # nobody trains
    assert not list(resviz_home.glob("atlas-*.npz"))
    assert tab.button.text() == "Refine"
    assert not tab.progress.isVisible()
    tab.button.click()
    qtbot.waitUntil(lambda: not tab.button.isVisible(), timeout=60_000)  # done
    qtbot.waitUntil(lambda: [heat.values.shape for heat in of(tab.view, "phase", Heat)] == [(2, 3)])
    assert len(list(resviz_home.glob("atlas-*.npz"))) == 1
    combo = opened.findChild(QComboBox, "phase.quantity")
    combo.setCurrentIndex(combo.findData("spread"))
    combo.activated.emit(combo.currentIndex())
    qtbot.waitUntil(lambda: "standard deviation" in tab.view.scene.panel("phase").title)
    assert export_options(opened.controller.state, "light", "phase-diagram").colours == "spread"

    click(tab.view, "phase", 10.0, 1000.0)
    network = opened.controller.state.session.network
    assert network.alpha == pytest.approx(10.0, rel=0.05)
    assert network.parametrisation == "output-weights"
    assert network.layers * network.units / 4 == pytest.approx(1000.0, rel=0.1)
    assert network.units / network.layers == pytest.approx(4.0, rel=0.1)  # as it was
    qtbot.waitUntil(lambda: any(points.ring for points in of(tab.view, "phase", Points)))
    ring = next(points for points in of(tab.view, "phase", Points) if points.ring)
    assert list(ring.x) == [1.0]
    click(tab.view, "phase", 1.0, 64.0)  # the earlier run
    assert opened.controller.state.session == SMALL


@pytest.mark.parametrize("name", ["fields", "fit", "error", "phase-diagram"])
def test_a_tab_is_copied_as_the_export_that_draws_it(
    opened: MainWindow, qtbot: QtBot, small_atlas: None, name: str
) -> None:
    tab = opened.findChild(SceneTab, f"{name}.tab")
    opened.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: bool(tab.view.scene.panels))
    assert Plots(opened.controller, opened.notice.show_notice).options(tab.view).view == name


def test_an_atlas_is_cancelled_and_goes_on(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = AtlasPlan(alphas=(0.1, 1.0), ratios=(1.6,), steps=3, seeds=2)
    going = []

    def slow(folder: Path) -> Iterator[object]:
        empty = np.full((1, 2), np.nan)
        yield Atlas(plan, empty, empty, empty)
        while not going:
            yield None
        yield Atlas(plan, empty * 0 + 1, empty, np.zeros((1, 2)))

    monkeypatch.setattr(study, "atlas", slow)
    tab = opened.tabs.phase
    button = opened.findChild(QPushButton, "phase.atlas")
    opened.tabs.setCurrentWidget(tab)
    button.click()
    qtbot.waitUntil(lambda: tab.progress.isVisible() and button.text() == "Cancel", timeout=30_000)
    qtbot.waitUntil(lambda: opened.findChild(QProgressBar, "phase.progress").value() == 0)
    opened.tabs.setCurrentIndex(0)
    assert opened.beside._atlas_worker.is_paused  # nobody looks
    opened.tabs.setCurrentWidget(tab)
    assert not opened.beside._atlas_worker.is_paused
    button.click()
    qtbot.waitUntil(lambda: not opened.beside._atlas_worker.busy)
    assert button.text() == "Refine"
    going.append(True)
    button.click()
    qtbot.waitUntil(lambda: not button.isVisible())


def test_finished_runs_keep_errors_of_the_same_limit(recording: Recording) -> None:
    past = PastErrors()
    wider, other = (SMALL.with_values(change) for change in ({"network.units": 8}, {"data.seed": 9}))
    runs = (KeptRun(1, SMALL), KeptRun(2, wider), KeptRun(3, other), KeptRun(4, SMALL))
    past.follow(AppState(SMALL, run=1, newest=STEPS, ended=True), recording)
    past.follow(AppState(wider, run=2, newest=3, runs=runs), recording)
    past.follow(AppState(other, run=3, newest=3, runs=runs), recording)
    past.follow(AppState(SMALL, run=4, newest=0, runs=runs), recording)  # has trained nothing
    assert [len(one.measured) for one in past.like(2)] == [STEPS + 1]
    assert past.like(3) == past.like(4) == []
    past.follow(AppState(wider, run=2, newest=3, runs=runs[1:]), recording)
    assert past.like(2) == []  # the first was taken off the list


def test_points_of_the_list_of_runs() -> None:
    other = SMALL.with_values({"network.alpha": 8.0, "network.sigma_v": 2.0})
    runs = (KeptRun(1, SMALL, newest=5), KeptRun(2, other, name="lazy", newest=5), KeptRun(3, SMALL))
    state = AppState(SMALL, run=1, runs=runs)
    assert (present_point(state).alpha, present_point(state).ratio) == (1.0, 64.0)
    (point,) = earlier_points(state)  # the third has trained nothing
    assert (point.number, point.alpha) == (2, 16.0)
    assert point.name.startswith("lazy: ")
