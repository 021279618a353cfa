"""What the machine could do: copy bandwidth and the rate of large matrix products, measured beside the rest.

A gradient step of L x M units moves its units past the processor twice (read forward; read and written
backward) and does 14 N D flops a unit: products p and h forward, p again, q, b and two updates backward.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from resviz.study.peers import Sizes

__all__ = ["Roofline", "card_roofline", "measured_roofline", "step_bytes", "step_flops"]

_WORD = 4  # float32


@dataclass(frozen=True)
class Roofline:
    """Measured limits of the machine, float32.

    Attributes:
        copy: bytes read and written a second by copying arrays far larger than the caches.
        gemm: flops a second of a large matrix product on one thread, the best library at hand.
        gemm_all: the same on all threads.
        library: which library that was on one thread.
    """

    copy: float
    gemm: float
    gemm_all: float
    library: str

    def bound(self, sizes: Sizes) -> float:
        """Seconds that a step takes at least on one thread or card, by the slower of the two."""
        return max(step_flops(sizes) / self.gemm, step_bytes(sizes) / self.copy)


def step_flops(sizes: Sizes) -> float:
    """Of the products of one gradient step."""
    from resviz.engine import compiled

    return compiled.step_flops(sizes.L, sizes.M, sizes.N, sizes.D)


def step_bytes(sizes: Sizes) -> float:
    """Of u and v: read, read again, written."""
    return 6.0 * sizes.L * sizes.M * sizes.D * _WORD


def measured_roofline(threads: int, size: int = 1536, megabytes: int = 256) -> Roofline:
    """Measure both limits: best of several, since anything else on the machine only slows them."""
    import torch

    a = torch.rand(size, size)
    out = torch.empty_like(a)
    x, y = a.numpy(), np.empty((size, size), dtype=np.float32)
    flops = 2.0 * size**3
    before = torch.get_num_threads()
    rates = {}
    try:
        torch.set_num_threads(1)
        rates["torch"] = flops / _best(lambda: torch.mm(a, a, out=out))
        torch.set_num_threads(threads)
        every = flops / _best(lambda: torch.mm(a, a, out=out))
    finally:
        torch.set_num_threads(before)
    alone, together = _blas_rates(x, y, flops)
    rates["numpy"] = alone
    source = np.ones(megabytes * 2**20 // 8)
    target = np.empty_like(source)
    copy = 2.0 * source.nbytes / _best(lambda: np.copyto(target, source))
    best = max(rates, key=lambda name: rates[name])
    return Roofline(copy, rates[best], max(every, together, rates[best]), best)


def card_roofline(device: str, size: int = 8192, megabytes: int = 1024) -> Roofline:
    """Both limits of a CUDA device, float32 products without tf32, as resviz takes them."""
    import torch

    def timed(work: Callable[[], object]) -> float:
        def whole() -> None:
            work()
            torch.cuda.synchronize(device)

        return _best(whole)

    a = torch.rand(size, size, device=device)
    out = torch.empty_like(a)
    gemm = 2.0 * size**3 / timed(lambda: torch.mm(a, a, out=out))
    source = torch.ones(megabytes * 2**20 // 4, device=device)
    target = torch.empty_like(source)
    copy = 2.0 * 4 * source.numel() / timed(lambda: target.copy_(source))
    return Roofline(copy, gemm, gemm, "torch")


def _blas_rates(x: np.ndarray, y: np.ndarray, flops: float) -> tuple[float, float]:
    """numpy's rates on one thread (0 where its threads cannot be told) and on all."""
    together = flops / _best(lambda: np.dot(x, x, out=y))
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return 0.0, together
    with threadpool_limits(1):
        return flops / _best(lambda: np.dot(x, x, out=y)), together


def _best(work: Callable[[], object], rounds: int = 5) -> float:
    """Shortest of ``rounds`` calls in seconds, after one that is not counted."""
    work()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)
