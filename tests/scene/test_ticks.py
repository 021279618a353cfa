import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resviz.errors import RequestError
from resviz.scene.model import Axis
from resviz.scene.ticks import axis_ticks, linear_ticks, log_ticks, number

numbers = st.floats(-1e9, 1e9)


@given(numbers, st.floats(1e-9, 1e9), st.integers(1, 20))
def test_linear_ticks_are_inside_increasing_distinct_and_few(low, width, most):
    high = low + width
    assume(high - low > 1e-9 * max(abs(low), abs(high)))
    ticks = linear_ticks(low, high, most)
    assert all(low <= value <= high for value in ticks.values)
    assert all(a < b for a, b in zip(ticks.values, ticks.values[1:], strict=False))
    assert len(set(ticks.labels)) == len(ticks.labels) == len(ticks.values) <= most
    if most >= 4:
        assert len(ticks.values) >= 2 or most < 6


@given(st.floats(-30, 29), st.floats(0.3, 20), st.integers(1, 12))
def test_log_ticks_label_decades_only(power, decades, most):
    low, high = 10.0**power, 10.0 ** (power + decades)
    ticks = log_ticks(low, high, most)
    assert all(low <= value <= high for value in (*ticks.values, *ticks.minor))
    assert len(set(ticks.labels)) == len(ticks.labels) <= most
    for value in ticks.values:
        assert abs(math.log10(value) - round(math.log10(value))) < 1e-9
    if decades > 1 and most > 1:
        assert ticks.values


@given(numbers)
def test_number_has_three_digits_and_no_ascii_minus(value):
    text = number(value)
    assert "-" not in text
    assert "," not in text
    read = text.replace("−", "-").split("×")[0]
    if "×" not in text:
        assert float(read) == pytest.approx(value, rel=5.1e-3, abs=1e-300)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.256, "0.256"),
        (0.0838, "0.0838"),
        (-3.4, "−3.40"),
        (12345, "12300"),
        (0.9996, "1.00"),
        (1.2e-5, "1.20×10⁻⁵"),
        (2e5, "2.00×10⁵"),
        (0.0, "0"),
        (math.nan, "n/a"),
    ],
)
def test_number(value, text):
    assert number(value) == text


def test_labels_read_as_on_paper():
    assert linear_ticks(-4, 4, 9).labels == ("−4", "−3", "−2", "−1", "0", "1", "2", "3", "4")
    assert linear_ticks(0, 0.47, 5).labels == ("0.0", "0.1", "0.2", "0.3", "0.4")
    assert linear_ticks(0, 3e6, 4).labels == ("0", "1×10⁶", "2×10⁶", "3×10⁶")
    assert log_ticks(0.02, 2, 4).labels == ("0.1", "1")
    assert log_ticks(1e-6, 1, 4).labels == ("10⁻⁶", "10⁻⁴", "10⁻²", "10⁰")
    assert axis_ticks(Axis(0.02, 2, scale="log"), 4) == log_ticks(0.02, 2, 4)


@pytest.mark.parametrize("bad", [(1, 1), (2, 1), (0, math.inf), (math.nan, 1), (1, 1 + 1e-15)])
def test_impossible_ranges_are_refused(bad):
    with pytest.raises(RequestError, match="axis range"):
        linear_ticks(*bad, 5)
    with pytest.raises(RequestError, match="axis range"):
        log_ticks(*bad, 5)
    with pytest.raises(RequestError, match="starts above 0"):
        log_ticks(-1, 1, 5)
