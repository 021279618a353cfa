"""What is read off an ensemble of trained networks, one number a replica (mathematics.md 6).

    travel          RMS over l, j and coordinates of u_k - u_0
    laziness        RMS over l, j, i of (u_k - u_0) . h_0^l_i / D   over   RMS of u_0 . h_0^l_i / D
    kernel drift    |Phi_k^l - Phi_0^l| / |Phi_0^l| (Frobenius), mean over l,
                    Phi_k^l(i, i') = (1/M) sum_j sigma(u_kj . h_0^l_i / D) sigma(u_kj . h_0^l_i' / D)

Probes are h_0, frozen at k = 0. Starts are drawn again, layer by layer, instead of being kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from resviz.block.unit import preactivation
from resviz.study.ensemble import Ensemble

__all__ = ["Movement", "moved", "movement", "spread", "travel"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Movement:
    """How far the units of R networks have moved, each (R,); NaN where a network diverged."""

    travel: Array
    laziness: Array
    kernel_drift: Array


def travel(ensemble: Ensemble) -> Array:
    """RMS change of u since k = 0: (R,)."""
    total = np.zeros(len(ensemble.sessions))
    for layer in range(ensemble.shape.layers):
        total += moved(ensemble, layer)
    return _finite_only(ensemble, np.sqrt(total / ensemble.shape.layers))


def moved(ensemble: Ensemble, layer: int) -> Array:
    """Mean square change of u since k = 0 in one layer: (R,)."""
    return _mean_square(ensemble.u[layer] - ensemble.start_of(layer))


def movement(ensemble: Ensemble) -> Movement:
    """All three in one pass over the layers."""
    count, layers = len(ensemble.sessions), ensemble.shape.layers
    squares, seen, spread_0, drift = (np.zeros(count) for _ in range(4))
    sigma = ensemble.rules[0].sigma()
    for layer in range(layers):
        u_0, u_k, probes = ensemble.start_of(layer), ensemble.u[layer], ensemble.h_0[layer]
        p_0, p_k = preactivation(probes, u_0), preactivation(probes, u_k)  # (R, N, M)
        squares += _mean_square(u_k - u_0)
        seen += _mean_square(p_k - p_0)
        spread_0 += _mean_square(p_0)
        before, after = _kernel(sigma.value(p_0)), _kernel(sigma.value(p_k))  # (R, N, N)
        drift += ((after - before).flatten(1).norm(dim=1) / before.flatten(1).norm(dim=1)).cpu().numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        laziness = np.sqrt(seen / spread_0)
    return Movement(
        _finite_only(ensemble, np.sqrt(squares / layers)),
        _finite_only(ensemble, laziness),
        _finite_only(ensemble, drift / layers),
    )


def spread(outputs: Array) -> float:
    """Entrywise standard deviation over repetitions: (R, N, d_out) -> RMS over entries; NaN for one."""
    if len(outputs) < 2:
        return float("nan")
    return float(np.sqrt(np.mean(outputs.var(axis=0, ddof=1))))


def _mean_square(values: Tensor) -> Array:
    """(R, ...) -> (R,)."""
    return np.asarray(values.double().square().flatten(1).mean(dim=1).cpu().numpy(), dtype=np.float64)


def _kernel(a: Tensor) -> Tensor:
    """Phi of activations (R, N, M): (R, N, N)."""
    return torch.bmm(a, a.transpose(1, 2)).double() / a.size(2)


def _finite_only(ensemble: Ensemble, values: Array) -> Array:
    return np.where(ensemble.diverged >= 0, np.nan, values)
