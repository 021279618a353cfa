"""The lazy limit alpha -> infinity from dual kernels: deterministic, no particles (mathematics.md 3).

With x = sigma_u h^, W as in `kernels.py` (rate_v = eta_v, rate_u = eta_u (sigma_v/sigma_u)^2), points x_J and
pulls beta_J = -sigma_u eta_j w_J b^_J of all steps j < k and samples (w_J: 1, or the batch's weights; with
momentum and clipping, eta_j is the sum of all rates that step j's gradient has met),

    d/ds x = F(x) = sum_J W(x, x_J) beta_J,        J(x) = dF/dx = sum_J beta_J (2 W_a x + W_c x_J)^T,
    d/ds b = -J(x)^T b,

both solved by collocation at Gauss-Legendre nodes (`collocation.py`), where all of the past is kept. A second
solution with fewer nodes and a coarser table runs along and states the error.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np

from resviz.config import Session
from resviz.data import Problem, Span
from resviz.engine.collocation import Collocation, closed_form, dual_kernel, gauss
from resviz.engine.kernels import Array
from resviz.engine.meanode import limit_problem
from resviz.engine.optimise import batch_weights
from resviz.engine.rule import Rates, rule
from resviz.engine.tabulated import LARGEST_NORM, has_series
from resviz.errors import DivergenceError, RequestError
from resviz.fields.fields import Fields

__all__ = [
    "LARGEST_COST",
    "NODES",
    "lazy_cost",
    "lazy_depths",
    "lazy_kernel_limit",
    "march",
]

NODES = 10
"""Gauss nodes of the solution; `lazy_depths` adds 0 and 1."""

LARGEST_COST = 5e7
"""Kernel pairs (`lazy_cost`) above which the lazy limit is better left to particles: 20 s for tanh."""

_CHECK_NODES = 8
_TOLERANCE, _CHECK_TOLERANCE = 1e-10, 1e-8  # of tabulated kernels
_BLOW_UP = 1e6  # a loss this many times its scale is no longer training


def lazy_depths(session: Session) -> Array:
    """Depths at which `lazy_kernel_limit` gives its fields: 0, the Gauss nodes, 1: (S,).

    Fields are polynomials through them: read between by `LimitFields.weights`.
    """
    return np.concatenate([[0.0], gauss(NODES)[0], [1.0]])


def lazy_cost(session: Session, problem: Problem) -> float:
    """Kernel pairs that the session's steps take, S N^2 K^2/2, with a share for Jacobians in r dimensions.

    Above `LARGEST_COST` leave the lazy limit to particles; ``inf`` where the kernels do not reach the data.
    """
    chosen = rule(session, alpha=float(np.inf))
    small, _ = limit_problem(session, problem)
    n, r, steps = small.samples, small.dimension, session.training.last_step
    seen = n if chosen.batch is None else min(chosen.batch, n)
    largest = chosen.sigma_u * float(np.sqrt(np.mean(small.h0**2, axis=1).max()))
    if not chosen.sigma_u > 0:  # kernels are in units of it
        return float("inf")
    # fields grow while they are trained
    if closed_form(chosen) is None and (
        largest > LARGEST_NORM / 2 or not has_series(chosen.sigma(), _TOLERANCE)
    ):
        return float("inf")
    return (NODES + _CHECK_NODES) * n * seen * steps**2 / 2 * (1.0 + (r / 50) ** 2)


def lazy_kernel_limit(session: Session, problem: Problem, *, rates: Rates) -> Iterator[Fields | None]:
    """Solve the session's lazy limit step by step (its alpha does not matter); float64, R = 1.

    Yields the `Fields` of every step at `lazy_depths` and None at least every 100 ms or so.
    ``output_error`` is the RMS difference to a solution with fewer nodes and a coarser kernel: a bound
    rather than an estimate for smooth sigma, where the error falls geometrically.

    Raises:
        DivergenceError: the loss blew up, no fields solve a step, or fields grew past what kernels reach.
    """
    chosen = rule(session, alpha=float(np.inf))
    small, span = limit_problem(session, problem)
    yield None
    fine = Collocation(small.h0, chosen, dual_kernel(chosen, tolerance=_TOLERANCE), NODES)
    check = Collocation(small.h0, chosen, dual_kernel(chosen, tolerance=_CHECK_TOLERANCE), _CHECK_NODES)
    yield from march(fine, small, rates, span=span, check=check)


def march(
    fine: Collocation,
    problem: Problem,
    rates: Rates,
    *,
    span: Span | None = None,
    check: Collocation | None = None,
) -> Iterator[Fields | None]:
    """Gradient steps of one solution for ever, and of another beside it that states its error."""
    scale = float(np.mean(problem.y**2) + problem.loss(problem.output(problem.h0)))
    solutions = [fine] if check is None else [fine, check]
    chosen = fine.rule
    for step in count():
        rate = rates(step)
        weights: Array | None = None
        if chosen.batch is not None:
            weights = np.asarray(
                batch_weights(chosen.batch_seed, step, problem.samples, chosen.batch), np.float64
            )
        outputs: list[Array] = []
        factors: list[float] = []
        for solution in solutions:
            try:
                yield from solution.forward()
                output = problem.output(solution.h_end)
                loss = float(problem.loss(output))
                if not loss <= _BLOW_UP * scale:
                    raise _diverged(step, f"loss {loss:.3g}")
                factors.append((yield from solution.backward(problem.pull(output), rate, weights)))
            except RequestError as far:
                raise _diverged(step, far.message) from far
            except np.linalg.LinAlgError as none:
                raise _diverged(step, "no fields solve the collocation equations") from none
            outputs.append(output)
        h, b = fine.fields()
        output, loss = outputs[0], float(problem.loss(outputs[0]))
        moved = _rms(output - problem.output(problem.h0))
        rounding = float(np.finfo(np.float64).eps) * _rms(output)
        error = max(_rms(output - outputs[-1]), fine.kernel.error * moved, rounding)
        shown = span.lift(output) if span is not None and problem.read_out is None else output
        yield Fields(step, h[None], b[None], shown, loss, rate, error, weights, factors[0])


def _rms(entries: Array) -> float:
    return float(np.sqrt(np.mean(entries**2)))


def _diverged(step: int, what: str) -> DivergenceError:
    return DivergenceError(
        f"the lazy limit diverged at step {step}: {what}",
        step=step,
        layer=0,
        remedy='lower training.rate, or set limit.engine = "particles"; steps solved before are kept',
    )
