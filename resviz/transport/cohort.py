"""A cohort: units of several places that are pushed together, one gradient step at a time.

    u <- u - (eta_u eta / alpha) sum_i h_i sigma'(p_i) q_i
    v <- v - (eta_v eta / alpha) sum_i b_i sigma(p_i)

with the h, b of each place: exactly the update of the engines, so a replayed unit equals the trained one to
rounding. Cost: some 8 N D flops a unit and step.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from resviz.block.unit import preactivation, update_
from resviz.engine.compiled import resolve_dtype
from resviz.engine.descent import Rule
from resviz.fields.fields import AnyArray
from resviz.transport.frame import Whole

__all__ = ["Cohort", "LazyCohort", "State", "cohort"]

State = tuple[int, tuple[Tensor, ...]]


class Cohort:
    """Units at G places after ``step`` gradient steps.

    Attributes:
        u0, v0: (G, D, P), the starts; never written to.
        u, v: (G, D, P), the units now.
        alpha: branch multiplier of the fields they are pushed through.
    """

    def __init__(
        self, starts: AnyArray, rule: Rule, *, dtype: str = "float32", frame: Whole | None = None
    ) -> None:
        """Take standard normal ``starts`` (G, 2, D, P).

        Args:
            frame: what the D dimensions are; left out, all that the network has.
        """
        z = torch.from_numpy(np.asarray(starts)).to(resolve_dtype(dtype))
        root = float(np.sqrt(z.shape[2]))
        self.u0 = (z[:, 0] * (root * rule.sigma_u)).contiguous()
        self.v0 = (z[:, 1] * (root * rule.sigma_v)).contiguous()
        self.rule = rule
        self.frame = frame or Whole()
        self.alpha = rule.alpha
        self.sigma = rule.sigma()
        self.step = 0
        self._begin()

    @property
    def dimension(self) -> int:
        """D of the network, also where fewer dimensions are followed."""
        return self.frame.dimension or self.u0.shape[1]

    def _begin(self) -> None:
        self.u, self.v = self.u0.clone(), self.v0.clone()

    def push(self, h: AnyArray, b: AnyArray, rate: float) -> None:
        """One gradient step in the fields h, b (G, N, D)."""
        th, tb = self.tensor(h), self.tensor(b)
        a, slope = self.sigma.value_slope(preactivation(th, self.u))  # (G, N, P)
        g = slope.mul_(preactivation(tb, self.v))
        rate_u, rate_v = self.rule.updates(rate)
        update_(self.u, th, g, rate_u)
        update_(self.v, tb, a, rate_v)
        self.step += 1

    def tensor(self, fields: AnyArray) -> Tensor:
        """Fields in the cohort's own dtype."""
        # a copy: recorded arrays are read-only, which torch does not know
        return torch.tensor(fields, dtype=self.u0.dtype)

    def displacement(self) -> tuple[Tensor, Tensor]:
        """(u - u_0, v - v_0), each (G, D, P)."""
        return self.u - self.u0, self.v - self.v0

    def scaled_displacement(self) -> tuple[Tensor, Tensor]:
        """alpha (u - u_0), alpha (v - v_0)."""
        du, dv = self.displacement()
        return self.alpha * du, self.alpha * dv

    def save(self) -> State:
        """A checkpoint to come back to."""
        return self.step, (self.u.clone(), self.v.clone())

    def restore(self, state: State) -> None:
        """Back to a checkpoint."""
        self.step, (u, v) = state[0], state[1]
        self.u.copy_(u)
        self.v.copy_(v)


class LazyCohort(Cohort):
    """Units of the lazy limit: they stay at their starts, alpha times their displacement moves.

    Attributes:
        du, dv: (G, D, P), alpha (Z - Z_0).
    """

    def _begin(self) -> None:
        self.u, self.v = self.u0, self.v0
        self.du, self.dv = torch.zeros_like(self.u0), torch.zeros_like(self.v0)

    def push(self, h: AnyArray, b: AnyArray, rate: float) -> None:
        """One step of the displacements, with p and q of the initial units (mathematics.md 3)."""
        th, tb = self.tensor(h), self.tensor(b)
        a, slope = self.sigma.value_slope(preactivation(th, self.u0))
        g = slope.mul_(preactivation(tb, self.v0))
        rate_u, rate_v = self.rule.updates(rate)
        update_(self.du, th, g, rate_u)
        update_(self.dv, tb, a, rate_v)
        self.step += 1

    def displacement(self) -> tuple[Tensor, Tensor]:
        """Zero: O(1/alpha) at alpha = infinity."""
        return torch.zeros_like(self.du), torch.zeros_like(self.dv)

    def scaled_displacement(self) -> tuple[Tensor, Tensor]:
        """alpha (Z - Z_0)."""
        return self.du, self.dv

    def save(self) -> State:
        """A checkpoint to come back to."""
        return self.step, (self.du.clone(), self.dv.clone())

    def restore(self, state: State) -> None:
        """Back to a checkpoint."""
        self.step, (du, dv) = state[0], state[1]
        self.du.copy_(du)
        self.dv.copy_(dv)


def cohort(starts: AnyArray, rule: Rule, *, dtype: str = "float32", frame: Whole | None = None) -> Cohort:
    """The kind of cohort that ``rule`` needs: lazy for alpha = infinity."""
    return (LazyCohort if np.isinf(rule.alpha) else Cohort)(starts, rule, dtype=dtype, frame=frame)
