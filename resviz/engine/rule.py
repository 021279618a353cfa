"""The gradient step of a session (mathematics.md 1, 1.1, 1.1b), with everything resolved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from resviz.block.activation import Activation, activation
from resviz.config import Session

__all__ = ["Rates", "Rule", "rule"]

Rates = Callable[[int], float]
"""eta of the update that leads from step k to k + 1."""


@dataclass(frozen=True)
class Rule:
    """How units start and move.

    Attributes:
        alpha: branch multiplier; ``inf`` for the lazy limit.
        rate_u, rate_v: eta_u, eta_v, with the parametrisation of alpha resolved.
        sigma_u, sigma_v: standard deviation of the starts in units of sqrt(D).
        momentum: mu; 0 without.
        batch: samples B a step; None for all.
        clip: bound on the gradient's size; 0 is off.
    """

    alpha: float
    rate_u: float
    rate_v: float
    sigma_u: float
    sigma_v: float
    activation: str
    momentum: float = 0.0
    batch: int | None = None
    batch_seed: int = 0
    clip: float = 0.0

    @property
    def plain(self) -> bool:
        """Plain gradient descent, whose update is fused into the backward sweep."""
        return self.momentum == 0 and self.batch is None and self.clip == 0

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
    """
    network, training = session.network, session.training
    a = network.alpha if alpha is None else alpha
    slower = min(1.0, a * a) if network.parametrisation == "output-weights" else 1.0
    return Rule(
        alpha=a,
        rate_u=training.rate_u * slower,
        rate_v=training.rate_v,
        sigma_u=network.sigma_u,
        sigma_v=network.sigma_v,
        activation=network.activation,
        momentum=training.momentum if training.optimizer == "momentum" else 0.0,
        batch=training.batch if training.optimizer == "sgd" else None,
        batch_seed=training.batch_seed,
        clip=training.clip,
    )
