"""How many nodes and units a limit needs for a stated error: ``limit.nodes`` and ``limit.units`` = "auto".

A pilot of few units is solved to the last step, or the first 200 of a longer run; its stated error and the
law of independent units, error ~ (S P)^(-1/2), give the smallest powers of two that promise
``limit.tolerance``. Sobol units do somewhat better than that law (measured exponents -0.5 to -0.75), and a
fifth of the tolerance is left as room, as the stated error of one pilot is itself uncertain. Pilots double
until one is near enough to be believed.

Some runs pass through an instability, whose steps no size resolves (two spirals near k = 75: 0.5 with 2^11
units and with 2^15). Where four times the units do not bring the worst step's error down, the median step
decides; the solution states each step's error as always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from resviz.config import Session
from resviz.errors import DivergenceError
from resviz.fields import Fields

__all__ = ["sized"]

Engine = Callable[[Session], Iterator[Fields | None]]

_PILOT = (16, 128)
_BELIEVED = 8.0  # a pilot whose error is this many times the tolerance is near enough
_LARGEST = 2**22  # units of all nodes: some 1.3 GB at r = 10 with their fields
_MOST_NODES = 64
_ROOM = 0.8  # share of the tolerance that is aimed at
_STEPS = 200  # of a pilot: a run of 100,000 steps must not wait for a pilot of as many
_STUCK = 0.85  # an error that four times the units leave at this share: the law says 0.5


def sized(session: Session, engine: Engine) -> Iterator[Session | None]:
    """Solve pilots, yielding None between pieces of work and at last the session with its numbers.

    Args:
        engine: solver of a session with numbers.
    """
    limit = session.limit
    free = [key for key in ("nodes", "units") if getattr(limit, key) == "auto"]
    if not free:
        yield session
        return
    nodes = _PILOT[0] if limit.nodes == "auto" else int(limit.nodes)
    units = _PILOT[1] if limit.units == "auto" else int(limit.units)
    last = min(session.training.last_step, _STEPS)
    worst, unstable = np.inf, False
    while True:
        chosen = session.with_values({"limit.nodes": nodes, "limit.units": units})
        errors: list[float] = []
        try:
            for fields in engine(chosen):
                if fields is None:
                    yield None
                    continue
                errors.append(fields.output_error)
                if fields.step >= last:
                    break
        except DivergenceError:
            yield chosen  # it will diverge again, and then say so
            return
        unstable = unstable or max(errors) > _STUCK * worst
        worst = max(errors)
        error = float(np.median(errors)) if unstable else worst
        wanted = float(np.log2(max((error / (_ROOM * limit.tolerance)) ** 2, 1.0)))
        if error <= _BELIEVED * limit.tolerance or nodes * units >= _LARGEST:
            break
        nodes, units = _doubled(nodes, units, free, 2)
    nodes, units = _doubled(nodes, units, free, int(np.ceil(wanted)))
    yield session.with_values({"limit.nodes": nodes, "limit.units": units})


def _doubled(nodes: int, units: int, free: list[str], times: int) -> tuple[int, int]:
    """``times`` doublings of the units in all, at most `_LARGEST`; nodes first grow to `_MOST_NODES`."""
    for _ in range(times):
        if nodes * units * 2 > _LARGEST:
            break
        grow_nodes = "nodes" in free and nodes < _MOST_NODES and ("units" not in free or nodes * 8 <= units)
        if grow_nodes or "units" not in free:
            nodes *= 2
        else:
            units *= 2
    return nodes, units
