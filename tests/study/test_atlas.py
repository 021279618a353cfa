"""The atlas: what a cell measures, and that it is kept."""

from __future__ import annotations

import numpy as np
import pytest

import resviz
from resviz.config.regime import Regime, regime
from resviz.data import make_problem
from resviz.errors import RequestError
from resviz.observe.atlas import (
    LOUD,
    STILL,
    WILD,
    Atlas,
    AtlasPlan,
    keep_atlas,
    kept_atlas,
    shape_of,
    shipped_atlas,
)
from resviz.study import atlas as module
from resviz.study.atlas import atlas
from resviz.study.sweep import Sweep, load_sweep, read_table, run_sweep

PLAN = AtlasPlan(alphas=(0.02, 1.0, 8.0, 500.0), ratios=(1.6, 51.2), steps=12, seeds=3)


def whole(plan, folder=None):
    *_, last = (found for found in atlas(plan, folder) if found is not None)
    return last


@pytest.fixture(scope="module")
def found():
    return whole(PLAN)


def test_a_cell_is_what_runs_of_the_session_give(found):
    layers, units = shape_of(51.2, 10)
    travel, outputs = [], []
    for seed in range(PLAN.seeds):
        session = resviz.Session(
            network={"layers": layers, "units": units, "alpha": 8.0, "seed": seed,
                     "parametrisation": "output-weights"},
            training={"steps": PLAN.steps, "device": "cpu"}, limit={"nodes": 4, "units": 16},
        )  # fmt: skip
        run = resviz.run(session)
        outputs.append(run.output[-1])
        travel += [run.values("travel_u", layer=layer, step=PLAN.steps) ** 2 for layer in range(layers)]
    assert found.travel[1, 2] == pytest.approx(np.mean(travel) ** 0.5, rel=1e-4)
    spread = np.sqrt(np.var(outputs, axis=0, ddof=1).mean())
    assert found.spread[1, 2] == pytest.approx(spread, rel=1e-4)
    assert found.diverged[1, 2] == 0.0


def test_the_regimes_are_seen(found):
    subcritical, features, lazy, blown = range(4)
    assert found.travel[1, features] > found.travel[1, subcritical] > 2 * found.travel[1, lazy]
    assert found.spread[1, blown] > 10 * found.spread[1, features]
    assert found.diverged[0, blown] == found.diverged[1, blown] == 1.0
    assert found.diverged[:, :2].max() == 0.0
    assert (found.spread[0, :3] > found.spread[1, :3]).all()  # a smaller L M is noisier


def test_a_cancelled_atlas_is_kept_and_goes_on(found, tmp_path):
    folder = tmp_path / "new"
    going = atlas(PLAN, folder)
    for at in going:
        if at is not None and at.done >= 0.5:
            break
    going.close()
    again = atlas(PLAN, folder)
    assert next(again).done == 0.5
    last = [at for at in again if at is not None][-1]
    np.testing.assert_array_equal(last.travel, found.travel)
    assert [at.done for at in atlas(PLAN, folder)] == [1.0]
    np.testing.assert_array_equal(kept_atlas(PLAN, folder).spread, found.spread)
    assert [path.name for path in folder.iterdir()] == [PLAN.file_name]


def test_a_file_that_is_broken_or_of_another_plan_is_not_read(found, tmp_path):
    other = AtlasPlan(alphas=PLAN.alphas, ratios=PLAN.ratios, steps=13, seeds=3)
    assert other.file_name != PLAN.file_name
    path = tmp_path / PLAN.file_name
    path.write_bytes(b"no zip file")
    assert next(atlas(PLAN, tmp_path)).done == 0.0
    np.savez(path, travel=np.zeros(3))
    assert next(atlas(PLAN, tmp_path)).done == 0.0


def test_a_network_that_blows_up_is_counted_and_leaves_the_others_alone():
    travel, loss = np.array([np.nan, 1.0, 7.0, 5.0]), np.array([np.nan, 0.5, 3.0, 0.5])
    lost = np.array([True, False, False, False])
    cell = module._cell(travel, loss, lost, 0.3, start=2.0)  # a blow-up, and one that learned nothing
    assert cell == (5.0, 0.3, 0.5)
    one = np.array([True, True, True, False])
    assert module._cell(travel, loss, one, float("nan"), 2.0) == (5.0, np.inf, 0.75)
    assert module._cell(travel, loss, lost | True, float("nan"), 2.0) == (np.inf, np.inf, 1.0)


def test_rows_are_trained_in_groups_that_fit(found, monkeypatch):
    monkeypatch.setattr(module, "_BYTES", 1.0)
    maps = [at for at in atlas(PLAN) if at is not None]
    assert len(maps) == 9  # a cell at a time
    np.testing.assert_allclose(maps[-1].travel[:, :3], found.travel[:, :3], rtol=1e-3)


@pytest.mark.parametrize(("ratio", "aspect"), [(0.05, 1.0), (51.2, 1.0), (1000.0, 4.0), (3.0, 1e-9)])
def test_shapes_hit_the_ratio(ratio, aspect):
    layers, units = shape_of(ratio, 10, aspect)
    assert min(layers, units) >= 1
    assert layers * units / 10 == pytest.approx(ratio, rel=0.2, abs=0.1)


# -- the atlas that comes with the program ----------------------------------------------------------------

MARGIN = 10.0**0.125  # an eighth of a decade within its regime a cell is in the interior


def test_the_plan_is_the_sweep_that_comes_along():
    plan, points = AtlasPlan(), load_sweep("phase-atlas").points()
    expected = [(ratio, alpha) for ratio in plan.ratios for alpha in plan.alphas]
    assert len(points) == len(expected) == 480
    for point, (ratio, alpha) in zip(points, expected, strict=True):
        assert point.sessions[0] == plan.session(alpha, ratio, 0).with_values({"title": ""})
        assert [session.network.seed for session in point.sessions] == list(range(plan.seeds))


