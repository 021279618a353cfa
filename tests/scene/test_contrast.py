from dataclasses import dataclass, field

import numpy as np
import pytest
from scene.fake import TRAVEL, FakeSeries, fake_loss

from resviz.scene.contrast import Losses, contrast
from resviz.scene.grid import units_grid
from resviz.scene.lazy import Drifts, regime_word
from resviz.scene.model import Band, Bars, Line, Role, Rule
from resviz.scene.overview import overview
from resviz.scene.readout import readout
from resviz.scene.show import Show
from resviz.scene.timeline import timeline

SESSION = FakeSeries(observable=TRAVEL)
TWIN = FakeSeries(observable=TRAVEL, alpha=8.0, mean_of_travel=0.45, newest=60)
LAZY = FakeSeries(observable=TRAVEL, alpha=np.inf, mean_of_travel=3.6)
LOSSES = Losses(net=fake_loss(), limit=fake_loss(), twin=fake_loss(end=0.13)[:61])


@dataclass(frozen=True)
class FakeReading:
    step: int
    laziness: float
    mean_drift: float
    depths: np.ndarray = field(default_factory=lambda: np.array([0.1, 0.5, 0.9]))

    @property
    def drift(self):
        return self.mean_drift * np.array([0.9, 1.0, 1.1])


DRIFTS = Drifts(
    session=[FakeReading(k, 0.015 * k, 0.01 * k) for k in (0, 20, 40, 60)],
    twin=[FakeReading(k, 0.002 * k, 0.0005 * k) for k in (0, 20, 40, 60)],
    session_limit=[FakeReading(k, 0.015 * k, 0.009 * k) for k in (0, 20, 40, 60)],
)


def marks(panel, kind, role):
    return [mark for mark in panel.marks if isinstance(mark, kind) and mark.role == role]


def test_all_three_regimes_are_drawn():
    scene = contrast(SESSION, TWIN, LAZY, LOSSES, step=50, steps=100, place=3)
    density = scene.panel("displacement")
    assert density.title == "How far units moved, layer 38"
    assert len(marks(density, Bars, Role.SESSION)) == len(marks(density, Bars, Role.TWIN)) == 1
    assert marks(density, Rule, Role.LAZY)[0].at == 0.0  # units of the lazy limit stay
    assert not marks(density, Line, Role.LAZY)
    travel = scene.panel("travel")
    assert marks(travel, Line, Role.SESSION)[0].x[-1] == 100
    assert marks(travel, Line, Role.TWIN)[0].x[-1] == 60
    assert marks(travel, Rule, Role.CURSOR)[0].at == 50
    loss = scene.panel("loss")
    assert loss.y.scale == "log"
    assert len(marks(loss, Line, Role.TWIN)[0].x) == 61
    assert [entry.text for entry in scene.legend] == ["α = 1", "α = 8", "α → ∞"]


def test_times_alpha_the_twin_meets_the_lazy_limit():
    plain = contrast(SESSION, TWIN, LAZY, LOSSES, step=50, steps=100)
    times = contrast(SESSION, TWIN, LAZY, LOSSES, step=50, steps=100, scaled=True)
    one, other = (marks(s.panel("displacement"), Line, Role.TWIN)[0] for s in (plain, times))
    np.testing.assert_allclose(other.x, 8.0 * one.x)
    np.testing.assert_allclose(other.y, one.y / 8.0)
    assert marks(times.panel("displacement"), Line, Role.LAZY)[0].dash == "dash"
    travel = times.panel("travel")
    assert marks(travel, Line, Role.LAZY)[0].y[-1] == pytest.approx(3.6, rel=0.06)
    assert marks(travel, Line, Role.TWIN)[0].y[-1] == pytest.approx(3.6, rel=0.2)
    assert travel.y.label == "mean α RMS Δu"


@pytest.mark.parametrize(("layout", "shape"), [("short", (4, 1)), ("tall", (6, 1)), ("wide", (3, 2))])
def test_layouts_hold_every_panel_once(layout, shape):
    scene = contrast(SESSION, TWIN, LAZY, LOSSES, DRIFTS, step=50, steps=100, layout=layout)
    assert (len(scene.row_heights), len(scene.column_widths)) == shape
    assert len({panel.cell for panel in scene.panels}) == len(scene.panels) == shape[0] * shape[1]
    assert ("scaled" in {panel.key for panel in scene.panels}) is (layout != "short")


def test_drift_over_steps_and_depth():
    scene = contrast(SESSION, TWIN, LAZY, LOSSES, DRIFTS, step=50, steps=100, layout="tall")
    drift = scene.panel("drift")
    line = marks(drift, Line, Role.SESSION)[0]
    assert list(line.x) == [0, 20, 40, 60]
    assert line.y[-1] == pytest.approx(0.6)
    assert marks(drift, Band, Role.SESSION)[0].high[-1] == pytest.approx(0.66)
    assert marks(drift, Rule, Role.LAZY)[0].at == 0.0
    assert marks(drift, Line, Role.LIMIT)[0].dash == "dot"
    depth = scene.panel("drift by depth")
    # at step 40, the last one read
    assert marks(depth, Line, Role.SESSION)[0].y == pytest.approx(np.array([0.36, 0.4, 0.44]))
    assert depth.y.high == drift.y.high  # it holds every step


