"""Fields over depth: net, limit, and what lies between them."""

from __future__ import annotations

import numpy as np
import pytest

import resviz
from resviz.scene.fields import fields_ranges, fields_scene, read_fields, shown_coordinates
from resviz.scene.model import Line, Role
from resviz.scene.readout import readout

SESSION = resviz.Session(
    data={"samples": 3, "dimension": 4},
    network={"layers": 12, "units": 64},
    training={"steps": 6, "device": "cpu"},
    limit={"nodes": 8, "units": 128},
)


@pytest.fixture(scope="module")
def run():
    return resviz.run(SESSION)


def lines(panel, dash):
    return [m for m in panel.marks if isinstance(m, Line) and m.dash == dash]


def test_net_solid_and_limit_dashed_in_the_colour_of_the_coordinate(run):
    scene = fields_scene(read_fields(run, 6, 1, (0, 2, 3)), step=6, sample=1)
    for name in ("h", "b"):
        panel = scene.panel(name)
        assert [m.role for m in lines(panel, "solid")] == [Role.FIRST, Role.SECOND, Role.THIRD]
        assert [m.role for m in lines(panel, "dash")] == [Role.FIRST, Role.SECOND, Role.THIRD]
        net, limit = lines(panel, "solid")[1], lines(panel, "dash")[1]
        np.testing.assert_allclose(net.y, getattr(run.fields(6), name)[:, 1, 2], rtol=1e-6)
        np.testing.assert_allclose(limit.y, getattr(run.limit, name)[6, :, 1, 2], rtol=1e-6)
        assert (net.x[0], net.x[-1], len(net.x)) == (0.0, 1.0, 13)
    assert [e.text for e in scene.legend][:3] == ["coordinate 0", "coordinate 2", "coordinate 3"]
    assert readout(scene.panel("h"), 0.0)[1].startswith("h ")


def test_the_difference_is_that_of_all_samples_and_coordinates(run):
    curves = read_fields(run, 6, 0, (0,))
    end = run.fields(6).h[-1] - run.limit.h[6, -1]
    assert curves.apart_h[-1] == pytest.approx(np.sqrt(np.mean(end**2)), rel=1e-5)
    assert curves.apart_h[0] < 1e-6  # both begin with the data


def test_ranges_hold_all_steps_seen_and_never_shrink(run):
    ranges = None
    for step in (0, 6, 3):
        before = ranges
        curves = read_fields(run, step, 0, (0, 1, 2, 3))
        ranges = fields_ranges(curves, ranges)
        for name in ("h", "b"):
            values = getattr(curves, name)
            assert ranges.get(name).low <= values.min()
            assert values.max() <= ranges.get(name).high
            if before is not None:
                assert ranges.get(name).low <= before.get(name).low
                assert before.get(name).high <= ranges.get(name).high
    assert fields_ranges(curves, ranges) == ranges


def test_without_a_limit_it_says_so(run):
    class Unsolved:
        session, problem, fields, limit = run.session, run.problem, run.fields, None

    scene = fields_scene(read_fields(Unsolved(), 2, 0, (0,)), step=2, sample=0)
    assert not lines(scene.panel("h"), "dash")
    assert "not solved" in scene.panel("h").message
    assert all(panel.message for panel in fields_scene(None, step=0, sample=0).panels[:2])


@pytest.mark.parametrize(("first", "dimension", "shown"), [
    (0, 10, (0, 1, 2, 3, 4)), (7, 10, (5, 6, 7, 8, 9)), (2, 3, (0, 1, 2)), (0, 1, (0,)),
])  # fmt: skip
def test_five_coordinates_at_most(first, dimension, shown):
    assert shown_coordinates(first, dimension) == shown
