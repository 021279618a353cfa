"""The compiled sweeps under the names that the engines' TorchScript sweeps have.

They serve the built-in activations on the processor; everything else, devices and registered activations,
stays with TorchScript.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from torch import Tensor

from resviz.config.activations import BUILT_IN
from resviz.data import Problem
from resviz.engine.kernelcache import kernels
from resviz.fields.fields import AnyArray

__all__ = ["Call", "LazySweep", "Mover", "NetSweep", "NodeSweep", "Whole", "on_lines", "workspace"]

_LINE = 64  # bytes of a cache line


def on_lines(shape: tuple[int, ...], dtype: Any) -> AnyArray:
    """Zeros that begin on a cache line: elsewhere every vector would be read from two lines (25 % slower).

    Made by numpy, which asks for large pages where the system has them.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + _LINE, dtype=np.uint8)
    start = -raw.ctypes.data % _LINE
    room: AnyArray = raw[start : start + size].view(dtype).reshape(shape)
    return room


def workspace(module: ModuleType, n: int, d: int, m: int, dtype: Any) -> AnyArray:
    """Room for one layer."""
    return on_lines((module.room(n, d, m, np.dtype(dtype).itemsize),), dtype)


class _Native:
    """Sizes, workspace and numbers of one engine's sweeps; used by one thread at a time."""

    def __init__(self, module: ModuleType, activation: str, u: Tensor, samples: int) -> None:
        self.r, self.d, self.m = u.shape[-3:]
        self.n = samples
        self.module = module
        self.code = BUILT_IN.index(activation)
        self.dtype = u.new_empty(0).numpy().dtype
        self.none = np.zeros(0, dtype=self.dtype)  # in place of what some sweep does not take
        self.kept: tuple[AnyArray, ...] = ()
        self.work = workspace(module, self.n, self.d, self.m, self.dtype)

    @classmethod
    def ready(cls, activation: str, u: Tensor, samples: int) -> Any:
        """Kernels for units like ``u`` (..., R, D, M); None where TorchScript has to serve."""
        if activation not in BUILT_IN or u.device.type != "cpu":
            return None
        module = kernels(str(u.dtype).removeprefix("torch."))
        return None if module is None else cls(module, activation, u, samples)

    def flat(self, *tensors: Tensor) -> list[AnyArray]:
        # a view, never a copy: what is written must arrive
        return [t.view(-1).numpy() for t in tensors]

    def each(self, *numbers: float) -> list[AnyArray]:
        """A number for every replica."""
        return [np.full(self.r, x, dtype=self.dtype) for x in numbers]

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        return self.r, self.n, self.d, self.m


@dataclass(frozen=True, eq=False)
class Call:
    """What some whole steps left behind.

    Attributes:
        h, b: (steps, R, depths, N, D).
        missed: (steps, R, N, D), sum_j missed_j f_j of the forward sweeps; empty of a network.
        moving, kept: the units that moved, and what they were before; nothing if that was not kept.
    """

    h: AnyArray
    b: AnyArray
    missed: AnyArray
    moving: tuple[AnyArray, ...]
    kept: tuple[AnyArray, ...]

    def missing(self, step: int) -> AnyArray | None:
        """What `Particles.depth_error` takes; None of a network."""
        return self.missed[step] if self.missed.size else None

    def undo(self) -> None:
        """Put the units back to where they were before the first step."""
        for units, before in zip(self.moving, self.kept, strict=True):
            units[:] = before


class Whole(_Native):
    """Sweeps that can take whole gradient steps, pull and update included, in one call."""

    lazy = False
    nodes = True

    def parts(self, engine: Any) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray, float]:
        """Velocities f, weights c, displacements du, dv, and the scale of a sum over units."""
        raise NotImplementedError

    def train(
        self, engine: Any, problem: Problem, rates: Sequence[tuple[float, float]], *, keep: bool
    ) -> Call:
        """As many steps as there are ``rates`` of u and v; ``keep`` makes them undoable."""
        h, b, u, v = self.flat(engine.h, engine.b, engine.u, engine.v)
        f, c, du, dv, scale = self.parts(engine)
        ru, rv = (np.array(one, dtype=self.dtype) for one in zip(*rates, strict=True))
        steps, depths = len(rates), len(engine.h)
        shape = (steps, self.r, depths, self.n, self.d)
        past_h, past_b = (np.empty(shape, dtype=self.dtype) for _ in range(2))
        missed = engine.missed.numpy() if self.nodes else self.none
        past_f = np.empty((steps if self.nodes else 0, self.r, self.n, self.d), dtype=self.dtype)
        moving = (du, dv) if self.lazy else (u, v)
        if keep and not self.kept:
            self.kept = tuple(np.empty_like(units) for units in moving)
        kept = self.kept if keep else (self.none, self.none)
        out = problem.read_out
        self.module.train(
            self.code, self.lazy, self.nodes, h, b, f, c, u, v, du, dv, *self.each(scale), ru, rv, depths - 1,
            *self.sizes, self.work, problem.y.reshape(-1).copy(),
            np.empty(0) if out is None else out.reshape(-1).copy(), problem.d_out,
            past_h.reshape(-1), past_b.reshape(-1), missed, past_f.reshape(-1), *kept,
        )  # fmt: skip
        return Call(past_h, past_b, past_f, moving, kept if keep else moving)


