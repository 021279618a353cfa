"""Gradient descent around a sweep: what the three engines have in common.

An engine owns the units and the fields of one object and knows how to sweep a range of its depth forward and
backward; `descend` turns it into an endless generator of `Fields`. Whoever iterates decides how many steps
there are, and may change the rate between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from resviz.data import Problem, Span
from resviz.engine.optimise import Optimiser, Trained
from resviz.engine.rule import Rates, Rule
from resviz.errors import DivergenceError, SessionError
from resviz.fields.fields import AnyArray, Fields

__all__ = ["Engine", "Standing", "begin", "descend", "judged", "standard_error"]

_BLOW_UP = 1e6  # a loss this many times its scale is no longer training


class Engine(Protocol):
    """One object that trains: a network, its Mean ODE or its lazy limit."""

    h: Tensor  # (depths, R, N, D); h[0] is the embedded data
    b: Tensor  # the same
    ranges: list[tuple[int, int]]  # depth in pieces of some 50 ms

    def forward(self, start: int, stop: int) -> None:
        """h over depths start..stop."""

    def backward(self, start: int, stop: int, rate_u: float, rate_v: float) -> None:
        """b over depths stop..start, and the units' update in place."""

    def depth_error(self, missing: AnyArray | None = None) -> float:
        """RMS error of the output by the discretisation of depth, after a forward sweep; 0 for a network.

        Args:
            missing: what the sweep's velocities say that it misses, where that was summed already.
        """

    def snapshot(self) -> tuple[AnyArray, AnyArray]:
        """Copies of h and b as `Fields` keeps them."""


@dataclass(frozen=True, eq=False)
class Standing:
    """Units part of the way: what training goes on from.

    Attributes:
        step: the gradient step whose fields they make.
        moving: what the engine's ``moving()`` was then, each (L, R, D, M).
        momentum: of both, the same shape; empty without.
    """

    step: int
    moving: tuple[Tensor, Tensor]
    momentum: tuple[Tensor, ...] = ()


def descend(
    engine: Engine,
    problem: Problem,
    rule: Rule,
    rates: Rates,
    *,
    span: Span | None = None,
    standing: Standing | None = None,
) -> Iterator[Fields | None]:
    """Train for ever, yielding the `Fields` of every step and None between pieces of work.

    When the fields of step k are yielded the units already are at k + 1: plain gradient descent updates them
    within the backward sweep, other optimisers in a pass of their own.

    Args:
        problem: the engine's own problem; if it is reduced to a ``span``, outputs without a read-out are
            lifted back to D dimensions (loss and RMS error are the same numbers in both).
        standing: units of a later step, in place of the engine's starts.

    Raises:
        DivergenceError: the fields of a step are not finite, or the loss blew up.
        SessionError: an optimiser that the engine cannot follow.
    """
    optimiser = None if rule.plain else _optimiser(engine, rule, problem)
    scale, first = begin(engine, problem, standing, optimiser)
    for step in count(first):
        rate = rates(step)
        for start, stop in engine.ranges:
            engine.forward(start, stop)
            yield None
        end = engine.h[-1].double().cpu().numpy()  # (R, N, D)
        outputs, output, loss = judged(problem, end, scale, step, lambda: engine.h)
        error = float(np.hypot(standard_error(outputs), engine.depth_error()))
        pulls = np.stack([problem.pull(out) for out in outputs])  # (R, N, D)
        engine.b[-1] = torch.from_numpy(pulls).to(engine.b)
        updates = rule.updates(rate) if optimiser is None else (0.0, 0.0)
        for start, stop in reversed(engine.ranges):
            engine.backward(start, stop, *updates)
            yield None
        weights, factor = None, 1.0
        if optimiser is not None:
            weights = optimiser.weights(step)
            for done in optimiser.steps(weights, rate):
                if done is None:
                    yield None
                else:
                    factor = done
        h, b = engine.snapshot()
        if span is not None and problem.read_out is None:
            output = span.lift(output)
        yield Fields(step, h, b, output, loss, rate, error, weights, factor)


def begin(
    engine: Engine, problem: Problem, standing: Standing | None, optimiser: Optimiser | None
) -> tuple[float, int]:
    """The loss's scale and the first step; the engine's units become those of ``standing``, if given."""
    scale = float(np.mean(problem.y**2) + problem.loss(problem.output(problem.h0)))
    if standing is None or not isinstance(engine, Trained):
        return scale, 0
    _take(engine.moving(), standing.moving)
    if optimiser is not None and standing.momentum:
        _take((optimiser.mu, optimiser.mv), standing.momentum)
    return scale, standing.step


def judged(
    problem: Problem, end: NDArray[np.float64], scale: float, step: int, h: Callable[[], Tensor]
) -> tuple[AnyArray, AnyArray, float]:
    """Outputs (R, N, d_out) of the last h (R, N, D), their mean, and its loss.

    Args:
        h: gives h at all depths (depths, R, N, D), to find where it diverged.

    Raises:
        DivergenceError: the loss is not finite, or many times its ``scale``.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what diverges is told below
        outputs = problem.output(end)
        output = outputs.mean(axis=0)
        loss = float(problem.loss(output))
    if not loss <= _BLOW_UP * scale:
        raise _divergence(h(), step, loss)
    return outputs, output, loss


def _take(into: tuple[Tensor, ...], given: tuple[Tensor, ...]) -> None:
    for mine, its in zip(into, given, strict=True):
        mine.copy_(its)


def _optimiser(engine: Engine, rule: Rule, problem: Problem) -> Optimiser:
    if isinstance(engine, Trained):
        return Optimiser(engine, rule, problem.samples)
    raise SessionError(
        "this engine follows plain gradient descent alone",
        remedy='set training.optimizer = "gd" and training.clip = 0, or limit.engine = "particles"',
    )


def standard_error(outputs: AnyArray) -> float:
    """RMS over entries of the error of the replicas' mean; 0 for a single replica.

    Even and odd replicas follow different schemes in depth: half the difference of their means holds the
    errors of sampling and of depth. Where there are more than two replicas, their scatter within each kind is
    a lower bound, lest the two means agree by chance.
    """
    replicas = len(outputs)
    if replicas == 1:
        return 0.0
    even, odd = outputs[::2], outputs[1::2]
    squared = float(np.mean((even.mean(axis=0) - odd.mean(axis=0)) ** 2)) / 4
    if replicas > 2:
        within = float(np.mean(even.var(axis=0, ddof=1) + odd.var(axis=0, ddof=1))) / 2
        squared = max(squared, within / replicas)
    return float(np.sqrt(squared))


def _divergence(h: Tensor, step: int, loss: float) -> DivergenceError:
    finite = torch.isfinite(h).flatten(1).all(dim=1)
    layer = int((~finite).int().argmax()) if not bool(finite.all()) else h.size(0) - 1
    what = f"loss {loss:.3g}" if np.isfinite(loss) else "the fields are not finite"
    return DivergenceError(
        f"training diverged at step {step}, layer {max(layer - 1, 0)}: {what}",
        step=step,
        layer=max(layer - 1, 0),
        remedy="lower training.rate or network.alpha; steps recorded before are kept",
    )
