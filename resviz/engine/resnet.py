"""The finite ResNet (mathematics.md 1; HW, section 2), with the backward pass written by hand.

h^{l+1} = h^l + alpha/(L M) sum_j v_j sigma(p_j)
b^l = b^{l+1} + alpha/(L M) sum_j u_j sigma'(p_j) q_j,     b^L = D times the gradient in h^L
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from resviz.block.activation import Activation
from resviz.block.unit import add_through, preactivation, update_
from resviz.config import Session
from resviz.data import Problem
from resviz.engine.ahead import MOST, train
from resviz.engine.compiled import chunks, compiled, resolve_device, resolve_dtype, step_flops
from resviz.engine.descent import Standing
from resviz.engine.graphs import Graphs, copies, on_device
from resviz.engine.native import NetSweep, on_lines
from resviz.engine.newton import NewtonSweep, pays
from resviz.engine.rule import Rates, Rule, rule
from resviz.fields.fields import AnyArray, Fields
from resviz.fields.starts import unit_starts

__all__ = ["ResNet", "net_device", "resnet"]


class Sweep(nn.Module):
    """Forward and backward over a range of layers; compiled, each is one call."""

    def __init__(self, sigma: Activation) -> None:
        super().__init__()
        self.sigma = sigma

    @torch.jit.export
    def up(self, h: Tensor, u: Tensor, v: Tensor, scale: float, start: int, stop: int) -> None:
        """h[l + 1] = h[l] + scale * sum_j v_j sigma(p_j): h (L + 1, R, N, D), u and v (L, R, D, M)."""
        for layer in range(start, stop):
            p = preactivation(h[layer], u[layer])  # (R, N, M)
            h[layer + 1] = add_through(h[layer], self.sigma.value(p), v[layer], scale)

    @torch.jit.export
    def down(
        self,
        h: Tensor,
        b: Tensor,
        u: Tensor,
        v: Tensor,
        scale: float,
        ru: float,
        rv: float,
        start: int,
        stop: int,
    ) -> None:
        """b over layers stop..start; each layer is updated after its b is formed."""
        for i in range(stop - start):
            layer = stop - 1 - i
            # p is computed again: keeping it would cost L N M words
            x, y, us, vs = h[layer], b[layer + 1], u[layer], v[layer]
            a, slope = self.sigma.value_slope(preactivation(x, us))  # (R, N, M)
            g = slope * preactivation(y, vs)
            b[layer] = add_through(y, g, us, scale)
            update_(us, x, g, ru)
            update_(vs, y, a, rv)


class ResNet:
    """A network with its units, ready to descend.

    Attributes:
        u, v: (L, R = 1, D, M), the live units.
        h, b: (L + 1, R = 1, N, D).
    """

    def __init__(
        self, h0: AnyArray, starts: AnyArray, rule: Rule, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        """Take units from standard normal ``starts`` (L, 2, D, M) and the embedded data ``h0`` (N, D)."""
        self._begin(h0, *_units(starts, rule, dtype), rule, device=device)

    @classmethod
    def of_units(cls, h0: AnyArray, u: AnyArray, v: AnyArray, rule: Rule, *, device: torch.device) -> ResNet:
        """A network of the units u, v (L, D, M), which on the processor become its own."""
        network = cls.__new__(cls)
        network._begin(h0, u, v, rule, device=device)
        return network

    def _begin(self, h0: AnyArray, u: AnyArray, v: AnyArray, rule: Rule, *, device: torch.device) -> None:
        layers, d, m = u.shape
        n = h0.shape[0]
        self.u, self.v = (torch.from_numpy(units)[:, None].to(device) for units in (u, v))
        dtype = self.u.dtype
        self.h = torch.zeros(layers + 1, 1, n, d, device=device, dtype=dtype)
        self.b = torch.zeros_like(self.h)
        self.h[0, 0] = torch.tensor(h0).to(self.h)
        self.scale = rule.alpha / (layers * m)
        native = NetSweep.ready(rule.activation, self.u, n)
        in_order = compiled(Sweep, type(rule.sigma()))
        self.ranges = chunks(layers, 10.0 * n * d * m, native=native is not None or device.type == "cuda")
        if device.type == "cuda" and pays(layers, n, d, m):
            self.sweep: Any = NewtonSweep(rule.sigma(), in_order, Graphs())
            self.ranges = [(0, layers)]
        else:
            self.sweep = native or on_device(in_order, device)

    def forward(self, start: int, stop: int) -> None:
        """h over layers start..stop."""
        self.sweep.up(self.h, self.u, self.v, self.scale, start, stop)

    def backward(self, start: int, stop: int, rate_u: float, rate_v: float) -> None:
        """b over layers stop..start, and the update of their units."""
        self.sweep.down(self.h, self.b, self.u, self.v, self.scale, rate_u, rate_v, start, stop)

    def depth_error(self, missing: AnyArray | None = None) -> float:
        """0: its layers are its depth."""
        return 0.0

    def acting(self) -> tuple[Tensor, Tensor]:
        """Block l sees h[l] and b[l + 1]."""
        return self.h[:-1], self.b[1:]

    def moving(self) -> tuple[Tensor, Tensor]:
        """The units themselves."""
        return self.u, self.v

    def depth_weights(self) -> Tensor:
        """1/L for every layer."""
        return self.u.new_full((len(self.u),), 1.0 / len(self.u))

    def snapshot(self) -> tuple[AnyArray, AnyArray]:
        """h, b (L + 1, N, D)."""
        sent = getattr(self.sweep, "sent", None)
        h, b = copies(self.h[:, 0], self.b[:, 0]) if sent is None else sent.arrived()
        return h, b


def _units(starts: AnyArray, rule: Rule, dtype: torch.dtype) -> tuple[AnyArray, AnyArray]:
    """u, v (..., D, M) of standard normal starts (..., 2, D, M)."""
    number = np.dtype(str(dtype).removeprefix("torch.")).type
    root = float(np.sqrt(starts.shape[-2]))
    u, v = (
        starts[..., i, :, :].astype(number, order="C") * number(root * sigma)
        for i, sigma in enumerate((rule.sigma_u, rule.sigma_v))
    )
    return u, v


def net_device(session: Session, problem: Problem) -> torch.device:
    """Where the session's network is trained.

    Raises:
        DeviceError: the session's device is missing.
    """
    network, training = session.network, session.training
    flops = step_flops(network.layers, network.units, problem.samples, problem.dimension)
    return resolve_device(training.device, resolve_dtype(training.dtype), flops)


def resnet(
    session: Session,
    problem: Problem,
    *,
    rates: Rates,
    alpha: float | None = None,
    standing: Standing | None = None,
    most: int = MOST,
) -> Iterator[Fields | None]:
    """Train the session's network (at another ``alpha``: its twin, from the same starts) step by step.

    Args:
        standing: units of a later step to go on from.
        most: steps that may be taken before they are asked for, while they are short (`engine.ahead`).
    """
    chosen = rule(session, alpha=alpha)
    dtype = resolve_dtype(session.training.dtype)
    device = net_device(session, problem)
    network = session.network
    # layer by layer, so that there is never a second copy
    u, v = (
        on_lines((network.layers, problem.dimension, network.units), session.training.dtype) for _ in range(2)
    )
    for layer in range(network.layers):
        starts = unit_starts(network.seed, layer, network.units, problem.dimension)
        u[layer], v[layer] = _units(starts, chosen, dtype)
        if layer % 64 == 0:
            yield None
    engine = ResNet.of_units(problem.h0, u, v, chosen, device=device)
    del u, v
    yield from train(engine, problem, chosen, rates, standing=standing, most=most)
