from dataclasses import replace

import numpy as np
import pytest
from scene.fake import TRAVEL, FakeSeries

from resviz.scene.axes import Ranges
from resviz.scene.grid import grid_ranges, grid_shape, units_grid
from resviz.scene.model import Band, Bars, Line, Role
from resviz.scene.show import Show

SHOW = Show()


@pytest.mark.parametrize("panels", range(1, 13))
def test_shape_fits(panels):
    rows, columns = grid_shape(panels)
    assert (rows - 1) * columns < panels <= rows * columns
    assert columns >= rows


def test_six_panels_are_two_by_three():
    assert grid_shape(6) == (2, 3)
    assert grid_shape(12) == (3, 4)


def test_a_panel_says_what_it_shows():
    scene = units_grid(FakeSeries(), 100, SHOW)
    panel = scene.panel("layer 2")
    assert panel.title == "layer 2   s = 0.03"
    assert panel.x.label == "p"
    assert panel.corner == ("W₁ 0.256", "KS 0.0838")
    assert panel.message == ""
    assert [panel.cell[:2] for panel in scene.panels] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    roles = [(type(mark), mark.role) for mark in panel.marks]
    assert roles == [(Bars, Role.FINITE), (Line, Role.START), (Band, Role.LIMIT), (Line, Role.LIMIT)]
    assert panel.marks[1].dash == "dash"
    assert "256 units a panel" in scene.caption
    assert "bins of 0.2" in scene.caption


def test_marks_are_the_series_values():
    series = FakeSeries()
    panel = units_grid(series, 60, SHOW).panel("layer 14")
    bars, start, band, limit = panel.marks
    values = series.finite(60, 1)
    counts = np.histogram(values, bars.edges)[0]
    np.testing.assert_allclose(bars.heights * np.diff(bars.edges) * values.size, counts)
    np.testing.assert_array_equal(limit.y, series.density(60, 1).pdf)
    np.testing.assert_array_equal(start.y, series.start(1).pdf)
    assert (band.low <= limit.y).all()
    assert (band.high >= limit.y).all()
    assert (band.low >= 0).all()


def test_locked_axes_and_bins_are_shared():
    scene = units_grid(FakeSeries(), 100, SHOW)
    assert len({(panel.x, panel.y) for panel in scene.panels}) == 1
    assert len({panel.marks[0].edges.tobytes() for panel in scene.panels}) == 1
    free = units_grid(FakeSeries(spread=6.0), 100, replace(SHOW, lock_axes=False))
    assert len({panel.x for panel in free.panels}) > 1


def test_ranges_hold_the_limit_and_never_shrink_while_a_run_goes_on():
    before = Ranges()
    for newest in (0, 10, 50, 100):
        series = FakeSeries(newest=newest)
        after = grid_ranges(series, SHOW, before)
        for g, layer in enumerate(series.layers):
            name = f"layer {layer} x"
            low, high = series.limit_range(g)
            assert after.get(name).low <= low
            assert after.get(name).high >= high
            for axis in ("x", "y"):
                old, new = before.get(f"layer {layer} {axis}"), after.get(f"layer {layer} {axis}")
                if old is not None and (axis == "x" or before.get(name) == after.get(name)):
                    assert new.low <= old.low
                    assert new.high >= old.high
        before = after
    earlier = units_grid(FakeSeries(), 3, SHOW, before)
    assert earlier.panels[0].x == units_grid(FakeSeries(), 100, SHOW, before).panels[0].x


def test_units_beyond_the_axis_are_counted():
    series = FakeSeries(layers=(2,), units=400)
    panel = units_grid(series, 100, SHOW).panels[0]
    values = series.finite(100, 0)
    narrow = replace(series, spread=0.1)
    ranges = grid_ranges(replace(narrow, observable=replace(series.observable)), SHOW)
    cut = units_grid(series, 100, SHOW, ranges).panels[0]
    assert cut.beyond == ((values < cut.x.low).sum(), (values > cut.x.high).sum())
    assert panel.beyond == ((values < panel.x.low).sum(), (values > panel.x.high).sum())


def test_bins_too_wide_for_a_density_are_said():
    assert "too wide" not in units_grid(FakeSeries(), 0, SHOW).caption
    assert "too wide" in units_grid(FakeSeries(), 0, replace(SHOW, bins=5)).caption


