"""Words, paper, ground, several recordings."""

from __future__ import annotations

import re

import av
import numpy as np
import pytest
from PySide6.QtGui import QImage

import resviz
from resviz.draw.picture import read_picture
from resviz.errors import RequestError
from resviz.export import Options
from resviz.export.sheet import Sheet, labels
from resviz.export.written import parse_size
from resviz.scene.model import Bars, Line, Role

GRID = {"view": "grid", "size": (320, 200)}


@pytest.fixture(scope="module")
def other(recording):
    """The same with four times the branch scale and fewer units."""
    return resviz.run(recording.session.with_values({"network.alpha": 4.0, "network.units": 16}))


def scene_of(*recordings, step=3, **look):
    sheet = Sheet(recordings, Options(**{"view": "grid", **look}))
    list(sheet.prepare())
    return sheet.scene(step)


def test_words_are_filled_in(recording):
    scene = scene_of(recording, title="{title} at {step} {x}", caption="")
    assert scene.title == "Tiny, für Tests at 3 {x}"
    assert scene.caption == ""
    assert "step 3" in scene_of(recording).caption


def test_paper_has_inches(recording, tmp_path):
    size = parse_size("90 x 60 mm", 300)
    assert size == (1063, 709)
    assert parse_size("3x2in", 100) == (300, 200)
    for end in ("png", "svg", "pdf"):
        resviz.export(recording, tmp_path / f"p.{end}", view="grid", size=size, dpi=300, steps=1)
    image = QImage(str(tmp_path / "p.png"))
    assert image.dotsPerMeterX() == round(300 / 0.0254)
    assert re.search(r'width="90\.\d*mm" height="60\.\d*mm"', (tmp_path / "p.svg").read_text())
    (box,) = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", (tmp_path / "p.pdf").read_bytes())
    assert [float(side) for side in box] == pytest.approx([90 / 25.4 * 72, 60 / 25.4 * 72], abs=0.3)


def test_type_follows_paper_and_font_scale(recording, tmp_path):
    assert Options(size=(1063, 709), dpi=300).drawn_scale == 300 / 96
    assert Options(size=(3840, 2160)).drawn_scale == 2
    sizes = {}
    for name, look in {"plain": {}, "large": {"font_scale": 2.0}}.items():
        resviz.export(recording, tmp_path / f"{name}.svg", view="grid", size=(640, 400), steps=1, **look)
        text = (tmp_path / f"{name}.svg").read_text()
        sizes[name] = {float(size) for size in re.findall(r'font-size="([\d.]+)"', text)}
    # 11, 12 and 13 times 0.75, and twice that, as whole pixels
    assert {8, 9, 10} <= sizes["plain"]
    assert {16, 18, 20} <= sizes["large"]
    assert not {8, 9, 10} & sizes["large"]


def test_a_picture_without_ground(recording, tmp_path):
    for theme in ("light", "dark"):
        resviz.export(recording, tmp_path / f"{theme}.png", transparent=True, theme=theme, steps=3, **GRID)
        picture = read_picture(tmp_path / f"{theme}.png")
        assert picture[0, 0, 3] == 0
        assert picture[..., 3].max() == 255
        # laid over the ground it would have had it looks the same, but for plates behind text
        resviz.export(recording, tmp_path / f"{theme} whole.png", theme=theme, steps=3, **GRID)
        whole = read_picture(tmp_path / f"{theme} whole.png").astype(float)
        alpha = picture[..., 3:] / 255
        over = picture[..., :3] * alpha + whole[0, 0, :3] * (1 - alpha)
        assert np.mean(np.abs(over - whole[..., :3]).max(axis=-1) > 12) < 0.02
    resviz.export(recording, tmp_path / "p.svg", transparent=True, steps=3, **GRID)
    resviz.export(recording, tmp_path / "q.svg", steps=3, **GRID)
    filled = [re.findall(r'<rect|fill="#ffffff"', (tmp_path / f"{n}.svg").read_text()) for n in "pq"]
    assert len(filled[0]) < len(filled[1])


def test_a_film_of_a_given_length(recording, tmp_path):
    resviz.export(recording, tmp_path / "f.mp4", fps=10, duration=1.2, **GRID)
    with av.open(str(tmp_path / "f.mp4")) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 10
    assert len(frames) == 12
    assert Options(fps=10, duration=1.2).spread_over_time([0, 1, 2, 3, 4, 5]) == [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5,
    ]  # fmt: skip
    assert Options(fps=1, duration=3).spread_over_time(list(range(101))) == [0, 50, 100]
    assert (
        np.abs(frames[0].astype(int) - frames[1]).mean() < np.abs(frames[0].astype(int) - frames[11]).mean()
    )


def test_beside_each_other_on_the_same_axes_and_bins(recording, other):
    scene = scene_of(recording, other)
    assert [panel.title[:3] for panel in scene.panels] == ["(a)"] * 6 + ["(b)"] * 6
    assert len({panel.key for panel in scene.panels}) == 12
    assert len({(panel.x, panel.y) for panel in scene.panels}) == 1
    edges = [mark.edges.tolist() for panel in scene.panels for mark in panel.marks if isinstance(mark, Bars)]
    assert all(one == edges[0] for one in edges)
    assert "(a) units = 32, alpha = 1.0   (b) units = 16, alpha = 4.0" in scene.caption
    columns = {panel.cell[1] for panel in scene.panels}
    assert columns == set(range(len(scene.column_widths)))


