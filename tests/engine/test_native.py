"""Compiled sweeps against the TorchScript ones: the same numbers to rounding, at every shape."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from problems import constant, session, steps

from resviz.block.activation import ACTIVATIONS
from resviz.config.activations import BUILT_IN
from resviz.data import make_problem
from resviz.engine import kernelcache, native
from resviz.engine.lazy import lazy_limit
from resviz.engine.meanode import mean_ode
from resviz.engine.resnet import resnet

pytestmark = pytest.mark.usefixtures("compiled_kernels")

SHAPES = [  # L, M, D, N: lanes along units and along samples, parts of a lane, several groups of units
    (3, 1, 1, 1),
    (4, 1, 10, 10),
    (4, 7, 13, 3),
    (3, 7, 5, 1),
    (3, 40, 1, 13),
    (3, 16, 10, 10),
    (2, 256, 10, 10),
    (2, 1000, 10, 10),
    (2, 100, 33, 20),
    (2, 999, 5, 16),
    (2, 31, 20, 32),
    (2, 50, 128, 64),
]
ROUNDING = {"float32": 2e-5, "float64": 1e-12}


@pytest.fixture
def by_torch(monkeypatch):
    """Calls a function with the compiled kernels hidden."""

    def call(function):
        with monkeypatch.context() as hidden:
            hidden.setattr(native, "kernels", lambda dtype: None)
            return function()

    return call


def agree(ours, theirs, dtype: str) -> None:
    for mine, its in zip(ours, theirs, strict=True):
        for x, y in ((mine.h, its.h), (mine.b, its.b)):
            assert x.dtype == np.dtype(dtype)
            np.testing.assert_allclose(x, y, rtol=0, atol=ROUNDING[dtype] * max(1.0, np.abs(y).max()))


@pytest.mark.parametrize("dtype", kernelcache.DTYPES)
@pytest.mark.parametrize("name", BUILT_IN)
def test_activations_of_the_kernels_are_those_of_torch(name, dtype, by_torch):
    chosen = session(d=4, n=5, layers=6, units=9, activation=name, alpha=1.5).with_values(
        {"training.dtype": dtype, "limit.nodes": 5, "limit.units": 32}
    )
    problem = make_problem(chosen)
    for engine in (resnet, mean_ode, lazy_limit):

        def train(engine=engine):
            return steps(engine(chosen, problem, rates=constant(0.5)), 4)

        agree(train(), by_torch(train), dtype)


@pytest.mark.parametrize("dtype", kernelcache.DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_shape(shape, dtype, by_torch):
    layers, m, d, n = shape
    chosen = session(d=d, n=n, layers=layers, units=m).with_values(
        {"training.dtype": dtype, "limit.nodes": layers, "limit.units": 64}
    )
    problem = make_problem(chosen)
    for engine in (resnet, mean_ode, lazy_limit):

        def train(engine=engine):
            return steps(engine(chosen, problem, rates=constant(0.5)), 3)

        agree(train(), by_torch(train), dtype)


def test_the_same_bytes_every_time():
    chosen = session(d=10, n=10, layers=8, units=100).with_values({"training.dtype": "float32"})
    problem = make_problem(chosen)
    one, other = (steps(resnet(chosen, problem, rates=constant()), 5) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        assert a.h.tobytes() == b.h.tobytes()
        assert a.b.tobytes() == b.b.tobytes()


def test_far_preactivations_and_nan_pass_through():
    """Saturated activations stay in their bounds; NaN is not clipped into a number."""
    module = kernelcache.kernels("float64")
    p = np.array([-800.0, -30.0, -1e-300, 0.0, 1e-9, 30.0, 800.0, np.nan])
    for code, name in enumerate(BUILT_IN):
        # N = M = D = 1, u = p, v = 1: up computes sigma(p)
        sigma = ACTIVATIONS[name]()
        for x in p:
            h, f = np.array([1.0, 0.0]), np.zeros(1)
            one = np.ones(1)
            work = native.workspace(module, 1, 1, 1, "float64")
            module.up(code, h, f, one, np.array([x]), one, one, False, 0, 1, 1, 1, 1, 1, 1, work)
            exact = float(sigma.value(torch.tensor([x], dtype=torch.float64)))
            np.testing.assert_allclose(f[0], exact, rtol=1e-14, atol=1e-14)
            assert np.isnan(x) == np.isnan(f[0])


def test_without_kernels_a_child_is_started_once_and_torch_serves(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(kernelcache, "_folder", lambda: tmp_path)
    monkeypatch.setattr(kernelcache, "_loaded", {})
    monkeypatch.setattr(kernelcache, "_children", {})

    class Child:
        code = None

        def poll(self):
            return self.code

    def start(dtype):
        started.append(dtype)
        return Child()

    monkeypatch.setattr(kernelcache, "_child", start)
    chosen = session(d=3, n=2, layers=3, units=4)
    problem = make_problem(chosen)
    for _ in range(2):
        assert len(steps(resnet(chosen, problem, rates=constant()), 2)) == 3
    assert started == ["float64"]
    Child.code = 1  # it failed: not tried again in this process
    assert kernelcache.kernels("float64") is None
    assert started == ["float64"]


class Guarded:
    """Arrays with a margin of known numbers on either side."""

    MARGIN, KNOWN = 256, 12345.0

    def __init__(self, dtype: str) -> None:
        self.dtype = getattr(torch, dtype)
        self.whole: list[torch.Tensor] = []

    def take(self, *shape: int) -> torch.Tensor:
        size = int(np.prod(shape))
        whole = torch.full((size + 2 * self.MARGIN,), self.KNOWN, dtype=self.dtype)
        inside = whole[self.MARGIN : self.MARGIN + size].view(shape)
        inside.copy_(torch.from_numpy(np.random.default_rng(size).standard_normal(shape)) * 0.1)
        self.whole.append(whole)
        return inside

    def untouched(self) -> bool:
        sides = [torch.cat([whole[: self.MARGIN], whole[-self.MARGIN :]]) for whole in self.whole]
        return all(bool((side == self.KNOWN).all()) for side in sides)


@pytest.mark.parametrize("dtype", kernelcache.DTYPES)
@pytest.mark.parametrize("shape", [*SHAPES, (8, 300, 4, 24), (8, 300, 4, 40), (2, 129, 3, 17)], ids=str)
def test_sweeps_write_nothing_beyond_their_arrays(shape, dtype, monkeypatch):
    layers, m, d, n = shape
    guard = Guarded(dtype)
    plain = native.workspace

    def workspace(module, n, d, m, dtype):
        return guard.take(len(plain(module, n, d, m, dtype))).numpy()

    monkeypatch.setattr(native, "workspace", workspace)
    for replicas in (1, 2):
        u, v, du, dv = (guard.take(layers, replicas, d, m) for _ in range(4))
        h, b, f = (guard.take(layers + 1, replicas, n, d) for _ in range(3))
        if replicas == 1:
            net = native.NetSweep.ready("tanh", u, n)
            net.up(h, u, v, 0.1, 0, layers)
            net.down(h, b, u, v, 0.1, 0.1, 0.1, 0, layers)
        weights = guard.take(layers, 3, replicas, 1, 1)
        node = native.NodeSweep.ready("tanh", u, n)
        node.up(h[:layers], f[:layers], weights, u, v, 0.1, 0, layers)
        node.down(h[:layers], b[:layers], f[:layers], weights, u, v, 0.1, 0.1, 0.1, 0, layers)
        lazy = native.LazySweep.ready("tanh", u, n)
        lazy.up(h[:layers], f[:layers], weights, u, v, du, dv, 0, layers)
        lazy.down(h[:layers], b[:layers], f[:layers], weights, u, v, du, dv, 0.1, 0.1, 0, layers)
    assert guard.untouched()
