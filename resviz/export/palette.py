"""The 256 colours of a gif, shared by all its frames.

Drawings have few colours and their antialiased mixtures: the most frequent are kept exactly, the rest of the
palette is spread over what remains (heat maps). A shared palette and no dithering keep unchanged areas
unchanged, which is what makes a gif small.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FREQUENT = 4  # one colour in so many is kept exactly
_BITS = 5  # per channel: 32,768 cells; finer ones change nothing that one can see in line art


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """256 colours and, for every cell of the colour cube, the nearest of them."""

    argb: NDArray[np.uint8]  # (256, 4), alpha first
    nearest: NDArray[np.uint8]  # (2**15,)

    @classmethod
    def of(cls, pictures: Iterable[NDArray[np.uint8]], colours: int = 256) -> Palette:
        """The palette of some sample pictures, each (height, width, 3), with at most so many colours."""
        counts = np.zeros(1 << 3 * _BITS, np.int64)
        sums = np.zeros((1 << 3 * _BITS, 3))
        for picture in pictures:
            cells = _cells(picture).ravel()
            counts += np.bincount(cells, minlength=counts.size)
            for channel in range(3):
                sums[:, channel] += np.bincount(
                    cells, weights=picture[..., channel].ravel(), minlength=counts.size
                )
        chosen = _chosen(counts, colours)
        means = np.rint(sums[chosen] / counts[chosen, None])
        argb = np.zeros((256, 4), np.uint8)
        argb[:, 0] = 255
        argb[: chosen.size, 1:] = means
        return cls(argb, _nearest(means, sums, counts))

    def indices(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Each pixel's palette entry, (height, width)."""
        return self.nearest[_cells(picture)]


def _chosen(counts: NDArray[np.int64], colours: int) -> NDArray[np.int64]:
    """At most ``colours`` seen cells: the most frequent, then even steps along a Z-order curve."""
    seen = np.flatnonzero(counts)
    if seen.size <= colours:
        return seen
    by_count = seen[np.argsort(counts[seen], kind="stable")[::-1]]
    frequent, others = by_count[: colours // _FREQUENT], by_count[colours // _FREQUENT :]
    others = others[np.argsort(_morton(others))]
    # the root of the count: rare colours get a share too
    mass = np.cumsum(np.sqrt(counts[others]))
    rest = colours - frequent.size
    steps = (np.arange(rest) + 0.5) * mass[-1] / rest
    return np.union1d(frequent, others[np.searchsorted(mass, steps)])


def _morton(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position on the Z-order curve: the bits of the three channels interleaved."""
    mixed = np.zeros_like(cells)
    for bit in range(_BITS):
        for channel in range(3):
            mixed |= (cells >> channel * _BITS + bit & 1) << 3 * bit + channel
    return mixed


def _cells(picture: NDArray[np.uint8]) -> NDArray[np.int32]:
    high = (picture >> (8 - _BITS)).astype(np.int32)
    return (high[..., 0] << 2 * _BITS) | (high[..., 1] << _BITS) | high[..., 2]


def _nearest(
    colours: NDArray[np.float64], sums: NDArray[np.float64], counts: NDArray[np.int64]
) -> NDArray[np.uint8]:
    from scipy.spatial import KDTree

    steps = (np.arange(1 << _BITS) + 0.5) * (1 << (8 - _BITS))
    centres = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    # a cell that was seen is represented by the mean of its own pixels: plain areas keep their exact colour
    seen = counts > 0
    centres[seen] = sums[seen] / counts[seen, None]
    return np.asarray(KDTree(colours).query(centres)[1], np.uint8)
