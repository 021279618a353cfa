"""Frozen probes of net, twin and their limits, as window and files read them step by step."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.scene.lazy import Drifts

if TYPE_CHECKING:
    from resviz.fields import LimitFields
    from resviz.observe.laziness import LazinessSeries
    from resviz.recording import Recording

_LAYERS, _DEPTHS = 16, 8  # of a net, of a limit
_UNITS, _FEWEST = 1024, 128  # at a place, fewer of them where a push of all would take longer than
_FLOPS = 2e8  # operations: a reading costs no more in a larger net, or for more data


@dataclass(frozen=True, slots=True, eq=False)
class DriftLanes:
    """The readings that there are."""

    session: LazinessSeries | None = None
    twin: LazinessSeries | None = None
    session_limit: LazinessSeries | None = None
    twin_limit: LazinessSeries | None = None

    @property
    def all(self) -> tuple[LazinessSeries, ...]:
        """Every one there is."""
        every = (self.session, self.twin, self.session_limit, self.twin_limit)
        return tuple(one for one in every if one is not None)

    def read(self) -> Drifts:
        """What is known by now, for the scene."""
        return Drifts(*(
            () if one is None else one.readings
            for one in (self.session, self.twin, self.session_limit, self.twin_limit)
        ))  # fmt: skip


def drift_lanes(
    known: MutableMapping[Any, LazinessSeries], recording: Recording, twin: Recording | None
) -> DriftLanes:
    """The readings of a run and its twin; those in ``known`` go on, new ones are added to it."""

    def lane(run: Recording | None, limit: LimitFields | None = None) -> LazinessSeries | None:
        if run is None or run.step < 0:
            return None
        key = (id(run), id(limit), run.steps)
        if key not in known:
            known[key] = _series(run, limit)
        return known[key]

    def limit_lane(run: Recording | None) -> LazinessSeries | None:
        limit = None if run is None else run.limit
        return None if limit is None or limit.newest < 0 else lane(run, limit)

    return DriftLanes(lane(recording), lane(twin), limit_lane(recording), limit_lane(twin))


def _series(run: Recording, limit: LimitFields | None) -> LazinessSeries:
    from resviz.observe.laziness import LazinessSeries, frozen_probes, spread_layers

    layers = spread_layers(run.session.network.layers, _LAYERS if limit is None else _DEPTHS)
    # 8 N D operations a unit and step
    affordable = _FLOPS / (8.0 * run.problem.samples * run.problem.dimension * len(layers))
    most = int(min(max(affordable, _FEWEST), _UNITS))
    return LazinessSeries(frozen_probes(run, layers, limit=limit, most=most), run.steps)
