"""Many small networks of equal shape trained as one: repetitions, alphas, rates and data side by side.

The engines' layout (L, R, D, M) has a replica axis; here its replicas are whole sessions that never meet. A
layer of a small network costs what its calls cost, so R networks of 1000 x 10 units cost little more than
one. Scale and rates are each replica's own (R, 1, 1); a replica that diverges spoils no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from resviz.block.activation import Activation
from resviz.block.unit import preactivation, update_
from resviz.config import Session
from resviz.data import Problem
from resviz.engine.compiled import chunks, compiled, resolve_device, resolve_dtype, step_flops
from resviz.engine.graphs import Graphs
from resviz.engine.native import NetSweep
from resviz.engine.rule import rule
from resviz.errors import RequestError
from resviz.fields.fields import AnyArray
from resviz.fields.starts import unit_starts

__all__ = ["Ensemble", "Shape", "ensemble_bytes", "shape_of", "train_together"]

Array = NDArray[np.float64]
_LARGE_D = 150  # from here on matrix products of the library beat the compiled kernels (measured)
_BLOW_UP = 1e6  # as in `engine.descent`: a loss this many times its scale is no longer training


class Sweep(nn.Module):
    """Forward and backward over a range of layers, every replica with its own scale and rates."""

    def __init__(self, sigma: Activation) -> None:
        super().__init__()
        self.sigma = sigma

    @torch.jit.export
    def up(self, h: Tensor, u: Tensor, v: Tensor, scale: Tensor, start: int, stop: int) -> None:
        """h[l + 1] = h[l] + scale sum_j v_j sigma(p_j): h (L + 1, R, N, D), u and v (L, R, D, M)."""
        for layer in range(start, stop):
            a = self.sigma.value(preactivation(h[layer], u[layer]))  # (R, N, M)
            h[layer + 1] = torch.addcmul(h[layer], torch.bmm(a, v[layer].transpose(1, 2)), scale)

    @torch.jit.export
    def down(
        self, h: Tensor, b: Tensor, u: Tensor, v: Tensor, scale: Tensor, ru: Tensor, rv: Tensor,
        start: int, stop: int,
    ) -> None:  # fmt: skip
        """b over layers stop..start; each layer is updated after its b is formed."""
        for i in range(stop - start):
            layer = stop - 1 - i
            x, y, us, vs = h[layer], b[layer + 1], u[layer], v[layer]
            a, slope = self.sigma.value_slope(preactivation(x, us))  # (R, N, M)
            g = slope * preactivation(y, vs)
            b[layer] = torch.addcmul(y, torch.bmm(g, us.transpose(1, 2)), scale)
            # the rates go onto the smallest factor
            update_(us, x * ru, g, 1.0)
            update_(vs, y * rv, a, 1.0)


class NativeSweep(NetSweep):
    """The same by the engine's compiled kernels, whose numbers are each replica's own."""

    def each(self, *numbers: Tensor) -> list[AnyArray]:  # type: ignore[override]
        """(R, 1, 1) as (R,)."""
        return self.flat(*numbers)


@dataclass(frozen=True)
class Shape:
    """What sessions must share to be trained together."""

    layers: int
    units: int
    dimension: int
    samples: int
    d_out: int
    embedded: bool
    activation: str
    steps: int
    dtype: str
    device: str

    @property
    def flops(self) -> float:
        """Of one network: 10 N D M a layer and step in products, some 30 N M in activations."""
        products = 10.0 * self.samples * self.dimension * self.units
        return max(self.steps, 1) * self.layers * (products + 30.0 * self.samples * self.units)


def shape_of(session: Session, problem: Problem) -> Shape | None:
    """The session's shape; None if it is trained alone (momentum, batches, clipping)."""
    if not rule(session).plain:
        return None
    network, training = session.network, session.training
    return Shape(
        network.layers,
        network.units,
        problem.dimension,
        problem.samples,
        problem.d_out,
        problem.read_out is not None,
        network.activation,
        training.last_step,
        training.dtype,
        training.device,
    )


