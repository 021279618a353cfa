"""The phase diagram as it is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from resviz.config.regime import Regime, regime
from resviz.observe.atlas import Atlas, AtlasPlan
from resviz.scene.model import Heat, Line, Points, Role, Words
from resviz.scene.phase import QUANTITIES, RunPoint, boundaries, coloured, phase_scene, point_at
from resviz.scene.readout import readout

PLAN = AtlasPlan()
SHAPE = (len(PLAN.ratios), len(PLAN.alphas))
ATLAS = Atlas(PLAN, np.full(SHAPE, 1.5), np.full(SHAPE, 0.01), np.zeros(SHAPE))
HERE = RunPoint(1.0, 1638.4, "hello")
TWIN = RunPoint(8.0, 1638.4, "a lazy run")


def of(scene, kind):
    return [m for m in scene.panel("phase").marks if isinstance(m, kind)]


def test_names_stand_in_their_regions():
    names = {"maximal local\nfeature updates": Regime.FEATURES}
    words = of(phase_scene(HERE), Words)
    assert len(words) == 5
    for word in words:
        assert regime(word.x, word.y) == names.get(word.text, word.text)


def test_boundaries_part_the_regimes():
    for line in boundaries():
        inside = slice(1, -1) if len(line.x) > 2 else slice(None)
        for x, y in zip(line.x[inside][::20], line.y[inside][::20], strict=True):
            if 1e-2 < y < 1e6:
                assert regime(x * 0.98, y * 1.001) is not regime(x * 1.02, y * 1.001)


def test_runs_are_points():
    scene = phase_scene(HERE, [TWIN, RunPoint(0.0, 10.0), RunPoint(1e9, 10.0)])
    ring, _, present = of(scene, Points)
    assert (ring.ring, list(ring.x)) == (True, [8.0])
    assert (present.role, list(present.x), list(present.y)) == (Role.CURSOR, [1.0], [1638.4])
    assert not of(phase_scene(None), Points)


def test_a_click_near_a_run_means_that_run():
    assert point_at([HERE, TWIN], 8.3, 1600.0) is TWIN
    assert point_at([HERE, TWIN], 3.0, 1600.0) is None
    assert point_at([RunPoint(0.0, 1.0)], 1.0, 1.0) is None


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_colours_the_map_and_is_read(quantity):
    scene = phase_scene(HERE, [TWIN], ATLAS, quantity)
    (heat,) = of(scene, Heat)
    assert heat.values.shape == SHAPE
    assert (heat.x[0], heat.x[-1]) == pytest.approx((0.01, 1000.0), rel=1e-4)
    assert (heat.y[0], heat.y[-1]) == pytest.approx((10**-0.5, 10**5.5), rel=1e-4)
    assert QUANTITIES[quantity] in scene.panel("phase").title
    lines = readout(scene.panel("phase"), 8.0, 1638.4)
    assert "lazy ODE" in lines
    assert "a lazy run" in lines
    assert any(line.startswith("measured " + QUANTITIES[quantity].split(" (")[0]) for line in lines)
    assert lines[-2] == "measured there: subcritical or maximal local feature updates"


def test_rows_that_are_not_whole_are_left_to_their_neighbours():
    finer = PLAN.finer()
    known = np.full((len(finer.ratios), len(finer.alphas)), 1.0)
    known[5:, 3] = np.nan
    scene = phase_scene(HERE, atlas=Atlas(finer, known, known, known))
    (heat,) = of(scene, Heat)
    assert len(heat.values) == 5
    assert heat.y[0] == 10**-0.5  # the cell is a little lower than the axis begins
    assert heat.y[-1] == pytest.approx(finer.ratios[4] * 10**0.125, rel=1e-4)
    nothing = np.full_like(known, np.nan)
    assert not of(phase_scene(HERE, atlas=Atlas(finer, nothing, nothing, nothing)), Heat)


def test_a_blow_up_has_the_colour_of_the_end_and_an_empty_cell_none():
    travel = np.full(SHAPE, np.nan)
    travel[0, 0], travel[0, 1] = np.inf, 1.0
    values, scale = coloured(Atlas(PLAN, travel, travel, travel), "travel")
    assert values[0, 0] > scale.high
    assert values[0, 1] == 0.0
    assert np.isnan(values[1]).all()


def test_without_an_atlas_the_theory_stands_alone():
    scene = phase_scene(HERE)
    assert not of(scene, Heat)
    assert scene.panel("phase").bar is None
    assert len(of(scene, Line)) == 4
