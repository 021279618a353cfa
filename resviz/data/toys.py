"""Small sets whose answer one can see: a sine on the line; circles, moons and spirals in the plane."""

from __future__ import annotations

import numpy as np

from resviz.data.standardise import Array, one_hot, standardised
from resviz.data.streams import stream


def sine(samples: int, seed: int) -> tuple[Array, Array]:
    """x uniform on [-pi, pi], y = sin(w x), one w ~ N(0, 1): both (N, 1), standardised."""
    random = stream(seed, "samples")
    w = random.standard_normal()
    x = random.uniform(-np.pi, np.pi, (samples, 1))
    return standardised(x), standardised(np.sin(w * x))


def circles(samples: int, seed: int) -> tuple[Array, Array]:
    """Two noisy concentric circles, a class each: x (N, 2) standardised, y (N, 2)."""
    from sklearn.datasets import make_circles

    x, label = make_circles(samples, noise=0.05, factor=0.5, random_state=_state(seed))
    return standardised(x), one_hot(label, 2)


def moons(samples: int, seed: int) -> tuple[Array, Array]:
    """Two noisy interleaved half circles, a class each: x (N, 2) standardised, y (N, 2)."""
    from sklearn.datasets import make_moons

    x, label = make_moons(samples, noise=0.1, random_state=_state(seed))
    return standardised(x), one_hot(label, 2)


def spirals(samples: int, seed: int) -> tuple[Array, Array]:
    """Two noisy interleaved Archimedean spirals of one turn: x (N, 2) standardised, y (N, 2).

    Sample i belongs to class i mod 2; its angle is drawn evenly along the arc.
    """
    random = stream(seed, "samples")
    label = np.arange(samples) % 2
    # square root: about as many points on every piece of the arc
    angle = 2 * np.pi * np.sqrt(random.uniform(0.02, 1.0, samples))
    turn = angle + np.pi * label
    x = (angle / (2 * np.pi))[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)  # (N, 2)
    x += 0.02 * random.standard_normal(x.shape)
    return standardised(x), one_hot(label, 2)


def _state(seed: int) -> int:
    """scikit-learn's seeds are 32-bit numbers; the session's have 63 bits."""
    return int(stream(seed, "samples").integers(2**32))
