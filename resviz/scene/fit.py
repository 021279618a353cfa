"""Where, over layers and steps, the limit describes the units as well as independent draws from it would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from resviz.scene.axes import nice_bound
from resviz.scene.model import (
    Array,
    Axis,
    Heat,
    LegendEntry,
    Line,
    Mark,
    Panel,
    Points,
    Role,
    Rule,
    Scale,
    Scene,
)
from resviz.scene.ticks import number
from resviz.scene.timeline import steps_axis

if TYPE_CHECKING:
    from resviz.observe.fit import FitMap

LIMITED = 0.5
"""From this share of the null on, the limit's own error is said to limit the comparison."""

_TOP = 3.0  # colours say 0..3 at least; 1 is what independent draws give
_LABEL = "W₁ / mean W₁ of M independent draws"


def fit_scene(
    found: FitMap | None, *, step: int, steps: int, layer: int | None = None, message: str = ""
) -> Scene:
    """Panels "fit" (the map) and "profile" (its mean over layers).

    Args:
        found: what is known of the map; None before anything is.
        step: the shown step; steps: planned ones.
        layer: a layer to be pointed at.
        message: why there is no map.
    """
    known = found is not None and bool(np.isfinite(found.ratio).any())
    if found is None or not known:
        scale = Scale(0.0, _TOP)
        empty = _map((), steps, scale, message or "nothing recorded yet", found)
        return _scene(empty, _profile(None, step, steps, scale), _legend(False), "")
    scale = Scale(0.0, _high(found.ratio), label=_LABEL)
    x, y = _edges(np.array(found.steps, np.float64), 0.0, float(max(steps, 1))), _depth_edges(found)
    marks: list[Mark] = [Heat(x, y, nearest_rows(found.ratio), scale)]
    limited = found.reference > LIMITED
    if limited.any():
        rows, columns = np.nonzero(limited)
        at = np.array(found.steps, np.float64)[columns], _depths(found)[rows]
        # a core with a halo stands out from dark and light cells
        marks += [Points(*at, Role.GROUND, size=3.5), Points(*at, Role.TEXT, size=1.8)]
    if layer is not None:
        marks.append(Rule(layer / found.total, Role.CURSOR, across="y", dash="dot"))
    marks.append(Rule(float(step), Role.CURSOR))
    return _scene(
        _map(tuple(marks), steps, scale, "", found),
        _profile(found, step, steps, scale),
        _legend(bool(limited.any())),
        _caption(found),
    )


def nearest_rows(values: Array) -> Array:
    """``values``, unknown cells taking the nearest known one of their column: a coarse map's tall cells."""
    known: NDArray[np.bool_] = np.isfinite(values)
    rows, columns = np.arange(len(values)), np.any(known, axis=0)
    if bool(known[:, columns].all()):
        return values
    filled = values.copy()
    for column in np.flatnonzero(columns):
        have = rows[known[:, column]]
        if len(have) < len(rows):
            nearest = have[np.abs(rows[:, None] - have).argmin(axis=1)]
            filled[:, column] = values[nearest, column]
    return filled


def cell_at(found: FitMap, x: float, depth: float) -> tuple[int, int]:
    """(step, layer) of the cell at step ``x`` and depth ``depth``: what a click asks for."""
    step = int(np.abs(np.array(found.steps) - x).argmin())
    layer = int(np.abs(_depths(found) - depth).argmin())
    return found.steps[step], found.layers[layer]


def _high(ratio: Array) -> float:
    return max(_TOP, nice_bound(float(np.nanquantile(ratio, 0.98))))


def _depths(found: FitMap) -> Array:
    return np.array(found.layers, np.float64) / found.total


def _depth_edges(found: FitMap) -> Array:
    return _edges(_depths(found), 0.0, 1.0)


def _edges(centres: Array, low: float, high: float) -> Array:
    """Cell borders half way between ``centres``, the outer ones at ``low`` and ``high``."""
    return np.concatenate(([low], (centres[1:] + centres[:-1]) / 2, [high]))


def _map(marks: tuple[Mark, ...], steps: int, scale: Scale, message: str, found: FitMap | None) -> Panel:
    symbol = "" if found is None else f" of {found.symbol}"
    return Panel(
        key="fit",
        title=f"Where the limit fits: W₁{symbol} over that of M independent draws (1 is a perfect fit)",
        x=steps_axis(steps),
        y=Axis(0.0, 1.0, "depth s"),
        marks=marks,
        cell=(0, 0, 1, 1),
        message=message,
        bar=scale,
        reading=None if found is None else lambda x, y: _reading(found, x, y),
    )


def _reading(found: FitMap, x: float, y: float) -> tuple[str, ...]:
    step, layer = cell_at(found, x, y)
    row, column = found.layers.index(layer), found.steps.index(step)
    ratio, own = found.ratio[row, column], found.reference[row, column]
    lines = [f"k = {step}, layer {layer}"]
    if np.isfinite(ratio):
        lines += [f"W₁ is {number(float(ratio))} times its null", f"limit's own error {number(float(own))}"]
        if own > LIMITED:
            lines.append("limited by the reference")
    else:
        lines.append("not compared yet")
    return tuple(lines)


def _profile(found: FitMap | None, step: int, steps: int, scale: Scale) -> Panel:
    marks: list[Mark] = [Rule(1.0, Role.START, across="y", dash="dash")]
    if found is not None:
        at = np.array(found.steps, np.float64)
        for values, role, dash in (
            (found.ratio, Role.SESSION, "solid"),
            (found.reference, Role.LIMIT, "dot"),
        ):
            count = np.isfinite(values).sum(axis=0)
            mean = np.nansum(values, axis=0) / np.maximum(count, 1)
            marks.append(Line(at[count > 0], mean[count > 0], role, "solid" if dash == "solid" else "dot"))
        marks.append(Rule(float(step), Role.CURSOR))
    return Panel(
        key="profile",
        title="Mean over layers (dashed: independent draws; dotted: the limit's own error)",
        x=steps_axis(steps),
        y=Axis(0.0, scale.high, "W₁ / null"),
        marks=tuple(marks),
        cell=(1, 0, 1, 1),
    )


def _legend(limited: bool) -> tuple[LegendEntry, ...]:
    return (LegendEntry("dots: limited by the reference", Role.TEXT, "dot"),) if limited else ()


def _caption(found: FitMap) -> str:
    rows, columns = found.ratio.shape
    parts = [f"{rows} of {found.total} layers, {columns} of {found.planned + 1} steps"]
    pooled = f", {found.window} layers pooled" if found.window > 1 else ""
    parts.append(f"{found.units} units a cell{pooled}")
    if found.known < 1:
        parts.append(f"{100 * found.known:.0f} % computed")
    return "   ·   ".join(parts)


def _scene(top: Panel, below: Panel, legend: Sequence[LegendEntry], caption: str) -> Scene:
    return Scene((top, below), row_heights=(1.0, 0.28), legend=tuple(legend), caption=caption)
