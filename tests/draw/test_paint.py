import re

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from scene.fake import TRAVEL, FakeSeries, fake_loss

from resviz.draw.paint import paint
from resviz.draw.picture import natural_scale, picture, rgb
from resviz.errors import RequestError
from resviz.scene.contrast import Losses, contrast
from resviz.scene.grid import units_grid
from resviz.scene.model import Axis, Band, Bars, Line, Panel, Role, Rule, Scene, Span, Words
from resviz.scene.show import Show
from resviz.scene.theme import DARK, LIGHT, THEMES

SIZE = (640, 480)


@pytest.fixture(autouse=True)
def application(qapp):
    return qapp


def painted(scene, theme=LIGHT, size=SIZE, scale=1.0, screen=False):
    image = QImage(*size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    geometry = paint(painter, QRectF(0, 0, *size), scene, theme, scale=scale, screen=screen)
    painter.end()
    return rgb(image), geometry


def near(pixels, colour, tolerance=12):
    return (np.abs(pixels.astype(int) - np.array(colour[:3])) <= tolerance).all(-1)


def one_panel(*marks, x=None, y=None, **options):
    return Scene((Panel("a", "title", x or Axis(-1, 1, "p"), y or Axis(0, 1), marks, **options),))


def inside(pixels, plot):
    return pixels[int(plot.top) + 2 : int(plot.bottom) - 1, int(plot.left) + 2 : int(plot.right) - 1]


WILD = np.linspace(-4, 4, 300)


@pytest.mark.parametrize("screen", [True, False])
@pytest.mark.parametrize(
    "mark",
    [
        Bars(np.linspace(-3, 3, 30), np.full(29, 5.0)),
        Line(WILD, 1.5 * np.sin(9 * WILD), Role.LIMIT),
        Line(WILD, 3 * WILD, Role.TWIN, "dash"),
        Band(WILD, WILD - 3, WILD + 3, Role.LIMIT),
        Rule(0.3, Role.CURSOR),
        Rule(5.0, Role.CURSOR, across="y"),
        Span(-9, 9),
    ],
    ids=lambda mark: type(mark).__name__,
)
def test_nothing_is_painted_outside_the_plot(mark, screen):
    bare, geometry = painted(one_panel())
    pixels, _ = painted(one_panel(mark), screen=screen)
    plot = geometry.panel("a").plot
    changed = (bare != pixels).any(-1)
    rows, columns = np.nonzero(changed)
    if isinstance(mark, Rule) and mark.at > 1:
        assert not changed.any()
        return
    assert changed.any()
    # a pen's width and rounding may reach two pixels past the border
    assert rows.min() >= plot.top - 2
    assert rows.max() <= plot.bottom + 2
    assert columns.min() >= plot.left - 2
    assert columns.max() <= plot.right + 2


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_roles_have_their_colours_inside_the_plot(theme):
    scene = one_panel(Bars(np.array([-0.5, 0.5]), np.array([0.5])), Line(WILD, WILD * 0 + 0.8, Role.LIMIT))
    pixels, geometry = painted(scene, theme)
    plot = inside(pixels, geometry.panel("a").plot)
    assert near(plot, theme.flat_fill(Role.FINITE)).mean() > 0.2
    assert near(plot, theme.colour(Role.LIMIT)).sum() >= plot.shape[1]
    assert near(pixels[0], theme.colour(Role.GROUND), 0).all()


def test_bars_have_no_seams_and_sharp_edges():
    """Equal bars of a width that is no whole number of pixels fill their area with one colour."""
    heights = np.full(37, 0.6)
    pixels, geometry = painted(one_panel(Bars(np.linspace(-1, 1, 38), heights)))
    plot = geometry.panel("a").plot
    row = pixels[int(plot.bottom - 0.3 * plot.height), int(plot.left) + 2 : int(plot.right) - 2]
    assert len(np.unique(row, axis=0)) == 1
    column = pixels[int(plot.top) + 2 : int(plot.bottom) - 1, int(plot.left + plot.width / 2)]
    # ground, grid line, outline, fill: antialiased edges would add shades
    assert len(np.unique(column, axis=0)) <= 4


def test_corner_numbers_stay_readable_over_full_bars():
    full = Bars(np.linspace(-1, 1, 20), np.full(19, 2.0))
    pixels, geometry = painted(one_panel(full, corner=("W₁ 0.256", "KS 0.0838")))
    plot = geometry.panel("a").plot
    corner = pixels[int(plot.top) + 4 : int(plot.top) + 26, int(plot.right) - 60 : int(plot.right) - 4]
    ground = np.array(LIGHT.colour(Role.GROUND)[:3])
    fill = np.array(LIGHT.flat_fill(Role.FINITE)[:3])
    plate = 0.82 * ground + 0.18 * fill
    assert near(corner, (*plate, 255), 8).mean() > 0.4
    assert near(corner, LIGHT.colour(Role.TEXT), 40).sum() > 20


def test_units_beyond_and_messages_are_written():
    empty, _ = painted(one_panel())
    for options in ({"beyond": (3, 0)}, {"beyond": (0, 12)}, {"message": "the limit is not solved yet"}):
        pixels, _ = painted(one_panel(**options))
        assert (pixels != empty).any(), options


def test_lines_of_words_stand_close_in_any_size():
    """A region's name of two lines is one block, not two places of the panel."""
    for size in (SIZE, (3 * SIZE[0], 3 * SIZE[1])):
        heights = []
        for text in ("name", "name\nname"):
            pixels, geometry = painted(one_panel(Words(0.0, 0.5, text)), size=size)
            plot = geometry.panel("a").plot
            dark = inside(pixels, plot).min(axis=-1) < 120
            rows = np.flatnonzero(dark.any(axis=1))
            heights.append(rows[-1] - rows[0])
        assert 1.8 < (heights[1] + 1) / (heights[0] + 1) < 3.2


def test_svg_keeps_text_as_text_and_stays_inside_the_axes():
    held = QBuffer()
    held.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(held)
    generator.setSize(QSize(*SIZE))
    generator.setViewBox(QRectF(0, 0, *SIZE))
    painter = QPainter(generator)
    scene = one_panel(Line(WILD, 1.5 * np.sin(9 * WILD), Role.LIMIT), corner=("KS 0.0838",))
    geometry = paint(painter, QRectF(0, 0, *SIZE), scene, LIGHT)
    painter.end()
    text = bytes(held.data().data()).decode()
    for words in (">title</text>", ">KS 0.0838</text>", ">p</text>", 'font-family="DejaVu Sans"'):
        assert words in text
    plot = geometry.panel("a").plot
    curve = re.findall(r'<g [^>]*stroke="#111111"[^>]*>(.*?)</g>', text, re.DOTALL)
    lines = re.findall(r'<polyline[^>]*points="([^"]*)"', "".join(curve))
    assert lines
    points = np.array([pair.split(",") for line in lines for pair in line.split()], float)
    assert (points[:, 0] >= plot.left - 0.01).all()
    assert (points[:, 0] <= plot.right + 0.01).all()
    assert (points[:, 1] >= plot.top - 0.01).all()
    assert (points[:, 1] <= plot.bottom + 0.01).all()


def test_a_larger_scale_enlarges_type_and_lines_in_proportion():
    scene = units_grid(FakeSeries(), 100, Show())
    _, small = painted(scene, size=(800, 500))
    _, large = painted(scene, size=(1600, 1000), scale=2.0)
    for one, other in zip(small.panels, large.panels, strict=True):
        np.testing.assert_allclose(2 * np.array(one.plot), other.plot, atol=4)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_screen_and_file_agree_but_for_pens(theme):
    scene = units_grid(FakeSeries(), 100, Show())
    on_screen, geometry = painted(scene, theme, screen=True)
    in_file, other = painted(scene, theme)
    assert geometry == other
    assert (on_screen == in_file).all(-1).mean() > 0.93


def test_every_scene_paints_at_any_moment_of_a_run():
    travel = FakeSeries(observable=TRAVEL, newest=-1, solved=False)
    for scene in (
        units_grid(FakeSeries(newest=-1, solved=False), 0, Show()),
        units_grid(FakeSeries(solved=False), 0, Show()),
        contrast(travel, None, None, Losses(), step=0, steps=10),
        contrast(None, None, None, Losses(fake_loss(1)), step=0, steps=10),
        Scene(panels=()),
    ):
        image = picture(scene, (320, 240))
        assert (image.width(), image.height()) == (320, 240)


def test_rgb_is_the_image_also_with_padded_rows():
    image = QImage(5, 3, QImage.Format.Format_RGB32)
    image.fill(0xFF102030)
    pixels = rgb(image)
    assert pixels.shape == (3, 5, 3)
    assert pixels.flags.c_contiguous
    assert (pixels == [0x10, 0x20, 0x30]).all()


def test_sizes_that_cannot_be_drawn_are_refused():
    with pytest.raises(RequestError, match="8x600"):
        picture(Scene(()), (8, 600))
    assert natural_scale((3200, 2000)) == 2
    assert natural_scale((100, 100)) == 0.9
