"""Losses over steps as far as they were read: a paint reads the new steps only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from resviz.scene.contrast import Losses

if TYPE_CHECKING:
    from resviz.fields import LimitFields
    from resviz.recording import Recording


class LossCurve:
    """The losses of one net or limit; what was read is kept."""

    def __init__(self, source: Recording | LimitFields) -> None:
        self.source = source
        self._known = np.empty(64)
        self._count = 0

    def read(self, newest: int) -> NDArray[np.float64]:
        """(newest + 1,) losses; a view that must not be changed."""
        if newest >= self._known.size:
            self._known = np.concatenate([self._known, np.empty(newest + 1)])
        for step in range(self._count, newest + 1):
            self._known[step] = self.source.fields(step).loss
        self._count = max(self._count, newest + 1)
        return self._known[: newest + 1]


class LossCurves:
    """The losses of everything that a recording holds."""

    def __init__(self) -> None:
        self._curves: dict[str, LossCurve] = {}

    def read(self, recording: Recording | None) -> Losses:
        """All losses so far."""
        if recording is None:
            return Losses()
        twin = recording.contrast
        return Losses(
            net=self._net("net", recording),
            limit=self._limit("limit", recording.limit),
            twin=self._net("twin", twin),
            twin_limit=self._limit("twin limit", None if twin is None else twin.limit),
            lazy=self._limit("lazy", recording.lazy),
        )

    def _net(self, name: str, net: Recording | None) -> NDArray[np.float64] | None:
        return None if net is None else self._curve(name, net).read(net.step)

    def _limit(self, name: str, limit: LimitFields | None) -> NDArray[np.float64] | None:
        return None if limit is None or limit.newest < 0 else self._curve(name, limit).read(limit.newest)

    def _curve(self, name: str, source: Recording | LimitFields) -> LossCurve:
        curve = self._curves.get(name)
        if curve is None or curve.source is not source:
            curve = self._curves[name] = LossCurve(source)
        return curve
