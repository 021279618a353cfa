"""Batches, momentum and clipping (mathematics.md 1.1b): against autograd, in transport, in the limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from problems import constant, session, steps

from resviz.config import Session
from resviz.data import make_problem
from resviz.engine.descent import descend
from resviz.engine.lazy import lazy_limit
from resviz.engine.linear import linear_limit
from resviz.engine.meanode import Particles, mean_ode, particle_starts
from resviz.engine.optimise import Optimiser, batch_weights
from resviz.engine.resnet import ResNet, resnet
from resviz.engine.rule import rule
from resviz.errors import SessionError
from resviz.fields import unit_starts
from resviz.recording import Recording

OPTIMISERS = {
    "sgd": {"optimizer": "sgd", "batch": 2},
    "momentum": {"optimizer": "momentum", "momentum": 0.6},
    "clip": {"clip": 0.05},
    "all": {"optimizer": "momentum", "momentum": 0.6, "clip": 0.05},
}


def training(name: str, **network: object) -> Session:
    chosen = session(d=4, n=5, **{"layers": 6, "units": 8, "alpha": 1.3, **network})
    return chosen.with_values({f"training.{key}": value for key, value in OPTIMISERS[name].items()})


def by_autograd(chosen: Session, last: int) -> tuple[np.ndarray, list[float]]:
    """(u, v) after ``last`` steps of the published update, gradients by autograd, and the factors c_k."""
    problem, n, t = make_problem(chosen), chosen.network, chosen.training
    starts = torch.tensor(np.stack([unit_starts(n.seed, i, n.units, 4) for i in range(n.layers)]))
    units = [(2.0 * starts[:, j]).requires_grad_() for j in (0, 1)]  # sqrt(D) = 2
    memory = [torch.zeros_like(x) for x in units]
    factors = []
    for step in range(last):
        w = torch.ones(5, dtype=torch.float64)
        if t.optimizer == "sgd":
            w = torch.tensor(batch_weights(t.batch_seed, step, 5, t.batch))
        h = torch.tensor(problem.x)
        fields, inputs = [], []
        for layer in range(n.layers):
            inputs.append(h)
            h = h + n.alpha / (n.layers * n.units) * torch.tanh(h @ units[0][layer] / 4) @ units[1][layer].T
            h.retain_grad()
            fields.append(h)
        (0.5 * (h - torch.tensor(problem.y)).square().sum() / 5).backward()
        gradients = [torch.zeros_like(x) for x in units]
        with torch.no_grad():
            for layer in range(n.layers):
                x, b = inputs[layer], fields[layer].grad
                a = torch.tanh(x @ units[0][layer] / 4)
                g = (1 - a**2) * (b @ units[1][layer] / 4)
                gradients[0][layer] = (w[:, None] * x).T @ g
                gradients[1][layer] = (w[:, None] * b).T @ a
            size = float(torch.stack([g.square().mean() for g in gradients]).mean().sqrt())
            factor = min(1.0, t.clip / size) if t.clip else 1.0
            factors.append(factor)
            for x, m, g in zip(units, memory, gradients, strict=True):
                mu = t.momentum if t.optimizer == "momentum" else 0.0
                m.mul_(mu).add_(g)
                x -= 0.7 / n.alpha * factor * m
                x.grad = None
    return np.stack([x.detach().numpy() for x in units]), factors


DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", OPTIMISERS)
def test_training_follows_the_published_update(name, device):
    chosen = training(name)
    problem = make_problem(chosen)
    n = chosen.network
    starts = np.stack([unit_starts(n.seed, i, n.units, 4) for i in range(n.layers)])
    net = ResNet(problem.h0, starts, rule(chosen), device=torch.device(device), dtype=torch.float64)
    fields = steps(descend(net, problem, rule(chosen), constant(0.7)), 4)  # the units then are at step 5
    expected, factors = by_autograd(chosen, 5)
    np.testing.assert_allclose(net.u[:, 0].cpu().numpy(), expected[0], atol=1e-10)
    np.testing.assert_allclose(net.v[:, 0].cpu().numpy(), expected[1], atol=1e-10)
    np.testing.assert_allclose([f.factor for f in fields], factors, rtol=1e-12)
    assert (min(factors) < 0.9) == (name in ("clip", "all"))  # the test clips where it says so


@pytest.mark.parametrize("name", OPTIMISERS)
def test_all_places_at_once_are_places_one_by_one(name):
    """What a GPU does, on the processor; ranges cut depth in two."""
    chosen = training(name).with_values({"limit.nodes": 6, "limit.units": 16})
    problem = make_problem(chosen)
    moved, factors = [], []
    for at_once in (True, False):
        starts = particle_starts(problem, 6, 16)
        engine = Particles(problem.h0, starts, rule(chosen), device=torch.device("cpu"), dtype=torch.float64)
        engine.ranges = [(0, 4), (4, 6)]
        generator = torch.Generator().manual_seed(5)
        for fields in (engine.h, engine.b):
            fields.normal_(generator=generator)
        optimiser = Optimiser(engine, rule(chosen), problem.samples)
        optimiser.mover, optimiser.at_once = None, at_once
        factors += [list(optimiser.steps(optimiser.weights(step), 0.7))[-1] for step in (0, 1)]
        moved.append((engine.u, engine.v))
    for mine, its in zip(*moved, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(factors[:2], factors[2:], rtol=1e-12)
    assert (factors[0] < 1.0) == (name in ("clip", "all"))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_replay_equals_training(name):
    chosen = training(name)
    recording = Recording(chosen, make_problem(chosen))
    problem, n = recording.problem, chosen.network
    starts = np.stack([unit_starts(n.seed, i, n.units, 4) for i in range(n.layers)])
    net = ResNet(problem.h0, starts, rule(chosen), device=torch.device("cpu"), dtype=torch.float64)
    engine = descend(net, problem, rule(chosen), constant(0.7))
    for fields in steps(engine, 29):
        recording.append(fields)
    u, v = (x[3, 0].numpy().T.copy() for x in (net.u, net.v))
    recording.append(steps(engine, 0)[0])
    replayed = recording.units(3, 30)
    np.testing.assert_allclose(replayed[0], u, atol=1e-9)
    np.testing.assert_allclose(replayed[1], v, atol=1e-9)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_wide_network_approaches_its_limit(name):
    """Four times the layers and units: the output error falls, to the size of the theorem's noise."""
    errors = []
    for layers, units in ((6, 24), (48, 192)):
        chosen = training(name, layers=layers, units=units).with_values({"limit.units": 1024})
        problem = make_problem(chosen)
        limit = steps(mean_ode(chosen, problem, rates=constant(0.7)), 12)[12]
        gaps = []
        for seed in range(4):
            net = resnet(chosen.with_values({"network.seed": seed}), problem, rates=constant(0.7))
            gaps.append(np.mean((steps(net, 12)[12].output - limit.output) ** 2))
        errors.append(np.sqrt(np.mean(gaps)))
    assert errors[1] < 0.3 * errors[0]
    assert errors[1] < 0.1


