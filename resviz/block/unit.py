"""What one block does to a stream of samples and what gradient descent does to its units.

Layout: a block's units are two matrices u, v of shape (R, D, M), the samples' fields h, b have shape
(R, N, D); R counts replicas or places, which never meet. One sample i and one unit j, as in mathematics.md 1
(HW, section 2):

    p_ij = u_j . h_i / D                 preactivation
    q_ij = v_j . b_i / D                 backward preactivation
    forward    sum_j v_j sigma(p_ij)
    backward   sum_j u_j sigma'(p_ij) q_ij
    u_j <- u_j - rate_u sum_i h_i sigma'(p_ij) q_ij
    v_j <- v_j - rate_v sum_i b_i sigma(p_ij)

The functions are scriptable: a sweep compiled by TorchScript inlines them. At small M a layer costs what its
calls cost, so each is a single batched product with its factor folded in.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["add_through", "preactivation", "scaled_through", "update_"]


def preactivation(h: Tensor, u: Tensor) -> Tensor:
    """p = u . h / D (or q, from b and v): (R, N, D), (R, D, M) -> (R, N, M)."""
    # with beta = 0 the first argument gives nothing but its shape
    return torch.baddbmm(u[:, :1, :], h, u, beta=0.0, alpha=1.0 / u.size(1))


def scaled_through(weight: Tensor, units: Tensor, scale: float) -> Tensor:
    """scale * sum over units of units_j weight_ij: (R, N, M), (R, D, M) -> (R, N, D)."""
    return torch.baddbmm(weight[:, :, :1], weight, units.transpose(1, 2), beta=0.0, alpha=scale)


def add_through(h: Tensor, weight: Tensor, units: Tensor, scale: float) -> Tensor:
    """h + scale * sum over units of units_j weight_ij: (R, N, D)."""
    return torch.baddbmm(h, weight, units.transpose(1, 2), alpha=scale)


def update_(units: Tensor, fields: Tensor, weight: Tensor, rate: float) -> None:
    """units_j -= rate * sum_i fields_i weight_ij, in place: (R, D, M), (R, N, D), (R, N, M)."""
    # straight into the units: no temporary of their size
    units.baddbmm_(fields.transpose(1, 2), weight, alpha=-rate)
