"""Gaussian rows over the whole depth, and a fan of paths: what deep series do, without a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
from scene.fake import FakeObservable, normal


@dataclass(frozen=True)
class FakeRows:
    total: int = 64
    count: int = 32
    units: int = 100
    whole: bool = True

    @property
    def edges(self):
        return np.arange(self.count + 1) / self.count

    @property
    def depths(self):
        return self.edges[:-1]


@dataclass(frozen=True)
class FakeSurface:
    """N(mean s, deviation^2) at depth s."""

    mean: float = 1.0
    deviation: float = 0.8
    x: np.ndarray = field(default_factory=lambda: np.linspace(-6, 6, 601))

    def at(self, depths):
        return normal(self.x, self.mean * np.asarray(depths)[:, None], self.deviation)

    def heights(self, depths, edges):
        centres = (edges[1:] + edges[:-1]) / 2
        return normal(centres, self.mean * np.asarray(depths)[:, None], self.deviation)


@dataclass(frozen=True)
class FakeDepth:
    """200 units a row, N(k s / 50, 0.8^2); ``stride``: only every n-th row is there."""

    rows: FakeRows = FakeRows()
    newest: int = 100
    stride: int = 1
    solved: bool = True
    deviation: float = 0.8
    observable: FakeObservable = field(default_factory=FakeObservable)

    def has(self, step):
        return 0 <= step <= self.newest

    def filled(self, step):
        if not self.has(step):
            return None
        there = np.arange(0, self.rows.count, self.stride)
        row = np.repeat(there, 200)
        mean = step / 50 * self.rows.depths[row]
        rng = np.random.default_rng(step)
        values = (mean + self.deviation * rng.standard_normal(len(row))).astype(np.float32)
        limit = FakeSurface(step / 50, self.deviation) if self.solved else None
        totals = np.bincount(row, minlength=self.rows.count)
        return SimpleNamespace(values=values, row=row, totals=totals, limit=limit)

    def limit_range(self):
        return (-2.5, 4.5) if self.newest >= 0 else None

    def peak(self):
        return 0.4 / self.deviation


def aspect(symbol="p", **changes):
    return SimpleNamespace(symbol=symbol, chosen=FakeObservable(symbol=symbol, **changes))


@dataclass(frozen=True)
class FakePaths:
    """In layer g the start (0, 0) walks to (k, k s)."""

    layers: tuple[int, ...] = (0, 21, 42, 63)
    newest: int = 40
    pairs: tuple = ((aspect("p"), aspect("q")), (aspect("u₀"), aspect("u₁")), (aspect("v₀"), aspect("v₁")))

    @property
    def depths(self):
        return np.array(self.layers) / (self.layers[-1] + 1)

    def has(self, step):
        return 0 <= step <= self.newest

    def path(self, pair, steps):
        steps = np.asarray(steps, float)
        finite = np.stack([np.repeat(steps[:, None], len(self.layers), 1), steps[:, None] * self.depths], -1)
        return finite, None if pair == 2 else 1.1 * finite


@dataclass(frozen=True)
class FakeClouds:
    """500 standard normal pairs under circles."""

    pair: tuple = (aspect("p"), aspect("q"))
    mixed: bool = False
    layers: tuple[int, ...] = (2, 14, 26)
    depths: tuple[float, ...] = (0.03, 0.22, 0.41)
    window: int = 1
    newest: int = 40
    units: int = 500
    outlined: bool = True

    def has(self, step):
        return 0 <= step <= self.newest

    def place(self, step, place):
        if not self.has(step) or self.mixed:
            return None
        points = np.random.default_rng(place).standard_normal((2, self.units))
        angle = np.linspace(0, 2 * np.pi, 50)
        outlines = tuple((r * np.cos(angle), r * np.sin(angle)) for r in (1.2, 1.8, 2.4))
        ghost = np.array([0.5, -0.5])
        return SimpleNamespace(
            points=points, outlines=outlines if self.outlined else None, ghost=ghost, limit_ghost=ghost + 0.1
        )

    def limits(self, axis):
        return -3.1, 3.1