def test_without_a_limit_the_bars_fit():
    scene = units_grid(FakeSeries(solved=False, newest=0), 0, SHOW)
    assert all(panel.marks[0].heights.max() < 0.9 * panel.y.high for panel in scene.panels)


def test_missing_parts_are_said():
    no_limit = units_grid(FakeSeries(solved=False), 5, SHOW).panels[0]
    assert no_limit.message == "the limit is not solved yet"
    assert [type(mark) for mark in no_limit.marks] == [Bars]
    assert no_limit.corner == ()
    early = units_grid(FakeSeries(newest=4), 5, SHOW).panels[0]
    assert early.message == "step 5 is not recorded yet"
    assert early.marks == ()
    empty = units_grid(FakeSeries(newest=-1, solved=False), 0, SHOW).panels[0]
    assert empty.message == "nothing recorded yet"


def test_a_travel_that_has_not_begun_says_so():
    class Still(FakeSeries):
        def finite(self, k, g):
            return np.zeros(self.units)

        def density(self, k, g):
            return None

        def limit_range(self, g):
            return 0.0, 0.0

    panel = units_grid(Still(observable=TRAVEL), 0, SHOW).panels[0]
    assert grid_ranges(Still(observable=TRAVEL), SHOW) == Ranges()
    assert panel.message == "all units are at 0"


def test_a_depth_window_is_named():
    scene = units_grid(FakeSeries(layers=(34,), window=64, total=1000), 100, SHOW)
    assert scene.panels[0].title == "layers 2\u201365   s = 0.03"
    ends = FakeSeries(layers=(0, 999), window=64, total=1000)
    assert [panel.title.split("   ")[0] for panel in units_grid(ends, 1, SHOW).panels] == [
        "layers 0\u201363",
        "layers 936\u2013999",
    ]


def test_travel_starts_at_zero_and_asked_bins_are_used():
    panel = units_grid(FakeSeries(observable=TRAVEL), 100, replace(SHOW, bins=17)).panels[0]
    assert panel.x.low == 0
    assert len(panel.marks[0].heights) == 17


def test_units_that_are_not_finite_are_said():
    class Diverged(FakeSeries):
        def finite(self, k, g):
            values = super().finite(k, g)
            values[:3] = np.nan
            return values

    assert units_grid(Diverged(), 100, SHOW).panels[0].message == "3 of 256 units are not finite"


def test_a_distance_below_the_limits_own_error_is_no_verdict():
    panels = units_grid(FakeSeries(uncertain=(1,)), 100, SHOW).panels
    assert panels[0].corner == ("W₁ 0.256", "KS 0.0838")
    assert panels[1].corner == ("W₁ 0.256", "KS 0.0838", "limited by", "the reference")


def test_a_limit_without_a_net_is_drawn_alone():
    class NoNet(FakeSeries):
        def finite(self, k, g):
            return None

        def distance(self, k, g):
            return None

    panel = units_grid(NoNet(), 50, SHOW).panels[0]
    assert [type(mark) for mark in panel.marks] == [Line, Band, Line]
    assert panel.corner == ()
    assert panel.message == ""


class Shrinking(FakeSeries):
    """The backward preactivation: it gets narrow as the loss falls, on an axis that never shrinks."""

    def _at(self, k, g):
        return 0.0, 0.0, 0.9 / (1 + 0.15 * k)

    def limit_range(self, g):
        return -2.7, 2.7


def test_a_density_that_gets_narrow_stays_whole_and_keeps_a_shape():
    scene = units_grid(Shrinking(), 100, SHOW)
    assert "too wide" not in scene.caption
    for panel in scene.panels:
        bars, limit = panel.marks[0], panel.marks[-1]
        assert panel.x.low <= -2.7
        assert limit.y.max() < panel.y.high < 3 * limit.y.max()
        assert (bars.heights > 0).sum() >= 6
    # asked bins are left as they are, and a density that was narrow only once is cut
    assert len(units_grid(Shrinking(), 100, replace(SHOW, bins=12)).panels[0].marks[0].heights) == 12
    travel = FakeSeries(observable=TRAVEL)
    assert units_grid(travel, 1, SHOW).panels[0].y.high < travel.density(1, 0).pdf.max()
