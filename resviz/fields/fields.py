"""Fields: what couples the units of a network at one gradient step, and all that need be recorded.

Given h and b at every depth, each unit follows a deterministic map of its own start, so histograms of any
layer at any step, the limit's densities and the ideal twins are all replayed from fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from resviz.data import Span
from resviz.errors import RequestError
from resviz.fields.chebyshev import barycentric_weights
from resviz.fields.steps import Steps

__all__ = ["Fields", "LimitFields"]

AnyArray = NDArray[np.floating]


def frozen(array: AnyArray) -> AnyArray:
    """The same array, read-only."""
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False, slots=True)
class Fields:
    """The fields of one gradient step k, produced by the units after k steps.

    Attributes:
        step: k.
        h: finite network (L + 1, N, D), h[L] the output; limit (R, S, N, D), R independent replicas.
        b: the same shape; the network's block l uses h[l] forward and b[l + 1] backward.
        output: (N, d_out); of the limit, the mean over replicas.
        loss: mean of (output - y)^2 over its N d_out entries.
        rate: eta of the update that leads from here to step k + 1.
        output_error: RMS error of ``output`` over its entries as estimated by the solver; 0 for a network.
        weights: (N,) weight of each sample in that update, as its batch gives; None for 1.
        factor: c_k of gradient clipping, multiplies ``rate``.
    """

    step: int
    h: AnyArray
    b: AnyArray
    output: AnyArray
    loss: float
    rate: float
    output_error: float = 0.0
    weights: AnyArray | None = None
    factor: float = 1.0

    def __post_init__(self) -> None:
        for array in (self.h, self.b, self.output, self.weights):
            if array is not None:
                frozen(array)


@dataclass(eq=False)
class LimitFields:
    """Fields of an infinitely deep network: the Mean ODE (alpha finite) or its lazy limit (alpha = inf).

    Grows by `append` while it is solved: one writer; readers in other threads look at ``newest`` first, and
    what lies at or before it never changes.

    Attributes:
        s: (S,) depths of the nodes, with 0 and 1.
        alpha: the branch multiplier; ``inf`` for the lazy limit.
        solver: moments, kernels or particles.
        units: particles that the solver took at all nodes; 0 for an exact one.
        ended: its solver stopped, by divergence, and no further steps will come.
        span: what the limit stays in, if that is less than all D dimensions: `fields` are kept there.
    """

    s: NDArray[np.float64]
    alpha: float
    span: Span | None = None
    solver: str = ""
    units: int = 0
    ended: bool = False
    _steps: Steps = field(default_factory=Steps, repr=False)

    @property
    def newest(self) -> int:
        """Largest step solved; -1 before the first."""
        return len(self._steps) - 1

    @property
    def history(self) -> Steps:
        """All steps, as they lie in memory and in files."""
        return self._steps

    @property
    def nodes(self) -> int:
        """Depth nodes S that the solver took."""
        return len(self.s)

    @property
    def took(self) -> str:
        """What the solver took, in words: "particles, 32 nodes × 256 units", "moments, 33 nodes"."""
        each = f" × {self.units // self.nodes} units" if self.units else ""
        return f"{self.solver}, {self.nodes} nodes{each}" if self.solver else ""

    @property
    def replicas(self) -> int:
        """Independent solutions kept apart; 1 for an exact one."""
        return self._steps[0].h.shape[0] if len(self._steps) else 1

    def append(self, fields: Fields) -> None:
        """Add the next step.

        Raises:
            RequestError: the step is not the next one.
        """
        self._steps.append(fields)

    def until(self, step: int) -> LimitFields:
        """The same up to ``step``, growing on its own from there."""
        return replace(self, ended=self.ended and self.newest <= step, _steps=self._steps[: step + 1])

    def fields(self, step: int) -> Fields:
        """Fields of step k, replicas apart and in the span: h, b (R, S, N, r)."""
        if not 0 <= step <= self.newest:
            raise RequestError(
                f"step = {step} is not solved", remedy=f"choose a step from 0 to {self.newest}"
            )
        return self._steps[step]

    @property
    def h(self) -> AnyArray:
        """h(s) of every step in the network's coordinates, mean over replicas: (K + 1, S, N, D)."""
        return self.lift(np.stack([f.h.mean(axis=0) for f in self._steps]))

    @property
    def b(self) -> AnyArray:
        """b(s) of every step in the network's coordinates, mean over replicas: (K + 1, S, N, D)."""
        return self.lift(np.stack([f.b.mean(axis=0) for f in self._steps]))

    def lift(self, fields: AnyArray) -> AnyArray:
        """Fields of the span (..., r) in the network's coordinates (..., D)."""
        return fields if self.span is None else self.span.lift(fields)

    @property
    def loss(self) -> NDArray[np.float64]:
        """(K + 1,)."""
        return self._steps.column("loss")

    @property
    def output(self) -> AnyArray:
        """(K + 1, N, d_out); nothing before the first step."""
        return np.stack([f.output for f in self._steps]) if len(self._steps) else np.empty((0, 0, 0))

    @property
    def output_error(self) -> NDArray[np.float64]:
        """RMS error of the output as the solver estimates it: (K + 1,)."""
        return self._steps.column("output_error")

    def weights(self, depths: AnyArray) -> NDArray[np.float64]:
        """Rows that interpolate node values to ``depths`` (G,): (G, S).

        A cubic spline between evenly spaced nodes; through the Gauss and Chebyshev nodes of the exact
        solvers their polynomial, which keeps the solvers' accuracy (the spline would leave some 1e-6).
        """
        depths = np.asarray(depths, dtype=np.float64)
        gaps = np.diff(self.s)
        if not np.allclose(gaps, gaps[0]):
            return barycentric_weights(self.s, depths)
        from scipy.interpolate import CubicSpline

        return np.asarray(CubicSpline(self.s, np.eye(len(self.s)))(depths))
