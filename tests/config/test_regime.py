"""The five regimes of HW v2's phase diagram."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.config import Session
from resviz.config.regime import HALF_DECADE, Regime, regime, scale_of

SIZES = st.floats(-3, 6).map(lambda e: 10.0**e)


@pytest.mark.parametrize(
    ("alpha", "ratio", "named"),
    [
        (0.01, 1e4, Regime.SUBCRITICAL),
        (1.0, 1e4, Regime.FEATURES),
        (8.0, 1e4, Regime.LAZY_ODE),  # 1 << 8 << 100
        (100.0, 1e4, Regime.LAZY_SDE),
        (1000.0, 1e4, Regime.BLOW_UP),
        (1.0, 1.0, Regime.LAZY_SDE),  # D = LM: no room for anything between
    ],
)
def test_the_table_of_regimes(alpha, ratio, named):
    assert regime(alpha, ratio) is named


@given(SIZES, SIZES, st.floats(1.0, 1e3))
def test_a_larger_scale_never_leads_back(alpha, ratio, factor):
    order = list(Regime)
    assert order.index(regime(alpha * factor, ratio)) >= order.index(regime(alpha, ratio))


@given(SIZES, SIZES)
def test_the_lazy_window_is_empty_unless_D_is_far_below_LM(alpha, ratio):
    if regime(alpha, ratio) is Regime.LAZY_ODE:
        assert ratio > HALF_DECADE**4


def test_the_scale_of_a_session_counts_sigma_v():
    session = Session(network={"layers": 10, "units": 30, "alpha": 2.0, "sigma_v": 3.0})
    assert scale_of(session, 10) == (6.0, 30.0)
