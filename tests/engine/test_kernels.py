"""Dual kernels: closed forms and tables against quadrature, derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from resviz.block.activation import activation
from resviz.engine.kernels import ErfKernel, IdentityKernel, Kernel, ReluKernel
from resviz.engine.tabulated import LARGEST_NORM, TabulatedKernel, hermite_coefficients
from resviz.errors import RequestError

CLOSED = {"erf": ErfKernel, "relu": ReluKernel, "identity": IdentityKernel}
NAMES = ("tanh", "erf", "relu", "gelu", "softplus", "identity")


def kernel(name: str, rate_v: float = 0.8, rate_u: float = 1.7, reach: float = 2.0) -> Kernel:
    if name in CLOSED:
        return CLOSED[name](rate_v, rate_u)
    table = TabulatedKernel(activation(name), rate_v, rate_u)
    table.cover(reach)
    return table


def points(count: int, reach: float, seed: int):
    """(1, count, 3) with norms up to ``reach``."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(1, count, 3))
    return x * (reach * random.random(count) / np.linalg.norm(x, axis=-1))[..., None]


def values(chosen: Kernel, x, y):
    return chosen.value(chosen.points(x), chosen.points(y, past=True))


def expected(name: str, x, y):
    """(K, K') of two vectors by the trapezoid rule along and across x: exact for smooth sigma."""
    sigma = activation(name)
    g, step = np.linspace(-9, 9, 1200, retstep=True)  # no point on a kink at 0
    weight = np.exp(-(g**2) / 2) * step / np.sqrt(2 * np.pi)
    t = np.linalg.norm(x)
    along = (x @ y) / t
    across = np.sqrt(max(y @ y - along**2, 0.0))
    p = torch.from_numpy(t * g)
    q = torch.from_numpy(along * g[:, None] + across * g)
    pairs = (sigma.value, sigma.value), (sigma.slope, sigma.slope)
    return [float((weight * f(p).numpy()) @ (h(q).numpy() @ weight)) for f, h in pairs]


