"""What one block does to a stream of samples and what gradient descent does to its units.

Layout: a block's units are two matrices u, v of shape (..., D, M), the samples' fields h, b have shape
(..., N, D); leading axes are replicas or places and go through `torch.matmul` as a batch. One sample i and
one unit j, as in mathematics.md 1 (HW, section 2):

    p_ij = u_j . h_i / D                 preactivation
    q_ij = v_j . b_i / D                 backward preactivation
    forward    sum_j v_j sigma(p_ij)
    backward   sum_j u_j sigma'(p_ij) q_ij
    u_j <- u_j - rate_u sum_i h_i sigma'(p_ij) q_ij
    v_j <- v_j - rate_v sum_i b_i sigma(p_ij)

The functions are scriptable: a sweep compiled by TorchScript inlines them.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["preactivation", "through", "update_"]


def preactivation(h: Tensor, u: Tensor) -> Tensor:
    """p = u . h / D (or q, from b and v): (..., N, D), (..., D, M) -> (..., N, M)."""
    # dividing the small factor costs N D instead of N M
    return torch.matmul(h / u.size(-2), u)


def through(weight: Tensor, units: Tensor) -> Tensor:
    """Sum over units of units_j weight_ij: (..., N, M), (..., D, M) -> (..., N, D)."""
    return torch.matmul(weight, units.transpose(-1, -2))


def update_(units: Tensor, fields: Tensor, weight: Tensor, rate: float) -> None:
    """units_j -= rate * sum_i fields_i weight_ij, in place: (..., D, M), (..., N, D), (..., N, M)."""
    # baddbmm_ writes straight into the units: no temporary of their size
    d, m, n = units.size(-2), units.size(-1), fields.size(-2)
    units.view(-1, d, m).baddbmm_(
        fields.reshape(-1, n, d).transpose(1, 2), weight.reshape(-1, n, m), beta=1.0, alpha=-rate
    )
