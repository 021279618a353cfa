"""SVG and PDF are vectors: text as text, nothing outside the axes, the same picture as the PNG."""

from __future__ import annotations

import re
import zlib

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

import resviz
from resviz.draw import strokes as strokes_module
from resviz.draw.output import pixels, write_pdf, write_svg
from resviz.draw.page import Page
from resviz.draw.picture import rgb
from resviz.export import VIEWS
from resviz.scene.model import (
    Axis,
    Band,
    Bars,
    Heat,
    LegendEntry,
    Line,
    Panel,
    Role,
    Rule,
    Scale,
    Scene,
    Span,
)
from resviz.scene.theme import DARK, LIGHT

WILD = np.linspace(-9, 9, 700)
WILD_SCENE = Scene(
    (
        Panel(
            "a",
            "more than fits",
            Axis(-1, 1, "p"),
            Axis(0, 1, "density"),
            (
                Bars(np.linspace(-3, 3, 40), 2.0 * np.random.default_rng(1).random(39)),
                Band(WILD, np.sin(7 * WILD) - 1, np.sin(7 * WILD) + 0.2, Role.LIMIT),
                Line(WILD, 2 * np.sin(9 * WILD), Role.TWIN),
                Line(WILD, WILD**2, Role.LIMIT, "dash"),
                Rule(7.0, Role.CURSOR),
                Span(-8, -0.8),
            ),
        ),
        Panel(
            "b",
            "decades",
            Axis(0, 10, "step k"),
            Axis(1e-2, 1e1, "loss", "log"),
            (Line(np.arange(12.0), 10.0 ** (6 - np.arange(12.0)), Role.SESSION),),
            (0, 1, 1, 1),
        ),
    ),
    column_widths=(1.0, 1.0),
)
PAGE = Page((600, 300), LIGHT)


def rasterised(path, page):
    renderer = QSvgRenderer(str(path))
    assert renderer.isValid()
    image = QImage(*page.size, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, *page.size))
    painter.end()
    return rgb(image)


def apart(one, other, block=6):
    """Largest difference of the pictures' means over blocks of pixels: glyphs and edges wander by a pixel."""
    height, width = (side // block * block for side in one.shape[:2])
    cut = [p[:height, :width].astype(float) for p in (one, other)]
    means = [p.reshape(height // block, block, width // block, block, 3).mean(axis=(1, 3)) for p in cut]
    return np.abs(means[0] - means[1]).max()


def contents(pdf):
    """The streams of a PDF file, unpacked."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, flags=re.S):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            found.append(stream)
    return found


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_an_svg_whose_data_exceed_the_axes_looks_like_its_png(qapp, tmp_path, theme):
    page = Page((600, 300), theme)
    write_svg(tmp_path / "p.svg", WILD_SCENE, page, title="", description="")
    assert apart(rasterised(tmp_path / "p.svg", page), pixels(WILD_SCENE, page)) < 40


def test_the_comparison_sees_what_is_not_clipped(qapp, tmp_path, monkeypatch):
    clipped = pixels(WILD_SCENE, PAGE)
    monkeypatch.setattr(strokes_module, "clipped", lambda mark, x, y: mark)
    write_svg(tmp_path / "p.svg", WILD_SCENE, PAGE, title="", description="")
    assert apart(rasterised(tmp_path / "p.svg", PAGE), clipped) > 100


MAPS = {"depth-map": 3, "fit": 1, "phase-diagram": 1}  # the atlas comes with the program


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_vectors_and_text_and_looks_like_its_png(recording, tmp_path, view):
    look = {"view": view, "size": (800, 500), "steps": 2}
    resviz.export(recording, tmp_path / "p.svg", **look)
    resviz.export(recording, tmp_path / "p.png", **look)
    text = (tmp_path / "p.svg").read_text("utf-8")
    assert text.count("<image ") == MAPS.get(view, 0)
    assert set(re.findall(r'font-family="([^"]+)"', text)) == {"DejaVu Sans, sans-serif"}
    assert len(re.findall(r"<text", text)) > 15
    picture = rgb(QImage(str(tmp_path / "p.png")))
    assert apart(rasterised(tmp_path / "p.svg", Page((800, 500), LIGHT)), picture) < 60


def test_a_map_in_a_pdf_is_opaque_whatever_was_painted_before(qapp, tmp_path):
    """Qt paints images with the opacity of the last brush: regions of the phase diagram faded its map."""
    heat = Heat(np.arange(4.0), np.arange(3.0), np.ones((2, 3)), Scale(0.0, 2.0))
    marks = (Span(0.5, 1.5), heat)
    panel = Panel("a", "map", Axis(0, 3, "x"), Axis(0, 2, "y"), marks)
    scene = Scene((panel,), legend=(LegendEntry("units", Role.FINITE, filled=True),))
    write_pdf(tmp_path / "p.pdf", scene, PAGE, title="t", creator="c", session="s")
    data = (tmp_path / "p.pdf").read_bytes()
    states = dict(re.findall(rb"(\d+) 0 obj\n<<\n/ca ([\d.]+)", data))
    assert float(min(states.values())) < 1  # the span and the legend are translucent
    (drawn,) = [stream for stream in contents(data) if b" Do\n" in stream]
    state = re.findall(rb"/(GSa|GState(\d+)) gs\n", drawn[: drawn.index(b" Do\n")])[-1]
    assert state[0] == b"GSa" or float(states[state[1]]) == 1


def test_a_pdf_holds_no_picture_and_its_own_font(qapp, tmp_path):
    write_pdf(tmp_path / "p.pdf", WILD_SCENE, PAGE, title="t", creator="c", session="s")
    data = (tmp_path / "p.pdf").read_bytes()
    assert b"/Subtype /Image" not in data
    assert b"DejaVuSans" in data
    drawn = b"".join(contents(data))
    # lines and text operators, and every point within the page
    assert re.search(rb"\d l\n", drawn)
    assert b"BT\n" in drawn
    points = np.array(re.findall(rb"(?<![\d.])(-?[\d.]+) (-?[\d.]+) [lm]\n", drawn), np.float64)
    assert len(points) > 100
    assert (points.min() >= -1) & (points[:, 0].max() <= 601) & (points[:, 1].max() <= 301)
