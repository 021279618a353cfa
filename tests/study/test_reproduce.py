"""Published experiments: verdicts that can fail, and files that can be read again."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from resviz.errors import RequestError
from resviz.export.carried import png_fields
from resviz.scene.model import Scene
from resviz.study.reproduce import EXPERIMENTS, Experiment, Plan, Progress, Result, experiments, write_result
from resviz.study.reproduce.alpha import ALPHAS, DIMENSIONS, LAYERS, STD, TRAVEL, UNITS, AlphaRuns
from resviz.study.reproduce.error import Grid
from resviz.study.reproduce.result import Check, close, inside, near_curve, within_factor
from resviz.study.reproduce.shape import SIZES, ShapeRuns

NAMES = [experiment.name for experiment in EXPERIMENTS]


def finished(name: str, plan: Plan) -> Result:
    (experiment,) = experiments([name])
    *progress, result = experiment.run(plan)
    assert isinstance(result, Result)
    fractions = [state.fraction for state in progress if isinstance(state, Progress)]
    assert all(0 <= fraction <= 1 for fraction in fractions)
    return result


def test_eleven_experiments_by_name():
    assert len(set(NAMES)) == len(NAMES) == 11
    assert [e.name for e in experiments(["unit-paths", "error-vs-L", "unit-paths"])] == [
        "unit-paths", "error-vs-L",
    ]  # fmt: skip
    with pytest.raises(RequestError) as refused:
        experiments(["eror-vs-L"])
    assert "error-vs-L" in refused.value.remedy


@pytest.mark.parametrize(
    ("check", "passed"),
    [
        (within_factor("a", 2.0, 2.9, 1.5), True),
        (within_factor("a", 2.0, 3.1, 1.5), False),
        (within_factor("a", 2.0, float("nan"), 1.5), False),
        (close("a", -1.0, -1.1, 0.15), True),
        (close("a", 10.0, 10.2, 1e-3, relative=True), False),
        (inside("a", 1.0, 2.0, 2.2), False),
        (inside("a", 1.0, 2.0, 2.2, 1.2), True),
        (near_curve("a", [1.0] * 10, [1.1] * 9 + [9.0], 1.5), True),
        (near_curve("a", [1.0] * 10, [1.1] * 8 + [9.0, np.nan], 1.5), False),
    ],
)
def test_a_rule_can_fail(check: Check, passed: bool):
    assert check.passed is passed


def test_the_exact_densities(tmp_path: Path):
    result = finished("density-grid", Plan(quick=True))
    assert result.reproduced
    assert sum("Gamma" in check.what for check in result.checks) == 10
    paths = write_result(result, tmp_path)
    assert sorted(path.suffix for path in paths) == [".csv", ".csv", ".csv", ".png", ".svg", ".txt"]
    assert "density-grid" in png_fields((tmp_path / "density-grid.png").read_bytes())["resviz:experiment"]
    assert ET.parse(tmp_path / "density-grid.svg").getroot().tag.endswith("svg")
    with (tmp_path / "density-grid.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[14]["gamma_h_1"]) == pytest.approx(1.234732, rel=1e-5)
    assert len(rows) == 15
    text = (tmp_path / "density-grid.txt").read_text("utf-8")
    for part in ("settings", "published", "ours", "rule", "verdict", "wall"):
        assert part in text


def alpha_runs(louder: float = 1.0) -> AlphaRuns:
    """What the published points say, made into outputs with that deviation."""
    rng = np.random.default_rng(0)
    a = np.array(ALPHAS)
    output, loss, travel = {}, {}, {}
    for d in DIMENSIONS:
        known = STD[100] if d == 100 else {**{i: v for i, v in STD[d].items() if i < 16}, 2: 0.01, 6: 0.0102}
        std = louder * np.exp(
            np.interp(np.arange(20), sorted(known), np.log([known[i] for i in sorted(known)]))
        )
        output[d] = std[:, None, None, None] * rng.standard_normal((20, 10, 10, d))
        losses = {10: 0.2, 31: 0.07, 100: 0.03}[d]
        loss[d] = np.concatenate([np.full((20, 10, 1), 2.0), np.full((20, 10, 50), losses)], axis=2)
        moved = np.interp(
            np.log(a), np.log([0.2, *(ALPHAS[i] for i in TRAVEL)]), np.log([2.2, *TRAVEL.values()])
        )
        travel[d] = np.repeat(np.exp(moved)[:, None], 10, axis=1)
        far = a > 9
        travel[d][far] = 0.43 * (8.86 / a[far])[:, None] ** 1.1
    return AlphaRuns(tuple(range(20)), 10, output, loss, travel)


@pytest.mark.parametrize("name", ["output-std-vs-alpha", "loss-vs-alpha", "lazy-travel"])
def test_what_was_published_passes_against_alpha(name):
    result = finished(name, Plan(shared={"alpha": alpha_runs()}))
    assert result.reproduced, result.text()
    assert isinstance(result.scene, Scene)
    assert len(result.tables[0].rows) == 60


def test_a_deviation_three_times_as_large_is_called_different():
    result = finished("output-std-vs-alpha", Plan(shared={"alpha": alpha_runs(3.0)}))
    assert not result.reproduced
    assert result.verdict.startswith("differs from the published values in 3 of 4 checks: D = 10")
    assert "DIFFERS" in result.text()


def test_points_outside_the_regime_judge_nothing():
    runs = alpha_runs()
    beyond = {
        d: np.where(np.array(ALPHAS)[:, None, None, None] > np.sqrt(LAYERS * UNITS / d), 1e3, 1.0)
        for d in DIMENSIONS
    }
    loud = replace(runs, output={d: runs.output[d] * beyond[d] for d in DIMENSIONS})
    result = finished("output-std-vs-alpha", Plan(shared={"alpha": loud}))
    assert result.reproduced
    assert any(not check.passed and not check.counts for check in result.checks)


def error_grid(noise: float, bias: float) -> Grid:
    sizes = (1, 3, 6, 12, 24, 46, 87, 166, 316)
    rng = np.random.default_rng(1)
    errors = {
        (n, m): (noise * np.sqrt(10 / (n * m)) + bias / n) * np.exp(0.1 * rng.standard_normal(5))
        for n in sizes
        for m in sizes
    }
    return Grid(sizes, 5, errors, 1e-3)


@pytest.mark.parametrize("name", ["error-vs-L", "error-vs-M"])
def test_the_published_law_passes_and_another_does_not(name):
    assert finished(name, Plan(shared={"error": error_grid(0.22, 0.15)})).reproduced
    other = finished(name, Plan(shared={"error": error_grid(0.6, 0.15)}))
    assert "fitted constant of sqrt(D)/sqrt(LM)" in other.verdict


def shape_runs(noise: tuple[float, float], size: tuple[float, float]) -> ShapeRuns:
    def law(power: float, c: float, d: float) -> dict[tuple[int, int], np.ndarray]:
        return {
            (m, n): np.full(5, np.hypot(c * (n / (50 * m)) ** power, d / np.sqrt(n)))
            for m in SIZES
            for n in SIZES
        }

    return ShapeRuns(SIZES, SIZES, 5, law(0.5, noise[0], size[0]), law(1.0, noise[1], size[1]), 1e-3)


def test_a_verdict_says_where_it_is_limited_by_the_reference():
    grid = error_grid(0.22, 0.15)
    fine = finished("error-vs-L", Plan(shared={"error": grid}))
    assert "reference" not in fine.verdict
    least = min(float(np.sqrt(np.mean(row**2))) for row in grid.errors.values())
    coarse = finished("error-vs-L", Plan(shared={"error": replace(grid, reference=0.6 * least)}))
    assert coarse.reproduced
    assert "; limited by the reference at 1 of 81 points (L, M) = (316, 316)" in coarse.verdict
    assert f"the smallest measured {least:.1e}" in coarse.text()
    poor = finished("error-vs-L", Plan(shared={"error": replace(error_grid(0.6, 0.15), reference=1.0)}))
    assert "differs" in poor.verdict
    assert "of 81 points" in poor.verdict


def test_runs_that_are_shared_count_in_the_wall_time_of_both(monkeypatch):
    clock = iter([10.0, 32.5, 40.0, 40.2])
    # the module's own clock: threads of other tests look at the real one
    own = SimpleNamespace(monotonic=lambda: next(clock))
    monkeypatch.setattr("resviz.study.reproduce.experiment.time", own)
    plan = Plan(shared={"error": error_grid(0.22, 0.15)})
    first, second = (finished(name, plan) for name in ("error-vs-L", "error-vs-M"))
    assert "wall     22.5 s on" in first.text()
    assert "wall     0.2 s, and runs shared with error-vs-L, 22.5 s, on" in second.text()
    assert {e.name for e in EXPERIMENTS if e.family == "alpha"} == {
        "output-std-vs-alpha", "loss-vs-alpha", "lazy-travel",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["shape-embedding-error", "shape-output-error"])
def test_the_published_shapes_pass_and_others_do_not(name):
    assert finished(name, Plan(shared={"shape": shape_runs((0.8, 0.15), (2.5, 0.9))})).reproduced
    assert not finished(name, Plan(shared={"shape": shape_runs((0.8, 0.15), (6.0, 3.0))})).reproduced


def test_errors_that_saturate_beyond_d_of_lm_do_not_judge_the_law():
    runs = shape_runs((0.8, 0.15), (2.5, 0.9))
    capped = {
        shape: np.minimum(row, 0.3) if shape[1] > 50 * shape[0] else row for shape, row in runs.output.items()
    }
    result = finished("shape-output-error", Plan(shared={"shape": replace(runs, output=capped)}))
    assert result.reproduced, result.text()
    (fitted,) = (check for check in result.checks if "D/(LM)" in check.what)
    assert float(fitted.ours) == pytest.approx(0.15, rel=0.01)
    assert "with D > LM too 0.0" in result.notes[0]


def test_the_measured_phase_diagram():
    result = finished("phase-diagram", Plan(quick=True))
    assert result.reproduced, result.text()
    assert [panel.key for panel in result.scene.panels] == ["travel", "std", "diverged"]


@pytest.mark.long
@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=NAMES)
def test_every_experiment_reproduces_on_its_reduced_grid(experiment: Experiment, tmp_path: Path):
    result = finished(experiment.name, Plan(quick=True))
    write_result(result, tmp_path)
    assert result.reproduced, result.text()
