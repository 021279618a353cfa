"""The whole depth of a network at once: units of all layers, and of the limit, over the recorded steps.

A `DepthPassage` follows the units, in pieces; a `DepthSeries` reads one observable of them step by step,
coarse rows first. Values of steps visited long ago are forgotten past a bound of memory, and replayed when
they are wanted again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resviz.fields import LimitFields
from resviz.fields.memory import MEMORY
from resviz.observe.follow import Followers
from resviz.observe.limits import LimitUnits
from resviz.observe.observables import Look, Observable, observable
from resviz.observe.passage import Run, follow_layers
from resviz.observe.rows import Rows, rows_of
from resviz.observe.surface import Surface, surface

__all__ = ["DepthPassage", "DepthSeries", "Filled"]

_LIMIT_PLACES = 33
_LIMIT_FLOPS = 6e7  # of one step of the limit's units
_LIMIT_UNITS = (2**14, 2**16)  # at all places together
_STRIDE = 8  # pushes between two pauses
_BYTES = 96e6  # of the values that a series keeps
_CHECKPOINT_BYTES = 96e6  # of all cohorts of a passage


class DepthPassage:
    """Units of all layers of a run, and of its limit at up to 33 depths, movable to any recorded step.

    Attributes:
        rows: how layers are pooled.
        depths: (G,) of the limit's places.
    """

    def __init__(self, run: Run, *, window: int = 1, most: int | None = None) -> None:
        """Follow a whole run.

        Args:
            window: layers that a row holds at least.
            most: finite units that are followed; left out, as many as a step of 10 ms allows.
        """
        network, problem = run.session.network, run.problem
        n, d = problem.samples, problem.dimension
        self.run = run
        followed = {} if most is None else {"followed": most}
        self.rows: Rows = rows_of(
            network.layers, network.units, samples=n, dimension=d, window=window, **followed
        )
        self._chunks = self.rows.chunks()
        self._finite: list[Followers | None] = [None] * len(self._chunks)
        total = network.layers
        places = np.unique(np.linspace(0, total - 1, min(total, _LIMIT_PLACES)).round().astype(int))
        self.depths = places / total
        self._limit: LimitFields | None = run.limit
        self._limits: LimitUnits | None = None
        if run.limit is not None:
            rank = run.limit.fields(0).h.shape[-1] if run.limit.newest >= 0 else d
            units = int(np.clip(_LIMIT_FLOPS / (8.0 * n * rank), *_LIMIT_UNITS))
            windows = [range(layer, layer + 1) for layer in places.tolist()]
            self._limits = LimitUnits(run.session, problem, run.limit, windows, units // len(places))

    @property
    def newest(self) -> int:
        """Largest step that can be visited."""
        limit = self._limit
        # a limit that diverged does not hold back the finite units
        return self.run.step if limit is None or limit.ended else min(self.run.step, limit.newest)

    @property
    def pieces(self) -> int:
        """In how many pieces the finite units are followed."""
        return len(self._chunks)

    def finite(
        self, piece: int, step: int, chosen: Observable, look: Look
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.intp]] | None]:
        """Values (n,) of a piece's units and their rows (n,), after a pause (None) every few pushes."""
        follower = self._finite[piece]
        if follower is None:
            follower = self._finite[piece] = self._follow(self._chunks[piece])
        yield from follower.approach(step, _STRIDE)
        values = follower.values(step, chosen, look)  # (layers, units), or (layers, D) of a field
        rows = self.rows.row[self._chunks[piece]]
        yield values.astype(np.float32).ravel(), np.repeat(rows, values.shape[1])

    def limit(self, step: int, chosen: Observable, look: Look) -> Iterator[Surface | None]:
        """The limit's densities, after a pause (None) every few pushes; nothing without a limit."""
        if self._limits is None or self._limit is None or step > self._limit.newest:
            return
        for one in self._limits.sets:
            yield from one.approach(step, _STRIDE)
        yield surface(self.depths, self._limits.values(step, chosen, look), chosen)

    def _follow(self, chunk: NDArray[np.intp]) -> Followers:
        layers = self.rows.layers[chunk].tolist()
        return follow_layers(self.run, layers, _CHECKPOINT_BYTES / len(self._chunks), self.rows.units)


@dataclass(frozen=True, eq=False)
class Filled:
    """What is known of one step.

    Attributes:
        values: (n,) of the finite units so far.
        row: (n,) the row of each; one array for all steps.
        totals: (R,) units of each row so far.
        limit: the limit's densities, None without one or where all its units coincide.
        pieces: how many pieces of the finite units are in.
    """

    values: NDArray[np.float32]
    row: NDArray[np.intp]
    totals: NDArray[np.intp]
    limit: Surface | None
    pieces: int


