"""Densities and distances: known laws, honest bands, nulls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from resviz.observe.density import estimate, gaussian, in_order, merged, quantiles, reference_error
from resviz.observe.distance import Distance, distance, kolmogorov, wasserstein, wasserstein_between


def quantile_points(law, n: int) -> np.ndarray:
    return law.ppf((np.arange(n) + 0.5) / n)


@given(st.floats(-50, 50), st.floats(1e-3, 1e3))
def test_a_normal_law_is_recovered_at_any_shift_and_scale(mean, deviation):
    law = stats.norm(mean, deviation)
    found = estimate([quantile_points(law, 4096)])
    assert np.trapezoid(found.pdf, found.x) == pytest.approx(1.0, abs=1e-3)
    assert np.max(np.abs(found.pdf - law.pdf(found.x))) * deviation < 4e-3
    assert found.cdf(mean) == pytest.approx(0.5, abs=1e-3)
    assert found.quantile(0.975) == pytest.approx(mean + 1.96 * deviation, abs=0.01 * deviation)


@pytest.mark.parametrize(("apart", "deviation"), [(1.0, 0.3), (1.0, 0.6), (0.0, 1.0)])
def test_modes_are_not_smoothed_away_and_the_band_holds(apart, deviation):
    """Over 40 draws: the error is what the band says, and twice the band covers it nine times in ten."""
    gaps, bands, covered = [], [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        side = rng.choice([-apart, apart], (2, 1024))
        found = estimate(list(rng.normal(side, deviation)))
        law = 0.5 * (stats.norm.pdf(found.x, -apart, deviation) + stats.norm.pdf(found.x, apart, deviation))
        where = law > 0.01 * law.max()
        gap = np.abs(found.pdf - law)[where]
        gaps.append(gap**2)
        bands.append(found.error[where] ** 2)
        covered.append(np.mean(gap <= 2 * found.error[where]))
    assert np.sqrt(np.mean(np.concatenate(gaps)) / np.mean(np.concatenate(bands))) == pytest.approx(
        1.0, abs=0.25
    )
    assert np.mean(covered) > 0.86
    assert np.sqrt(np.max(np.concatenate(gaps))) < 0.12


def test_band_shrinks_with_more_units_and_holds_between_replicas():
    def band(n: int) -> float:
        rng = np.random.default_rng(1)
        found = estimate([rng.normal(size=n) for _ in range(2)])
        return float(np.sqrt(np.mean(found.error**2)))

    assert band(8192) < 0.6 * band(512)


def test_reflection_keeps_mass_inside_bounds():
    rng = np.random.default_rng(2)
    found = estimate([np.abs(rng.normal(size=4096))], low=0.0)
    assert found.x[0] == 0.0
    assert np.trapezoid(found.pdf, found.x) == pytest.approx(1.0, abs=5e-3)
    assert found.pdf[0] == pytest.approx(np.sqrt(2 / np.pi), rel=0.08)
    both = estimate([np.tanh(rng.normal(size=4096))], low=-1.0, high=1.0)
    assert (both.x[0], both.x[-1]) == (-1.0, 1.0)
    assert np.trapezoid(both.pdf, both.x) == pytest.approx(1.0, abs=5e-3)


def test_atoms_and_nan_have_no_density():
    assert estimate([np.zeros(64)]) is None
    assert estimate([np.full(64, 1e6)]) is None
    assert estimate([np.array([0.0, np.nan, 1.0])]) is None


def test_exact_gaussian():
    found = gaussian(1.0, 2.0)
    np.testing.assert_allclose(found.pdf, stats.norm.pdf(found.x, 1.0, 2.0))
    assert found.error.max() == 0.0


def test_samples_follow_the_density():
    found = gaussian(0.0, 1.0)
    assert stats.kstest(found.sample(2000, seed=3), "norm").pvalue > 0.01


@given(st.integers(2, 40), st.integers(0, 10_000))
def test_distances_agree_with_scipy(m, seed):
    values = np.random.default_rng(seed).normal(0.3, 1.2, m)
    limit = gaussian(0.0, 1.0)
    assert wasserstein(values, limit) == pytest.approx(
        stats.wasserstein_distance(values, limit.sorted_values), rel=1e-9
    )
    assert kolmogorov(values, limit) == pytest.approx(stats.kstest(values, "norm").statistic, abs=2e-3)


def test_nulls_are_what_independent_draws_give():
    limit = gaussian(0.0, 1.0)
    rng = np.random.default_rng(5)
    found = [distance(rng.normal(size=64), limit) for _ in range(300)]
    assert np.mean([d.ks for d in found]) == pytest.approx(found[0].ks_null, rel=0.05)
    assert np.mean([d.w1 for d in found]) == pytest.approx(found[0].w1_null, rel=0.06)
    assert stats.kstest([d.ks_p for d in found], "uniform").pvalue > 0.01


def test_w1_p_value_is_small_for_a_shift_and_not_for_a_draw():
    limit = gaussian(0.0, 1.0)
    rng = np.random.default_rng(6)
    assert distance(rng.normal(0.5, 1, 256), limit).w1_p < 0.01
    assert distance(rng.normal(0.0, 1, 256), limit).w1_p > 0.01
    assert isinstance(distance(rng.normal(size=8), limit), Distance)


numbers = st.lists(st.integers(-6, 6).map(lambda n: n / 4), min_size=1, max_size=12)  # with ties


@given(st.lists(numbers, min_size=2, max_size=4))
def test_the_reference_error_is_half_of_what_parts_even_and_odd_replicas(replicas):
    sets = [np.array(one) for one in replicas]
    one, other = (np.concatenate(sets[which::2]) for which in (0, 1))
    w1, ks = reference_error(sets)
    assert w1 == pytest.approx(0.5 * stats.wasserstein_distance(one, other), abs=1e-12)
    gaps = [np.mean(one <= x) - np.mean(other <= x) for x in (*one, *other)]
    assert ks == pytest.approx(0.5 * np.max(np.abs(gaps)), abs=1e-12)


@given(numbers, numbers)
def test_w1_is_the_integral_of_what_parts_the_distribution_functions(values, reference):
    found = wasserstein_between(np.array(values), np.sort(reference))
    assert found == pytest.approx(stats.wasserstein_distance(values, reference), abs=1e-12)


@given(numbers, st.floats(0, 1))
def test_quantiles_of_ordered_values(values, share):
    (found,) = quantiles(np.sort(values), share)
    assert found == pytest.approx(np.quantile(values, share), abs=1e-12)


@given(st.lists(numbers, min_size=1, max_size=3))
def test_parts_in_order_are_merged(parts):
    sets = [np.array(part, np.float32) for part in parts]
    together = merged([in_order(one) for one in sets])
    assert together.dtype == np.float64
    assert together.tolist() == sorted(np.concatenate(sets).tolist())


def test_replicas_of_unequal_size_weigh_by_their_units():
    """The estimate of the union, whose parts are estimated apart."""
    rng = np.random.default_rng(5)
    parts = [rng.normal(size=600), rng.normal(1.0, 2.0, size=200)]
    apart, together = estimate(parts), estimate([np.concatenate(parts)])
    np.testing.assert_allclose(apart.pdf, together.pdf, atol=1e-12)
    assert (apart.error > 0).any()
