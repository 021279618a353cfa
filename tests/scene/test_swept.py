"""Plots of sweeps, from fixed tables: middles, lines, markers, fits, failures, read-outs, heat maps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from resviz.scene.model import Heat, Line, Points, Role
from resviz.scene.readout import readout
from resviz.scene.sweep_curves import curve_at, empty_scene, sweep_scene
from resviz.scene.sweep_lines import MOST_LINES, sweep_axis
from resviz.scene.sweep_map import cell_at, sweep_map_scene
from resviz.scene.swept import QUANTITIES, Along, Power, Swept, middle

ALPHA = Along("scale α", "α", np.array([0.1, 1.0, 10.0]), ("0.1", "1", "10"), "log")
LAYERS = Along("layers L", "L", np.array([4.0, 8.0]), ("4", "8"), "linear")


def swept(values: np.ndarray, lines: Along | None = None, quantity: str = "loss", **more: object) -> Swept:
    """Of values (lines, n, R): every number that is there has ended, and so has every reason."""
    values = np.asarray(values, np.float64)
    points = np.arange(values.shape[0] * values.shape[1]).reshape(values.shape[:2])
    given = {"ended": np.isfinite(values).sum(axis=-1), "planned": values.shape[-1], **more}
    return Swept(ALPHA, lines, quantity, points, values, **given)


def of(scene, kind, role=None):
    marks = scene.panel("sweep").marks
    return [m for m in marks if isinstance(m, kind) and (role is None or m.role is role)]


def test_middles_are_geometric_where_the_axis_is_logarithmic():
    values = [[[1.0, 4.0], [2.0, np.nan], [np.nan, np.nan]]]
    centre, low, high = middle(swept(values))
    spread = np.exp(np.std(np.log([1.0, 4.0]), ddof=1))
    np.testing.assert_allclose(centre[0], [2.0, 2.0, np.nan])
    np.testing.assert_allclose(low[0], [2.0 / spread, 2.0, np.nan])
    np.testing.assert_allclose(high[0], [2.0 * spread, 2.0, np.nan])
    centre, low, high = middle(swept(values, quantity="ks_ratio"))
    np.testing.assert_allclose(centre[0], [2.5, 2.0, np.nan])
    np.testing.assert_allclose(high[0, 0] - low[0, 0], 2 * np.std([1.0, 4.0], ddof=1))


def test_one_axis_is_a_line_with_bars_and_its_fit():
    power = Power(-1.0, -1.2, -0.9, 2.0, 0.1, 10.0)
    scene = sweep_scene(swept([[[1.0, 2.0], [0.5, 0.6], [0.1, 0.2]]], powers=(power,)))
    panel = scene.panel("sweep")
    assert (panel.x.scale, panel.y.scale) == ("log", "log")
    assert panel.x.low < 0.1
    assert panel.x.high > 10
    bars, joined, fit = of(scene, Line)
    assert np.isnan(bars.x[2::3]).all()
    np.testing.assert_array_equal(joined.x, ALPHA.at)
    assert fit.dash == "dot"
    np.testing.assert_allclose(fit.y * fit.x, 2.0)
    assert [entry.text for entry in scene.legend] == [
        "measured",
        "fitted −1.00 (−1.20 to −0.900), 95 % by bootstrap",
    ]
    assert scene.legend[1].dash == "dot"
    assert "geometric mean and std of 2 runs" in scene.caption


def test_lines_carry_their_fitted_rates():
    powers = (Power(-1.0, -1.2, -0.9, 2.0, 0.1, 10.0), None)
    scene = sweep_scene(swept(np.ones((2, 3, 1)), LAYERS, powers=powers))
    assert [entry.text for entry in scene.legend] == [
        "L = 4: fitted −1.00 (−1.20 to −0.900)", "L = 8", "fitted powers of α, 95 % by bootstrap",
    ]  # fmt: skip


def test_rates_of_many_lines_are_a_plot_of_their_own():
    many = Along("units M", "M", 2.0 ** np.arange(7), tuple(str(2**i) for i in range(7)), "log")
    powers = (*(Power(-0.1 * i, -0.1 * i - 0.05, -0.1 * i + 0.05, 1.0, 0.1, 10.0) for i in range(6)), None)
    scene = sweep_scene(swept(np.ones((7, 3, 1)), many, powers=powers))
    assert [panel.key for panel in scene.panels] == ["sweep", "rates"]
    assert scene.legend[1].text == "M = 2"  # and no rate
    rates = scene.panel("rates")
    points = [mark for mark in rates.marks if isinstance(mark, Points)]
    np.testing.assert_allclose([mark.y[0] for mark in points], -0.1 * np.arange(6))
    assert rates.y.low <= -0.55
    assert readout(rates, 4.2, 0.0) == ("M = 4", "fitted −0.200 (−0.250 to −0.150)")
    assert readout(rates, 60.0, 0.0) == ("M = 64", "no rate can be fitted")
    assert len(sweep_scene(swept(np.ones((7, 3, 1)), many, powers=(None,) * 7)).panels) == 1


def test_every_line_is_told_apart_by_colour_marker_or_dash():
    many = Along("seed", "seed", np.arange(1.0, 20.0), tuple(map(str, range(1, 20))))
    scene = sweep_scene(swept(np.ones((19, 3, 1)), many))
    entries = [(entry.role, entry.dash) for entry in scene.legend]
    assert len(set(entries)) == len(entries) == MOST_LINES
    markers = of(scene, Points)
    assert all(one.ring != other.ring for one, other in pairwise(markers))
    assert "10 of 19 lines drawn" in scene.caption


def test_points_without_a_number_are_rings_that_say_why():
    values = [[[1.0], [np.nan], [np.nan]], [[2.0], [np.nan], [3.0]]]
    table = swept(
        values, LAYERS, ended=np.array([[1, 1, 0], [1, 0, 1]]), reasons={(0, 1): "RuntimeError: " + "x " * 60}
    )
    scene = sweep_scene(table)
    (ring,) = of(scene, Points, Role.CURSOR)
    assert (ring.ring, list(ring.x)) == (True, [1.0])  # nothing at the point that has not ended
    panel = scene.panel("sweep")
    assert panel.y.low < ring.y[0] < panel.y.high
    said = readout(panel, 1.0, float(ring.y[0]))
    assert said[0] == "α = 1, L = 4"
    assert any("RuntimeError" in line for line in said)
    assert max(map(len, said)) <= 64
    assert scene.legend[-1].text.startswith("rings")


def test_hover_and_click_mean_the_nearest_point():
    table = swept([[[1.0, 1.2], [0.5, 0.5], [0.1, 0.1]]], ended=np.array([[2, 2, 1]]))
    panel = sweep_scene(table).panel("sweep")
    assert curve_at(table, 1.05, 0.52) == (0, 1)
    assert curve_at(table, 3.0, 0.9) is None
    assert readout(panel, 0.1, 1.1)[1:3] == ("loss at the last step 1.10, runs 1.00 to 1.20", "2 runs")
    assert "1 of 2 runs done" in readout(panel, 10.0, 0.1)
    assert readout(panel, 3.0, 0.9) == ("α = 3.00", "loss at the last step 0.900")


def test_the_limits_own_error_stands_beside_an_output_error():
    own = np.array([[0.01, 0.02, 0.03]])
    scene = sweep_scene(swept([[[1.0], [0.5], [0.1]]], quantity="output_error", own=own))
    (line,) = of(scene, Line, Role.LIMIT)
    np.testing.assert_array_equal(line.y, own[0])
    assert scene.panel("sweep").y.low <= 0.01
    assert "the limit's own error 0.0200" in readout(scene.panel("sweep"), 1.0, 0.5)
    assert "limited" not in scene.caption
    own = np.array([[0.01, 0.26, np.nan]])
    scene = sweep_scene(swept([[[1.0], [0.5], [0.1]]], quantity="output_error", own=own))
    assert "1 limited by the reference, not fitted" in scene.caption
    assert "limited by the reference: not fitted" in readout(scene.panel("sweep"), 1.0, 0.5)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_nothing_yet_and_all_equal_can_be_drawn(quantity: str):
    for values in (np.full((2, 3, 1), np.nan), np.ones((2, 3, 1)), np.zeros((2, 3, 1))):
        table = swept(values, LAYERS, quantity, ended=np.ones((2, 3), int))
        for scene in (sweep_scene(table, message="soon"), sweep_map_scene(table, message="soon")):
            panel = scene.panel("sweep")
            assert panel.x.low < panel.x.high
            assert panel.y.low < panel.y.high
            assert readout(panel, 1.0, panel.y.low)
    assert empty_scene("press Run").panels[0].message == "press Run"


def test_a_heat_map_of_two_axes():
    table = swept([[[1.0], [10.0], [100.0]], [[1.0], [np.nan], [np.nan]]], LAYERS,
                  ended=np.array([[1, 1, 1], [1, 1, 0]]))  # fmt: skip
    scene = sweep_map_scene(table)
    (heat,) = of(scene, Heat)
    np.testing.assert_allclose(heat.x, 10.0 ** np.array([-1.5, -0.5, 0.5, 1.5]))
    np.testing.assert_allclose(heat.y, [2, 6, 10])
    np.testing.assert_allclose(heat.values, [[0, 1, 2], [0, np.nan, np.nan]])
    assert (heat.scale.low, heat.scale.high) == (0.0, 2.0)
    (ring,) = of(scene, Points)
    assert (list(ring.x), list(ring.y)) == ([1.0], [8.0])
    assert cell_at(table, 2.0, 9.0) == (1, 1)
    assert cell_at(table, 1e9, -5.0) == (0, 2)  # beside the map: its nearest cell
    assert readout(scene.panel("sweep"), 10.0, 4.0)[0] == "α = 10, L = 4"


def test_values_that_are_no_numbers_stand_side_by_side():
    words = Along("activation σ: 1 tanh, 2 relu", "σ", np.array([1.0, 2.0]), ("tanh", "relu"), numeric=False)
    axis = sweep_axis(words)
    assert (axis.low, axis.high, axis.scale) == (0.5, 2.5, "linear")
