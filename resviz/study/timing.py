"""Times of several ways to do a thing, taken in turns: whatever else the machine does hits all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["Timing", "interleaved"]

_SAMPLE_S = 0.1  # a sample is as many calls as take this long: each way warms its own caches first


@dataclass(frozen=True)
class Timing:
    """Seconds a call.

    Attributes:
        median: over the samples.
        low, high: quartiles.
        samples: how many.
    """

    median: float
    low: float
    high: float
    samples: int

    def __str__(self) -> str:
        return f"{1e3 * self.median:.3g} ms ({1e3 * self.low:.3g}-{1e3 * self.high:.3g})"


def interleaved(
    ways: Mapping[str, Callable[[], object]], *, rounds: int = 7, seconds: float = 20.0
) -> Iterator[dict[str, Timing] | None]:
    """Time every way in turns, after one call each that is not counted; yields None between samples.

    Args:
        rounds: samples of each way, fewer (three at least) where they would take longer than ``seconds``.
    """
    calls = {}
    spent = 0.0
    for name, work in ways.items():
        work()
        yield None
        start = time.perf_counter()
        work()
        once = time.perf_counter() - start
        calls[name] = max(1, int(_SAMPLE_S / max(once, 1e-9)))
        spent += once * calls[name]
        yield None
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(max(3, min(rounds, int(seconds / max(spent, 1e-9))))):
        for name, work in ways.items():
            start = time.perf_counter()
            for _ in range(calls[name]):
                work()
            found[name].append((time.perf_counter() - start) / calls[name])
            yield None
    yield {name: _timing(samples) for name, samples in found.items()}


def _timing(samples: list[float]) -> Timing:
    low, median, high = (float(x) for x in np.quantile(samples, [0.25, 0.5, 0.75]))
    return Timing(median, low, high, len(samples))
