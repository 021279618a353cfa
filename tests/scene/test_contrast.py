import numpy as np
import pytest
from scene.fake import TRAVEL, FakeSeries, fake_loss

from resviz.scene.contrast import Losses, contrast
from resviz.scene.grid import units_grid
from resviz.scene.model import Bars, Line, Role, Rule
from resviz.scene.overview import overview
from resviz.scene.readout import readout
from resviz.scene.show import Show
from resviz.scene.timeline import timeline

SESSION = FakeSeries(observable=TRAVEL)
TWIN = FakeSeries(observable=TRAVEL, alpha=8.0, mean_of_travel=0.45, newest=60)
LAZY = FakeSeries(observable=TRAVEL, alpha=np.inf, mean_of_travel=0.1)
LOSSES = Losses(net=fake_loss(), limit=fake_loss(), twin=fake_loss(end=0.13)[:61])


def marks(panel, kind, role):
    return [mark for mark in panel.marks if isinstance(mark, kind) and mark.role == role]


def test_all_three_regimes_are_drawn():
    scene = contrast(SESSION, TWIN, LAZY, LOSSES, step=50, steps=100, place=3)
    density = scene.panel("displacement")
    assert density.title == "How far units moved, layer 38"
    assert len(marks(density, Bars, Role.SESSION)) == len(marks(density, Bars, Role.TWIN)) == 1
    assert marks(density, Line, Role.LAZY)[0].dash == "dash"
    travel = scene.panel("travel")
    assert marks(travel, Line, Role.SESSION)[0].x[-1] == 100
    assert marks(travel, Line, Role.TWIN)[0].x[-1] == 60
    assert marks(travel, Rule, Role.CURSOR)[0].at == 50
    loss = scene.panel("loss")
    assert loss.y.scale == "log"
    assert len(marks(loss, Line, Role.TWIN)[0].x) == 61
    assert [entry.text for entry in scene.legend] == ["α = 1", "α = 8", "α → ∞"]


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
    assert len(scene.panels) == len(layers) + 4
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
    assert names == ["RMS Δu =", "session units", "twin units", "session limit", "twin limit", "lazy limit"]
    assert readout(timeline(fake_loss(), None, 100, 50).panels[0], 100)[0] == "k = 100"