class DepthSeries:
    """One observable over the whole depth, step by step as it is visited.

    One thread visits, others may read; a step is readable (`has`) as soon as its coarse rows are in.
    """

    def __init__(self, passage: DepthPassage, name: str, look: Look | None = None) -> None:
        """Look at the observable called ``name``.

        Raises:
            RequestError: no such observable.
        """
        self.passage = passage
        self.observable: Observable = observable(name)
        self.look = look or Look()
        self._filled: dict[int, Filled] = {}
        self._rows: list[tuple[NDArray[np.intp], NDArray[np.intp]]] = []  # of 1, 2, ... pieces; and totals
        self._complete: set[int] = set()
        self._low = 0  # below this step nothing is missing
        self._bytes = 0
        self._range: tuple[float, float] | None = None
        self._peak = 0.0

    @property
    def rows(self) -> Rows:
        """How layers are pooled."""
        return self.passage.rows

    @property
    def newest(self) -> int:
        """Largest step that can be read; -1 before the first."""
        return max(self._filled, default=-1)

    def has(self, step: int, /) -> bool:
        """Whether there is something to draw of a step."""
        return step in self._filled

    def filled(self, step: int, /) -> Filled | None:
        """What is known of a step."""
        return self._filled.get(step)

    def complete(self, step: int, /) -> bool:
        """Whether all rows of a step are in."""
        return step in self._filled and step in self._complete

    def limit_range(self) -> tuple[float, float] | None:
        """0.1 % and 99.9 % quantiles over all steps visited, of the limit, or of the units without one."""
        return self._range

    def peak(self) -> float:
        """Largest density of the limit so far; 0 before."""
        return self._peak

    # -- visiting ---------------------------------------------------------------------------------------

    def can_visit(self, step: int) -> bool:
        """Whether a step is recorded and not complete."""
        return 0 <= step <= self.passage.newest and not self.complete(step)

    def first_gap(self) -> int | None:
        """The first recorded step that was never visited (forgotten ones are not missed)."""
        while self._low in self._complete:
            self._low += 1
        return self._low if self._low <= self.passage.newest else None

    def unbroken_from(self, step: int) -> int:
        """The last step up to which, from ``step`` on, all are complete; ``step`` - 1 if it is not."""
        while self.complete(step):
            step += 1
        return step - 1

    def visit(self, step: int) -> Iterator[bool]:
        """Evaluate a step in pieces of some 20 ms; True when more of it can be drawn. May be dropped."""
        limit = None
        for found in self.passage.limit(step, self.observable, self.look):
            limit = found
            yield False
        if limit is not None:
            self._widen(limit.low, limit.high)
            if np.isfinite(limit.peak):
                self._peak = max(self._peak, limit.peak)
        values: list[NDArray[np.float32]] = []
        for piece in range(self.passage.pieces):
            for part in self.passage.finite(piece, step, self.observable, self.look):
                if part is None:
                    yield False
                    continue
                values.append(part[0])
                if len(self._rows) == piece:
                    self._rows.append(self._with_rows(part[1]))
            done = piece + 1
            filled = Filled(np.concatenate(values), *self._rows[piece], limit, done)
            if limit is None and done == 1:
                self._widen_to(filled.values)
            self._keep(step, filled, complete=done == self.passage.pieces)
            yield True

    def fill(self, first: int = 0) -> Iterator[int]:
        """Visit ``first`` and then every recorded step that is missing, yielding each."""
        for step in (first, *range(self.passage.newest + 1)):
            if self.can_visit(step):
                for _ in self.visit(step):
                    pass
                yield step

    def _with_rows(self, row: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows of the pieces so far and of one more; and how many units each has."""
        before = [self._rows[-1][0]] if self._rows else []
        rows = np.concatenate([*before, row])
        return rows, np.bincount(rows, minlength=self.rows.count)

    def _widen_to(self, values: NDArray[np.float32]) -> None:
        good = values[np.isfinite(values)]
        if good.size:
            low, high = np.quantile(good, (1e-3, 1 - 1e-3))
            self._widen(float(low), float(high))

    def _widen(self, low: float, high: float) -> None:
        if np.isfinite(low) and np.isfinite(high):
            seen = self._range
            self._range = (low, high) if seen is None else (min(low, seen[0]), max(high, seen[1]))

    def _keep(self, step: int, filled: Filled, *, complete: bool) -> None:
        old = self._filled.get(step)
        self._bytes += _size(filled) - (0 if old is None else _size(old))
        # readers hold what they read: a dictionary of its own for them is not needed
        self._filled[step] = filled
        if complete:
            self._complete.add(step)
        for first in list(self._filled):
            if self._bytes <= _BYTES or first == step:
                break
            self._bytes -= _size(self._filled.pop(first))
        MEMORY.pin(self, self._bytes)


def _size(filled: Filled) -> int:
    pdf = 0 if filled.limit is None else filled.limit.pdf.nbytes
    return filled.values.nbytes + pdf
