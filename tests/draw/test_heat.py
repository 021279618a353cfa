import re

import numpy as np
import pytest
from draw.test_paint import inside, near, one_panel, painted
from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSize
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator

from resviz.draw.paint import paint
from resviz.scene.clip import clipped
from resviz.scene.model import Axis, Bars, Heat, Line, Points, Role, Scale
from resviz.scene.ramp import colours, shade_colour
from resviz.scene.theme import LIGHT

SCALE = Scale(0.0, 3.0)
CELLS = np.array([[0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, np.nan]])
HEAT = Heat(np.linspace(-1, 1, 5), np.array([0.0, 0.5, 1.0]), CELLS, SCALE)


@pytest.fixture(autouse=True)
def application(qapp):
    return qapp


def test_every_cell_has_its_colour_up_to_its_edges():
    pixels, geometry = painted(one_panel(HEAT))
    at = geometry.panel("a")
    ramp = colours("sequential", LIGHT)
    for row, y in enumerate((0.03, 0.97)):
        for column, x in enumerate((-0.98, -0.03, 0.03, 0.98)):
            across, down = at.to_pixel(x, y)
            got = pixels[int(down), int(across)]
            value = CELLS[row, column]
            if np.isnan(value):
                assert near(got, LIGHT.colour(Role.GROUND), 30)
            else:
                assert (got == ramp[min(255, int(value / 3 * 256))]).all()
    shown = np.unique(inside(pixels, at.plot).reshape(-1, 3), axis=0)
    assert len(shown) <= 4 + 3  # four values, ground, grid: no blended cells


def test_a_cut_map_shows_the_same_cells():
    x, y = Axis(-0.75, 0.25), Axis(0.25, 1.0)
    cut = clipped(HEAT, x, y)
    assert cut.x.tolist() == [-0.75, -0.5, 0.0, 0.25]
    assert cut.y.tolist() == [0.25, 0.5, 1.0]
    np.testing.assert_array_equal(cut.values, CELLS[:, :3])
    assert clipped(HEAT, Axis(2, 3), y) is None
    assert clipped(HEAT, Axis(-1, 1), Axis(0, 1)) is HEAT
    pixels, geometry = painted(one_panel(HEAT, x=x, y=y))
    down, across = (int(v) for v in reversed(geometry.panel("a").to_pixel(0.2, 0.3)))
    assert (pixels[down, across] == colours("sequential", LIGHT)[int(2 / 3 * 256)]).all()


def test_values_beyond_the_scale_take_its_ends():
    wild = Heat(np.array([-1.0, 0.0, 1.0]), np.array([0.0, 1.0]), np.array([[-9.0, 99.0]]), SCALE)
    pixels, geometry = painted(one_panel(wild))
    plot = inside(pixels, geometry.panel("a").plot)
    ramp = colours("sequential", LIGHT)
    assert near(plot, ramp[0], 0).mean() > 0.45
    assert near(plot, ramp[-1], 0).mean() > 0.45


def test_a_bar_takes_room_of_its_own_panel_and_shows_the_ramp():
    _, without = painted(one_panel(HEAT))
    pixels, beside = painted(one_panel(HEAT, bar=SCALE))
    wide, narrow = without.panel("a").plot, beside.panel("a").plot
    assert (narrow.left, narrow.top, narrow.height) == (wide.left, wide.top, wide.height)
    assert narrow.width < wide.width - 20
    strip = pixels[int(narrow.top) + 2 : int(narrow.bottom) - 2, int(narrow.right) + 12]
    ramp = colours("sequential", LIGHT).astype(int)
    assert np.abs(strip[0].astype(int) - ramp[-1]).max() < 12
    assert np.abs(strip[-1].astype(int) - ramp[0]).max() < 12


def test_points_are_discs_within_the_plot_and_rings_are_hollow():
    x, y = np.array([-0.5, 0.5, 7.0]), np.array([0.5, 0.5, 0.5])
    pixels, geometry = painted(one_panel(Points(x, y, Role.TWIN, 12.0)))
    at = geometry.panel("a")
    across, down = at.to_pixel(-0.5, 0.5)
    faint = near(pixels[int(down), int(across)], LIGHT.colour(Role.TWIN), 80)
    assert faint
    ring, _ = painted(one_panel(Points(x, y, Role.TWIN, 12.0, ring=True)))
    assert near(ring[int(down) + 1, int(across)], LIGHT.colour(Role.GROUND), 30)
    assert near(ring, LIGHT.colour(Role.TWIN), 60).sum() > 20
    assert clipped(Points(x + 9, y, Role.TWIN), at.x, at.y) is None
    assert len(clipped(Points(x, y, Role.TWIN), at.x, at.y).x) == 2


def test_shades_colour_lines_by_depth():
    line = Line(np.array([-1.0, 1.0]), np.array([0.5, 0.5]), Role.FINITE, width=4.0, shade=0.3)
    pixels, _ = painted(one_panel(line))
    assert near(pixels, shade_colour(0.3, LIGHT), 10).sum() > 300


def test_opaque_bars_stand_on_their_base():
    back = Bars(np.array([-1.0, 1.0]), np.array([0.9]), Role.TWIN)
    front = Bars(np.array([-1.0, 1.0]), np.array([0.2]), base=0.4, opaque=True)
    pixels, geometry = painted(one_panel(back, front))
    at = geometry.panel("a")
    for y, colour in ((0.2, Role.TWIN), (0.5, Role.FINITE), (0.7, Role.TWIN)):
        across, down = at.to_pixel(0.31, y)
        assert near(pixels[int(down), int(across)], LIGHT.flat_fill(colour), 3), y
    cut = clipped(front, at.x, Axis(0.45, 0.5))
    assert (cut.base, cut.base + cut.heights[0]) == (0.45, 0.5)


def test_only_the_map_is_an_image_in_svg():
    held = QBuffer()
    held.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(held)
    generator.setSize(QSize(640, 480))
    painter = QPainter(generator)
    marks = (HEAT, Points(np.linspace(-1, 1, 9), np.full(9, 0.5), Role.FINITE))
    paint(painter, QRectF(0, 0, 640, 480), one_panel(*marks, bar=SCALE), LIGHT)
    painter.end()
    text = bytes(held.data().data()).decode()
    assert text.count("<image") == 1
    assert len(re.findall(r"<(circle|ellipse|path)", text)) >= 9
    assert ">3</text>" in text  # the bar's ticks
