"""The 255 colours of a gif, shared by all its frames; one more stays free for "as before".

Drawings have few colours and their antialiased mixtures: the most frequent are kept exactly, the rest of the
palette is spread over what remains (heat maps). A shared palette and no dithering keep unchanged areas
unchanged, which is what makes a gif small: FFmpeg stores them as transparent, for which it needs an entry
that no pixel has. (A fan of paths takes 72 kB a frame at 1280 x 720 with 256 colours, and 9 kB with 255.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 255  # colours
_FREQUENT = 4  # one colour in so many is kept exactly
_PLAIN = 16  # grounds, text and curves: never shown as anything else
_BITS = 5  # per channel: 32,768 cells; finer ones change nothing that one can see in line art


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """At most 255 colours, for every cell of the colour cube the nearest of them, and which look alike."""

    argb: NDArray[np.uint8]  # (256, 4), alpha first
    nearest: NDArray[np.uint8]  # (2**15,)
    alike: NDArray[np.bool_]  # (256, 256): the row's entry may go on being shown as the column's

    @classmethod
    def of(cls, pictures: Iterable[NDArray[np.uint8]], colours: int = MOST, alike: int = 0) -> Palette:
        """The palette of some sample pictures, each (height, width, 3).

        Args:
            colours: at most so many.
            alike: levels of 256 by which a pixel may differ from what it should be, if it then need not be
                stored again; the most frequent colours are always exact.
        """
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
        return cls(argb, _nearest(means, sums, counts), _alike(argb, counts[chosen], alike))

    def indices(
        self, picture: NDArray[np.uint8], before: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Each pixel's palette entry, (height, width); that of the frame ``before`` where the two are alike.

        Always compared with what the pixel should be: differences do not add up from frame to frame.
        """
        exact = self.nearest[_cells(picture)]
        return exact if before is None else np.where(self.alike[exact, before], before, exact)


def _alike(argb: NDArray[np.uint8], counts: NDArray[np.int64], levels: int) -> NDArray[np.bool_]:
    colours = argb[:, 1:].astype(np.int16)
    alike: NDArray[np.bool_] = np.abs(colours[:, None] - colours).max(axis=-1) <= levels
    plain = np.argsort(counts)[::-1][:_PLAIN]
    alike[plain] = False
    alike[:, counts.size :] = False  # entries that are no colours
    np.fill_diagonal(alike, True)
    return alike


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