@pytest.mark.parametrize(("name", "tolerance"), [*((n, 1e-9) for n in NAMES if n != "relu"), ("relu", 5e-3)])
def test_kernels_are_what_quadrature_finds(name, tolerance):
    """W = rate_v K + rate_u c K' (relu's quadrature is that of a kink)."""
    x, y = points(4, 2.0, 1), points(5, 2.0, 2)
    got = values(kernel(name), x, y)[0]
    for i, a in enumerate(x[0]):
        for j, b in enumerate(y[0]):
            k, k1 = expected(name, a, b)
            assert got[i, j] == pytest.approx(0.8 * k + 1.7 * (a @ b) * k1, abs=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_the_kernel(name):
    """2 W_a x + W_c x' against central differences of W."""
    chosen = kernel(name)
    x, y = points(6, 1.9, 3), points(7, 1.9, 4)
    by_a, by_c = chosen.derivatives(chosen.points(x), chosen.points(y, past=True))
    gradient = 2.0 * by_a[..., None] * x[:, :, None] + by_c[..., None] * y[:, None]  # (1, 6, 7, 3)
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = 1e-5
        found = (values(chosen, x + step, y) - values(chosen, x - step, y)) / 2e-5
        # relu's third derivatives are large where points are nearly parallel
        np.testing.assert_allclose(gradient[..., axis], found, atol=5e-6 if name == "relu" else 1e-8)


def test_numbers_of_the_initialisation():
    """q(1) = E sigma(g)^2 of mathematics.md 2.4: 0.3943 for tanh, 0.4646 for erf."""
    one = np.array([[[0.6, 0.8, 0.0]]])
    assert values(kernel("tanh", 1.0, 0.0), one, one)[0, 0, 0] == pytest.approx(0.3943, abs=5e-5)
    assert values(kernel("erf", 1.0, 0.0), one, one)[0, 0, 0] == pytest.approx(0.4646, abs=6e-5)


@pytest.mark.parametrize("reach", [0.7, 1.5, 3.0, LARGEST_NORM])
def test_a_table_states_its_error(reach):
    """erf from a table against its closed form, parallel and opposite points among them."""
    table, closed = TabulatedKernel(activation("erf"), 0.8, 1.7), ErfKernel(0.8, 1.7)
    table.cover(reach)
    x, y = points(20, reach, 5), points(40, reach, 6)
    y[0, :20] = x[0] * np.linspace(-1, 1, 20)[:, None]
    now, past = table.points(x), table.points(y, past=True)
    wrong = [np.abs(table.value(now, past) - closed.value(now, past)).max()]
    pairs = zip(table.derivatives(now, past), closed.derivatives(now, past), strict=True)
    wrong += [np.abs(a - b).max() for a, b in pairs]
    assert max(wrong) < 5 * table.error
    assert table.error < 3e-9


def test_too_few_hermite_terms_are_confessed():
    """Cut at 30 terms, the table's error is that of the series, and the stated one covers it."""
    short, closed = TabulatedKernel(activation("erf"), 1.0, 1.0, terms=30), ErfKernel(1.0, 1.0)
    short.cover(1.5)
    x = points(20, 1.5, 7)
    wrong = np.abs(values(short, x, x) - values(closed, x, x)).max()
    assert 1e-8 < wrong < short.error


def test_a_coarse_table_is_cheap_and_says_so():
    fine, coarse = (TabulatedKernel(activation("tanh"), 1.0, 1.0, tolerance=t) for t in (1e-11, 1e-6))
    fine.cover(1.5)
    coarse.cover(1.5)
    assert 1e-8 < coarse.error < 1e-4
    assert fine.error < 1e-9
    x = points(9, 1.5, 8)
    assert np.abs(values(fine, x, x) - values(coarse, x, x)).max() < 2 * coarse.error


def test_tables_grow_with_their_points():
    table = kernel("tanh", reach=1.0)
    x = points(5, 1.0, 9)
    small = values(table, x, x)
    assert not table.cover(0.9)
    assert table.cover(2.5)  # features of old points are no longer good
    np.testing.assert_allclose(values(table, x, x), small, atol=1e-9)
    with pytest.raises(RequestError, match="norm"):
        table.cover(2 * LARGEST_NORM)


@pytest.mark.parametrize("name", NAMES)
def test_the_origin_is_a_point_like_any_other(name):
    chosen = kernel(name)
    x, y = np.zeros((1, 1, 3)), points(4, 1.5, 10)
    got = values(chosen, x, y)[0, 0]
    sigma = activation(name)
    at_zero = float(sigma.value(torch.zeros(1, dtype=torch.float64)))
    k = [expected(name, b, np.zeros(3))[0] for b in y[0]] if at_zero else np.zeros(4)
    np.testing.assert_allclose(got, 0.8 * np.asarray(k), atol=1e-9)
    assert all(
        np.isfinite(d).all() for d in chosen.derivatives(chosen.points(x), chosen.points(y, past=True))
    )


def test_relu_is_homogeneous_and_bounded_where_points_are_parallel():
    chosen = kernel("relu")
    x, y = points(4, 1.0, 11), points(5, 1.0, 12)
    np.testing.assert_allclose(values(chosen, 3 * x, 2 * y), 6 * values(chosen, x, y), rtol=1e-12)
    by_a, by_c = chosen.derivatives(chosen.points(x), chosen.points(2.0 * x, past=True))
    gradient = np.einsum("n,nr->nr", 2 * by_a[0].diagonal(), x[0])
    gradient += np.einsum("n,nr->nr", by_c[0].diagonal(), 2 * x[0])
    # K' + 0 of the jump: (rate_v + rate_u) x'/2
    np.testing.assert_allclose(gradient, 2.5 / 2 * 2 * x[0], atol=1e-6)


def test_hermite_coefficients_of_a_line_are_its_slope():
    c, tail = hermite_coefficients(activation("identity"), np.array([0.5, 2.0]), 1e-12)
    np.testing.assert_allclose(c[0, 1], [0.5, 2.0], atol=1e-13)
    np.testing.assert_allclose(c[1, 0], 1.0, atol=1e-13)
    assert np.abs(c[2:]).max() < 1e-12
    assert tail < 1e-20
