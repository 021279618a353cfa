"""Figures of studies as scenes: measured points with their bars, published values, laws; log axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from resviz.scene.axes import grown, log_range
from resviz.scene.model import Axis, LegendEntry, Line, Mark, Panel, Points, Role, Scene

__all__ = ["SERIES", "curve", "figure", "linear_axis", "log_axis", "measured", "published", "series_legend"]

Array = NDArray[np.float64]
SERIES = (Role.FIRST, Role.SECOND, Role.THIRD, Role.FOURTH, Role.FIFTH)
"""Colours of the curves of one panel, in order; dashes tell laws from measurements."""

_POINT = 5.0
_RING = 8.0


def _array(values: Array | Sequence[float]) -> Array:
    return np.asarray(values, dtype=np.float64)


def measured(
    x: Array | Sequence[float],
    y: Array | Sequence[float],
    role: Role,
    *,
    low: Array | None = None,
    high: Array | None = None,
    join: bool = True,
) -> tuple[Mark, ...]:
    """Our points, joined by a thin line, each with a bar from ``low`` to ``high``."""
    x, y = _array(x), _array(y)
    marks: list[Mark] = []
    if low is not None and high is not None:
        gap = np.full(len(x), np.nan)
        bars_x = np.stack([x, x, gap], axis=1).ravel()
        bars_y = np.stack([_array(low), _array(high), gap], axis=1).ravel()
        marks.append(Line(bars_x, bars_y, role, width=1.0))
    if join:
        marks.append(Line(x, y, role, width=1.0))
    marks.append(Points(x, y, role, size=_POINT))
    return tuple(marks)


def published(x: Array | Sequence[float], y: Array | Sequence[float], role: Role) -> tuple[Mark, ...]:
    """Published points: rings."""
    return (Points(_array(x), _array(y), role, size=_RING, ring=True),)


def curve(x: Array | Sequence[float], y: Array | Sequence[float], role: Role, dash: str = "dash") -> Mark:
    """A law or a limit."""
    return Line(_array(x), _array(y), role, dash="dot" if dash == "dot" else "dash", width=1.5)


def log_axis(label: str, *values: Array | Sequence[float]) -> Axis:
    """A logarithmic axis that holds all positive values."""
    reach = log_range(*(_array(v).ravel() for v in values))
    return Axis(reach.low, reach.high, label, "log")


def linear_axis(label: str, *values: Array | Sequence[float], nonnegative: bool = False) -> Axis:
    """A linear axis that holds all finite values."""
    joined = np.concatenate([_array(v).ravel() for v in values])
    good = joined[np.isfinite(joined)]
    needed = (float(good.min()), float(good.max())) if good.size else (0.0, 1.0)
    reach = grown(None, needed, nonnegative=nonnegative)
    return Axis(reach.low, reach.high, label)


def series_legend(names: Sequence[str], roles: Sequence[Role] = SERIES) -> tuple[LegendEntry, ...]:
    """One entry a curve."""
    return tuple(LegendEntry(name, role) for name, role in zip(names, roles, strict=False))


def figure(
    panels: Sequence[Panel],
    title: str,
    *,
    columns: int | None = None,
    legend: tuple[LegendEntry, ...] = (),
    caption: str = "",
) -> Scene:
    """Panels of equal size in rows of ``columns`` (all in one row if left out); their cells are set here."""
    across = columns or len(panels)
    down = -(-len(panels) // across)
    placed = tuple(
        Panel(
            key=panel.key,
            title=panel.title,
            x=panel.x,
            y=panel.y,
            marks=panel.marks,
            cell=(i // across, i % across, 1, 1),
            corner=panel.corner,
            message=panel.message,
            bar=panel.bar,
        )
        for i, panel in enumerate(panels)
    )
    return Scene(placed, (1.0,) * down, (1.0,) * across, legend, title, caption)
