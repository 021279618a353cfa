"""A series in other units: every value, density and range times one factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resviz.scene.model import Array
from resviz.scene.series import Density, Observable, Series


@dataclass(frozen=True, slots=True)
class _Named:
    """The observable of a displacement times alpha."""

    name: str
    symbol: str
    label: str
    nonnegative: bool
    counts: str


@dataclass(frozen=True, slots=True, eq=False)
class _Stretched:
    x: Array
    pdf: Array
    error: Array


class Scaled:
    """``series`` times ``factor`` > 0, as the scene reads it; costs nothing until it is read."""

    def __init__(self, series: Series, factor: float) -> None:
        self._series, self._factor = series, abs(factor)

    @property
    def observable(self) -> Observable:
        one = self._series.observable
        label = f"{one.label}, times α"
        return _Named(f"{one.name} times alpha", f"α {one.symbol}", label, one.nonnegative, one.counts)

    @property
    def alpha(self) -> float:
        return self._series.alpha

    @property
    def layers(self) -> tuple[int, ...]:
        return self._series.layers

    @property
    def depths(self) -> tuple[float, ...]:
        return self._series.depths

    @property
    def window(self) -> int:
        return self._series.window

    @property
    def newest(self) -> int:
        return self._series.newest

    def has(self, step: int, /) -> bool:
        return self._series.has(step)

    def finite(self, step: int, place: int, /) -> NDArray[Any] | None:
        values = self._series.finite(step, place)
        return None if values is None else np.asarray(values, np.float64) * self._factor

    def density(self, step: int, place: int, /) -> Density | None:
        return self._stretched(self._series.density(step, place))

    def start(self, place: int, /) -> Density | None:
        return self._stretched(self._series.start(place))

    def distance(self, step: int, place: int, /) -> tuple[float, float] | None:
        found = self._series.distance(step, place)
        return None if found is None else (found[0] * self._factor, found[1])

    def limited(self, step: int, place: int, /) -> bool:
        return self._series.limited(step, place)

    def limit_range(self, place: int, /) -> tuple[float, float] | None:
        known = self._series.limit_range(place)
        return None if known is None else (known[0] * self._factor, known[1] * self._factor)

    def peak(self, place: int, /) -> float:
        return self._series.peak(place) / self._factor

    def mean(self, step: int, /) -> float:
        return self._series.mean(step) * self._factor

    def limit_mean(self, step: int, /) -> float:
        return self._series.limit_mean(step) * self._factor

    def _stretched(self, density: Density | None) -> Density | None:
        if density is None:
            return None
        x, pdf, error = (np.asarray(part, np.float64) for part in (density.x, density.pdf, density.error))
        return _Stretched(x * self._factor, pdf / self._factor, error / self._factor)
