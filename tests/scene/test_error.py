"""The error over steps and the rate fitted to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import resviz
from resviz.scene.error import PUBLISHED, ErrorCurves, error_scene, fitted_rate, read_errors
from resviz.scene.model import Band, Line, Role, Rule, Span


def curves(layers, units, a=0.3, b=0.4, steps=20, own=1e-4):
    made = ErrorCurves(layers, units, 10, np.empty(0), np.empty(0))
    one, other = made.rate_terms
    growth = 1 + np.arange(steps + 1) / steps
    measured = growth * (a * one + b * other)
    return ErrorCurves(layers, units, 10, measured, np.full(steps + 1, own))


def marks(scene, kind, role):
    return [m for m in scene.panels[0].marks if isinstance(m, kind) and m.role is role]


@given(st.floats(0.0, 2.0), st.floats(0.05, 2.0))
def test_the_fit_finds_the_constants_of_an_exact_rate(a, b):
    rate = fitted_rate([curves(8, 8, a, b), curves(8, 512, a, b), curves(128, 16, a, b)])
    growth = 1 + np.arange(21) / 20
    np.testing.assert_allclose(rate.a, a * growth, atol=1e-6)
    np.testing.assert_allclose(rate.b, b * growth, rtol=1e-6, atol=1e-6)
    assert "3 finished runs of 3 shapes" in rate.source


def test_constants_are_never_negative():
    falling = [curves(8, 8), curves(64, 64)]
    # the deeper net is worse: no such rate fits, the best one has no 1/L
    worse = ErrorCurves(64, 64, 10, 5 * falling[0].measured, falling[0].limit)
    rate = fitted_rate([falling[0], worse])
    assert (rate.a >= 0).all()
    assert (rate.b >= 0).all()
    assert np.isfinite(rate.a + rate.b).all()


@pytest.mark.parametrize("runs", [[], [curves(64, 256)], [curves(64, 256), curves(64, 256)]])
def test_one_shape_gives_no_fit_but_the_published_one(runs):
    rate = fitted_rate(runs)
    assert (float(rate.a[0]), float(rate.b[0])) == PUBLISHED
    assert "published" in rate.source


def test_the_scene_shows_measured_fitted_and_the_limits_own():
    run = curves(64, 256)
    scene = error_scene(run, step=7, steps=20)
    panel = scene.panel("error")
    assert panel.y.scale == "log"
    assert marks(scene, Line, Role.SESSION)[0].y is run.measured
    rate = marks(scene, Line, Role.TWIN)[0]
    assert rate.dash == "dash"
    assert rate.y == pytest.approx(0.15 / 64 + 0.22 * np.sqrt(10 / (64 * 256)) + np.zeros(2))
    assert marks(scene, Band, Role.LIMIT)[0].high == pytest.approx(run.limit)
    assert marks(scene, Rule, Role.CURSOR)[0].at == 7
    assert "HW v2" in scene.caption
    assert "published" in scene.caption
    assert any("fitted" in entry.text for entry in scene.legend)
    assert not marks(scene, Span, Role.RANGE)
    assert not any("limited" in entry.text for entry in scene.legend)


def test_what_the_reference_limits_is_shaded_and_said():
    run = curves(64, 256)
    own = np.where(np.arange(21) < 10, 0.9, 0.1) * run.measured
    scene = error_scene(ErrorCurves(64, 256, 10, run.measured, own), step=3, steps=20)
    (span,) = marks(scene, Span, Role.RANGE)
    assert (span.low, span.high) == (0.0, 9.5)
    assert "limited by the reference" in scene.panel("error").corner
    assert any("limited" in entry.text for entry in scene.legend)
    late = error_scene(ErrorCurves(64, 256, 10, run.measured, own), step=15, steps=20)
    assert "limited by the reference" not in late.panel("error").corner


def test_finished_runs_are_drawn_and_fitted():
    run = curves(64, 256)
    scene = error_scene(run, step=7, steps=20, others=[run, curves(8, 256)], alpha=8.0)
    assert len(marks(scene, Line, Role.OLD)) == 1
    assert len(marks(scene, Line, Role.TWIN)[0].x) == 21
    assert "lazy theorem" in scene.caption
    assert "2 shapes" in scene.caption


def test_nothing_to_compare_is_said():
    assert error_scene(None, step=0, steps=5).panel("error").message


def test_errors_are_read_from_a_run_and_gone_on_from():
    session = resviz.Session(
        data={"samples": 3, "dimension": 4}, network={"layers": 6, "units": 32},
        training={"steps": 5, "device": "cpu"}, limit={"nodes": 8, "units": 64},
    )  # fmt: skip
    run = resviz.run(session)
    whole = read_errors(run)
    difference = run.output - run.limit.output
    assert whole.measured == pytest.approx(np.sqrt(np.mean(difference**2, axis=(1, 2))))
    assert whole.limit == pytest.approx(run.limit.output_error)

    class Growing:
        problem, limit, fields = run.problem, run.limit, run.fields
        session, step = run.session, 2

    growing = Growing()
    first = read_errors(growing)
    assert len(first.measured) == 3
    assert read_errors(growing, first) is first
    growing.step = 5
    assert read_errors(growing, first).measured == pytest.approx(whole.measured)
