"""The finite network: against autograd, against exact moments and invariants, in both parametrisations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from problems import constant, session, steps

from resviz.block.activation import ACTIVATIONS, activation
from resviz.data import Problem, make_problem
from resviz.engine.compiled import resolve_device
from resviz.engine.descent import descend
from resviz.engine.resnet import ResNet, resnet
from resviz.engine.rule import rule
from resviz.errors import DeviceError, DivergenceError
from resviz.fields import unit_starts

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


def network(chosen, problem: Problem, device: str = "cpu") -> ResNet:
    n = chosen.network
    starts = np.stack([unit_starts(n.seed, i, n.units, problem.dimension) for i in range(n.layers)])
    return ResNet(problem.h0, starts, rule(chosen), device=torch.device(device), dtype=torch.float64)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_one_step_is_raw_gradient_descent_at_eta_dlm_over_alpha_squared(name, device):
    """mathematics.md 1: the update is autograd's gradient of half the loss times eta D L M / alpha^2."""
    chosen = session(d=4, n=3, layers=5, units=7, alpha=1.7, activation=name)
    problem = make_problem(chosen)
    ours = network(chosen, problem, device)
    u, v = (x.clone().requires_grad_() for x in (ours.u, ours.v))
    h = torch.tensor(problem.h0, device=device)
    sigma = activation(name)
    for layer in range(5):
        h = h + 1.7 / (5 * 7) * sigma.value(h @ u[layer, 0] / 4) @ v[layer, 0].T
    half_loss = 0.5 * (h - torch.tensor(problem.y, device=device)).square().sum() / (3 * 4)
    half_loss.backward()
    rate = 0.8 * 4 * 5 * 7 / 1.7**2
    next(f for f in descend(ours, problem, rule(chosen), constant(0.8)) if f is not None)
    for trained, leaf in ((ours.u, u), (ours.v, v)):
        torch.testing.assert_close(trained, (leaf - rate * leaf.grad).detach(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_slopes_and_curvatures_are_derivatives(name):
    sigma = activation(name)
    p = torch.linspace(-3, 3, 61, dtype=torch.float64).requires_grad_()  # 0 is on it, where relu has a kink
    p = (p.detach() + 0.013).requires_grad_()
    value, slope = sigma.value_slope(p)
    (first,) = torch.autograd.grad(value.sum(), p, create_graph=True)
    torch.testing.assert_close(slope, first)
    torch.testing.assert_close(sigma.slope(p), first)
    torch.testing.assert_close(sigma.value(p), value)
    if name != "relu":  # whose curvature is a mollified delta function
        second = torch.autograd.grad(first.sum(), p)[0] if first.requires_grad else torch.zeros_like(p)
        torch.testing.assert_close(sigma.curvature(p).detach(), second)


def test_relu_curvature_integrates_to_the_jump_of_its_slope():
    p = torch.linspace(-2, 2, 40_001, dtype=torch.float64)
    assert torch.trapezoid(activation("relu").curvature(p), p) == pytest.approx(1.0, abs=1e-6)


def test_noise_at_the_start_has_the_central_limit_size():
    """mathematics.md 2.4: RMS alpha sqrt(D q / (L M)), q = E tanh(g)^2 = 0.3943 for |h^|^2 = 1."""
    d, layers, units = 6, 16, 24
    x = np.zeros((1, d))
    x[0, 0] = np.sqrt(d)
    problem = Problem(x, np.zeros((1, d)))
    squares = []
    for seed in range(200):
        chosen = session(d=d, layers=layers, units=units, seed=seed)
        end = steps(resnet(chosen, problem, rates=constant()), 0)[0].h[-1]
        squares.append(np.mean((end - x) ** 2))
    assert np.sqrt(np.mean(squares)) == pytest.approx(np.sqrt(d * 0.3943 / (layers * units)), rel=0.1)


def test_linear_forward_moment():
    """mathematics.md 2.4: E|h_L|^2 = |x|^2 (1 + alpha^2 D/(L^2 M))^L for linear sigma, any size."""
    d, layers, units, alpha = 5, 6, 4, 2.0
    problem = Problem(np.ones((1, d)), np.zeros((1, d)))
    sizes = []
    for seed in range(3000):
        chosen = session(d=d, layers=layers, units=units, alpha=alpha, activation="identity", seed=seed)
        net = network(chosen, problem)
        net.forward(0, layers)
        sizes.append(float(net.h[-1].square().sum()))
    expected = d * (1 + alpha**2 * d / (layers**2 * units)) ** layers
    error = np.std(sizes) / np.sqrt(len(sizes))
    assert abs(np.mean(sizes) - expected) < 4 * error
    assert error < 0.03 * expected


def test_b_dot_tangent_is_constant_layer_by_layer():
    """mathematics.md 2.5: b is the adjoint of the linearised forward pass, to rounding."""
    chosen = session(d=5, n=3, layers=20, units=9, alpha=2.0)
    problem = make_problem(chosen)
    net = network(chosen, problem)
    u, v = net.u[:, 0].clone(), net.v[:, 0].clone()
    fields = steps(descend(net, problem, rule(chosen), constant()), 0)[0]
    tangent = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    pairings = []
    for layer in range(20):
        h, b = torch.tensor(fields.h[layer]), torch.tensor(fields.b[layer])
        pairings.append((b * tangent).sum(1))
        slope = 1 - torch.tanh(h @ u[layer] / 5).square()
        tangent = tangent + 2.0 / (20 * 9) * (slope * (tangent @ u[layer] / 5)) @ v[layer].T
    pairings.append((torch.tensor(fields.b[-1]) * tangent).sum(1))
    spread = (torch.stack(pairings) - pairings[0]).abs().max() / pairings[0].abs().max()
    assert spread < 1e-12


def test_output_weights_form_is_the_multiplier_with_slower_input_weights():
    """mathematics.md 1.1: sigma_v = alpha sqrt(D), multiplier 1, eta_u = min(1, 1/alpha^2)."""
    for alpha in (0.3, 1.0, 2.5):
        chosen = session(d=4, n=3, layers=6, units=8, alpha=alpha, parametrisation="output-weights")
        problem = make_problem(chosen)
        ours = steps(resnet(chosen, problem, rates=constant(0.7)), 5)
        n = chosen.network
        starts = np.stack([unit_starts(n.seed, i, n.units, 4) for i in range(n.layers)])
        u, v = 2.0 * starts[:, 0], 2.0 * alpha * starts[:, 1]  # (L, D, M), sqrt(D) = 2
        scale = 1 / (6 * 8)
        for _ in range(5):
            h = [problem.x]
            for layer in range(6):
                h.append(h[-1] + scale * np.tanh(h[-1] @ u[layer] / 4) @ v[layer].T)
            b = (h[-1] - problem.y) / 3
            for layer in reversed(range(6)):
                a = np.tanh(h[layer] @ u[layer] / 4)
                g = (1 - a**2) * (b @ v[layer] / 4)
                pulled = b + scale * g @ u[layer].T
                u[layer] -= min(1.0, 1 / alpha**2) * 0.7 * h[layer].T @ g
                v[layer] -= 0.7 * b.T @ a
                b = pulled
        end = problem.x
        for layer in range(6):
            end = end + scale * np.tanh(end @ u[layer] / 4) @ v[layer].T
        np.testing.assert_allclose(ours[5].output, end, rtol=0, atol=1e-12)


def test_sign_of_alpha_equivariance_and_permutation():
    """mathematics.md 2.5: permuting samples permutes outputs; rotating data and units rotates them."""
    chosen = session(d=4, n=3, layers=6, units=8)
    problem = make_problem(chosen)
    plain = steps(resnet(chosen, problem, rates=constant()), 3)[3].output
    order = [2, 0, 1]
    permuted = Problem(problem.x[order], problem.y[order])
    np.testing.assert_allclose(
        steps(resnet(chosen, permuted, rates=constant()), 3)[3].output, plain[order], atol=1e-12
    )
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    turned = Problem(problem.x @ rotation.T, problem.y @ rotation.T)
    n = chosen.network
    starts = np.stack([unit_starts(n.seed, i, n.units, 4) for i in range(n.layers)])
    net = ResNet(
        turned.h0, np.einsum("de,lkem->lkdm", rotation, starts), rule(chosen),
        device=torch.device("cpu"), dtype=torch.float64,
    )  # fmt: skip
    end = steps(descend(net, turned, rule(chosen), constant()), 3)[3].output
    np.testing.assert_allclose(end, plain @ rotation.T, atol=1e-12)


@pytest.mark.parametrize(("device", "flops", "chosen"), [
    ("auto", 1e9, "cuda:0"), ("auto", 2e7, "cpu"), ("cuda", 2e7, "cuda:0"), ("cpu", 1e12, "cpu"),
])  # fmt: skip
def test_auto_takes_a_gpu_where_a_step_is_worth_it(device, flops, chosen, monkeypatch):
    monkeypatch.setattr("resviz.engine.compiled._available", lambda: iter(["cuda:0", "cpu"]))
    assert str(resolve_device(device, flops=flops)) == chosen


def test_divergence_names_step_and_layer():
    chosen = session(d=4, n=3, layers=6, units=8, activation="relu", alpha=50.0)
    with pytest.raises(DivergenceError, match=r"diverged at step \d+, layer \d+") as caught:
        steps(resnet(chosen, make_problem(chosen), rates=constant(50.0)), 200)
    assert 0 <= caught.value.layer < 6
    assert caught.value.step >= 1
    assert caught.value.remedy


def test_a_missing_device_is_named():
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="cuda"):
            resolve_device("cuda")
    with pytest.raises(DeviceError, match="cuda:99"):
        resolve_device("cuda:99")


def test_fields_are_immutable():
    chosen = session(d=3, n=2, layers=4, units=4)
    fields = steps(resnet(chosen, make_problem(chosen), rates=constant()), 0)[0]
    with pytest.raises(ValueError, match="read-only"):
        fields.h[0, 0, 0] = 1.0
