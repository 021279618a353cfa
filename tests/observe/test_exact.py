"""Linear sigma: the limit's units stay Gaussian, and their densities are drawn exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from resviz.config import Session
from resviz.recording import Recording, run


@pytest.fixture(scope="module")
def linear() -> Recording:
    """D = 6, N = 1 (r = 2), 4096 units a layer."""
    return run(
        Session(
            data={"samples": 1, "dimension": 6},
            network={"layers": 24, "units": 4096, "activation": "identity", "alpha": 1.5},
            training={"steps": 5, "rate": 0.5},
            limit={"nodes": 16, "units": 512},
        )
    )


def test_auto_takes_the_exact_engine(linear):
    assert linear.limit.replicas == linear.lazy.replicas == 1
    assert linear.limit.output_error.max() < 1e-11
    particles = run(linear.session.with_values({"limit.engine": "particles", "network.layers": 2}))
    assert particles.limit.replicas == 4  # few outputs
    gap = np.sqrt(np.mean((particles.limit.output[5] - linear.limit.output[5]) ** 2))
    assert 0 < gap < 4 * particles.limit.output_error[5]


@pytest.mark.parametrize("name", ["preactivation", "backward", "u", "v", "projection"])
def test_densities_are_exact_gaussians(linear, name):
    where = {"layer": 10, "step": 5, "coordinate": 2}
    density = linear.density(name, **where)
    assert density.error.max() == 0.0
    deviation = 1 / (density.pdf.max() * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(
        density.pdf, stats.norm.pdf(density.x, 0, deviation), atol=1e-4 * density.pdf.max()
    )
    values = linear.values(name, **where)
    assert values.std() == pytest.approx(deviation, rel=0.06)  # 4096 units: 1.1 %, and the 1/L bias
    assert linear.distance(name, **where).ks < 3 * linear.distance(name, **where).ks_null


def test_the_deviation_moves_away_from_the_start(linear):
    first, last = (linear.density("preactivation", layer=10, step=k) for k in (0, 2))
    assert abs(first.pdf.max() / last.pdf.max() - 1) > 0.1


def test_what_is_not_linear_is_sampled(linear):
    assert linear.density("travel_u", layer=10, step=5).error.max() > 0