@pytest.mark.parametrize("name", ["sgd", "momentum"])
def test_the_lazy_limit_follows_too(name):
    """The Mean ODE at alpha = 30 is near it (O(1/alpha^2)), far nearer than plain gradient descent is."""
    chosen = training(name, alpha=30.0).with_values({"limit.units": 2048})
    problem = make_problem(chosen)
    near = steps(mean_ode(chosen, problem, rates=constant(0.7)), 6)[6].output
    lazy = steps(lazy_limit(chosen, problem, rates=constant(0.7)), 6)[6].output
    plain = chosen.with_values({"training.optimizer": "gd"})
    other = steps(lazy_limit(plain, problem, rates=constant(0.7)), 6)[6].output
    assert np.abs(near - lazy).max() < 0.1 * np.abs(other - lazy).max()


def test_batches_are_drawn_from_their_own_seed():
    one = batch_weights(3, 7, 10, 4)
    assert sorted(one) == [0.0] * 6 + [2.5] * 4
    np.testing.assert_array_equal(one, batch_weights(3, 7, 10, 4))
    assert any(not np.array_equal(one, batch_weights(3, step, 10, 4)) for step in range(3))
    np.testing.assert_array_equal(batch_weights(3, 7, 4, 32), np.ones(4))


def test_the_exact_linear_engine_refuses_what_it_cannot_follow():
    chosen = training("momentum", activation="identity")
    with pytest.raises(SessionError, match="plain gradient descent"):
        steps(linear_limit(chosen, make_problem(chosen), rates=constant()), 1)
