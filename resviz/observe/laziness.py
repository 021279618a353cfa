"""How lazy a network is: its units seen by probes that are frozen at k = 0 (mathematics.md 6).

h(s) moves by Theta(1) even in the lazy regime, so movement is measured against the data of step 0, h_0:

    laziness        RMS over l, j, i of (u_k - u_0) . h_0^l_i / D   over   RMS of u_0 . h_0^l_i / D
    feature kernel  Phi_k^l(i, i') = (1/M) sum_j sigma(u_kj . h_0^l_i / D) sigma(u_kj . h_0^l_i' / D)
    its drift       |Phi_k^l - Phi_0^l| / |Phi_0^l|   (Frobenius)

Both are Theta(1) at alpha = Theta(1) and vanish as alpha grows, the laziness like 1/alpha, the drift of the
limit like 1/alpha^2 (the first order is linear in the centred v; a finite layer adds laziness/sqrt(M)).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from resviz.block.unit import preactivation
from resviz.fields import LimitFields
from resviz.fields.fields import AnyArray
from resviz.observe.follow import Followers
from resviz.observe.limits import LimitUnits
from resviz.observe.passage import PUSHES, Run, follow_layers
from resviz.transport import Cohort

__all__ = ["Frozen", "Laziness", "LazinessSeries", "frozen_probes", "spread_layers"]

Array = NDArray[np.float64]
_BLOCK_BYTES = 32e6  # units followed together; starts, units and checkpoints make it some four times as much
_STARTS = 2**10  # of a limit at each depth
_DEPTHS = 32


@dataclass(frozen=True, eq=False)
class Laziness:
    """What the frozen probes read at one step.

    Attributes:
        step: k.
        depths: (G,) s = l/L of the layers looked at.
        laziness: movement of the units over their own spread; 0 for the lazy limit.
        scaled: alpha times that, which has a limit as alpha grows.
        drift: (G,) of the feature kernel of each layer.
        mean_drift: its mean over the layers.
    """

    step: int
    depths: Array
    laziness: float
    scaled: float
    drift: Array
    mean_drift: float


class Frozen:
    """Units at some depths and the probes that they met at k = 0.

    Moving on to a later step costs a push of all units a step; checkpoints make going back cheap.
    """

    def __init__(self, depths: AnyArray, blocks: Sequence[Sequence[Followers]], newest: Run | LimitFields):
        """Take ``blocks`` of places, each one set of followers or several that never met."""
        self.depths = np.asarray(depths, dtype=np.float64)
        self._blocks = blocks
        self._owner = newest

    @property
    def newest(self) -> int:
        """Largest step that can be read; -1 before the first."""
        return self._owner.newest if isinstance(self._owner, LimitFields) else self._owner.step

    def read(self, step: int) -> Laziness:
        """The reading after ``step`` gradient steps; step must be recorded."""
        *_, last = self.steps_of(step)
        if last is None:
            raise RuntimeError("a reading ends with one")
        return last

    def steps_of(self, step: int) -> Iterator[Laziness | None]:
        """The same in pieces of a block each: None between them, at last the reading."""
        spread = moved = scaled = 0.0
        drift: list[Array] = []
        for block in self._blocks:
            before, after = [], []
            for followers in block:
                for _ in followers.approach(step, PUSHES):
                    yield None
                seen, units = followers.seek(step), followers.units
                probes = units.tensor(followers.places.seen(0).h) if step else units.tensor(seen.h)
                p_0 = preactivation(probes, units.u0)  # (G, N, P)
                p_k = preactivation(probes, units.u0 + units.displacement()[0])
                spread += _square(p_0)
                moved += _square(p_k - p_0)
                scaled += _square(preactivation(probes, units.scaled_displacement()[0]))
                before.append(_kernel(units, p_0))
                after.append(_kernel(units, p_k))
            drift.append(_drift(torch.stack(before).mean(0), torch.stack(after).mean(0)))
            yield None
        each = np.concatenate(drift)
        laziness, times_alpha = (_times(part, spread) for part in (moved, scaled))
        yield Laziness(step, self.depths, laziness, times_alpha, each, float(each.mean()))


def _times(part: float, spread: float) -> float:
    """How many spreads were moved; endlessly many where there was none, as with sigma_u = 0."""
    if spread > 0:
        return float(np.sqrt(part / spread))
    return float("inf") if part > 0 else 0.0


def _square(p: Tensor) -> float:
    """Mean over units and samples, summed over places: comparable between blocks."""
    return float(p.double().square().mean(dim=(1, 2)).sum())


def _kernel(units: Cohort, p: Tensor) -> Tensor:
    """Phi (G, N, N) of the units whose preactivations are p (G, N, P)."""
    a = units.sigma.value(p)
    return (a @ a.transpose(1, 2)).double() / a.shape[2]


def _drift(before: Tensor, after: Tensor) -> Array:
    size = before.flatten(1).norm(dim=1)
    return np.asarray(((after - before).flatten(1).norm(dim=1) / size).numpy(), dtype=np.float64)


def spread_layers(total: int, most: int) -> tuple[int, ...]:
    """At most ``most`` layers of ``total``, evenly over depth; all of them where there are no more."""
    if total <= most:
        return tuple(range(total))
    return tuple(int((i + 0.5) * total / most) for i in range(most))


def frozen_probes(
    run: Run,
    layers: Sequence[int] | None = None,
    *,
    limit: LimitFields | None = None,
    most: int | None = None,
) -> Frozen:
    """Frozen probes for the units of a run at ``layers``, replayed from their own starts.

    Args:
        layers: left out, all of them; of a limit, which is smooth in depth, 32.
        most: units that are followed at a place; left out, all of a layer, and 1024 of a limit.
        limit: fresh starts transported through the fields of this limit instead, at the depths l/L.
    """
    network = run.session.network
    if layers is None:
        layers = spread_layers(network.layers, network.layers if limit is None else _DEPTHS)
    chosen = [int(layer) for layer in layers]
    depths = np.array(chosen) / network.layers
    if limit is None:
        size = 4 if run.session.training.dtype == "float32" else 8
        words = 2 * run.problem.dimension * min(network.units, most or network.units) * size
        block = max(1, int(_BLOCK_BYTES / words))
        parts = [chosen[i : i + block] for i in range(0, len(chosen), block)]
        return Frozen(depths, [[follow_layers(run, part, most=most)] for part in parts], run)
    windows = [range(layer, layer + 1) for layer in chosen]
    units = LimitUnits(run.session, run.problem, limit, windows, min(most or _STARTS, _STARTS))
    return Frozen(depths, [units.sets], limit)


class LazinessSeries:
    """Readings of frozen probes at some of the planned steps, taken one by one as the steps are recorded.

    One thread visits, others may read `readings`: what they hold never changes.

    Attributes:
        few: not every step is read.
    """

    few = True

    def __init__(self, probes: Frozen, planned: int, most: int = 51) -> None:
        """Look at most at ``most`` steps of 0..``planned``, both ends among them."""
        self._probes = probes
        self._chosen = sorted({int(k) for k in np.linspace(0, planned, min(planned + 1, most)).round()})
        self._known: dict[int, Laziness] = {}

    @property
    def newest(self) -> int:
        """Largest step read; -1 before the first."""
        return max(self._known, default=-1)

    @property
    def readings(self) -> tuple[Laziness, ...]:
        """What is known by now, in the order of steps."""
        known = self._known.copy()
        return tuple(known[step] for step in sorted(known))

    def has(self, step: int) -> bool:
        """Whether ``step`` was read."""
        return step in self._known

    def can_visit(self, step: int) -> bool:
        """Whether ``step`` is one of the chosen ones, recorded and not read yet."""
        return step in self._chosen and step <= self._probes.newest and step not in self._known

    def first_gap(self) -> int | None:
        """The first chosen step that is recorded and not read."""
        return next((step for step in self._chosen if self.can_visit(step)), None)

    def visit(self, step: int) -> Iterator[bool]:
        """Read ``step`` in pieces; True when it is there."""
        for reading in self._probes.steps_of(step):
            if reading is not None:
                self._known[step] = reading
            yield reading is not None
