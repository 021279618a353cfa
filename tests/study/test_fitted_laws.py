"""Fitted rates: exact laws are found, noise widens their intervals, too little data are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resviz.errors import RequestError
from resviz.study.fit import fit_law, intervals, slope

L, M = (grid.ravel() for grid in np.meshgrid([3.0, 12.0, 46.0, 166.0], [1.0, 6.0, 24.0, 87.0]))
TERMS = np.stack([1 / np.sqrt(L * M), 1 / L])


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 20), st.floats(0.05, 20), st.booleans())
def test_the_constants_of_an_exact_law_are_found(noise, bias, quadrature):
    parts = np.array([noise, bias])[:, None] * TERMS
    errors = np.sqrt((parts**2).sum(axis=0)) if quadrature else parts.sum(axis=0)
    law = fit_law(TERMS, errors, quadrature=quadrature)
    np.testing.assert_allclose(law.coefficients, [noise, bias], rtol=1e-4)
    np.testing.assert_allclose(law.at(TERMS), errors, rtol=1e-5)
    assert law.spread < 1e-5


def test_a_diverged_point_is_left_out_and_too_few_are_refused():
    errors = 2.0 * TERMS[0]
    errors[3] = np.nan
    assert fit_law(TERMS[:1], errors).coefficients[0] == pytest.approx(2.0)
    with pytest.raises(RequestError, match="cannot fix 2 constants"):
        fit_law(TERMS[:, :1], errors[:1])


@given(st.floats(-3, 3), st.floats(1e-6, 1e6))
def test_a_power_law_has_its_slope(exponent, factor):
    x = np.array([1.0, 3.0, 10.0, 50.0])
    assert slope(x, factor * x**exponent) == pytest.approx(exponent, abs=1e-8)
    with pytest.raises(RequestError, match="two finite points"):
        slope(x[:2], np.array([1.0, np.nan]))


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    x = np.repeat(10.0 ** np.linspace(0, 2, 6), 5)
    held = 0
    for trial in range(60):
        noisy = x**-0.5 * np.exp(0.2 * np.random.default_rng(trial).standard_normal(len(x)))
        (found,) = intervals(lambda i, y=noisy: [slope(x[i], y[i])], len(x), draws=100, seed=trial)
        assert found.low < found.value < found.high
        held += found.low <= -0.5 <= found.high
    assert held >= 48  # of 60 at 95 %: below 80 % has a chance of some 1e-5
