from dataclasses import replace

import numpy as np
import pytest
from scene.fake_depth import FakeClouds, FakePaths, aspect

from resviz.observe.ghosts import fan_layers
from resviz.scene.axes import Ranges
from resviz.scene.cloud import cloud, cloud_ranges
from resviz.scene.model import Line, Points, Role
from resviz.scene.paths import path_ranges, paths, shown_steps
from resviz.scene.readout import readout


def test_points_lie_under_outlines_and_the_ghost_on_top():
    scene = cloud(FakeClouds(), 40)
    panel = scene.panel("layer 14")
    assert panel.title == "layer 14   s = 0.22"
    assert (panel.x.label, panel.y.label) == ("p", "q")
    kinds = [(type(m), m.role) for m in panel.marks]
    limit = [(Line, Role.LIMIT)] * 3
    assert kinds == [(Points, Role.FINITE), *limit, (Points, Role.CURSOR), (Points, Role.CURSOR)]
    widths = [m.width for m in panel.marks if isinstance(m, Line)]
    assert widths == sorted(widths, reverse=True)
    assert [m.ring for m in panel.marks[-2:]] == [True, False]
    assert "500 units a panel" in scene.caption


def test_many_points_are_thinned_and_said():
    scene = cloud(FakeClouds(units=9000), 40)
    assert len(scene.panels[0].marks[0].x) <= 4096
    assert "of which 4096 are drawn" in scene.caption


def test_what_is_missing_is_said():
    assert cloud(FakeClouds(newest=3), 4).panels[0].message == "step 4 is not recorded yet"
    assert "two of a kind" in cloud(FakeClouds(mixed=True), 4).panels[0].message
    bare = cloud(FakeClouds(outlined=False), 4).panels[0]
    assert "no density" in bare.message
    assert isinstance(bare.marks[0], Points)


def test_ranges_of_both_axes_only_grow():
    before = cloud_ranges(FakeClouds(), Ranges())
    assert before.get("cloud 0").low <= -3.1
    again = cloud_ranges(FakeClouds(), before)
    assert again.get("cloud 1") == before.get("cloud 1")
    still = FakeClouds(pair=(aspect("|u|", nonnegative=True), aspect("q")))
    assert cloud_ranges(still).get("cloud 0").low == 0


def test_paths_are_coloured_by_depth_and_dashed_in_the_limit():
    series = FakePaths()
    scene = paths(series, 30)
    panel = scene.panel("paths 0")
    solid = [m for m in panel.marks if isinstance(m, Line) and m.dash == "solid"]
    dashed = [m for m in panel.marks if isinstance(m, Line) and m.dash == "dash"]
    ends = [m for m in panel.marks if isinstance(m, Points) and not m.ring]
    assert [m.shade for m in solid] == series.depths.tolist()
    assert [m.shades.tolist() for m in ends] == [series.depths.tolist()]
    assert all(m.role is Role.LIMIT for m in dashed)
    for g, line in enumerate(solid):
        assert (line.x[0], line.x[-1]) == (0, 30)
        np.testing.assert_allclose(line.y, line.x * series.depths[g])
        assert ends[0].x[g] == 30
    assert panel.bar.ramp == "depth"
    assert not [m for m in scene.panel("paths 2").marks if isinstance(m, Line) and m.dash == "dash"]
    reading = readout(panel, 20.1, 20.1 * 42 / 64)
    assert reading[0] == "layer 42   s = 0.66   k = 20"


def test_axes_hold_all_steps_so_far_and_a_frame_costs_the_same_at_every_step():
    long = FakePaths(newest=5000)
    ranges = path_ranges(long)
    assert ranges.get("path 0 x").high >= 5000
    assert paths(long, 10, ranges).panels[0].x == paths(long, 5000, ranges).panels[0].x
    assert len(shown_steps(5000)) <= 160
    assert shown_steps(5000)[[0, -1]].tolist() == [0, 5000]
    assert shown_steps(3).tolist() == [0, 1, 2, 3]


def test_paths_of_many_layers_are_as_many_as_those_of_a_few():
    """And no more points: what a frame costs is bounded at every L and K."""
    marks = [mark for p in paths(FakePaths(fan_layers(1000), newest=5000), 5000).panels for mark in p.marks]
    lines = [mark for mark in marks if isinstance(mark, Line)]
    assert len(lines) <= 3 * (10 + 6)
    assert sum(line.x.size for line in lines) <= 160 * len(lines)
    assert len(marks) - len(lines) == 3 * 2  # the ends of all layers together, and the start


@pytest.mark.parametrize("pairs", [1, 2, 3])
def test_pairs_share_the_figure(pairs):
    series = FakePaths()
    scene = paths(replace(series, pairs=series.pairs[:pairs]), 5)
    cells = [panel.cell for panel in scene.panels]
    assert len(set(cells)) == pairs
    assert max(r + h for r, _, h, _ in cells) == len(scene.row_heights)
    assert max(c + w for _, c, _, w in cells) == len(scene.column_widths)
    assert paths(series, 41).panels[0].message == "step 41 is not recorded yet"
