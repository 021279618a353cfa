from dataclasses import replace

import numpy as np
import pytest
from scene.fake import FakeSeries
from scene.fake_depth import FakeDepth, FakeRows, FakeSurface

from resviz.scene.axes import Range, Ranges
from resviz.scene.depth import binned, depth_ranges, layer_at, layers_of, row_at, several
from resviz.scene.depth_map import KEYS, depth_map, with_maps
from resviz.scene.feature import feature_width, too_wide
from resviz.scene.grid import units_grid
from resviz.scene.model import Bars, Heat, Line
from resviz.scene.readout import readout
from resviz.scene.ridgeline import LINES, RIDGES, ridgeline
from resviz.scene.show import Show

SHOW = Show()


def heats(scene):
    return [next(m for m in panel.marks if isinstance(m, Heat)) for panel in scene.panels]


def test_maps_are_the_rows_histograms_the_limit_and_their_difference():
    series = FakeDepth()
    scene = depth_map(series, 50, SHOW)
    assert [panel.key for panel in scene.panels] == list(KEYS)
    finite, limit, difference = heats(scene)
    filled = series.filled(50)
    for row in (0, 17, 31):
        counts = np.histogram(filled.values[filled.row == row], finite.x)[0]
        np.testing.assert_allclose(finite.values[row] * 200 * np.diff(finite.x), counts, atol=1e-9)
    np.testing.assert_allclose(limit.values, filled.limit.heights(series.rows.depths, limit.x))
    np.testing.assert_allclose(difference.values, finite.values - limit.values)
    # one scale for the two densities, a symmetric one of three standard deviations for the difference
    assert finite.scale == limit.scale
    assert finite.scale.low == 0
    assert difference.scale.low == -difference.scale.high
    noise = np.sqrt(finite.scale.high / 200 / np.diff(finite.x)[0])
    assert 3 * noise <= difference.scale.high < 4.5 * noise
    assert (np.abs(difference.values) < difference.scale.high).mean() > 0.99
    assert [panel.bar for panel in scene.panels] == [heat.scale for heat in (finite, limit, difference)]
    assert "a row is 2 layers: 200 units" in scene.caption


def test_missing_rows_are_taken_from_their_neighbours_until_they_come():
    coarse = heats(depth_map(FakeDepth(stride=8), 50, SHOW))[0].values
    assert np.isfinite(coarse).all()
    np.testing.assert_array_equal(coarse[0], coarse[3])
    np.testing.assert_array_equal(coarse[7], coarse[8])
    assert (coarse[3] != coarse[8]).any()


def test_ranges_grow_and_never_shrink():
    before = Ranges()
    for newest in (-1, 0, 10):
        before = depth_ranges(FakeDepth(newest=newest), SHOW, before)
    x, y = before.get("depth x"), before.get("depth y")
    assert x.low <= -2.5
    assert x.high >= 4.5
    assert y.high >= 0.5
    assert depth_ranges(FakeDepth(deviation=2.0), SHOW, before).get("depth y").high == y.high


def test_pinned_layers_are_marked_and_found_again():
    scene = depth_map(FakeDepth(), 50, SHOW, pinned=(2, 40))
    for panel in scene.panels:
        marks = [m for m in panel.marks if isinstance(m, Line)]
        assert [layer_at(64, float(m.y[0])) for m in marks] == [2, 40]
    assert (layer_at(64, -0.1), layer_at(64, 0.999), layer_at(64, 1.0), layer_at(64, 0.5)) == (0, 63, 63, 32)


def test_missing_parts_are_said():
    assert depth_map(FakeDepth(newest=4), 5, SHOW).panels[0].message == "step 5 is not recorded yet"
    assert depth_map(FakeDepth(newest=-1), 0, SHOW).panels[0].message == "nothing recorded yet"
    waiting = depth_map(FakeDepth(newest=4), 5, SHOW, waiting="following the units")
    assert waiting.panels[2].message == "following the units"
    without = depth_map(FakeDepth(solved=False), 5, SHOW)
    assert [panel.message for panel in without.panels] == ["", *["the limit is not solved yet"] * 2]
    assert "only" not in without.caption
    lent = depth_map(FakeDepth(rows=replace(FakeRows(), whole=False)), 5, SHOW)
    assert "the first 100 units of a layer" in lent.caption


def test_the_mouse_reads_all_three():
    panel = depth_map(FakeDepth(), 50, SHOW).panel("depth limit")
    lines = readout(panel, 0.3, 0.52)
    assert lines[0] == "s = 0.520   layers 32\u201333"
    assert lines[1] == "p = 0.300"
    assert [line.split()[0] for line in lines[2:]] == ["finite", "limit", "difference"]
    assert float(lines[3].split()[1]) == pytest.approx(0.49, abs=0.02)


def test_rows_and_ridges_name_their_layers():
    assert (several(64, 64), several(64, 32), several(1000, 128)) == (
        "one layer",
        "2 layers",
        "7 to 8 layers",
    )
    rows = FakeRows(total=64, count=32)
    assert (row_at(rows, 0.0), row_at(rows, 1.0), row_at(rows, 0.5)) == (0, 31, 16)
    assert layers_of(rows, 3) == "layers 6\u20137"
    assert layers_of(rows, 3, 5) == "layers 6\u201311"


