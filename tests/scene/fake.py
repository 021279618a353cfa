"""A series of Gaussian mixtures that split in two as steps go by: what a run does, without a run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class FakeObservable:
    name: str = "preactivation"
    symbol: str = "p"
    label: str = "preactivation p = u·h/D"
    nonnegative: bool = False
    counts: str = "units"


@dataclass(frozen=True, eq=False)
class FakeDensity:
    x: np.ndarray
    pdf: np.ndarray
    error: np.ndarray


def normal(x, mean, std):
    return np.exp(-0.5 * ((x - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))


TRAVEL = FakeObservable("travel_u", "RMS Δu", "RMS Δu", nonnegative=True)


@dataclass(frozen=True)
class FakeSeries:
    """Place g at step k holds 0.5 N(-m, s) + 0.5 N(m, s), m = spread * (1 + g/10) * k / last."""

    layers: tuple[int, ...] = (2, 14, 26, 38, 50, 62)
    total: int = 64
    window: int = 1
    newest: int = 100
    last: int = 100
    units: int = 256
    spread: float = 1.3
    alpha: float = 1.0
    observable: FakeObservable = field(default_factory=FakeObservable)
    solved: bool = True
    mean_of_travel: float = 3.0
    uncertain: tuple[int, ...] = ()  # places where the limit's error exceeds the distance

    @property
    def depths(self):
        return tuple(layer / self.total for layer in self.layers)

    def _at(self, k, g):
        if self.observable.nonnegative:  # a positive hump that moves away from 0
            middle = self.mean_of_travel * (1 - math.exp(-3 * k / self.last)) + 1e-3
            return middle, middle, 0.28 * middle
        return -self.spread * (1 + g / 10) * k / self.last, self.spread * (1 + g / 10) * k / self.last, 0.9

    def has(self, step):
        return 0 <= step <= self.newest

    def finite(self, k, g):
        left, right, std = self._at(k, g)
        rng = np.random.default_rng((3, g))
        side = rng.random(self.units) < 0.5
        values = np.where(side, left, right) + std * rng.normal(size=self.units)
        return np.abs(values) if self.observable.nonnegative else values

    def density(self, k, g):
        if not self.solved:
            return None
        left, right, std = self._at(k, g)
        x = np.linspace(min(left, 0) - 5 * std, right + 5 * std, 400)
        if self.observable.nonnegative:
            x = np.linspace(0, right + 5 * std, 400)
        pdf = 0.5 * normal(x, left, std) + 0.5 * normal(x, right, std)
        return FakeDensity(x, pdf, np.full_like(x, 0.02 * pdf.max()))

    def start(self, g):
        if self.observable.nonnegative:
            return None
        return self.density(0, g)

    def distance(self, k, g):
        return (0.256, 0.0838) if self.solved else None

    def limited(self, k, g):
        return g in self.uncertain

    def limit_range(self, g):
        if not self.solved or self.newest < 0:
            return None
        left, right, std = self._at(self.newest, g)
        low = 0.0 if self.observable.nonnegative else left - 3.0 * std
        return low, right + 3.0 * std

    def peak(self, g):
        if not self.solved:
            return 0.0
        return (
            0.4
            if self.density(0, g) is None
            else max(float(self.density(k, g).pdf.max()) for k in (0, self.newest))
        )

    def mean(self, k):
        return self._at(k, 0)[1] if self.observable.nonnegative else 0.0

    def limit_mean(self, k):
        return self.mean(k) if self.solved else math.nan


def fake_loss(steps=100, start=1.5, end=0.04):
    k = np.arange(steps + 1)
    return start * (end / start) ** ((k / steps) ** 0.7)
