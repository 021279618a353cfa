"""Which regime a network is in (HW v2, phase diagram; mathematics of the residual scale).

With rho = alpha sigma_v / (L M) the residual scale, sigma_v in units of sqrt(D), and R = L M / D:

    subcritical                        alpha << 1             as with zero output weights
    maximal local feature updates      alpha ~ 1              unit densities move by Theta(1)
    lazy ODE                           1 << alpha << sqrt(R)  each unit moves O(1/alpha)
    lazy SDE                           alpha ~ sqrt(R)        stochastic already at initialisation
    blow-up                            alpha >> sqrt(R)       diverges

These are statements about orders of magnitude; here "~" is half a decade to either side. The SDE row is an
expectation, not a theorem. All rows are those of the output-weights parametrisation; that of the multiplier
differs for alpha < 1, where it has no limit as alpha -> 0 at fixed rate.
"""

from __future__ import annotations

from enum import StrEnum

from resviz.config.session import Session

__all__ = ["HALF_DECADE", "Regime", "regime", "scale_of"]

HALF_DECADE = 10.0**0.5


class Regime(StrEnum):
    """A region of the phase diagram, by its name there."""

    SUBCRITICAL = "subcritical"
    FEATURES = "maximal local feature updates"
    LAZY_ODE = "lazy ODE"
    LAZY_SDE = "lazy SDE"
    BLOW_UP = "blow-up"


def regime(alpha: float, ratio: float) -> Regime:
    """The regime at ``alpha`` > 0 and ``ratio`` = L M / D > 0; where two hold, the noisier one."""
    noise = alpha / ratio**0.5
    if noise > HALF_DECADE:
        return Regime.BLOW_UP
    if noise >= 1.0 / HALF_DECADE:
        return Regime.LAZY_SDE
    if alpha > HALF_DECADE:
        return Regime.LAZY_ODE
    return Regime.SUBCRITICAL if alpha < 1.0 / HALF_DECADE else Regime.FEATURES


def scale_of(session: Session, dimension: int) -> tuple[float, float]:
    """(alpha, L M / D) of a session whose embedding dimension is ``dimension``; sigma_v counts into alpha."""
    network = session.network
    return abs(network.alpha) * network.sigma_v, network.layers * network.units / dimension
