"""Rows: the layers of a whole network, pooled along depth so that a picture costs the same at every L.

Some hundred rows are as many as an eye tells apart; of a large network each layer lends its first units only
(they are independent draws like all others), so that a step of all rows costs a bounded number of products.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "rows_of"]

MOST_ROWS = 128
_FEWEST_ROWS = 8
_UNITS_A_ROW = 32  # rows get thicker until each holds so many
_FLOPS = 6e7  # of one step of all followed units: some 10 ms on one core
_UNITS = (2**13, 2**16)
_CHUNK = 2**14  # units that are followed in one piece


@dataclass(frozen=True, eq=False)
class Rows:
    """How layers are pooled.

    Attributes:
        total: layers L of the network.
        layers: (n,) layers that are followed, rising.
        row: (n,) the row of each.
        count: rows R.
        units: units of each layer that are followed.
        whole: every unit of every layer is.
    """

    total: int
    layers: NDArray[np.intp]
    row: NDArray[np.intp]
    count: int
    units: int
    whole: bool

    @cached_property
    def depths(self) -> NDArray[np.float64]:
        """Mean depth s = l/L of the layers of each row: (R,)."""
        sums = np.bincount(self.row, self.layers / self.total, self.count)
        made: NDArray[np.float64] = sums / np.bincount(self.row, minlength=self.count)
        return made

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """Where rows begin and end: (R + 1,); layer l fills l/L to (l + 1)/L."""
        return np.ceil(np.arange(self.count + 1) * self.total / self.count) / self.total

    @property
    def units_a_row(self) -> tuple[int, int]:
        """Fewest and most followed units of a row."""
        held = np.bincount(self.row, minlength=self.count) * self.units
        return int(held.min()), int(held.max())

    def chunks(self) -> list[NDArray[np.intp]]:
        """Positions in ``layers`` in pieces of some 16,000 units.

        The first holds every n-th row, the next those between: a picture of a few pieces is coarse but whole.
        """
        pieces = 1
        while len(self.layers) * self.units > pieces * _CHUNK and 4 * pieces <= self.count:
            pieces *= 2
        bits = pieces.bit_length() - 1
        order = [int(f"{i:0{bits}b}"[::-1], 2) if bits else 0 for i in range(pieces)]
        return [np.flatnonzero(self.row % pieces == offset) for offset in order]


def rows_of(
    layers: int,
    units: int,
    *,
    samples: int,
    dimension: int,
    window: int = 1,
    most: int = MOST_ROWS,
    followed: int = _UNITS[1],
) -> Rows:
    """Rows of a network of ``layers`` x ``units``.

    Args:
        samples, dimension: N and D, which say what a unit's step costs: 8 N D flops.
        window: layers that a row holds at least.
        most: rows at most.
        followed: units of all layers together, at most.
    """
    held = layers * units
    count = max(min(_FEWEST_ROWS, layers), min(layers, most, held // _UNITS_A_ROW))
    count = max(1, min(count, layers // max(1, window)))
    budget = min(followed, int(np.clip(_FLOPS / (8.0 * samples * dimension), *_UNITS)))
    chosen = np.arange(layers) if layers <= budget else np.linspace(0, layers - 1, budget).astype(np.intp)
    each = max(1, min(units, budget // len(chosen)))
    return Rows(
        layers,
        chosen.astype(np.intp),
        (chosen * count // layers).astype(np.intp),
        count,
        each,
        each == units and len(chosen) == layers,
    )
