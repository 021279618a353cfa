"""A series as the window reads it: only steps that were visited, and nothing is computed by reading."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resviz.fields.memory import MEMORY
from resviz.scene.series import Density, Observable

if TYPE_CHECKING:
    from resviz.observe import Series

_KEPT_BYTES = 3e8  # of one series; a step of six panels takes half a megabyte
_FEWEST = 32  # steps kept, however large they are
_NAN = (math.nan, math.nan)
_EMPTY = np.empty(0)


class Seen:
    """The scene's view of a `Series` (see `resviz.scene.series.Series`).

    One thread visits steps, the window reads those that are ready: None and NaN stand for all others, so
    that a picture never waits for a kernel estimate. Of a long run the steps visited first are forgotten
    again, but for their means; whoever comes back to one visits it once more.
    """

    def __init__(self, series: Series, *, distances: bool = True, kept: float = _KEPT_BYTES) -> None:
        """Read ``series``, of whose steps some ``kept`` bytes are held."""
        self._series = series
        self._distances = distances
        self._kept = kept
        self._held: deque[int] = deque()  # visited, the first one first; not step 0, the start of every panel
        self._forgotten: set[int] = set()
        self._means: dict[int, tuple[float, float]] = {}  # finite, limit: read at every step of a curve
        self._ready: set[int] = set()
        self._newest = -1
        self._low = 0  # below this step nothing is missing

    # -- the looking thread -----------------------------------------------------------------------------

    def visit(self, step: int) -> Iterator[bool]:
        """Evaluate everything that a picture of ``step`` reads, in pieces of some 20 ms; True when ready."""
        series = self._series
        series.visit(step)
        yield False
        for place in range(len(series.layers)):
            series.density(step, place)
            if self._distances:
                series.limited(step, place)
        self._means[step] = (series.mean(step), series.limit_mean(step))
        self._ready.add(step)
        self._forgotten.discard(step)
        self._newest = max(self._newest, step)
        if step:
            self._held.append(step)
            self._make_room(series.size(step))
        while self._low in self._ready or self._low in self._forgotten:
            self._low += 1
        yield True

    def _make_room(self, size: int) -> None:
        """Forget the steps visited first, at ``size`` bytes a step; never the newest."""
        while len(self._held) > max(_FEWEST, self._kept / max(size, 1)):
            step = self._held.popleft()
            if step == self._newest:
                self._held.append(step)
                continue
            self._forgotten.add(step)
            self._ready.discard(step)
            self._series.forget(step)
        MEMORY.pin(self, (len(self._held) + 1) * size)

    def can_visit(self, step: int) -> bool:
        """Whether ``step`` is recorded and not visited yet."""
        return 0 <= step <= self._series.passage.newest and step not in self._ready

    def first_gap(self) -> int | None:
        """The first recorded step that was never visited."""
        step = self._low
        return step if self.can_visit(step) else None

    # -- any thread -------------------------------------------------------------------------------------

    def has(self, step: int, /) -> bool:
        """Whether ``step`` is ready to be read."""
        return step in self._ready

    def unbroken_from(self, step: int) -> int:
        """The last step up to which, from ``step`` on, all were visited; ``step`` - 1 if it was not."""
        if step < self._low:
            step = self._low
        while step in self._ready or step in self._forgotten:
            step += 1
        return step - 1

    @property
    def observable(self) -> Observable:
        return self._series.observable

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
        return self._newest

    def finite(self, step: int, place: int, /) -> NDArray[Any]:
        found = self._series.finite(step, place) if step in self._ready else None
        return _EMPTY if found is None else found

    def density(self, step: int, place: int, /) -> Density | None:
        return self._series.density(step, place) if step in self._ready else None

    def start(self, place: int, /) -> Density | None:
        return self._series.start(place) if 0 in self._ready else None

    def distance(self, step: int, place: int, /) -> tuple[float, float] | None:
        return self._series.distance(step, place) if self._distances and step in self._ready else None

    def limited(self, step: int, place: int, /) -> bool:
        return self._distances and step in self._ready and self._series.limited(step, place)

    def limit_range(self, place: int, /) -> tuple[float, float] | None:
        return self._series.limit_range(place)

    def peak(self, place: int, /) -> float:
        return self._series.peak(place)

    def mean(self, step: int, /) -> float:
        return self._means.get(step, _NAN)[0]

    def limit_mean(self, step: int, /) -> float:
        return self._means.get(step, _NAN)[1]
