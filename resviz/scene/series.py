"""What scene builders read: one observable at pinned places of the net, over the recorded steps."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from resviz.scene.model import Array


class Observable(Protocol):
    """A scalar of a unit, e.g. symbol "p", label "preactivation p = u·h/D"."""

    @property
    def name(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def nonnegative(self) -> bool: ...


class Density(Protocol):
    """A density on a grid with its error: ``x``, ``pdf``, ``error``, each (n,)."""

    @property
    def x(self) -> Array: ...
    @property
    def pdf(self) -> Array: ...
    @property
    def error(self) -> Array: ...


class Series(Protocol):
    """Values of one observable at pinned places; place g is layer ``layers[g]`` at depth ``depths[g]``.

    Steps run from 0 to ``newest`` (-1 before anything is recorded). Where the limit is not known (yet)
    ``density`` and ``start`` give None, ranges and means NaN.
    """

    @property
    def observable(self) -> Observable: ...
    @property
    def alpha(self) -> float: ...
    @property
    def layers(self) -> tuple[int, ...]: ...
    @property
    def depths(self) -> tuple[float, ...]: ...
    @property
    def window(self) -> int: ...
    @property
    def newest(self) -> int: ...

    def finite(self, k: int, g: int) -> NDArray[np.floating] | None: ...  # (m,) values
    def density(self, k: int, g: int) -> Density | None: ...
    def start(self, g: int) -> Density | None: ...  # the limit at k = 0
    def distance(self, k: int, g: int) -> tuple[float, float]: ...  # (W1, KS)
    def limit_range(self, g: int) -> tuple[float, float]: ...  # 0.1 % .. 99.9 % over all steps so far
    def peak(self, g: int) -> float: ...  # largest pdf value over steps so far
    def mean(self, k: int) -> float: ...  # of the finite values over all places
    def limit_mean(self, k: int) -> float: ...
