"""The map of the fit as it is drawn."""

from __future__ import annotations

import numpy as np

from resviz.observe.fit import FitMap
from resviz.scene.fit import cell_at, fit_scene, nearest_rows
from resviz.scene.model import Heat, Points, Role, Rule
from resviz.scene.readout import readout

NAN = float("nan")


def made(ratio, reference=None):
    ratio = np.array(ratio, float)
    reference = np.zeros_like(ratio) if reference is None else np.array(reference, float)
    return FitMap((2, 10, 18), (0, 5, 10), 20, 10, ratio, reference, "p", 1, 256)


def of(scene, kind):
    return [m for m in scene.panel("fit").marks if isinstance(m, kind)]


def test_cells_lie_round_their_layer_and_step():
    scene = fit_scene(made([[1, 2, 1], [1, 1, 1], [2, 1, 1]]), step=5, steps=10, layer=10)
    (heat,) = of(scene, Heat)
    assert list(heat.x) == [0.0, 2.5, 7.5, 10.0]
    assert list(heat.y) == [0.0, 0.3, 0.7, 1.0]
    assert heat.values[0, 1] == 2
    assert scene.panel("fit").bar == heat.scale
    assert (heat.scale.low, heat.scale.high) == (0.0, 3.0)
    assert {(r.across, r.at) for r in of(scene, Rule)} == {("y", 0.5), ("x", 5.0)}
    assert "3 of 20 layers, 3 of 11 steps" in scene.caption


def test_a_coarse_map_fills_its_rows_from_the_nearest():
    coarse = np.array([[1.0, 2.0], [NAN, NAN], [NAN, NAN], [3.0, NAN]])
    np.testing.assert_array_equal(nearest_rows(coarse), [[1, 2], [1, 2], [3, 2], [3, 2]])
    whole = np.array([[1.0, NAN], [1.0, NAN]])  # nothing has a width at the second step
    assert nearest_rows(whole) is whole
    assert "67 % computed" in fit_scene(made([[1, 1, 1], [NAN] * 3, [1, 1, 1]]), step=0, steps=10).caption


def test_cells_that_the_reference_limits_are_marked():
    own = [[0, 0, 0], [0, 0, 0.8], [0, 0, 0]]
    scene = fit_scene(made(np.ones((3, 3)), own), step=0, steps=10)
    points, _ = of(scene, Points)
    assert (list(points.x), list(points.y)) == ([10.0], [0.5])
    assert any("limited by the reference" in e.text for e in scene.legend)
    assert "limited by the reference" in readout(scene.panel("fit"), 9.0, 0.5)
    assert "limited by the reference" not in readout(scene.panel("fit"), 1.0, 0.5)
    assert not of(fit_scene(made(np.ones((3, 3))), step=0, steps=10), Points)


def test_a_bad_fit_stretches_the_scale():
    scene = fit_scene(made(np.full((3, 3), 7.3)), step=0, steps=10)
    assert scene.panel("fit").bar.high == 8.0


def test_the_profile_is_the_mean_over_layers():
    scene = fit_scene(made([[1, 2, NAN], [2, 4, NAN], [3, 6, NAN]]), step=0, steps=10)
    line = next(m for m in scene.panel("profile").marks if getattr(m, "role", None) is Role.SESSION)
    assert list(line.y) == [2.0, 4.0]
    assert list(line.x) == [0.0, 5.0]


def test_a_click_asks_for_the_cell():
    assert cell_at(made(np.ones((3, 3))), 6.0, 0.8) == (5, 18)
    assert cell_at(made(np.ones((3, 3))), 9.9, 0.0) == (10, 2)


def test_nothing_known_is_said():
    assert fit_scene(None, step=0, steps=10).panel("fit").message
    assert (
        fit_scene(made(np.full((3, 3), NAN)), step=0, steps=10, message="wait").panel("fit").message == "wait"
    )
