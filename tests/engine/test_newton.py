"""All layers at once: the same network as one layer after the other, to rounding."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from problems import constant, session, steps

from resviz.block.activation import ACTIVATIONS, activation
from resviz.config import Session
from resviz.data import make_problem
from resviz.engine.descent import descend
from resviz.engine.graphs import Graphs
from resviz.engine.newton import NewtonSweep, pays
from resviz.engine.resnet import ResNet, Sweep, resnet
from resviz.engine.rule import rule
from resviz.errors import DivergenceError
from resviz.fields import Fields, unit_starts

ROUNDING = {"float32": 2e-5, "float64": 1e-11}
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


def trained(chosen: Session, *, newton: bool, last: int = 8, eta: float = 0.5) -> tuple[list[Fields], ResNet]:
    """Fields of steps 0..last, and the network, on the processor."""
    n, problem = chosen.network, make_problem(chosen)
    dtype = {"float32": torch.float32, "float64": torch.float64}[chosen.training.dtype]
    starts = np.stack([unit_starts(n.seed, i, n.units, problem.dimension) for i in range(n.layers)])
    net = ResNet(problem.h0, starts, rule(chosen), device=torch.device("cpu"), dtype=dtype)
    sigma = activation(n.activation)
    net.sweep = NewtonSweep(sigma, Sweep(sigma), Graphs(recording=False)) if newton else Sweep(sigma)
    net.ranges = [(0, n.layers)]
    return steps(descend(net, problem, rule(chosen), constant(eta)), last), net


def agree(ours: list[Fields], theirs: list[Fields], dtype: str) -> None:
    for mine, its in zip(ours, theirs, strict=True):
        for x, y in ((mine.h, its.h), (mine.b, its.b)):
            np.testing.assert_allclose(x, y, rtol=0, atol=ROUNDING[dtype] * max(1.0, np.abs(y).max()))


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_all_layers_at_once_train_the_same_network(name, dtype):
    chosen = session(d=4, n=3, layers=33, units=9, activation=name).with_values({"training.dtype": dtype})
    (ours, mine), (theirs, its) = (trained(chosen, newton=how) for how in (True, False))
    agree(ours, theirs, dtype)
    assert 0 < mine.sweep.rounds < 12  # it was Newton's method that found h
    scale = float(its.u.abs().max())
    torch.testing.assert_close(mine.u, its.u, rtol=0, atol=ROUNDING[dtype] * scale)
    torch.testing.assert_close(mine.v, its.v, rtol=0, atol=ROUNDING[dtype] * scale)


@examples(max_examples=25)
@given(
    layers=st.integers(1, 40), units=st.integers(1, 12), d=st.integers(1, 6), n=st.integers(1, 5),
    alpha=st.floats(0.3, 6.0),
)  # fmt: skip
def test_every_shape(layers, units, d, n, alpha):
    """Depths that are no power of two, one layer, one unit, one sample; deep in the lazy regime too."""
    chosen = session(d=d, n=n, layers=layers, units=units, alpha=alpha)
    try:
        theirs, _ = trained(chosen, newton=False, last=4, eta=0.1)
    except DivergenceError:
        return
    ours, _ = trained(chosen, newton=True, last=4, eta=0.1)
    agree(ours, theirs, "float64")


def test_what_does_not_settle_is_swept_in_order(monkeypatch):
    monkeypatch.setattr("resviz.engine.newton._ROUNDS", 1)
    chosen = session(d=4, n=3, layers=12, units=5)
    (ours, net), (theirs, _) = (trained(chosen, newton=how) for how in (True, False))
    assert net.sweep.rounds == 0
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.h, its.h, rtol=0, atol=1e-12)


def test_a_divergence_is_told_at_its_step():
    chosen = session(d=4, n=3, layers=10, units=6, activation="relu", alpha=9.0)
    found = []
    for how in (True, False):
        with pytest.raises(DivergenceError) as caught:
            trained(chosen, newton=how, last=60, eta=40.0)
        found.append((caught.value.step, caught.value.layer))
    assert found[0] == found[1]


def test_little_work_and_large_tangents_stay_in_order():
    assert pays(1000, 10, 10, 1000)
    assert pays(1000, 10, 10, 1)
    assert not pays(8, 10, 10, 4096)  # a few launches
    assert not pays(64, 64, 128, 256)  # 5.2 ms in order, 6.7 at once
    assert not pays(1000, 64, 512, 64)  # 0.2 TB of tangents
    assert not pays(100_000, 100, 10, 1000)  # 80 GB of activations


@GPU
@pytest.mark.parametrize("changes", [{}, {"training.optimizer": "momentum", "training.momentum": 0.5}])
def test_on_a_gpu_the_same_network_at_a_changing_rate(changes):
    chosen = session(d=4, n=3, layers=40, units=8).with_values(changes)
    problem = make_problem(chosen)
    there, here = (
        steps(resnet(chosen.with_values({"training.device": d}), problem, rates=lambda k: 0.5 / (1 + k)), 12)
        for d in ("cuda", "cpu")
    )
    agree(there, here, "float64")