def test_overlaid_histograms_hold_the_same_units(recording, other):
    scene, alone = scene_of(recording, other, together="overlay"), scene_of(recording)
    assert [panel.key for panel in scene.panels] == [panel.key for panel in alone.panels]
    outlines = [
        [mark for mark in panel.marks if isinstance(mark, Line) and mark.role is Role.THIRD]
        for panel in scene.panels
    ]
    for lines, panel in zip(outlines, scene.panels, strict=True):
        steps, density = lines
        assert (steps.dash, density.dash) == ("solid", "dash")
        x = steps.x[1:-1].reshape(-1, 2)
        inside = np.sum(np.diff(x, axis=1)[:, 0] * steps.y[1:-1].reshape(-1, 2)[:, 0])
        assert inside == pytest.approx(1, abs=0.05)
        assert panel.x.low <= steps.x.min() < steps.x.max() <= panel.x.high
    assert [entry.text for entry in scene.legend][::3] == [
        "units = 32, alpha = 1.0",
        "units = 16, alpha = 4.0",
    ]


def test_overlaid_ridges_stand_where_their_layers_are(recording, other):
    """Their outlines once lay on the axis, all in one heap."""
    look = {"view": "ridgeline"}
    scene, alone = scene_of(recording, other, together="overlay", **look), scene_of(other, **look)
    outlines = [
        mark
        for mark in scene.panels[0].marks
        if isinstance(mark, Line) and mark.role is Role.THIRD and mark.dash == "solid"
    ]
    ridges = [mark for mark in alone.panels[0].marks if isinstance(mark, Bars) and mark.heights.any()]
    assert [line.y.min() for line in outlines] == pytest.approx([bars.base for bars in ridges])
    assert len({bars.base for bars in ridges}) == len(ridges) > 1


def test_overlaid_errors_and_fields_are_those_of_the_window(recording, other):
    look = {"together": "overlay"}
    errors = scene_of(recording, other, view="error", **look)
    assert [entry.text for entry in errors.legend][::3] == [
        "measured: net against limit: units = 32, alpha = 1.0",
        "units = 16, alpha = 4.0",
    ]
    added = [m for m in errors.panel("error").marks if isinstance(m, Line) and m.role is Role.THIRD]
    (own,) = [
        m
        for m in scene_of(other, view="error").panel("error").marks
        if isinstance(m, Line) and m.role is Role.SESSION
    ]
    assert [line.y.tolist() for line in added] == [own.y.tolist()]
    fields = scene_of(recording, other, view="fields", **look)
    dotted = [m for m in fields.panel("h").marks if isinstance(m, Line) and m.dash == "dot"]
    assert len(dotted) == 3
    panel = fields.panel("h")
    assert all(panel.y.low <= line.y.min() <= line.y.max() <= panel.y.high for line in dotted)
    assert fields.legend[-1].text == "units = 16, alpha = 4.0"
    with pytest.raises(RequestError, match="at most 5"):
        scene_of(*[recording] * 6, view="fields", **look)


def test_recordings_together_go_into_files(recording, other, tmp_path):
    resviz.export([recording, other], tmp_path / "f.gif", together="overlay", fps=5, **GRID)
    with av.open(str(tmp_path / "f.gif")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 6
    resviz.export([recording, other], tmp_path / "p.png", view="overview", size=(640, 360))
    assert read_picture(tmp_path / "p.png").shape == (360, 640, 4)
    with pytest.raises(RequestError, match="of one recording"):
        resviz.export([recording, other], tmp_path / "t.csv", data="loss")


def test_labels_say_what_differs():
    one = resviz.Session(title="A")
    assert labels([one, one.with_values({"title": "B"})]) == ["A", "B"]
    assert labels([one, one.with_values({"network.alpha": 2.0})]) == ["alpha = 1.0", "alpha = 2.0"]
    assert labels([one, one]) == ["A", "A"]


@pytest.mark.parametrize(
    ("out", "options", "said"),
    [
        ("f.mp4", {"transparent": True}, "cannot be transparent"),
        ("f.mp4", {"duration": -1.0}, "duration is -1"),
        ("f.png", {"duration": 1.0}, "it is of films"),
        ("f.mp4", {"loop": 2}, "only a gif"),
        ("f.mp4", {"quality": "bset"}, "quality 'bset' does not exist; nearest: best"),
        ("f.png", {"dpi": 5.0}, "dpi is 5; it is from 30 to 2400"),
        ("f.png", {"font_scale": 0.0}, "font_scale is 0"),
        ("f.png", {"bins": 0}, "bins is 0"),
        ("f.png", {"title": "a\nb"}, "title has several lines"),
        ("f.png", {"together": "under"}, "together 'under'"),
    ],
)
def test_finishes_that_cannot_be(recording, tmp_path, out, options, said):
    with pytest.raises(RequestError, match=said) as refusal:
        resviz.export(recording, tmp_path / out, **options)
    assert refusal.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "dpi", "said"), [("90x60mm", None, "length on paper"), ("10.5x20", None, "parts of pixels")]
)
def test_sizes_on_paper_need_dots(text, dpi, said):
    with pytest.raises(RequestError, match=said):
        parse_size(text, dpi)
