"""Other runs over ridgelines, clouds and paths."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scene.fake_depth import FakeClouds, FakeDepth, FakePaths, FakeRows

from resviz.scene.axes import Ranges, hull
from resviz.scene.cloud import cloud, cloud_ranges
from resviz.scene.depth import depth_ranges
from resviz.scene.model import Bars, Line, Points, Role
from resviz.scene.others import LOOKS, Other, look_of
from resviz.scene.paths import path_ranges, paths
from resviz.scene.ridgeline import RIDGES, ridgeline
from resviz.scene.show import Show

SHOW = Show()


def outlines(marks, number):
    look = look_of(number)
    return [m for m in marks if isinstance(m, Line) and (m.role, m.dash) == look and m.width == 1.0]


def heights(outline, base, edges):
    """Of an outline, over all bins: it begins and ends with the units."""
    made = np.zeros(len(edges) - 1)
    first = int(np.searchsorted(edges, outline.x[0]))
    tops = outline.y[1:-1:2] - base
    made[first : first + len(tops)] = tops
    return made


@pytest.mark.parametrize("solved", [True, False])
def test_the_same_run_outlines_its_own_ridges(solved):
    series = FakeDepth(solved=solved)
    marks = ridgeline(series, 50, SHOW, others=[Other("run 2", 2, whole=series)]).panels[0].marks
    bars = [m for m in marks if isinstance(m, Bars)]
    drawn = outlines(marks, 2)
    assert len(bars) == len(drawn) == RIDGES
    for bar, outline in zip(bars, drawn, strict=True):
        np.testing.assert_allclose(heights(outline, bar.base, bar.edges), bar.heights, atol=1e-12)
        assert marks.index(outline) == marks.index(bar) + 1  # over its bars, below the limit


def test_a_shallower_run_is_outlined_at_every_ridge_by_the_layer_there():
    few, many = FakeDepth(rows=FakeRows(4, 4)), FakeDepth()
    marks = ridgeline(many, 50, SHOW, others=[Other("run 1", 1, whole=few)]).panels[0].marks
    bars, drawn = [m for m in marks if isinstance(m, Bars)], outlines(marks, 1)
    assert len(drawn) == RIDGES
    found = [heights(o, b.base, b.edges) for o, b in zip(drawn, bars, strict=True)]
    alike = [int(np.abs(one - other).max() < 1e-12) for one, other in pairwise(found)]
    assert alike.count(0) == 3  # of four layers
    deep = ridgeline(few, 50, SHOW, others=[Other("run 1", 1, whole=many)]).panels[0].marks
    assert len(outlines(deep, 1)) == 4


def test_what_a_run_has_not_got_yet_is_left_out_and_so_is_its_name():
    series = FakeDepth()
    coarse = Other("run 3", 3, whole=FakeDepth(stride=16))
    scene = ridgeline(series, 50, SHOW, others=[coarse, Other("run 4", 4), Other("run 5", 5)])
    assert 0 < len(outlines(scene.panels[0].marks, 3)) <= 2
    assert [entry.text for entry in scene.legend[2:]] == ["run 3"]
    late = Other("run 6", 6, whole=FakeDepth(newest=10))
    plain = ridgeline(series, 50, SHOW, others=[late])
    assert len(plain.panels[0].marks) == len(ridgeline(series, 50, SHOW).panels[0].marks)
    assert len(plain.legend) == 2


def test_axes_hold_the_values_of_all_runs():
    class Wide(FakeDepth):
        def limit_range(self):
            return -9.0, 9.0

    assert depth_ranges(FakeDepth(), SHOW, None, [Wide()]).get("depth x").high >= 9
    assert hull(None, (1.0, 1.0), (0.0, 2.0), (-1.0, 0.5)) == (-1.0, 2.0)
    assert hull(None, (1.0, 1.0)) is None

    class WideCloud(FakeClouds):
        def limits(self, axis):
            return -9.0, 3.0

    assert cloud_ranges(FakeClouds(), Ranges(), [WideCloud()]).get("cloud 1").low <= -9
    long, short = FakePaths(newest=80), FakePaths(newest=20)
    assert path_ranges(short, None, [long]).get("path 0 x").high >= 80


def test_points_of_a_run_lie_below_the_present_ones_and_are_bounded():
    series = FakeClouds()
    scene = cloud(series, 40, others=[Other("run 2", 2, whole=FakeClouds(units=9000))])
    first, second, *_ = scene.panel("layer 14").marks
    assert (first.role, second.role) == (look_of(2)[0], Role.FINITE)
    assert isinstance(first, Points)
    assert 256 < first.x.size <= 512
    points = FakeClouds(units=9000).place(40, 1).points
    assert {*zip(first.x.tolist(), first.y.tolist(), strict=True)} <= {*zip(*points.tolist(), strict=True)}
    assert [(e.text, e.role, e.filled) for e in scene.legend[3:]] == [("run 2", look_of(2)[0], True)]
    assert cloud(series, 40, others=[Other("run 2", 2)]).legend == scene.legend[:3]
    # a panel more than the run has places, and a step that it has not
    assert len(cloud(series, 40, others=[Other("b", 2, whole=FakeClouds(layers=(2,)))]).panels[2].marks) == 6
    assert len(cloud(series, 40, others=[Other("b", 2, whole=FakeClouds(newest=3))]).panels[0].marks) == 6


def test_points_of_every_look_are_told_apart():
    found = set()
    for number in range(1, LOOKS + 1):
        scene = cloud(FakeClouds(), 40, others=[Other("run", number, whole=FakeClouds())])
        points = scene.panels[0].marks[0]
        found.add((points.role, points.ring, points.size))
        entry = scene.legend[-1]
        assert (entry.role, "ring" in entry.text) == (points.role, points.ring)
    assert len(found) == LOOKS


def test_a_few_paths_of_a_run_lie_below_the_present_ones():
    series = FakePaths()
    many = FakePaths(layers=tuple(range(0, 64, 7)))
    scene = paths(series, 30, others=[Other("run 6", 6, whole=many)])
    for panel in scene.panels:
        drawn = outlines(panel.marks, 6)
        assert list(panel.marks[:6]) == drawn
        assert len(drawn) == 6
        assert all(line.x[-1] == 30 for line in drawn)
        assert panel.marks[6].role is Role.FINITE
    assert scene.legend[-1] == Other("run 6", 6).entry
    # data of one dimension have one plane alone
    flat = replace(many, pairs=many.pairs[:1])
    scene = paths(series, 30, others=[Other("run 6", 6, whole=flat)])
    assert [len(outlines(panel.marks, 6)) for panel in scene.panels] == [6, 0, 0]
    assert path_ranges(series, None, [flat]).get("path 1 x") is not None
