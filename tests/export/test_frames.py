"""What a frame costs and what it shows do not depend on the frames before it."""

from __future__ import annotations

import numpy as np
import pytest

from resviz.export import Options
from resviz.export.frames import Frames
from resviz.transport import Cohort


def prepared(recording, view="overview", **look):
    frames = Frames(recording, Options(view=view, **look))
    list(frames.prepare())
    return frames


def arrays(scene):
    """Every number of a scene, in order."""
    return [
        np.ravel(getattr(mark, name))
        for panel in scene.panels
        for mark in panel.marks
        for name in mark.__dataclass_fields__
        if isinstance(getattr(mark, name), (np.ndarray, float))
    ]


def test_a_frame_costs_one_push_a_cohort_and_is_dropped(recording, monkeypatch):
    pushes = []
    advance = Cohort.advance
    monkeypatch.setattr(Cohort, "advance", lambda self, seen: (pushes.extend(seen), advance(self, seen))[1])
    frames = prepared(recording)
    costs = []
    for step in range(recording.step + 1):
        pushes.clear()
        frames.scene(step)
        costs.append(len(pushes))
        held = [series._visits for series in frames._every()]
        assert all(set(visits) <= {0, step, recording.step} for visits in held)
    # the first brings everything back to the start; step 5, the newest, is still held
    assert costs[1] == costs[2] == costs[4] > 0
    assert costs[5] == 0


@pytest.mark.parametrize("view", ["overview", "grid", "contrast"])
def test_a_scene_is_the_same_in_any_order(recording, view):
    forward, alone = prepared(recording, view), prepared(recording, view)
    scenes = [forward.scene(step) for step in range(6)]
    for step in (4, 1, 5, 0):
        scene = alone.scene(step)
        assert [(p.x, p.y) for p in scene.panels] == [(p.x, p.y) for p in scenes[step].panels]
        for one, other in zip(arrays(scene), arrays(scenes[step]), strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_is_forgotten_keeps_its_means_and_can_be_read_again(recording):
    series = prepared(recording)._grid
    mean, limit = series.mean(3), series.limit_mean(3)
    assert np.isfinite([mean, limit]).all()
    assert not series.has(3)
    assert series.finite(3, 0) is None
    series.visit(3)
    assert series.has(3)
    assert (series.mean(3), series.limit_mean(3)) == (mean, limit)