def test_what_comes_along_is_there_at_once(tmp_path):
    known = shipped_atlas()
    assert known.done == 1.0
    assert not np.isnan([known.travel, known.spread]).any()
    assert known.plan.ratios[-1] > 1e5
    assert (known.plan.alphas[0], known.plan.alphas[-1]) == pytest.approx((1e-2, 1e3), rel=0.2)
    finer = kept_atlas(AtlasPlan().finer(), tmp_path)
    assert (len(finer.plan.ratios), finer.done) == (23, pytest.approx(12 / 23))
    np.testing.assert_array_equal(finer.travel[::2], known.travel)
    assert np.isnan(finer.travel[1::2]).all()
    assert finer.whole_rows().plan == known.plan
    assert list(tmp_path.iterdir()) == []
    assert [at.done for at in atlas(AtlasPlan(), tmp_path)] == [1.0]  # nothing to train
    # what is trained on this machine comes beneath what came along, and beside it
    ones = np.ones_like(finer.travel)
    keep_atlas(Atlas(finer.plan, ones, ones, ones), tmp_path)
    whole = kept_atlas(AtlasPlan().finer(), tmp_path)
    np.testing.assert_array_equal(whole.travel[::2], known.travel)
    assert (whole.travel[1::2] == 1.0).all()
    other = AtlasPlan(steps=31)
    assert kept_atlas(other, tmp_path).done == 0.0


def test_cells_are_found_again_by_the_sweep(tmp_path):
    known, sweep = shipped_atlas(), load_sweep("phase-atlas")
    chosen = {(13, 14): 0.115478, (24, 23): 1.15478, (75, 75): 8.65964, (7, 8): 86.5964}
    mapping = sweep.model_dump(by_alias=True, exclude_none=True)
    mapping["axes"] = [
        {"key": ["network.layers", "network.units", "network.alpha"],
         "list": [[*shape, alpha] for shape, alpha in chosen.items()]},
    ]  # fmt: skip
    *_, last = run_sweep(Sweep.from_mapping(mapping), tmp_path, workers=0)
    assert (last.done, last.failed) == (16, 0)
    start = float((lambda p: p.loss(p.h0))(make_problem(AtlasPlan().session(1.0, 1.0, 0))))
    rows = read_table(tmp_path)
    for number, (shape, alpha) in enumerate(chosen.items()):
        runs = [row for row in rows if row["point"] == number]
        cell = module.cell_of(runs, start)
        at = (
            next(i for i, r in enumerate(known.plan.ratios) if shape_of(r, 10) == shape),
            known.plan.alphas.index(alpha),
        )
        assert cell[2] == known.diverged[at]
        if cell[2] < 1:  # beyond, rounding decides
            assert cell[:2] == pytest.approx((known.travel[at], known.spread[at]), rel=2e-3)


def interior(one):
    """Cells of LM/D > 10 that lie an eighth of a decade within a regime."""
    known = shipped_atlas()
    return [
        (row, column)
        for row, ratio in enumerate(known.plan.ratios)
        for column, alpha in enumerate(known.plan.alphas)
        if ratio > 10 and {regime(a, ratio) for a in (alpha / MARGIN, alpha * MARGIN)} == {one}
    ]


@pytest.mark.parametrize("one", list(Regime))
def test_the_interior_of_a_regime_measures_as_the_theory_says(one):
    known, inside = shipped_atlas(), interior(one)
    assert len(inside) >= 30
    wrong = [
        (known.plan.alphas[c], known.plan.ratios[r]) for r, c in inside if one not in known.regimes(r, c)
    ]
    assert wrong == []


def test_thresholds_are_what_was_measured_on_the_boundaries():
    known = shipped_atlas()
    logs = np.log(known.plan.alphas)
    for row, ratio in enumerate(known.plan.ratios):
        if not 10 < ratio < 3e4:  # beyond, a boundary leaves the map
            continue
        spread, half = np.log(known.spread[row]), 0.5 * np.log(10)
        finite = np.isfinite(spread)
        at = {"still": half, "loud": 0.5 * np.log(ratio) - half, "wild": 0.5 * np.log(ratio) + half}
        assert np.exp(np.interp(at["still"], logs, np.log(known.travel[row]))) == pytest.approx(
            STILL, rel=0.1
        )
        for name, threshold in (("loud", LOUD), ("wild", WILD)):
            found = np.exp(np.interp(at[name], logs[finite], spread[finite]))
            assert found == pytest.approx(threshold, rel=0.2), (name, ratio)


def test_the_laws_of_the_regimes_are_seen():
    known = shipped_atlas()
    alphas, ratios = np.array(known.plan.alphas), np.array(known.plan.ratios)
    rows, columns = np.array(interior(Regime.LAZY_ODE)).T
    # each unit moves O(1/alpha)
    np.testing.assert_allclose(known.travel[rows, columns] * alphas[columns], 2.75, rtol=0.06)
    rows, columns = np.array(interior(Regime.SUBCRITICAL)).T
    still = alphas[columns] < 0.1  # as with zero output weights, whatever alpha is
    np.testing.assert_allclose(known.travel[rows, columns][still], 1.6, rtol=0.04)
    # noise sqrt(D/(L M)), with the published constant
    many = ratios[rows] > 100
    scaled = known.spread[rows, columns][many] * np.sqrt(ratios[rows][many])
    np.testing.assert_allclose(scaled, 0.22, rtol=0.2)


def test_a_table_that_lacks_a_run_makes_no_atlas():
    with pytest.raises(RequestError, match=r"lacks a run of alpha = 0.0115478"):
        module.from_table([])
