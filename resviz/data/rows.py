"""Which rows of a given set are used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from resviz.data.streams import stream
from resviz.errors import DataError


def drawn_rows(available: int, samples: int | None, seed: int, name: str) -> NDArray[np.intp]:
    """``samples`` of the rows 0..available-1 in ascending order, drawn from the seed; None: all of them.

    Raises:
        DataError: more samples are asked for than there are.
    """
    if samples is None or samples == available:
        return np.arange(available)
    if samples > available:
        raise DataError(
            f"{name}: data.samples = {samples}, but there are {available} rows",
            remedy=f"Take at most {available}, or leave data.samples out to take all.",
        )
    return np.sort(stream(seed, "rows").permutation(available)[:samples])


def stratified_rows(labels: NDArray[np.intp], samples: int | None, seed: int, name: str) -> NDArray[np.intp]:
    """As `drawn_rows`, with each class of ``labels`` (N,) at its share of the whole, to one row.

    Raises:
        DataError: more samples are asked for than there are.
    """
    available = len(labels)
    if samples is None or samples >= available:
        return drawn_rows(available, samples, seed, name)
    order = stream(seed, "rows").permutation(available)
    classes, counts = np.unique(labels, return_counts=True)
    # largest remainders: floor of each share, then one more where most was cut off
    share = counts * samples / available
    take = np.floor(share).astype(np.intp)
    take[np.argsort(take - share, kind="stable")[: samples - take.sum()]] += 1
    picked = [order[labels[order] == c][:n] for c, n in zip(classes, take, strict=True)]
    return np.sort(np.concatenate(picked))
