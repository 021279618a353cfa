from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from scene.fake import FakeSeries, fake_loss
from scene.fake_depth import FakeDepth, FakeRows

from resviz.draw import marks as marks_module
from resviz.draw import strokes as strokes_module
from resviz.draw import view as view_module
from resviz.draw.paint import layout_of, paint
from resviz.draw.picture import rgb
from resviz.draw.view import SceneView
from resviz.scene.axes import Ranges
from resviz.scene.grid import grid_ranges, units_grid
from resviz.scene.model import Axis, Line, Panel, Role, Scene
from resviz.scene.ridgeline import RIDGES, ridgeline
from resviz.scene.show import Show
from resviz.scene.theme import DARK, LIGHT
from resviz.scene.timeline import timeline

KNOWN = {}


class Recorded(FakeSeries):
    """Gives the same density whenever it is asked for one, as series of a recording do."""

    def density(self, k, g):
        return KNOWN.setdefault((k, g), super().density(k, g))


SERIES = Recorded()
RANGES: Ranges = grid_ranges(SERIES, Show())


def scene_at(step):
    return units_grid(SERIES, step, Show(), RANGES)


@pytest.fixture
def view(qtbot):
    made = SceneView(name="units")
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show_scene(scene_at(100))
    return made


def grabbed(view, ratio=1.0):
    image = QImage(view.size() * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    view.render(image)
    return rgb(image)


def centre(view, key):
    plot = view.geometry_of_panels.panel(key).plot
    return QPoint(round(plot.left + plot.width / 2), round(plot.top + plot.height / 2))


def test_a_new_step_repaints_marks_and_keeps_the_frame(view, monkeypatch):
    frames = []
    real = view_module.paint_static
    monkeypatch.setattr(view_module, "paint_static", lambda *a: (frames.append(a), real(*a)))
    first = grabbed(view)
    view.show_scene(scene_at(20))
    second = grabbed(view)
    assert len(frames) == 1
    plots = [panel.plot for panel in view.geometry_of_panels.panels]
    for plot in plots:
        area = np.s_[int(plot.top) : int(plot.bottom), int(plot.left) : int(plot.right)]
        assert (first[area] != second[area]).any()
    view.show_scene(units_grid(FakeSeries(layers=(1, 2)), 20, Show()))
    grabbed(view)
    assert len(frames) == 2


def test_marks_that_come_again_are_not_prepared_again(view, monkeypatch):
    made = []
    real = strokes_module.strokes_of
    monkeypatch.setattr(strokes_module, "strokes_of", lambda new, *a: (made.extend(new), real(new, *a))[1])
    first = grabbed(view)
    curves = [m for panel in view.scene.panels for m in panel.marks]
    assert [*map(id, made)] == [*map(id, curves)]
    made.clear()
    assert (grabbed(view) == first).all()  # a mere repaint
    assert not made
    view.show_scene(scene_at(20))
    second = grabbed(view)
    assert made
    assert not any(mark.role is Role.START for mark in made)  # the density at k = 0 stays as it is
    made.clear()
    view.set_theme(DARK)
    grabbed(view)
    assert len(made) == len(curves)
    view.set_theme(LIGHT)
    assert (grabbed(view) == second).all()
    assert (grabbed(view, 2.0)[::2, ::2] != second).any()  # prepared for a screen of twice as many pixels
    view.resize(500, 400)
    view.show_scene(scene_at(100))
    small = grabbed(view)
    fresh = SceneView(name="fresh")
    fresh.resize(500, 400)
    fresh.show_scene(scene_at(100))
    assert (grabbed(fresh) == small).all()


def test_panels_may_share_a_mark(qtbot):
    shared = Line(np.array([0.1, 0.9]), np.array([0.2, 0.8]), Role.CURSOR)

    def scene():
        return Scene(
            tuple(
                Panel(key, key, Axis(0, 1), Axis(0, 1), (shared,), (0, i, 1, 1)) for i, key in enumerate("ab")
            ),
            column_widths=(1.0, 1.0),
        )

    made = SceneView(name="twice")
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show_scene(scene())
    first = grabbed(made)
    made.show_scene(scene())
    assert (grabbed(made) == first).all()


@pytest.fixture
def calls(monkeypatch):
    """Every path that a view draws."""
    drawn = []

    class Counting(QPainter):
        def drawPath(self, path):
            drawn.append(path)
            super().drawPath(path)

    monkeypatch.setattr(view_module, "QPainter", Counting)
    return drawn


def test_panels_are_painted_together_with_one_call_a_look(view, calls):
    """Every call that draws lets go of the interpreter, and has to get it back from whoever computes."""
    grabbed(view)
    assert len(view.scene.panels) == 6
    assert len(calls) == 5  # bars, their outline, the density at k = 0, the band, the limit


def test_what_is_painted_together_looks_as_if_painted_in_turn(qapp, monkeypatch):
    """But for single pixels at the ends of outlines, which paths end differently."""

    def in_turn(painter, panels):
        for acts in panels:
            strokes_module.paint_in_turn(painter, acts)

    pictures = []
    for paint_panels in (strokes_module.paint_side_by_side, in_turn):
        monkeypatch.setattr(marks_module, "paint_side_by_side", paint_panels)
        image = QImage(700, 500, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        paint(painter, QRectF(0, 0, 700, 500), scene_at(100), LIGHT, screen=True)
        painter.end()
        pictures.append(rgb(image))
    assert (pictures[0] != pictures[1]).any(-1).sum() <= 4 * 6


def test_a_ridgeline_is_painted_with_as_many_calls_at_every_depth(qtbot, calls):
    """Three a ridge (area, outline, limit), and one for each run of fine lines between them."""
    made = SceneView(name="ridges")
    qtbot.addWidget(made)
    made.resize(700, 500)
    for rows in (FakeRows(64, 32), FakeRows(1000, 128)):
        calls.clear()
        made.show_scene(ridgeline(FakeDepth(rows=rows), 50, Show()))
        grabbed(made)
        assert 3 * RIDGES <= len(calls) <= 4 * RIDGES


@pytest.mark.parametrize("screen", [True, False])
@pytest.mark.parametrize("step", [30, 100])
def test_marks_prepared_together_are_as_each_alone(qapp, screen, step):
    """Histograms that the panel cuts, curves with gaps and of all lengths among them."""
    ridges = ridgeline(FakeDepth(), step, Show(bins=30)).panels[0]
    grid = scene_at(step).panels[1]
    gap = Line(np.arange(9.0) - 4, np.where(np.arange(9) % 4 == 3, np.nan, 0.3), Role.TWIN)
    for panel in (ridges, replace(ridges, x=Axis(-0.7, 1.1), y=Axis(0.2, 0.55)), grid):
        marks = [*panel.marks, gap]
        scene = Scene((replace(panel, marks=tuple(marks), cell=(0, 0, 1, 1)),))
        layout = layout_of(QRectF(0, 0, 700, 500), scene)
        device = strokes_module.Device(screen, screen, 1.0, 1.0, 0.0, 0.0)

        def points(chosen, layout=layout, device=device, first=marks[0]):
            place = layout.panels[0].geometry
            found = strokes_module.strokes_of(chosen, place, layout.sizes, LIGHT, device, first)
            return [
                [[(p.x(), p.y()) for p in polygon] for polygon in stroke.polygons]
                for strokes in found
                for stroke in strokes
            ]

        together = points(marks)
        assert together == [stroke for mark in marks for stroke in points([mark])]
        assert any(together)


def test_a_curve_of_a_long_run_keeps_its_peaks_in_a_few_points(qapp):
    steps = np.arange(40_000.0)
    loss = np.exp(-steps / 9000) * (1.0 + 0.01 * np.sin(steps))
    loss[12_345] = 7.0
    scene = timeline(loss, None, 40_000, 0)
    line = next(mark for mark in scene.panels[0].marks if isinstance(mark, Line))
    layout = layout_of(QRectF(0, 0, 800, 120), scene)
    device = strokes_module.Device(True, True, 1.0, 1.0, 0.0, 0.0)
    place = layout.panels[0].geometry

    def points(mark, on):
        ((stroke,),) = strokes_module.strokes_of([mark], place, layout.sizes, LIGHT, on, mark)
        return np.array([(p.x(), p.y()) for p in stroke.polygons[0]])

    thin, whole = points(line, device), points(line, device._replace(screen=False))
    assert len(whole) == 40_000  # files keep all
    assert len(thin) < 6 * place.plot.width
    assert (thin[0] == whole[0]).all()
    assert (thin[-1] == whole[-1]).all()
    assert thin[:, 1].min() == whole[:, 1].min()
    assert {*map(tuple, thin.tolist())} <= {*map(tuple, whole.tolist())}
    for left in np.arange(place.plot.left, place.plot.right):  # each pixel column is as high and as deep
        of = [p[(p[:, 0] >= left) & (p[:, 0] < left + 1), 1] for p in (thin, whole)]
        assert abs(of[0].min() - of[1].min()) < 1.0
        assert abs(of[0].max() - of[1].max()) < 1.0
    gap = Line(steps, np.where(steps == 20_000, np.nan, loss), Role.SESSION)
    assert len(points(gap, device)) > 10_000  # up to the gap, all of it


def test_the_theme_changes_the_ground(view):
    assert (grabbed(view)[0, 0] == LIGHT.colour(Role.GROUND)[:3]).all()
    view.set_theme(DARK)
    assert (grabbed(view)[0, 0] == DARK.colour(Role.GROUND)[:3]).all()


def test_a_drag_over_the_timeline_scrubs_and_is_held_at_its_ends(qtbot):
    view = SceneView()
    qtbot.addWidget(view)
    view.resize(800, 120)
    view.show_scene(timeline(fake_loss(), None, 100, 50))
    seen = []
    for signal in (view.pressed, view.dragged, view.released):
        signal.connect(lambda key, x, y: seen.append((key, x)))
    plot = view.geometry_of_panels.panel("timeline").plot
    start = QPoint(round(plot.left + plot.width / 4), round(plot.top + 10))
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, QPoint(799, 119))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert [key for key, _ in seen] == ["timeline"] * 3
    assert [x for _, x in seen] == pytest.approx([25, 100, 0], abs=0.2)
    qtbot.mouseMove(view, start)
    assert len(seen) == 3


def test_hover_reads_values_and_leaving_clears_them(view, qtbot):
    view.show()
    qtbot.waitExposed(view)
    before = grabbed(view)
    seen = []
    view.hovered.connect(lambda key, x, y: seen.append((key, x, y)))
    qtbot.mouseMove(view, centre(view, "layer 14"))
    assert seen[-1][0] == "layer 14"
    assert abs(seen[-1][1]) < 0.1
    assert (grabbed(view) != before).any()
    view.leaveEvent(QEvent(QEvent.Type.Leave))
    assert (grabbed(view) == before).all()


def test_double_click_names_the_panel(view, qtbot):
    with qtbot.waitSignal(view.double_clicked) as caught:
        qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=centre(view, "layer 62"))
    assert caught.args == ["layer 62"]
    assert [panel.key for panel in view.seen.panels] == ["layer 62"]  # it has the whole view
    view.enlarge("")
    assert view.panel_at(QPointF(centre(view, "layer 2"))) == "layer 2"
    assert view.panel_at(QPointF(0, 0)) is None


def test_assistive_tools_hear_the_panels(view):
    assert view.accessibleName() == "units"
    assert "layer 14" in view.accessibleDescription()


def test_hints_grow_with_the_grid(view):
    small = SceneView()
    small.deleteLater()
    assert view.sizeHint().width() > small.sizeHint().width()
    assert view.minimumSizeHint().height() > small.minimumSizeHint().height()
