"""What a session will cost, before it runs."""

from __future__ import annotations

import os
from dataclasses import dataclass

from resviz.config import Session

# Floating-point operations a second of the compiled kernels, one core, activations included (34e9 seen for
# Hello complete); only the first guess, `Estimate.ms` is scaled by what the last run has measured.
_FLOPS = 3e10
_DIGITS = (1797, 64, 10)  # N, d_in, d_out
_SETS = {"sine": (1, 1), "circles": (2, 2), "moons": (2, 2), "spirals": (2, 2)}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Cost of a session.

    Attributes:
        flops: floating-point operations of one gradient step: net, twin, limit and lazy limit.
        ms: milliseconds a step.
        units: bytes of all units.
        recorded: bytes of the recorded fields of all K steps.
        available: bytes of memory that this machine has; 0 if unknown.
    """

    flops: float
    ms: float
    units: int
    recorded: int
    available: int

    @property
    def fits(self) -> bool:
        """Units leave a fifth of the memory free; recordings spool to disk and do not count."""
        return not self.available or self.units <= 0.8 * self.available


def shape(session: Session) -> tuple[int, int]:
    """(N, D) as far as the session alone tells: a file's rows are unknown and counted as 1000 x 64."""
    data, network = session.data, session.network
    samples = data.samples
    if data.kind == "gaussian":
        d_in = d_out = data.dimension or 10
    elif data.kind == "digits":
        rows, d_in, d_out = _DIGITS
        samples = min(samples or rows, rows)
    elif data.kind in _SETS:
        d_in, d_out = _SETS[data.kind]
    else:
        d_in, d_out = 64, 1
    dimension = network.dimension or (d_in if d_in == d_out else 64)
    return samples or 1000, dimension


def estimate(session: Session, *, speed: float = 1.0) -> Estimate:
    """The cost of ``session``; ``speed`` is how many times faster than the first guess this machine was."""
    samples, dimension = shape(session)
    word = 4 if session.training.dtype == "float32" else 8
    net = session.network.layers * session.network.units
    nodes, particles = session.limit.nodes, session.limit.units
    limit = (64 if nodes == "auto" else nodes) * (1024 if particles == "auto" else particles)
    # net and twin; the limit of both; the lazy limit
    units = 2 * net + 3 * limit
    # p, q, two contributions, two updates: six products of length D, two operations each, and some twenty
    # for the activation
    flops = float(units) * samples * (12 * dimension + 20)
    fields = 2 * (session.network.layers + 1) * samples * dimension * word
    per_step = min(fields, 2 * net * dimension * word)
    return Estimate(
        flops=flops,
        ms=1e3 * flops / (_FLOPS * speed),
        units=2 * units * dimension * word,
        recorded=2 * per_step * (session.training.last_step + 1),
        available=memory(),
    )


def memory() -> int:
    """Bytes of memory of this machine; 0 if unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a POSIX system
        return 0


def size_text(count: float) -> str:
    """Bytes in the largest decimal unit that leaves a number of at least 1, 3 digits."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 999.5 or unit == "TB":
            return f"{count:.3g} {unit}"
        count /= 1000
    raise AssertionError("unreachable")


def time_text(ms: float) -> str:
    """Milliseconds, or seconds from one second on, 2 digits."""
    value, unit = (ms / 1e3, "s") if ms >= 1e3 else (ms, "ms")
    return f"{round(value) if value >= 10 else float(f'{value:.2g}'):g} {unit}"
