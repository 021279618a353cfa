"""Where units start: u, v ~ N(0, D sigma^2), coordinate by coordinate.

The finite network's starts come from a counter-based generator keyed by (seed, layer), drawn on the CPU in
float64: any one layer can be drawn again alone, on every device the same, and a wider layer begins with the
units of a narrower one. The limit's starts are scrambled Sobol points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ghost_start", "limit_starts", "unit_starts"]

Array = NDArray[np.float64]
_GHOST = 2**63  # a layer number that no network has


def unit_starts(seed: int, layer: int, units: int, dimension: int) -> Array:
    """Standard normal starts of one layer.

    Returns:
        (2, D, M): u and v in units of sqrt(D) sigma.
    """
    generator = np.random.Generator(np.random.Philox(key=[seed, layer]))
    # unit by unit, so that M and M' > M share their first M units
    return generator.standard_normal((units, 2, dimension)).transpose(1, 2, 0)


def ghost_start(seed: int, dimension: int) -> Array:
    """The tracked particle: one start (2, D, 1) that belongs to no layer."""
    return unit_starts(seed, _GHOST, 1, dimension)


def limit_starts(seed: int, places: int, units: int, dimension: int, *, antithetic: bool = False) -> Array:
    """Low-discrepancy standard normal starts, different at every place.

    One scrambled Sobol sequence in 2 D dimensions is cut into ``places`` blocks. Units must differ from place
    to place: averaging over depth is what makes depth act as width (mathematics.md 5: the same units at
    every node cost a factor 13 in error).

    Args:
        units: units at each place, a power of two.
        antithetic: the second half repeats the first with -v, which makes E[v f(u)] exactly 0; the limit's
            first step then has no noise at all.

    Returns:
        (places, 2, D, units).
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    drawn = units // 2 if antithetic else units
    bits = 30
    sobol = qmc.Sobol(2 * dimension, scramble=True, rng=np.random.default_rng(seed), bits=bits)
    total = (
        1 << (places * drawn - 1).bit_length()
    )  # whole sequences only are balanced; aligned blocks are too
    points = sobol.random(total)[: places * drawn]  # multiples of 2^-30 in [0, 1)
    normal = ndtri(points + 2.0 ** -(bits + 1))  # the half step keeps 0 from -infinity
    z = normal.reshape(places, drawn, 2, dimension).transpose(0, 2, 3, 1)  # (places, 2, D, drawn)
    if not antithetic:
        return np.ascontiguousarray(z)
    mirrored = z * np.array([1.0, -1.0])[:, None, None]
    return np.concatenate([z, mirrored], axis=-1)
