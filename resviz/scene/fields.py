"""The fields over depth: coordinates of h(s) and b(s), finite solid, limit dashed, and how far they part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resviz.scene.axes import Range, Ranges, grown, log_range
from resviz.scene.model import Array, Axis, LegendEntry, Line, Mark, Panel, Role, Scene
from resviz.scene.ticks import number

if TYPE_CHECKING:
    from resviz.recording import Recording

COLOURS = (Role.FIRST, Role.SECOND, Role.THIRD, Role.FOURTH, Role.FIFTH)
"""Of the coordinates shown, in order; so many are shown at most."""

_APART = 101  # depths at which net and limit are compared: the cost of a frame does not grow with L


@dataclass(frozen=True, slots=True, eq=False)
class FieldCurves:
    """Fields of one sample after one gradient step.

    Attributes:
        coordinates: (C,) which.
        depths: (L + 1,) s = l/L; h, b: (L + 1, C).
        limit_depths: (S,) nodes; limit_h, limit_b: (S, C); empty without a limit.
        apart_depths: (A,) some of the depths.
        apart_h, apart_b: (A,) RMS over all samples and coordinates of net minus limit; may be empty.
        why: why there is no limit to draw, if there is none.
    """

    coordinates: tuple[int, ...]
    depths: Array
    h: Array
    b: Array
    limit_depths: Array
    limit_h: Array
    limit_b: Array
    apart_depths: Array
    apart_h: Array
    apart_b: Array
    why: str = ""


def shown_coordinates(first: int, dimension: int) -> tuple[int, ...]:
    """Five coordinates from ``first`` on, fewer where there are no more; the last five at the end."""
    start = max(0, min(first, dimension - len(COLOURS)))
    return tuple(range(start, min(start + len(COLOURS), dimension)))


def read_fields(recording: Recording, step: int, sample: int, coordinates: Sequence[int]) -> FieldCurves:
    """The curves of a recorded step."""
    chosen = list(coordinates)
    fields = recording.fields(step)
    depths = np.linspace(0.0, 1.0, len(fields.h))
    h, b = (np.asarray(f[:, sample][:, chosen], np.float64) for f in (fields.h, fields.b))
    empty, none = np.empty(0), np.empty((0, len(chosen)))
    limit = recording.limit
    why = ""
    if limit is None or step > limit.newest:
        why = "the limit is not solved yet"
    elif recording.session.limit.large_d:
        why = "single coordinates have no D → ∞ limit"
    if limit is None or why:
        return FieldCurves(tuple(chosen), depths, h, b, empty, none, none, empty, empty, empty, why)
    solved = limit.fields(step)
    whole = [limit.lift(f.mean(axis=0)).astype(np.float64) for f in (solved.h, solved.b)]  # (S, N, D)
    at = np.unique(np.linspace(0, len(depths) - 1, _APART).round().astype(int))
    weights = limit.weights(depths[at])  # (A, S)
    apart = [
        np.sqrt(np.mean((finite[at] - np.tensordot(weights, f, 1)) ** 2, axis=(1, 2)))
        for finite, f in zip((fields.h, fields.b), whole, strict=True)
    ]
    limit_h, limit_b = (f[:, sample][:, chosen] for f in whole)
    return FieldCurves(tuple(chosen), depths, h, b, limit.s, limit_h, limit_b, depths[at], *apart)


def fields_ranges(curves: FieldCurves, before: Ranges | None = None) -> Ranges:
    """The ranges "h", "b" and "apart", grown from ``before`` until they hold ``curves``."""
    before = Ranges() if before is None else before
    new = {}
    for name, parts in (("h", (curves.h, curves.limit_h)), ("b", (curves.b, curves.limit_b))):
        values = np.concatenate([part.ravel() for part in parts])
        values = values[np.isfinite(values)]
        needed = (float(values.min()), float(values.max())) if values.size else (np.nan, np.nan)
        new[name] = grown(before.get(name), needed)
    # at s = 0 (of h) the two are equal
    apart = log_range(curves.apart_h[1:], curves.apart_b)
    old = before.get("apart")
    if old is not None and (curves.apart_h.size == 0 or (apart.low >= old.low and apart.high <= old.high)):
        apart = old
    elif old is not None:
        apart = Range(min(apart.low, old.low), max(apart.high, old.high))
    return before.with_ranges({**new, "apart": apart})


def fields_scene(
    curves: FieldCurves | None, *, step: int, sample: int, ranges: Ranges | None = None, message: str = ""
) -> Scene:
    """Panels "h", "b" and "apart".

    Args:
        curves: None before anything is recorded.
        ranges: of `fields_ranges`; None fits the curves.
        message: why there are no curves.
    """
    if curves is None:
        panels = [
            _panel(name, title, Range(-1.0, 1.0), (), row, message or "nothing recorded yet")
            for row, (name, title) in enumerate(_TITLES.items())
        ]
        return _scene([*panels, _apart(None, Range(0.1, 1.0))], (), "")
    ranges = fields_ranges(curves) if ranges is None else ranges
    panels = []
    for row, (name, title) in enumerate(_TITLES.items()):
        finite, limit = (curves.h, curves.limit_h) if name == "h" else (curves.b, curves.limit_b)
        marks: list[Mark] = []
        for c, role in zip(range(len(curves.coordinates)), COLOURS, strict=False):
            marks.append(Line(curves.depths, finite[:, c], role))
        for c, role in zip(range(limit.shape[1] if len(limit) else 0), COLOURS, strict=False):
            marks.append(Line(curves.limit_depths, limit[:, c], role, "dash", 1.0))
        range_ = ranges.get(name) or Range(-1.0, 1.0)
        panels.append(_panel(name, title, range_, tuple(marks), row, "" if row else curves.why))
    apart = _apart(curves, ranges.get("apart") or Range(0.1, 1.0))
    legend = tuple(
        LegendEntry(f"coordinate {c}", role) for c, role in zip(curves.coordinates, COLOURS, strict=False)
    )
    return _scene([*panels, apart], legend, f"step {step}   ·   sample {sample}")


_TITLES = {
    "h": "Forward field h(s): what has become of the sample at depth s",
    "b": "Backward field b(s): what the loss pulls it towards",
}


def _scene(panels: Sequence[Panel], coordinates: tuple[LegendEntry, ...], caption: str) -> Scene:
    ways = (LegendEntry("finite net", Role.TEXT), LegendEntry("Mean ODE", Role.TEXT, "dash"))
    return Scene(tuple(panels), row_heights=(1.3, 1.3, 0.8), legend=(*coordinates, *ways), caption=caption)


def _panel(name: str, title: str, y: Range, marks: tuple[Mark, ...], row: int, message: str) -> Panel:
    return Panel(
        key=name,
        title=title,
        x=Axis(0.0, 1.0, "depth s"),
        y=Axis(y.low, y.high, f"{name}(s)"),
        marks=marks,
        cell=(row, 0, 1, 1),
        message=message,
        reading=lambda s, _: _read_at(name, marks, s),
    )


def _read_at(name: str, marks: tuple[Mark, ...], s: float) -> tuple[str, ...]:
    """Net and limit of every coordinate at depth s."""
    lines = [mark for mark in marks if isinstance(mark, Line)]
    said = [f"s = {number(s)}"]
    for role in COLOURS:
        at = [number(float(np.interp(s, one.x, one.y))) for one in lines if one.role is role]
        if at:
            said.append(f"{name} {at[0]}" + (f" (limit {at[1]})" if len(at) > 1 else ""))
    return tuple(said)


def _apart(curves: FieldCurves | None, y: Range) -> Panel:
    marks: list[Mark] = []
    if curves is not None and curves.apart_h.size:
        marks = [
            Line(curves.apart_depths[1:], curves.apart_h[1:], Role.SESSION),
            Line(curves.apart_depths, curves.apart_b, Role.TWIN, "dot"),
        ]
    message = "" if marks or curves is None else curves.why or "nothing to compare"
    return Panel(
        key="apart",
        title="How far the net is from the limit (RMS over samples and coordinates; h solid, b dotted)",
        x=Axis(0.0, 1.0, "depth s"),
        y=Axis(y.low, y.high, "difference", "log"),
        marks=tuple(marks),
        cell=(2, 0, 1, 1),
        message=message,
    )
