"""A cohort: units of several places that are pushed together, one gradient step at a time.

    u <- u - (eta_u eta / alpha) sum_i h_i sigma'(p_i) q_i
    v <- v - (eta_v eta / alpha) sum_i b_i sigma(p_i)

with the h, b of each place: exactly the update of the engines, so a replayed unit equals the trained one to
rounding. Cost: some 8 N D flops a unit and step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from resviz.block.unit import preactivation, update_
from resviz.engine.compiled import resolve_dtype
from resviz.engine.native import Mover
from resviz.engine.rule import Rule
from resviz.fields.fields import AnyArray
from resviz.transport.frame import Whole
from resviz.transport.places import Seen

__all__ = ["Cohort", "LazyCohort", "State", "cohort"]

State = tuple[int, tuple[Tensor, ...]]


class Cohort:
    """Units at G places after ``step`` gradient steps.

    Attributes:
        u0, v0: (G, D, P), the starts; never written to.
        u, v: (G, D, P), the units now.
        alpha: branch multiplier of the fields they are pushed through.
        momentum: of u and of v, each (G, D, P); empty without.
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
        self._compiled: tuple[int, Mover | None] | None = None
        self._begin()
        self.momentum = tuple(torch.zeros_like(t) for t in self._moving()) if rule.momentum > 0 else ()

    @property
    def dimension(self) -> int:
        """D of the network, also where fewer dimensions are followed."""
        return self.frame.dimension or self.u0.shape[1]

    def _begin(self) -> None:
        self.u, self.v = self.u0.clone(), self.v0.clone()

    def _moving(self) -> tuple[Tensor, Tensor]:
        """The units that move; p and q come from ``u`` and ``v``."""
        return self.u, self.v

    def push(self, seen: Seen) -> None:
        """One gradient step in the fields ``seen``."""
        self.advance((seen,))

    def advance(self, seen: Sequence[Seen]) -> None:
        """As many gradient steps as there are fields; all at once where a kernel is compiled for them."""
        if seen and (mover := self._mover(seen[0].h.shape[1])) is not None:
            h, b, w = (
                np.ascontiguousarray([getattr(one, name) for one in seen], dtype=mover.dtype)
                for name in ("h", "b", "factors")
            )
            rates = [self.rule.updates(one.rate) for one in seen]
            mover.move(
                h, b, w, (self.u, self.v), self._moving(), self.momentum, self.rule.momentum, rates,
                0, len(self.u),
            )  # fmt: skip
            self.step += len(seen)
            return
        for one in seen:
            self._push(one)

    def _mover(self, samples: int) -> Mover | None:
        if self._compiled is None or self._compiled[0] != samples:
            # chosen once: a replay does not change from one arithmetic to the other on its way
            self._compiled = samples, Mover.ready(self.rule.activation, self.u, samples)
        return self._compiled[1]

    def _push(self, seen: Seen) -> None:
        h, b = self.tensor(seen.h), self.tensor(seen.b)
        a, slope = self.sigma.value_slope(preactivation(h, self.u))  # (G, N, P)
        g = slope * preactivation(b, self.v)  # a registered slope may be no tensor of its own
        if seen.weights is not None:
            w = self.tensor(seen.weights)[:, None]
            h, b = w * h, w * b
        # with momentum, m <- mu m + g takes the place of g
        targets, rates = self._moving(), self.rule.updates(seen.rate)
        if self.momentum:
            for m, fields, weight, target, rate in zip(
                self.momentum, (h, b), (g, a), targets, rates, strict=True
            ):
                update_(m.mul_(self.rule.momentum), fields, weight, -1.0)
                target.sub_(m, alpha=rate)
        else:
            update_(targets[0], h, g, rates[0])
            update_(targets[1], b, a, rates[1])
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
        return self.step, tuple(t.clone() for t in (*self._moving(), *self.momentum))

    def restore(self, state: State) -> None:
        """Back to a checkpoint."""
        self.step = state[0]
        for mine, saved in zip((*self._moving(), *self.momentum), state[1], strict=True):
            mine.copy_(saved)


class LazyCohort(Cohort):
    """Units of the lazy limit: they stay at their starts, alpha times their displacement moves.

    Attributes:
        du, dv: (G, D, P), alpha (Z - Z_0).
    """

    def _begin(self) -> None:
        self.u, self.v = self.u0, self.v0
        self.du, self.dv = torch.zeros_like(self.u0), torch.zeros_like(self.v0)

    def _moving(self) -> tuple[Tensor, Tensor]:
        return self.du, self.dv

    def displacement(self) -> tuple[Tensor, Tensor]:
        """Zero: O(1/alpha) at alpha = infinity."""
        return torch.zeros_like(self.du), torch.zeros_like(self.dv)

    def scaled_displacement(self) -> tuple[Tensor, Tensor]:
        """alpha (Z - Z_0)."""
        return self.du, self.dv


def cohort(starts: AnyArray, rule: Rule, *, dtype: str = "float32", frame: Whole | None = None) -> Cohort:
    """The kind of cohort that ``rule`` needs: lazy for alpha = infinity."""
    return (LazyCohort if np.isinf(rule.alpha) else Cohort)(starts, rule, dtype=dtype, frame=frame)
