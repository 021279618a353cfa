"""Whole gradient steps by the compiled kernels, several of them in one call while they are short.

Beside a window that paints, whoever comes back from compiled code waits for the interpreter, up to half a
millisecond each time, and a step by sweeps comes back some ten times (seen: a complete Hello of 220 steps/s
fell to 23). So a call takes as many steps as fit into 10 ms, one at first and twice as many each time. Their
fields are handed out one by one; if a rate was changed meanwhile, the units go back and take the steps again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch

from resviz.data import Problem, Span
from resviz.engine.descent import Engine, Standing, begin, descend, judged, standard_error
from resviz.engine.native import Whole
from resviz.engine.rule import Rates, Rule
from resviz.fields.fields import AnyArray, Fields

__all__ = ["MOST", "train"]

_CALL_S = 0.01
MOST = 256  # steps of a call
_LARGEST = 2e9  # flops of a step that is one call; more are cut into pieces of some 50 ms


def train(
    engine: Engine,
    problem: Problem,
    rule: Rule,
    rates: Rates,
    *,
    span: Span | None = None,
    standing: Standing | None = None,
    most: int = MOST,
) -> Iterator[Fields | None]:
    """`descend`, by whole steps where the engine has compiled sweeps and the rule is plain gradient descent.

    The engine's units are ahead of the fields that were yielded. A rate holds as it is when the fields of its
    step are asked for.

    Args:
        most: steps of a call; 1 takes no step before it is asked for.

    Raises:
        As `descend`.
    """
    sweep = getattr(engine, "sweep", None)
    flops = 14.0 * engine.h[0].numel() * getattr(sweep, "m", 0) * len(engine.h)
    if not (rule.plain and isinstance(sweep, Whole) and flops <= _LARGEST):
        yield from descend(engine, problem, rule, rates, span=span, standing=standing)
        return
    scale, step = begin(engine, problem, standing, None)
    many = 1
    while True:
        used = [rates(k) for k in range(step, step + many)]
        start = time.perf_counter()
        call = sweep.train(engine, problem, [rule.updates(eta) for eta in used], keep=many > 1)
        each = (time.perf_counter() - start) / many
        yield None
        for i, eta in enumerate(used):
            if i > 0 and rates(step) != eta:
                call.undo()
                sweep.train(engine, problem, [rule.updates(x) for x in used[:i]], keep=False)
                many = 0
                break
            # a copy, lest one recorded step keep the arrays of all
            h, b = (past if many == 1 else past[i : i + 1].copy() for past in (call.h, call.b))
            yield _fields(engine, problem, span, step, eta, scale, h[0], b[0], call.missing(i))
            step += 1
        many = max(1, min(2 * many, most, int(_CALL_S / each)))


def _fields(
    engine: Engine,
    problem: Problem,
    span: Span | None,
    step: int,
    rate: float,
    scale: float,
    h: AnyArray,
    b: AnyArray,
    missing: AnyArray | None,
) -> Fields:
    """The fields of one step: h, b (R, depths, N, D)."""
    outputs, output, loss = judged(problem, h[:, -1].astype(np.float64), scale, step, lambda: _by_depth(h))
    error = float(np.hypot(standard_error(outputs), engine.depth_error(missing)))
    if span is not None and problem.read_out is None:
        output = span.lift(output)
    network = missing is None
    return Fields(step, h[0] if network else h, b[0] if network else b, output, loss, rate, error)


def _by_depth(h: AnyArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(h.swapaxes(0, 1)))
