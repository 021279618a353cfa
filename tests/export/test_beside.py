"""Fields, fit, error and phase diagram as files: what the window draws, at any step."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage

import resviz
from resviz.errors import RequestError
from resviz.export.options import Options
from resviz.export.sheet import view_frames
from resviz.files import user_folder
from resviz.observe.atlas import Atlas, AtlasPlan, keep_atlas
from resviz.recording import record
from resviz.scene.model import Heat, Line, Points, Rule

VIEWS = {
    "fields": {"h", "b", "apart"},
    "fit": {"fit", "profile"},
    "error": {"error"},
    "phase-diagram": {"phase"},
}


def scene(recording, view, step, **options):
    frames = view_frames(recording, Options(view=view, **options))
    list(frames.prepare())
    return frames.scene(step)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_drawn_into_a_picture(recording, tmp_path, view):
    out = tmp_path / f"{view}.png"
    resviz.export(recording, out, view=view, size=(800, 500), steps=3)
    image = QImage(str(out))
    assert (image.width(), image.height()) == (800, 500)
    drawn = scene(recording, view, 3)
    assert {panel.key for panel in drawn.panels} == VIEWS[view]
    assert not any(panel.message for panel in drawn.panels)


def test_axes_of_the_fields_do_not_depend_on_the_step(recording):
    one, other = (scene(recording, "fields", step).panel("h") for step in (0, 5))
    assert (one.y.low, one.y.high) == (other.y.low, other.y.high)
    line = next(mark for mark in other.marks if isinstance(mark, Line))
    np.testing.assert_allclose(line.y, recording.fields(5).h[:, 0, 0], rtol=1e-6)


def test_the_cursor_stands_at_the_step(recording):
    for view, key in (("fit", "fit"), ("error", "error")):
        rules = [m for m in scene(recording, view, 2).panel(key).marks if isinstance(m, Rule)]
        assert [rule.at for rule in rules if rule.across == "x"] == [2.0]


def test_the_phase_diagram_takes_its_colours_from_what_comes_along_and_the_kept_atlas(recording):
    drawn = scene(recording, "phase-diagram", 0).panel("phase")
    (heat,) = (mark for mark in drawn.marks if isinstance(mark, Heat))
    plan = AtlasPlan()
    assert heat.values.shape == (len(plan.ratios), len(plan.alphas))
    full = np.ones((len(plan.finer().ratios), len(plan.alphas)))
    keep_atlas(Atlas(plan.finer(), full, full, 0 * full), user_folder())
    drawn = scene(recording, "phase-diagram", 0).panel("phase")
    (finer,) = (mark for mark in drawn.marks if isinstance(mark, Heat))
    np.testing.assert_array_equal(finer.values[::2], heat.values)
    assert (finer.values[1::2] == 0.0).all()
    point = [mark for mark in drawn.marks if isinstance(mark, Points)][-1]
    assert (point.x[0], point.y[0]) == (1.0, 6 * 32 / 3)


@pytest.mark.parametrize(
    ("colours", "label"), [("spread", "standard deviation"), ("diverged", "share of seeds"), ("none", None)]
)
def test_the_phase_diagram_is_coloured_by_what_is_chosen(recording, colours, label):
    drawn = scene(recording, "phase-diagram", 0, colours=colours).panel("phase")
    assert any(isinstance(mark, Heat) for mark in drawn.marks) == (label is not None)
    assert ("colours" in drawn.title) == (label is not None)
    assert label is None or label in drawn.title


def test_colours_that_nobody_measured_are_refused(recording, tmp_path):
    with pytest.raises(RequestError, match="colours 'sprad' does not exist; nearest: spread"):
        resviz.export(recording, tmp_path / "a.png", view="phase-diagram", colours="sprad")


def test_the_contrast_has_all_six_panels(recording):
    drawn = scene(recording, "contrast", 4)
    keys = {"displacement", "scaled", "travel", "drift", "drift by depth", "loss"}
    assert {panel.key for panel in drawn.panels} == keys
    assert drawn.caption.startswith("Laziness meter, k = 4: units moved")


def test_what_cannot_be_shown_is_refused(recording, tmp_path):
    with pytest.raises(RequestError, match="sample 3"):
        resviz.export(recording, tmp_path / "a.png", view="fields", sample=3)
    for at in record(recording.session.with_values({"training.steps": 1}), contrast=False):
        bare = at.recording
    bare.limit = None
    for view in ("fit", "error"):
        with pytest.raises(RequestError, match="no limit"):
            resviz.export(bare, tmp_path / "a.png", view=view)
