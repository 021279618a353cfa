"""What the contrast shows of laziness: drift of the feature kernel over steps and depth, and the meter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from resviz.scene.axes import nice_bound
from resviz.scene.model import Array, Axis, Band, Dash, Line, Mark, Panel, Role, Rule
from resviz.scene.ticks import number
from resviz.scene.timeline import steps_axis

FEATURES, LAZY = 0.5, 0.2
"""Units that moved the first share of their own spread learn features, the second or less is lazy."""


class Reading(Protocol):
    """What frozen probes read at a step: see `resviz.observe.laziness.Laziness`."""

    @property
    def step(self) -> int: ...
    @property
    def depths(self) -> Array: ...  # (G,)
    @property
    def laziness(self) -> float: ...
    @property
    def drift(self) -> Array: ...  # (G,)
    @property
    def mean_drift(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Drifts:
    """Readings so far, in the order of steps, of the nets and of their limits; empty where there are none."""

    session: Sequence[Reading] = ()
    twin: Sequence[Reading] = ()
    session_limit: Sequence[Reading] = ()
    twin_limit: Sequence[Reading] = ()


def reading_at(readings: Sequence[Reading], step: int) -> Reading | None:
    """The last reading at or before ``step``; None before the first."""
    return next((one for one in reversed(readings) if one.step <= step), None)


def drift_over_steps(
    drifts: Drifts, twin_role: Role, lazy: bool, step: int, steps: int, cell: tuple[int, int, int, int]
) -> Panel:
    """Panel "drift": mean over layers as a line, from the least to the most drifted layer as a band."""
    marks: list[Mark] = []
    top = 0.0
    nets = ((drifts.twin, twin_role), (drifts.session, Role.SESSION))
    for readings, role in nets:
        if readings:
            at = np.array([one.step for one in readings], np.float64)
            each = np.stack([one.drift for one in readings])  # (n, G)
            if each.shape[1] > 1:
                marks.append(Band(at, each.min(axis=1), each.max(axis=1), role))
            top = max(top, _highest(each))
    for readings, role in nets:
        if readings:
            marks.append(_mean(readings, role, "solid", 1.5))
    for readings in (drifts.twin_limit, drifts.session_limit):
        if readings:
            marks.append(_mean(readings, Role.LIMIT, "dot", 1.0))
            top = max(top, _highest(np.array([one.mean_drift for one in readings])))
    if lazy:
        marks.append(Rule(0.0, Role.LAZY, across="y", dash="dash"))
    message = "" if drifts.session or drifts.twin else "following the units"
    marks.append(Rule(float(step), Role.CURSOR))
    return Panel(
        key="drift",
        title="Drift of the feature kernel",
        x=steps_axis(steps),
        y=Axis(0.0, _top(top), "|ΔΦ| / |Φ₀|"),
        marks=tuple(marks),
        cell=cell,
        message=message,
    )


def drift_over_depth(
    drifts: Drifts, twin_role: Role, lazy: bool, step: int, cell: tuple[int, int, int, int]
) -> Panel:
    """Panel "drift by depth": every layer at the shown step."""
    marks: list[Mark] = []
    top = 0.0
    for readings, role, dash in (
        (drifts.twin, twin_role, "solid"),
        (drifts.session, Role.SESSION, "solid"),
        (drifts.twin_limit, Role.LIMIT, "dot"),
        (drifts.session_limit, Role.LIMIT, "dot"),
    ):
        # the axis holds all steps: it does not breathe while they are played
        top = max([top, *(_highest(one.drift) for one in readings)])
        at = reading_at(readings, step)
        if at is not None and len(at.depths) > 1:
            marks.append(Line(at.depths, at.drift, role, "dot" if dash == "dot" else "solid"))
    if lazy:
        marks.append(Rule(0.0, Role.LAZY, across="y", dash="dash"))
    return Panel(
        key="drift by depth",
        title="Drift of the feature kernel by layer",
        x=Axis(0.0, 1.0, "depth s"),
        y=Axis(0.0, _top(top), "|ΔΦ| / |Φ₀|"),
        marks=tuple(marks),
        cell=cell,
        message="" if drifts.session or drifts.twin else "following the units",
    )


def _mean(readings: Sequence[Reading], role: Role, dash: Dash, width: float) -> Line:
    at = np.array([one.step for one in readings], np.float64)
    return Line(at, np.array([one.mean_drift for one in readings]), role, dash, width)


def _highest(values: Array) -> float:
    """The largest finite value, at least 0: a step that diverged stretches no axis."""
    return float(values[np.isfinite(values)].max(initial=0.0))


def _top(value: float) -> float:
    return nice_bound(1.05 * value) if value > 0 else 1.0


def meter(drifts: Drifts, step: int) -> str:
    """The laziness meter in words and numbers; empty before anything was read."""
    session, twin = reading_at(drifts.session, step), reading_at(drifts.twin, step)
    parts = []
    if session is not None:
        parts.append(f"units moved {_said(session)}")
    if twin is not None:
        parts.append(f"the twin's {_said(twin)}")
    if not parts:
        return ""
    at = session or twin
    return f"Laziness meter, k = {at.step if at else 0}: " + "; ".join(parts)


def _said(reading: Reading) -> str:
    return f"{number(reading.laziness)} of their own spread ({regime_word(reading.laziness)})"


def regime_word(laziness: float) -> str:
    """What a number on the meter means."""
    if laziness >= FEATURES:
        return "feature learning"
    return "lazy" if laziness <= LAZY else "between"
