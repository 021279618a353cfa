"""The views over the whole depth, clouds and paths, exported from a real, tiny run and opened again."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PySide6.QtGui import QImage

import resviz
from resviz.draw.picture import rgb
from resviz.errors import RequestError
from resviz.export import Options, whole
from resviz.export.sheet import view_frames
from resviz.scene.model import Axis, Heat
from resviz.transport import Cohort

VIEWS = ("ridgeline", "depth-map", "cloud", "paths")
SMALL = (400, 300)


def prepared(recording, view, **look):
    frames = view_frames(recording, Options(view=view, **look))
    list(frames.prepare())
    return frames


@pytest.mark.parametrize("view", VIEWS)
def test_a_still_is_the_films_frame(recording, tmp_path, view):
    resviz.export(recording, tmp_path / "all", view=view, size=SMALL)
    resviz.export(recording, tmp_path / "one.png", view=view, size=SMALL, steps=2)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "all" / "frame-000002.png").read_bytes()
    first, last = (rgb(QImage(str(tmp_path / "all" / f"frame-00000{k}.png"))) for k in (1, 5))
    assert first.shape == (300, 400, 3)
    assert np.abs(first.astype(int) - last).max() > 100  # something moved
    inner = first[40:-60, 60:-60]
    assert (inner != inner[0, 0]).any(axis=2).mean() > 0.01  # and something is drawn


@pytest.mark.parametrize("view", VIEWS)
def test_only_maps_are_images_in_svg_and_axes_never_move(recording, tmp_path, view):
    resviz.export(recording, tmp_path / "one.svg", view=view, size=SMALL, steps=4)
    text = (tmp_path / "one.svg").read_text("utf-8")
    assert len(re.findall("<image ", text)) == (3 if view == "depth-map" else 0)
    assert "step 4" in text
    frames = prepared(recording, view)
    axes = {tuple((p.x, p.y, p.bar) for p in frames.scene(step).panels) for step in (0, 3, 5)}
    assert len(axes) == 1
    assert all(isinstance(x, Axis) for panel in axes.pop() for x in panel[:2])


@pytest.mark.parametrize("view", VIEWS)
def test_every_frame_costs_the_same(recording, monkeypatch, view):
    monkeypatch.setattr(whole, "SAMPLED", 2)  # the first and the last step alone are there before
    frames = prepared(recording, view)
    pushes = []
    advance = Cohort.advance
    monkeypatch.setattr(Cohort, "advance", lambda self, seen: (pushes.extend(seen), advance(self, seen))[1])
    costs = []
    for step in range(6):
        pushes.clear()
        frames.scene(step)
        costs.append(len(pushes))
    # one push a cohort; paths need all steps for their last one
    assert costs[2] == costs[3] == costs[4]
    assert (costs[2] == 0) == (view == "paths")
    assert costs[5] == 0


@pytest.mark.parametrize("view", ["grid", "overview"])
def test_maps_stand_below_the_grid_as_in_the_window(recording, tmp_path, view):
    frames = prepared(recording, view, maps=True, layers=(1, 4))
    scene, later = frames.scene(2), frames.scene(5)
    assert {"layer 1", "layer 4", "depth finite", "depth limit", "depth difference"} <= {
        panel.key for panel in scene.panels
    }
    assert [(panel.x, panel.y) for panel in scene.panels] == [(panel.x, panel.y) for panel in later.panels]
    assert len({(p.x.low, p.x.high) for p in scene.panels if p.key.startswith(("layer", "depth"))}) == 1
    # the grid pools layers until 256 units are in a panel; a row of the maps is one layer
    heat = next(m for m in scene.panel("depth finite").marks if isinstance(m, Heat))
    assert heat.values.shape[0] == 6
    look = {"view": view, "size": SMALL, "maps": True, "layers": (1, 4)}
    resviz.export(recording, tmp_path / "all", **look)
    resviz.export(recording, tmp_path / "one.png", steps=2, **look)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "all" / "frame-000002.png").read_bytes()


def test_options_reach_the_picture(recording):
    bins = prepared(recording, "depth-map", bins=7, observable="u", coordinate=1).scene(3)
    heat = next(m for m in bins.panels[0].marks if isinstance(m, Heat))
    assert heat.values.shape == (6, 7)
    assert bins.panels[0].x.label == "u"
    pair = prepared(recording, "cloud", observable="u", coordinate=2).scene(3)
    assert (pair.panels[0].x.label, pair.panels[0].y.label) == ("u₂", "u₀")
    chosen = prepared(recording, "paths", second="travel_v", layers=(1,)).scene(3)
    assert (chosen.panels[0].x.label, chosen.panels[0].y.label) == ("p", "Δv")
    fields = prepared(recording, "cloud", observable="h", layers=(1, 2)).scene(3)
    assert len(fields.panels) == 2
    assert fields.panels[0].y.label == "b"


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ({"view": "depthmap"}, "nearest: depth-map"),
        ({"bins": 0}, "bins is 0"),
        ({"second": "weight"}, "'weight' is unknown"),
        ({"second": "h"}, "make no pairs"),
        ({"second_coordinate": -1}, "coordinate -1"),
        ({"view": "fit", "maps": True}, "view fit has no grid"),
    ],
)
def test_what_cannot_be_is_refused_by_name(recording, tmp_path, look, words):
    with pytest.raises(RequestError, match=re.escape(words)) as caught:
        resviz.export(recording, tmp_path / "a.png", size=SMALL, **look)
    assert caught.value.remedy
    assert not (tmp_path / "a.png").exists()