class NetSweep(Whole):
    """`engine.resnet.Sweep`, compiled."""

    nodes = False

    def __init__(self, module: ModuleType, activation: str, u: Tensor, samples: int) -> None:
        super().__init__(module, activation, u, samples)
        self.sums = np.zeros(self.r * self.n * self.d, dtype=self.dtype)

    def parts(self, engine: Any) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray, float]:
        """Those of `engine.resnet.ResNet`."""
        return self.sums, self.none, self.none, self.none, engine.scale

    def up(self, h: Tensor, u: Tensor, v: Tensor, scale: float, start: int, stop: int) -> None:
        """h over layers start..stop."""
        fields, us, vs = self.flat(h, u, v)
        self.module.up(
            self.code, fields, self.sums, self.none, us, vs, *self.each(scale), False, start, stop, len(u),
            *self.sizes, self.work,
        )  # fmt: skip

    def down(
        self, h: Tensor, b: Tensor, u: Tensor, v: Tensor, scale: float, ru: float, rv: float,
        start: int, stop: int,
    ) -> None:  # fmt: skip
        """b over layers stop..start, and the update of their units."""
        x, y, us, vs = self.flat(h, b, u, v)
        self.module.down(
            self.code, x, y, self.sums, self.none, us, vs, *self.each(scale, ru, rv), False,
            start, stop, len(u), *self.sizes, self.work,
        )  # fmt: skip


class NodeSweep(Whole):
    """`engine.meanode.Sweep`, compiled."""

    def parts(self, engine: Any) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray, float]:
        """Those of `engine.meanode.Particles`."""
        f, c = self.flat(engine.f, engine.weights)
        return f, c, self.none, self.none, engine.scale / (len(engine.h) - 1)

    def up(
        self, h: Tensor, f: Tensor, w: Tensor, u: Tensor, v: Tensor, scale: float, start: int, stop: int
    ) -> None:
        """h over nodes start..stop."""
        fields, velocities, weights, us, vs = self.flat(h, f, w, u, v)
        last = len(h) - 1
        self.module.up(
            self.code, fields, velocities, weights, us, vs, *self.each(scale / last), True, start, stop, last,
            *self.sizes, self.work,
        )  # fmt: skip

    def down(
        self, h: Tensor, b: Tensor, f: Tensor, w: Tensor, u: Tensor, v: Tensor, scale: float,
        ru: float, rv: float, start: int, stop: int,
    ) -> None:  # fmt: skip
        """b over nodes stop..start, and the update of their units."""
        x, y, velocities, weights, us, vs = self.flat(h, b, f, w, u, v)
        last = len(h) - 1
        self.module.down(
            self.code, x, y, velocities, weights, us, vs, *self.each(scale / last, ru, rv), True,
            start, stop, last, *self.sizes, self.work,
        )  # fmt: skip


class LazySweep(Whole):
    """`engine.lazy.Sweep`, compiled."""

    lazy = True

    def parts(self, engine: Any) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray, float]:
        """Those of `engine.lazy.LazyParticles`."""
        f, c, du, dv = self.flat(engine.f, engine.weights, engine.du, engine.dv)
        return f, c, du, dv, 1.0 / ((len(engine.h) - 1) * self.m)

    def up(
        self, h: Tensor, f: Tensor, w: Tensor, u: Tensor, v: Tensor, du: Tensor, dv: Tensor,
        start: int, stop: int,
    ) -> None:  # fmt: skip
        """h over nodes start..stop."""
        arrays = self.flat(h, f, w, u, v, du, dv)
        last = len(h) - 1
        scale = self.dtype.type(1.0 / (last * self.m))
        self.module.lazy_up(self.code, *arrays, scale, start, stop, last, *self.sizes, self.work)

    def down(
        self, h: Tensor, b: Tensor, f: Tensor, w: Tensor, u: Tensor, v: Tensor, du: Tensor, dv: Tensor,
        ru: float, rv: float, start: int, stop: int,
    ) -> None:  # fmt: skip
        """b over nodes stop..start, and the update of their displacements."""
        arrays = self.flat(h, b, f, w, u, v, du, dv)
        last = len(h) - 1
        numbers = (self.dtype.type(x) for x in (1.0 / (last * self.m), ru, rv))
        self.module.lazy_down(self.code, *arrays, *numbers, start, stop, last, *self.sizes, self.work)


class Mover(_Native):
    """Units of many places moved through given fields: the compiled `transport` push and optimiser's update.

    u, v, and what moves: (..., D, M), one place after the other.
    """

    def move(
        self,
        h: AnyArray,
        b: AnyArray,
        weights: AnyArray,
        units: Sequence[Tensor],
        moving: Sequence[Tensor],
        momenta: Sequence[Tensor],
        momentum: float,
        rates: Sequence[tuple[float, float]],
        start: int,
        stop: int,
    ) -> None:
        """Push places start..stop through all steps: h, b (steps, places, N, D), weights (steps, N).

        Args:
            moving: the ``units`` themselves, or displacements beside them.
            momenta: of what moves; empty without.
            rates: of u and v, a pair a step.
        """
        ru, rv = (np.array(one, dtype=self.dtype) for one in zip(*rates, strict=True))
        places = h.size // (len(rates) * self.n * self.d)
        us, ts = self.flat(*units), self.flat(*moving)
        ms = self.flat(*momenta) if momentum > 0 else us
        lazy = ts[0].ctypes.data != us[0].ctypes.data
        self.module.move(
            self.code, h.reshape(-1), b.reshape(-1), weights.reshape(-1), *us, *ts, *ms, lazy,
            self.dtype.type(momentum), ru, rv, start, stop, len(rates), places, self.n, self.d, self.m,
            self.work,
        )  # fmt: skip
