"""The fields' own coordinates as observables: the limit's are its lifted fields, Gaussian as D grows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from resviz.config import Session
from resviz.observe.observables import Look, observable
from resviz.observe.passage import Passage
from resviz.observe.series import Series
from resviz.recording import run

WIDE = Session(
    data={"samples": 2, "dimension": 3},
    network={"layers": 8, "units": 16, "dimension": 400, "embedding": "random"},
    training={"steps": 3},
    limit={"nodes": 8, "units": 64},
)


@pytest.fixture(scope="module")
def wide():
    """D = 400 in a span of r = 5."""
    return run(WIDE)


@pytest.mark.parametrize("name", ["h", "b"])
def test_the_limits_coordinates_are_its_lifted_fields(wide, name):
    series = Series(Passage(wide, [4], window=1), name)
    series.visit(3)
    at = wide.limit.weights(np.array([0.5]))[0] @ getattr(wide.limit, name)[3, :, 0]  # (D,)
    density = series.density(3, 0)
    half = np.sort(at)[len(at) // 2]
    assert density.cdf(half) == pytest.approx(0.5, abs=0.02)
    assert len(density.sorted_values) == 400 * wide.limit.replicas
    assert series.finite(3, 0).shape == (400,)


def test_net_and_limit_start_with_the_same_coordinates(wide):
    """h(0) is the embedded sample in both: not two draws of one law."""
    series = Series(Passage(wide, [0], window=1), "h")
    series.visit(3)
    assert series.distance(3, 0)[0] < 1e-3


def test_the_start_is_the_embedded_sample(wide):
    values = wide.values("h", layer=0, step=0, sample=1)
    np.testing.assert_allclose(values, wide.problem.h0[1], rtol=1e-5)


def test_for_endless_d_they_are_gaussian_with_gamma():
    """At k = 0 Gamma of h is |x|^2/d_in and of b(1) that of the pull of the residual."""
    rec = run(WIDE.with_values({"limit.large_d": True, "network.dimension": 16}))
    density = rec.density("h", layer=4, step=0, sample=1)
    gamma = np.mean(rec.problem.x[1] ** 2)
    np.testing.assert_allclose(density.pdf, stats.norm.pdf(density.x, 0, np.sqrt(gamma)), atol=1e-4)
    assert density.error.max() == 0
    # h and b of one coordinate belong together: their covariance is h . b/D
    fields = rec.limit.fields(3)
    weights = rec.limit.weights(np.array([0.5]))[0]
    h, b = (weights @ f.mean(axis=0)[:, 1] for f in (fields.h, fields.b))
    passage = Passage(rec, [4], window=1)
    pair = [passage.limit_values(3, observable(name), Look(sample=1))[0].replicas[0] for name in ("h", "b")]
    size = np.sqrt(np.mean(h**2) * np.mean(b**2))
    np.testing.assert_allclose(np.mean(np.prod(pair, axis=0)) / size, np.mean(h * b) / size, atol=0.05)
    later = rec.density("b", layer=7, step=3, sample=1)
    assert later.pdf.max() == pytest.approx(1 / np.sqrt(2 * np.pi) / later.sorted_values.std(), rel=5e-3)
    pooled = rec.density("h", layer=4, step=3, sample=1, window=4)
    assert np.trapezoid(pooled.pdf, pooled.x) == pytest.approx(1, abs=1e-3)