def ensemble_bytes(shape: Shape) -> float:
    """Memory of one more replica: its units, h, b and h at k = 0, its outputs."""
    word = 4 if shape.dtype == "float32" else 8
    units = 2.0 * shape.layers * shape.dimension * shape.units
    fields = 3.0 * (shape.layers + 1) * shape.samples * shape.dimension
    outputs = 2.0 * (shape.steps + 1) * shape.samples * shape.d_out
    return word * (units + fields) + 8 * outputs


class Ensemble:
    """R networks of equal shape and what became of them.

    Attributes:
        sessions, problems: of the replicas.
        u, v: (L, R, D, M), the units now.
        h, b: (L + 1, R, N, D), the fields of the newest step.
        h_0: (L + 1, R, N, D), h of step 0.
        output: (R, K + 1, N, d_out); NaN beyond the newest step.
        loss: (R, K + 1).
        diverged: (R,) step at which the loss blew up; -1: it did not.
        step: newest step whose fields are known; -1 before the first.
    """

    def __init__(self, sessions: Sequence[Session], problems: Sequence[Problem]) -> None:
        """Take sessions of one shape; their units are drawn by `prepare`.

        Raises:
            RequestError: no sessions, or sessions of several shapes.
        """
        shapes = {shape_of(s, p) for s, p in zip(sessions, problems, strict=True)}
        shape = shapes.pop() if len(shapes) == 1 else None
        if shape is None:
            raise RequestError(
                "sessions that are trained together need one shape and plain gradient descent",
                remedy="Give them the same L, M, D, N, activation, steps, dtype and device.",
            )
        self.sessions, self.problems, self.shape = tuple(sessions), tuple(problems), shape
        self.rules = [rule(session) for session in sessions]
        self.dtype = resolve_dtype(shape.dtype)
        flops = len(sessions) * step_flops(shape.layers, shape.units, shape.samples, shape.dimension)
        self.device = resolve_device(shape.device, self.dtype, flops)
        r, n, steps = len(sessions), shape.samples, shape.steps
        self.output = np.full((r, steps + 1, n, shape.d_out), np.nan)
        self.loss = np.full((r, steps + 1), np.nan)
        self.diverged = np.full(r, -1)
        self.step = -1
        self.y = np.stack([p.y for p in problems])  # (R, N, d_out)
        self.read_out = (
            np.stack([p.read_out for p in problems if p.read_out is not None]) if shape.embedded else None
        )
        seeds = [session.network.seed for session in sessions]
        self._seeds = sorted(set(seeds))
        self._which = torch.tensor([self._seeds.index(seed) for seed in seeds])

    def prepare(self) -> Iterator[None]:
        """Draw the units, once for each seed; yields between pieces."""
        shape, r = self.shape, len(self.sessions)
        layers, d, m, n = shape.layers, shape.dimension, shape.units, shape.samples
        sigma_u, sigma_v = (self._column(np.sqrt(d) * np.array(s)) for s in self._sigmas())
        self.u = torch.empty(layers, r, d, m, dtype=self.dtype, device=self.device)
        self.v = torch.empty_like(self.u)
        for layer in range(layers):
            starts = self._starts(layer)  # (R, 2, D, M)
            torch.mul(starts[:, 0], sigma_u, out=self.u[layer])
            torch.mul(starts[:, 1], sigma_v, out=self.v[layer])
            if layer % 16 == 0:
                yield
        native = NativeSweep.ready(shape.activation, self.u, n) if d <= _LARGE_D else None
        self.sweep = native or compiled(Sweep, type(self.rules[0].sigma()))
        self.ranges = chunks(layers, 10.0 * r * n * d * m, native=native is not None)
        self.h = torch.zeros(layers + 1, r, n, d, dtype=self.dtype, device=self.device)
        self.b = torch.zeros_like(self.h)
        self.h[0] = torch.from_numpy(np.stack([p.h0 for p in self.problems])).to(self.h)
        # the same tensors at every step: a GPU's graphs are recorded for them
        self.graphs = Graphs(recording=self.device.type == "cuda")
        self.ru, self.rv, self.zero = (self._column(np.zeros(r)) for _ in range(3))
        self.scale = self._column([rule.alpha / (layers * m) for rule in self.rules])
        self._size = np.array([float(np.mean(p.y**2) + p.loss(p.output(p.h0))) for p in self.problems])

    def _sigmas(self) -> tuple[list[float], list[float]]:
        return [rule.sigma_u for rule in self.rules], [rule.sigma_v for rule in self.rules]

    def _starts(self, layer: int) -> Tensor:
        """Standard normal starts of a layer, one draw for all replicas of a seed: (R, 2, D, M)."""
        draws = [unit_starts(seed, layer, self.shape.units, self.shape.dimension) for seed in self._seeds]
        return torch.from_numpy(np.stack(draws)).to(device=self.device, dtype=self.dtype)[self._which]

    def _column(self, values: Sequence[float] | Array) -> Tensor:
        """One number a replica: (R, 1, 1)."""
        return torch.tensor(np.asarray(values), dtype=self.dtype, device=self.device)[:, None, None]

    def forward(self) -> Iterator[None]:
        """The fields h, output and loss of the next step; yields between pieces."""
        for start, stop in self.ranges:
            self.graphs.run(self.sweep.up, self.h, self.u, self.v, self.scale, start, stop)
            yield
        self.step += 1
        end = self.h[-1].double().cpu().numpy()  # (R, N, D)
        out = end if self.read_out is None else end @ self.read_out / end.shape[-1]
        with np.errstate(over="ignore", invalid="ignore"):
            loss = np.mean((out - self.y) ** 2, axis=(1, 2))
        self.output[:, self.step], self.loss[:, self.step] = out, loss
        if self.step == 0:
            self.h_0 = self.h.clone()
        blown = ~(loss <= _BLOW_UP * self._size) & (self.diverged < 0)
        self.diverged[blown] = self.step

    def backward(self) -> Iterator[None]:
        """b of the newest step, and the update to the next one; yields between pieces."""
        out = self.output[:, self.step]
        pull = (out - self.y) / out.shape[1]
        if self.read_out is not None:
            pull = pull @ self.read_out.transpose(0, 2, 1) / out.shape[2]
        self.b[-1] = torch.from_numpy(pull).to(self.b)
        etas = [session.training.rate_at(self.step) for session in self.sessions]
        # what diverged stands still: its numbers mean nothing, and infinities are slow
        still = self.diverged >= 0
        updates = [
            (0.0, 0.0) if s else rule.updates(eta)
            for s, rule, eta in zip(still, self.rules, etas, strict=True)
        ]
        for kept, rates in zip((self.ru, self.rv), zip(*updates, strict=True), strict=True):
            kept.copy_(self._column(rates))
        given = (self.h, self.b, self.u, self.v, self.scale)
        for start, stop in reversed(self.ranges):
            unmoved = (*given, self.zero, self.zero, start, stop)
            self.graphs.run(self.sweep.down, *given, self.ru, self.rv, start, stop, still=unmoved)
            yield

    def start_of(self, layer: int) -> Tensor:
        """u at k = 0 of one layer, drawn again: (R, D, M)."""
        sigma_u = self._column(np.sqrt(self.shape.dimension) * np.array(self._sigmas()[0]))
        return self._starts(layer)[:, 0] * sigma_u

    @property
    def hidden(self) -> AnyArray:
        """h^L of the newest step, before the read-out: (R, N, D)."""
        array: AnyArray = self.h[-1].cpu().numpy()
        return array


def train_together(sessions: Sequence[Session], problems: Sequence[Problem]) -> Iterator[Ensemble | None]:
    """Train sessions of one shape to their last step.

    Yields:
        None between pieces of some 50 ms, and the same growing ensemble after each step: its units are those
        that produced its fields (the update to a step beyond the last is not made).

    Raises:
        RequestError: sessions of several shapes.
        DeviceError: the device is missing.
    """
    ensemble = Ensemble(sessions, problems)
    yield from ensemble.prepare()
    for step in range(ensemble.shape.steps + 1):
        if step:
            yield from ensemble.backward()
        yield from ensemble.forward()
        yield ensemble