def test_units_beyond_the_axis_count_in_their_row():
    series = FakeDepth()
    narrow = binned(series.rows, series.filled(0), Range(-0.5, 0.5), 10)
    shares = narrow.finite.sum(axis=1) * narrow.bin_width
    assert shares.mean() == pytest.approx(0.468, abs=0.02)  # of N(0, 0.8^2) in +-0.5


@pytest.mark.parametrize("deviation", [0.1, 1.0])
def test_a_features_width_is_that_of_its_narrowest_peak(deviation):
    x = np.linspace(-8, 8, 4001)
    one = np.exp(-0.5 * (x / deviation) ** 2)
    assert feature_width(x, one) == pytest.approx(2.355 * deviation, rel=0.02)
    # two apart, of which one is a third as high and narrower; and a bump too small to matter
    two = np.exp(-0.5 * ((x - 3) / deviation) ** 2) + 0.33 * np.exp(-0.5 * ((x + 3) / 0.5 / deviation) ** 2)
    assert feature_width(x, two) == pytest.approx(2.355 * deviation * 0.5, rel=0.03)
    tiny = one + 0.9 * np.exp(-0.5 * ((x - 5) / (0.05 * deviation)) ** 2)
    assert feature_width(x, tiny) == pytest.approx(2.355 * deviation, rel=0.05)
    assert too_wide(1.2 * deviation, feature_width(x, one))
    assert not too_wide(1.1 * deviation, feature_width(x, one))


def test_bins_too_wide_are_said():
    assert "too wide" not in depth_map(FakeDepth(), 50, SHOW).caption
    assert "too wide" in depth_map(FakeDepth(), 50, replace(SHOW, bins=5)).caption
    assert "too wide" in ridgeline(FakeDepth(), 50, replace(SHOW, bins=5)).caption


@pytest.mark.parametrize("layers", [(3,), (1, 2), (1, 2, 3, 4), (2, 14, 26, 38, 50, 62)])
def test_maps_go_below_the_grid(layers):
    grid = units_grid(FakeSeries(layers=layers), 50, SHOW)
    both = with_maps(grid, depth_map(FakeDepth(), 50, SHOW))
    assert [panel.key for panel in both.panels] == [*(p.key for p in grid.panels), *KEYS]
    taken = np.zeros((len(both.row_heights), len(both.column_widths)), int)
    for panel in both.panels:
        r, c, h, w = panel.cell
        taken[r : r + h, c : c + w] += 1
    assert taken.max() == 1
    assert (taken[-1] == 1).all()


def test_ridges_stand_at_their_depth_and_hide_what_is_behind():
    series = FakeDepth()
    panel = ridgeline(series, 100, SHOW).panel("ridgeline")
    bars = [m for m in panel.marks if not isinstance(m, Line)]
    lines = [m for m in panel.marks if isinstance(m, Line)]
    fine = [m for m in lines if m.width == 1.0]
    lines = [m for m in lines if m.width > 1.0]
    assert len(bars) == len(lines) == RIDGES
    assert len(fine) == RIDGES - 1
    assert all(m.opaque for m in bars)
    bases = [m.base for m in bars]
    assert bases == sorted(bases, reverse=True)
    for bar, line in zip(bars, lines, strict=True):
        assert line.y.min() >= bar.base
        peak = line.x[np.argmax(line.y)]
        assert peak == pytest.approx(2 * bar.base, abs=0.05)  # the mean is k s / 50
        top = np.interp((bar.edges[1:] + bar.edges[:-1]) / 2, line.x, line.y, left=np.nan, right=np.nan)
        assert np.nanmean(np.abs(bar.base + bar.heights - top)) < 0.02
    assert panel.y.high > 1
    reading = readout(panel, 1.0, 0.51)
    assert reading[0] == "s = 0.438   layers 26\u201331"
    assert reading[2].startswith("finite")


def test_few_layers_make_few_ridges_of_the_same_height():
    few = ridgeline(FakeDepth(rows=FakeRows(6, 6)), 50, SHOW).panels[0]
    many = ridgeline(FakeDepth(), 50, SHOW).panels[0]
    lines = [[m for m in p.marks if isinstance(m, Line)] for p in (few, many)]
    # the limit is drawn between the layers too, so that a frame of few of them costs what one of many does
    bases = [m.y.min() for m in lines[0] if m.width > 1]
    assert bases == pytest.approx([5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0], abs=2e-3)
    assert (len(lines[0]), len(lines[1])) == (21, 19)
    assert sum(not isinstance(m, Line) for m in few.marks) == 6
    heights = [max(np.ptp(m.y) for m in found) for found in lines]
    assert heights[0] == pytest.approx(heights[1], rel=0.02)
    assert ridgeline(FakeDepth(newest=3), 4, SHOW).panels[0].message == "step 4 is not recorded yet"
    assert FakeSurface().heights(np.zeros(1), np.linspace(-1, 1, 3)).shape == (1, 2)


def test_a_ridgeline_of_a_thousand_layers_is_no_larger_than_one_of_a_few():
    few = ridgeline(FakeDepth(rows=FakeRows(6, 6)), 50, SHOW).panels[0].marks
    many = ridgeline(FakeDepth(rows=FakeRows(1000, 128)), 50, SHOW).panels[0].marks
    for kind, most in ((Bars, RIDGES), (Line, LINES)):
        for marks in (few, many):
            assert sum(isinstance(m, kind) for m in marks) <= most
    points = [sum(m.x.size for m in marks if isinstance(m, Line)) for marks in (few, many)]
    assert points[1] <= 1.1 * points[0] < 400 * LINES
