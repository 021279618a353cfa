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
from torch import Tensor

from resviz.block.activation import Activation, activation
from resviz.config import Session
from resviz.data import Problem, Span
from resviz.errors import DivergenceError, SessionError
from resviz.fields.fields import AnyArray, Fields

__all__ = ["Engine", "Rates", "Rule", "descend", "rule"]

Rates = Callable[[int], float]
"""eta of the update that leads from step k to k + 1."""

_BLOW_UP = 1e6  # a loss this many times its scale is no longer training


@dataclass(frozen=True)
class Rule:
    """The gradient step of a session (mathematics.md 1, 1.1), with the parametrisation of alpha resolved.

    Attributes:
        alpha: branch multiplier.
        rate_u, rate_v: eta_u, eta_v.
        sigma_u, sigma_v: standard deviation of the starts in units of sqrt(D).
    """

    alpha: float
    rate_u: float
    rate_v: float
    sigma_u: float
    sigma_v: float
    activation: str

    def sigma(self) -> Activation:
        """The activation itself."""
        return activation(self.activation)

    def updates(self, eta: float) -> tuple[float, float]:
        """(eta_u eta / alpha, eta_v eta / alpha); in the lazy limit, of the displacements times alpha."""
        scale = 1.0 if np.isinf(self.alpha) else self.alpha
        return self.rate_u * eta / scale, self.rate_v * eta / scale


def rule(session: Session, *, alpha: float | None = None) -> Rule:
    """The rule of a session, or of the same session at another alpha (``inf``: the lazy limit).

    With ``parametrisation = "output-weights"``, sigma_v = alpha sqrt(D) and eta_u = min(1, 1/alpha^2), the
    dynamics are exactly those of the multiplier with eta_u times min(1, alpha^2) (mathematics.md 1.1).

    Raises:
        SessionError: an optimiser that no engine has yet.
    """
    network, training = session.network, session.training
    if training.optimizer != "gd" or training.clip > 0:
        raise SessionError(
            f"training.optimizer = {training.optimizer!r} with clip = {training.clip:g} cannot be run",
            remedy='set training.optimizer = "gd" and training.clip = 0',
        )
    a = network.alpha if alpha is None else alpha
    rate_u = training.rate_u * (min(1.0, a * a) if network.parametrisation == "output-weights" else 1.0)
    return Rule(a, rate_u, training.rate_v, network.sigma_u, network.sigma_v, network.activation)


class Engine(Protocol):
    """One object that trains: a network, its Mean ODE or its lazy limit."""

    h: Tensor  # (depths, R, N, D); h[0] is the embedded data
    b: Tensor  # the same
    ranges: list[tuple[int, int]]  # depth in pieces of some 50 ms

    def forward(self, start: int, stop: int) -> None:
        """h over depths start..stop."""

    def backward(self, start: int, stop: int, rate_u: float, rate_v: float) -> None:
        """b over depths stop..start, and the units' update in place."""

    def snapshot(self) -> tuple[AnyArray, AnyArray]:
        """Copies of h and b as `Fields` keeps them."""


def descend(
    engine: Engine, problem: Problem, rule: Rule, rates: Rates, *, span: Span | None = None
) -> Iterator[Fields | None]:
    """Train for ever, yielding the `Fields` of every step and None between pieces of work.

    The units' update is fused into the backward sweep, so when the fields of step k are yielded the units
    already are at k + 1.

    Args:
        problem: the engine's own problem; if it is reduced to a ``span``, outputs without a read-out are
            lifted back to D dimensions (loss and RMS error are the same numbers in both).

    Raises:
        DivergenceError: the fields of a step are not finite, or the loss blew up.
    """
    scale = float(np.mean(problem.y**2)) + problem.loss(problem.output(problem.h0))
    for step in count():
        rate = rates(step)
        for start, stop in engine.ranges:
            engine.forward(start, stop)
            yield None
        end = engine.h[-1].double().cpu().numpy()  # (R, N, D)
        outputs = problem.output(end)  # (R, N, d_out)
        output = outputs.mean(axis=0)
        loss = float(problem.loss(output))
        if not loss <= _BLOW_UP * scale:
            raise _divergence(engine.h, step, loss)
        pulls = np.stack([problem.pull(out) for out in outputs])  # (R, N, D)
        engine.b[-1] = torch.from_numpy(pulls).to(engine.b)
        updates = rule.updates(rate)
        for start, stop in reversed(engine.ranges):
            engine.backward(start, stop, *updates)
            yield None
        h, b = engine.snapshot()
        if span is not None and problem.read_out is None:
            output = span.lift(output)
        yield Fields(step, h, b, output, loss, rate, _standard_error(outputs))


def _standard_error(outputs: AnyArray) -> float:
    """RMS over entries of the standard error of the replicas' mean; 0 for a single replica."""
    replicas = len(outputs)
    if replicas == 1:
        return 0.0
    return float(np.sqrt(np.mean(outputs.var(axis=0, ddof=1)) / replicas))


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
