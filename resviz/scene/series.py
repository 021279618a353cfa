"""What scene builders read: one observable at pinned places of the net, over the recorded steps."""

from __future__ import annotations

from typing import Any, Protocol

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
    @property
    def counts(self) -> str: ...  # what there is one value of: "units", "coordinates"


class Density(Protocol):
    """A density on a grid with its error: ``x``, ``pdf``, ``error``, each (n,); it is never changed."""

    def __hash__(self) -> int: ...
    @property
    def x(self) -> Array: ...
    @property
    def pdf(self) -> Array: ...
    @property
    def error(self) -> Array: ...


class Series(Protocol):
    """Values of one observable at pinned places; place g is layer ``layers[g]`` at depth ``depths[g]``.

    `has` names the steps that can be read, up to ``newest`` (-1 before the first). Where there is no limit
    (yet), or all its units coincide, ``density``, ``start`` and ``distance`` give None; so does ``finite``
    where there is no net.
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

    def has(self, step: int, /) -> bool: ...
    def finite(self, step: int, place: int, /) -> NDArray[Any] | None: ...  # (m,)
    def density(self, step: int, place: int, /) -> Density | None: ...
    def start(self, place: int, /) -> Density | None: ...  # the limit at k = 0
    def distance(self, step: int, place: int, /) -> tuple[float, float] | None: ...  # (W1, KS)
    def limited(self, step: int, place: int, /) -> bool: ...  # the limit's own error exceeds the distance
    def limit_range(self, place: int, /) -> tuple[float, float] | None: ...  # 0.1 % .. 99.9 %, steps so far
    def peak(self, place: int, /) -> float: ...  # largest pdf value drawn so far
    def mean(self, step: int, /) -> float: ...  # of the finite values over all places
    def limit_mean(self, step: int, /) -> float: ...
