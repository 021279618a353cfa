import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from resviz.data.digits import digits
from resviz.data.rows import drawn_rows, stratified_rows
from resviz.data.standardise import one_hot, standardised
from resviz.data.toys import circles, moons, sine, spirals
from resviz.errors import DataError


@pytest.mark.parametrize("make", [sine, circles, moons, spirals])
@pytest.mark.parametrize("samples", [1, 2, 3, 501])
def test_toys_are_standardised_at_every_size(make, samples):
    x, y = make(samples, 4)
    assert len(x) == len(y) == samples
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    if samples > 2:
        np.testing.assert_allclose(x.std(axis=0), 1, rtol=1e-12)


@pytest.mark.parametrize("make", [circles, moons, spirals])
def test_two_classes_of_even_size(make):
    _, y = make(60, 4)
    root = np.sqrt(2) / 2
    np.testing.assert_allclose(np.unique(y, axis=0), [[-root, root], [root, -root]], rtol=1e-12)
    assert (y[:, 0] > 0).sum() == 30


def test_sine_is_a_function_of_one_projection():
    x, y = sine(2001, 3)
    order = np.argsort(x[:, 0])
    slope = np.diff(y[order, 0]) / np.diff(x[order, 0])
    # smooth: neighbours differ by what the steepest sine of this draw allows
    assert np.abs(slope).max() < 20
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=1e-12)


def test_no_line_separates_the_spirals():
    x, y = spirals(400, 0)
    label = np.sign(y[:, 0])
    design = np.column_stack([x, np.ones(400)])
    weights = np.linalg.lstsq(design, label, rcond=None)[0]
    assert np.mean(np.sign(design @ weights) == label) < 0.85
    # while the nearest other sample nearly always has the same class
    distance = ((x[:, None] - x[None]) ** 2).sum(axis=2) + np.diag(np.full(400, np.inf))
    assert np.mean(label[distance.argmin(axis=1)] == label) > 0.95


def test_all_digits():
    x, y = digits(None, 0)
    assert (x.shape, y.shape) == ((1797, 64), (1797, 10))
    # pixel 0 is the same in every image
    assert not x[:, 0].any()
    moving = x.std(axis=0) > 0
    assert moving.sum() == 61
    np.testing.assert_allclose(x[:, moving].std(axis=0), 1, rtol=1e-9)
    np.testing.assert_allclose(y.sum(axis=1), 0, atol=1e-12)


def test_a_draw_of_digits_keeps_the_shares_of_the_classes():
    _, y = digits(100, 5)
    counts = (y > 0).sum(axis=0)
    assert counts.sum() == 100
    assert counts.min() >= 9
    assert counts.max() <= 11
    assert not np.array_equal(y, digits(100, 6)[1])
    with pytest.raises(DataError, match="1797 rows"):
        digits(1798, 0)


@given(arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 3)), elements=st.floats(-1e300, 1e300)))
def test_standardised_columns_have_mean_0_and_variance_1_or_are_zero(columns):
    result = standardised(columns)
    assert np.isfinite(result).all()
    np.testing.assert_allclose(result.mean(axis=0), 0, atol=1e-6)
    for column, values in zip(result.T, columns.T, strict=True):
        if np.all(values == values[0]):
            assert not column.any()
        else:
            assert column.std() == pytest.approx(1.0, rel=1e-6) or not column.any()


def test_standardising_is_the_textbook_formula():
    columns = np.random.default_rng(0).gamma(2.0, 3.0, (50, 4))
    np.testing.assert_allclose(
        standardised(columns), (columns - columns.mean(axis=0)) / columns.std(axis=0), rtol=1e-10
    )


def test_one_hot_rows_are_centred_with_mean_square_1_minus_1_over_c():
    rows = one_hot(np.array([2, 0]), 4)
    np.testing.assert_allclose(rows, [[-0.5, -0.5, 1.5, -0.5], [1.5, -0.5, -0.5, -0.5]])
    assert np.mean(rows**2) == pytest.approx(1 - 1 / 4)


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=40), seed=st.integers(0, 100), data=st.data())
def test_a_stratified_draw(labels, seed, data):
    labels = np.array(labels)
    samples = data.draw(st.integers(1, len(labels)))
    rows = stratified_rows(labels, samples, seed, "a")
    assert len(set(rows)) == samples
    assert np.array_equal(rows, np.sort(rows))
    for c in range(5):
        share = samples * np.mean(labels == c)
        assert abs(np.sum(labels[rows] == c) - share) < 1


def test_a_draw_of_rows():
    rows = drawn_rows(100, 30, 1, "a")
    assert len(set(rows)) == 30
    assert not np.array_equal(rows, drawn_rows(100, 30, 2, "a"))
    assert np.array_equal(drawn_rows(5, None, 1, "a"), np.arange(5))
    with pytest.raises(DataError, match="there are 5 rows"):
        drawn_rows(5, 6, 1, "a")