def test_a_step_that_diverged_stretches_no_axis():
    gone = [FakeReading(80, np.inf, np.inf), FakeReading(90, np.nan, np.nan)]
    drifts = Drifts(
        session=[*DRIFTS.session, *gone],
        twin=DRIFTS.twin,
        session_limit=[*DRIFTS.session_limit, *gone],
        twin_limit=gone,
    )
    look = {"step": 90, "steps": 100, "layout": "tall"}
    before, after = (contrast(SESSION, TWIN, LAZY, LOSSES, d, **look) for d in (DRIFTS, drifts))
    for key in ("drift", "drift by depth"):
        assert after.panel(key).y == before.panel(key).y


def test_the_meter_says_it_in_words_and_a_number():
    assert contrast(SESSION, TWIN, LAZY, LOSSES, step=50, steps=100).caption == ""
    said = contrast(SESSION, TWIN, LAZY, LOSSES, DRIFTS, step=50, steps=100).caption
    assert "k = 40" in said
    assert "units moved 0.600 of their own spread (feature learning)" in said
    assert "the twin's 0.0800 of their own spread (lazy)" in said
    assert [regime_word(x) for x in (0.88, 0.3, 0.124, 0.032)] == [
        "feature learning", "between", "lazy", "lazy",
    ]  # fmt: skip


def test_a_twin_that_is_to_be_replaced_is_greyed():
    scene = contrast(SESSION, TWIN, LAZY, LOSSES, DRIFTS, step=50, steps=100, old=True)
    for panel in scene.panels:
        assert not [m for m in panel.marks if getattr(m, "role", None) is Role.TWIN]
        assert [m for m in panel.marks if getattr(m, "role", None) is Role.OLD]
    assert "α = 8 (old)" in [entry.text for entry in scene.legend]


def test_a_twin_that_lags_is_left_out_of_the_densities_only():
    scene = contrast(SESSION, TWIN, LAZY, LOSSES, step=80, steps=100)
    assert not marks(scene.panel("displacement"), Bars, Role.TWIN)
    assert marks(scene.panel("travel"), Line, Role.TWIN)


def test_nothing_recorded_is_said_in_every_panel():
    scene = contrast(None, None, None, Losses(), step=0, steps=100)
    assert all(panel.message for panel in scene.panels)


def test_travel_of_a_long_run_is_thinned_and_keeps_both_ends():
    long = FakeSeries(observable=TRAVEL, newest=5000, last=5000)
    line = marks(
        contrast(long, None, None, Losses(), step=0, steps=5000).panel("travel"), Line, Role.SESSION
    )[0]
    assert line.x.size <= 128
    assert line.x[0] == 0
    assert line.x[-1] == 5000


def test_timeline_spans_the_planned_steps_and_keeps_bad_losses_off_the_log_axis():
    loss = np.array([1.5, 0.5, 0.0, np.nan])
    panel = timeline(loss, None, 40, 2, range=(1, 3)).panel("timeline")
    assert (panel.x.low, panel.x.high) == (0, 40)
    assert marks(panel, Line, Role.SESSION)[0].x.tolist() == [0, 1]
    assert marks(panel, Rule, Role.CURSOR)[0].at == 2
    assert panel.marks[0].low == 1
    assert panel.marks[0].high == 3
    assert timeline(None, None, 0, 0).panels[0].message == "nothing recorded yet"


@pytest.mark.parametrize("layers", [(1,), (1, 2, 3, 4), tuple(range(0, 60, 5))])
def test_overview_places_every_panel_once_without_overlap(layers):
    grid = units_grid(FakeSeries(layers=layers), 50, Show())
    scene = overview(
        grid, contrast(SESSION, TWIN, LAZY, LOSSES, step=50, steps=100), timeline(fake_loss(), None, 100, 50)
    )
    taken = np.zeros((len(scene.row_heights), len(scene.column_widths)), int)
    for panel in scene.panels:
        row, column, height, width = panel.cell
        taken[row : row + height, column : column + width] += 1
    assert taken.max() == 1
    assert len(scene.panels) == len(layers) + 5
    assert overview(grid, None, timeline(fake_loss(), None, 100, 50)).panel("timeline")


def test_readout_names_what_lies_under_the_mouse():
    series = FakeSeries()
    panel = units_grid(series, 100, Show()).panels[0]
    lines = readout(panel, 0.1)
    assert lines[0] == "p = 0.100"
    assert lines[1].startswith("finite units 0.")
    pdf = np.interp(0.1, series.density(100, 0).x, series.density(100, 0).pdf)
    assert f"limit {pdf:.3f}" in lines
    displaced = contrast(SESSION, TWIN, LAZY, LOSSES, step=50, steps=100).panels[0]
    names = [text.rsplit(" ", 1)[0] for text in readout(displaced, 0.1)]
    assert names == ["RMS Δu =", "session units", "twin units", "session limit", "twin limit"]
    assert readout(timeline(fake_loss(), None, 100, 50).panels[0], 100)[0] == "k = 100"
