"""The whole depth at once: rows hold all layers, values are the replayed units, densities integrate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from resviz.config import Session
from resviz.observe import depths as depths_module
from resviz.observe.depths import DepthPassage, DepthSeries
from resviz.observe.observables import OBSERVABLES, Look
from resviz.observe.rows import rows_of
from resviz.recording import run

SMALL = Session(
    data={"samples": 3, "dimension": 4},
    network={"layers": 16, "units": 64},
    training={"steps": 12},
    limit={"nodes": 16, "units": 256},
)


@pytest.fixture(scope="module")
def recording():
    return run(SMALL)


# -- rows ------------------------------------------------------------------------------------------------


@given(
    layers=st.integers(1, 5000),
    units=st.integers(1, 3000),
    samples=st.integers(1, 200),
    dimension=st.integers(1, 200),
    window=st.integers(1, 600),
)
def test_rows_cover_all_layers_at_a_bounded_cost(layers, units, samples, dimension, window):
    rows = rows_of(layers, units, samples=samples, dimension=dimension, window=window)
    assert 1 <= rows.count <= min(layers, 128)
    assert rows.count * min(window, layers) <= layers or rows.count == 1
    assert (np.diff(rows.layers) > 0).all()
    assert set(rows.row) == set(range(rows.count))
    assert (np.diff(rows.row) >= 0).all()
    assert rows.units <= units
    assert len(rows.layers) * rows.units <= 2**16
    assert rows.whole == (rows.units == units and len(rows.layers) == layers)
    if layers * units <= 2**13:
        assert rows.whole
    # a row lies between its edges, and holds the layers that it says
    assert rows.edges[0] == 0
    assert rows.edges[-1] == 1
    depth = rows.layers / layers
    assert (depth >= rows.edges[rows.row] - 1e-12).all()
    assert (depth < rows.edges[rows.row + 1]).all()
    assert sorted(np.concatenate(rows.chunks())) == list(range(len(rows.layers)))


def test_the_first_chunk_is_coarse_and_whole():
    rows = rows_of(1000, 1000, samples=10, dimension=10)
    chunks = rows.chunks()
    assert len(chunks) == 4
    seen: set[int] = set()
    gaps = []
    for chunk in chunks[:4]:
        seen |= set(rows.row[chunk].tolist())
        gaps.append(int(np.diff(sorted(seen)).max()))
    assert gaps == [4, 2, 2, 1]
    few = rows_of(1000, 1000, samples=10, dimension=10, followed=2**13)
    assert few.count == rows.count
    assert len(few.layers) * few.units <= 2**13 < len(rows.layers) * rows.units


# -- values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["preactivation", "travel_u", "b"])
def test_rows_hold_the_replayed_units(recording, name):
    series = DepthSeries(DepthPassage(recording), name, Look(sample=2))
    assert series.first_gap() == 0
    assert list(series.visit(12))[-1]
    filled = series.filled(12)
    assert series.rows.count == 16
    for layer in (0, 9, 15):
        mine = filled.values[filled.row == layer]
        np.testing.assert_allclose(
            mine, recording.values(name, layer=layer, step=12, sample=2), rtol=1e-5, atol=1e-6
        )


def test_visits_may_be_dropped_and_come_in_any_order(recording):
    steady, wild = (DepthSeries(DepthPassage(recording), "u") for _ in range(2))
    assert list(steady.fill()) == list(range(13))
    assert steady.first_gap() is None
    dropped = wild.visit(11)
    next(dropped)
    dropped.close()
    assert not wild.complete(11)
    for step in (11, 3, 12, 0):
        list(wild.visit(step))
        assert wild.complete(step)
        np.testing.assert_array_equal(wild.filled(step).values, steady.filled(step).values)
        np.testing.assert_array_equal(wild.filled(step).limit.pdf, steady.filled(step).limit.pdf)
    assert wild.unbroken_from(11) == 12
    assert wild.unbroken_from(4) == 3


def test_memory_is_bounded_and_what_was_forgotten_is_replayed(recording, monkeypatch):
    series = DepthSeries(DepthPassage(recording), "preactivation")
    list(series.visit(2))
    first = series.filled(2)
    monkeypatch.setattr(depths_module, "_BYTES", 3.5 * series._bytes)
    list(series.fill())
    assert series._bytes <= depths_module._BYTES
    assert not series.has(2)
    assert series.has(12)
    assert series.first_gap() is None  # or filling would never end
    assert series.can_visit(2)
    list(series.visit(2))
    np.testing.assert_array_equal(series.filled(2).values, first.values)


# -- the limit -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, one in OBSERVABLES.items() if one.field is None])
def test_the_surface_agrees_with_the_density_of_each_layer(recording, name):
    look = Look.at(recording.problem, sample=1, coordinate=2)
    series = DepthSeries(DepthPassage(recording), name, look)
    list(series.visit(12))
    found = series.filled(12).limit
    cell = found.x[1] - found.x[0]
    np.testing.assert_allclose(found.pdf.sum(axis=1) * cell, 1.0, atol=0.02)
    for layer in (4, 11):
        density = recording.density(name, layer=layer, step=12, sample=1, coordinate=2)
        mine = found.at(np.array([layer / 16]))[0]
        peak = density.pdf.max()
        gap = mine - np.interp(found.x, density.x, density.pdf, left=0, right=0)
        assert np.sqrt(np.mean(gap**2)) < 0.06 * peak
        assert found.low < density.quantile(0.01) < density.quantile(0.99) < found.high


def test_the_start_is_exact(recording):
    series = DepthSeries(DepthPassage(recording), "u")
    list(series.visit(0))
    found = series.filled(0).limit
    np.testing.assert_allclose(found.pdf[3], stats.norm.pdf(found.x, 0, 2.0), atol=1e-6)  # sqrt(D) = 2
    edges = np.linspace(-6, 6, 25)
    heights = found.heights(series.rows.depths, edges)
    assert heights.shape == (16, 24)
    np.testing.assert_allclose(heights[5] * 0.5, np.diff(stats.norm.cdf(edges, 0, 2.0)), atol=1e-4)


def test_an_atom_has_no_surface(recording):
    series = DepthSeries(DepthPassage(recording), "travel_u")
    list(series.visit(0))
    assert series.filled(0).limit is None
    assert series.filled(0).values.max() == 0.0
    assert series.peak() == 0.0


def test_one_unit_a_layer_is_pooled_into_rows():
    rec = run(
        SMALL.with_values({"network.layers": 400, "network.units": 1, "training.steps": 3, "limit.nodes": 8})
    )
    series = DepthSeries(DepthPassage(rec), "preactivation")
    list(series.visit(3))
    assert series.rows.count == 12
    assert min(series.rows.units_a_row) >= 32
    assert len(series.filled(3).values) == 400
    assert DepthPassage(rec, window=100).rows.count == 4
