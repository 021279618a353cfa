import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.scene.axes import Range, density_top, grown, log_range, nice_bound

ends = st.floats(-1e6, 1e6)


@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12))
def test_nice_bound_is_above_close_and_monotone(a, b):
    assert a * (1 - 1e-9) <= nice_bound(a) <= 1.34 * a
    if a <= b:
        assert nice_bound(a) <= nice_bound(b)


def test_an_axis_ends_even_where_its_values_do_not():
    assert nice_bound(np.inf) == nice_bound(1.7e308) == 1e300
    reach = log_range(np.array([5e-324, 1.7e308]))
    assert 0 < reach.low < 1e-299
    assert 1e299 < reach.high < np.inf


@given(st.lists(st.tuples(ends, ends).map(sorted), min_size=1, max_size=6), st.booleans())
def test_ranges_hold_what_is_needed_and_never_shrink(wishes, nonnegative):
    current = None
    for wish in wishes:
        wish = (abs(wish[0]), abs(wish[0]) + wish[1] - wish[0]) if nonnegative else tuple(wish)
        after = grown(current, wish, nonnegative=nonnegative)
        assert after.low < after.high
        assert after.low <= wish[0]
        assert wish[1] <= after.high * (1 + 1e-9) + 1e-9
        if current is not None:
            assert after.low <= current.low
            assert after.high >= current.high
        if nonnegative:
            assert after.low == 0
        current = after


def test_ranges_are_nice():
    assert grown(None, (-3.09, 3.07)) == Range(-4, 4)
    assert grown(None, (-3.09, 3.07)) == grown(Range(-4, 4), (-3.9, 3.9))
    assert grown(Range(-4, 4), (-4.1, 3.9)) == Range(-5, 5)
    assert grown(None, (0.0, 0.31), nonnegative=True) == Range(0, 0.4)
    assert grown(None, (2.93, 3.41)) == Range(2.9, 3.45)
    assert grown(None, (float("nan"), 1.0)) == Range(-0.5, 0.5)
    assert grown(None, (0.0, 0.0), nonnegative=True) == Range(0, 1)


def test_log_range_holds_two_decade_labels_and_only_grows():
    loss = 1.5 * np.exp(-0.05 * np.arange(100))
    before = log_range(loss[:1])
    assert before == Range(0.1, 2.0)
    for k in range(2, 100):
        after = log_range(loss[:k], None)
        assert after.low <= before.low
        assert after.high >= before.high
        before = after
    assert before.low <= loss.min()
    assert log_range(np.array([0.0, np.nan])) == Range(0.1, 1.0)


def test_density_top_has_room_for_noise_and_caps_atoms():
    assert density_top(0.4, 8.0, 256, 0.2) > density_top(0.4, 8.0, 10**6, 0.2) >= 0.42
    assert density_top(1e6, 8.0, 256, 0.2) == 1.4
    assert density_top(float("nan"), 6.0, 0, 0.2) == pytest.approx(0.6)
