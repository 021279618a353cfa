from itertools import combinations

import numpy as np
import pytest
from scene.fake import TRAVEL, FakeSeries, fake_loss

from resviz.draw.geometry import Geometry, PanelGeometry, Rect
from resviz.draw.layout import elided, lay_out, wrapped
from resviz.scene.contrast import Losses, contrast
from resviz.scene.fit import fit_scene
from resviz.scene.grid import units_grid
from resviz.scene.model import Axis, LegendEntry, Panel, Role, Scene
from resviz.scene.overview import overview
from resviz.scene.show import Show
from resviz.scene.timeline import timeline


def measure(text, size, bold):
    """Every letter is 0.6 em wide: layout needs no font."""
    return 0.6 * size * len(text), 1.2 * size


def whole(layers=(2, 14, 26, 38, 50, 62)):
    side = contrast(FakeSeries(observable=TRAVEL), None, None, Losses(fake_loss()), step=50, steps=100)
    grid = units_grid(FakeSeries(layers=layers), 50, Show())
    return overview(grid, side, timeline(fake_loss(), None, 100, 50))


def overlap(a, b):
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return width > 0.01 and height > 0.01


def texts_of(panel):
    """Every static text of a placed panel with its rectangle."""
    geometry, sizes = panel.geometry, 11
    for x, label in zip(panel.x_ticks.values, panel.x_ticks.labels, strict=True):
        width, height = measure(label, sizes, False)
        at = geometry.to_pixel(x, geometry.y.low)
        yield label, Rect(at[0] - width / 2, at[1] + 7, width, height)
    for y, label in zip(panel.y_ticks.values, panel.y_ticks.labels, strict=True):
        width, height = measure(label, sizes, False)
        at = geometry.to_pixel(geometry.x.low, y)
        yield label, Rect(at[0] - 8 - width, at[1] - height / 2, width, height)
    if panel.title:
        yield panel.title, panel.title_rect
    for rect in (panel.x_label_rect, panel.y_label_rect):
        if rect is not None:
            yield "label", rect


@pytest.mark.parametrize("size", [(1280, 720), (1600, 1000), (2560, 1440)])
@pytest.mark.parametrize("layers", [(3,), (2, 14, 26, 38, 50, 62), tuple(range(0, 60, 5))])
def test_nothing_overlaps_and_nothing_leaves_the_figure(size, layers):
    layout = lay_out(Rect(0, 0, *size), whole(layers), 1.0, measure)
    everything = [(panel.geometry.key, panel.geometry.plot) for panel in layout.panels]
    everything += [item for panel in layout.panels for item in texts_of(panel)]
    everything += [(entry.text, rect) for entry, rect in layout.legend]
    everything.append(("caption", layout.caption_rect))
    for (one, a), (other, b) in combinations(everything, 2):
        assert not overlap(a, b), (one, a, other, b)
    for name, rect in everything:
        assert rect.left >= 0, name
        assert rect.top >= 0, name
        assert rect.right <= size[0], name
        assert rect.bottom <= size[1], name


def test_plots_of_a_row_and_column_are_aligned_and_equal():
    layout = lay_out(Rect(0, 0, 1200, 800), units_grid(FakeSeries(), 100, Show()), 1.0, measure)
    plots = np.array([panel.geometry.plot for panel in layout.panels]).reshape(2, 3, 4)
    assert (plots[0, :, 1] == plots[0, 0, 1]).all()
    assert (plots[:, 1, 0] == plots[0, 1, 0]).all()
    assert np.ptp(plots[..., 2]) <= 1
    assert np.ptp(plots[..., 3]) <= 1


def test_a_label_is_set_once_a_column_and_row():
    layout = lay_out(Rect(0, 0, 1200, 800), units_grid(FakeSeries(), 100, Show()), 1.0, measure)
    assert [panel.x_label_rect is not None for panel in layout.panels] == [False] * 3 + [True] * 3
    assert [panel.y_label_rect is not None for panel in layout.panels] == [True, False, False] * 2


def test_the_legend_wraps_and_goes_below_a_long_title():
    entries = tuple(LegendEntry(f"entry number {i}", Role.LIMIT) for i in range(6))
    panel = Panel("a", "", Axis(0, 1), Axis(0, 1), ())
    layout = lay_out(Rect(0, 0, 420, 400), Scene((panel,), legend=entries, title="A title"), 1.0, measure)
    rects = [rect for _, rect in layout.legend]
    assert len({rect.top for rect in rects}) > 1
    assert all(rect.top >= layout.title_rect.bottom for rect in rects)
    assert all(rect.left >= 0 for rect in rects)
    assert max(rect.bottom for rect in rects) <= layout.panels[0].geometry.plot.top


@pytest.mark.parametrize("y", [Axis(0, 4), Axis(0.01, 10, scale="log")])
def test_pixels_and_data_are_inverse(y):
    panel = PanelGeometry("a", Rect(50, 20, 200, 100), Axis(-2, 3), y)
    for point in ((-2, y.low), (0.5, 1.0), (3, y.high)):
        assert panel.to_data(*panel.to_pixel(*point)) == pytest.approx(point)
    assert panel.to_data(-999, 999) == pytest.approx((-2, y.low))
    assert panel.to_data(999, -999) == pytest.approx((3, y.high))
    geometry = Geometry((panel,))
    assert geometry.at(60, 30) is panel
    assert geometry.at(10, 30) is None
    with pytest.raises(KeyError):
        geometry.panel("b")


def test_texts_too_long_are_shortened_or_broken():
    assert elided("abcdefghij", 36, 10, measure) == "abcde…"
    assert elided("abc", 36, 10, measure) == "abc"
    assert wrapped("one two three", 42, 10, measure) == ("one two", "three")


def test_a_tiny_figure_still_lays_out():
    layout = lay_out(Rect(0, 0, 40, 30), whole(), 1.0, measure)
    assert all(panel.geometry.plot.width >= 1 for panel in layout.panels)


def test_plots_over_one_axis_end_together_beside_a_colour_bar():
    layout = lay_out(Rect(0, 0, 900, 600), fit_scene(None, step=3, steps=100), 1.0, measure)
    map_, profile = (panel.geometry.plot for panel in layout.panels)
    assert (map_.left, map_.width) == (profile.left, profile.width)
    assert layout.panels[0].bar.rect.right < 900


@pytest.mark.parametrize(("height", "labelled"), [(900, True), (230, False)])
def test_a_label_longer_than_its_cell_is_left_out(height, labelled):
    side = contrast(FakeSeries(observable=TRAVEL), None, None, Losses(fake_loss()), step=50, steps=100)
    layout = lay_out(Rect(0, 0, 420, height), side, 1.0, measure)
    travel = next(one for one in layout.panels if one.geometry.key == "travel")
    assert (travel.y_label_rect is not None) is labelled
