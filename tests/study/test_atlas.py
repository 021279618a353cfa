"""The atlas: what a cell measures, and that it is kept."""

from __future__ import annotations

import numpy as np
import pytest

import resviz
from resviz.observe.atlas import AtlasPlan, kept_atlas, shape_of
from resviz.study import atlas as module
from resviz.study.atlas import atlas

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
        travel += [run.values("travel_u", layer=layer, step=PLAN.steps).mean() for layer in range(layers)]
    assert found.travel[1, 2] == pytest.approx(np.mean(travel), rel=1e-4)
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
    travel, output = np.array([1.0, 3.0]), np.zeros((2, 1, 1))
    output[1] = 2.0
    assert module._cell(travel, output, np.array([True, False, False])) == (
        2.0,
        2.0**0.5,
        pytest.approx(1 / 3),
    )
    assert module._cell(travel[:1], output[:1], np.array([True, False]))[0] == 1.0
    assert np.isnan(module._cell(travel[:1], output[:1], np.array([True, False]))[1])
    assert module._cell(travel[:0], output[:0], np.array([True, True])) == (np.inf, np.inf, 1.0)


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
