"""Feature learning or lazy? The session beside its lazy twin and the lazy limit, at the same step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from resviz.scene.axes import Range, density_top, log_range, nice_bound
from resviz.scene.grid import layer_title, limit_marks, read_units, usable
from resviz.scene.histogram import bin_edges, histogram
from resviz.scene.lazy import Drifts, drift_over_depth, drift_over_steps, meter
from resviz.scene.model import Array, Axis, Bars, Dash, LegendEntry, Line, Mark, Panel, Role, Rule, Scene
from resviz.scene.scaled import Scaled
from resviz.scene.series import Series
from resviz.scene.ticks import number
from resviz.scene.timeline import loss_curve, steps_axis

# A twin at large alpha moves little: its density is narrow and is cut at the top before it flattens the other
_PEAK_CAP = 26.0
_MOST_BINS = 96
_CURVE_POINTS = 128  # travel is read at so many steps at most: a frame's cost does not grow with K


Three = tuple[Series | None, Series | None, Series | None]


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Losses over steps so far, each (k + 1,) or None."""

    net: ArrayLike | None = None
    limit: ArrayLike | None = None
    twin: ArrayLike | None = None
    twin_limit: ArrayLike | None = None
    lazy: ArrayLike | None = None


def contrast(
    session: Series | None,
    twin: Series | None,
    lazy: Series | None,
    losses: Losses,
    drifts: Drifts | None = None,
    *,
    step: int,
    steps: int,
    place: int = 0,
    scaled: bool = False,
    old: bool = False,
    layout: Layout = "short",
) -> Scene:
    """Session, lazy twin and lazy limit at one step.

    Panels: "displacement" of the units of one layer, "travel" over steps, "drift" of the feature kernel over
    steps, "loss" over steps. The layouts "tall" and "wide" add "scaled", the displacement times alpha, on
    which a lazy twin falls onto the lazy limit, and "drift by depth".

    Args:
        session: travel_u at the session's alpha; None before anything is recorded.
        twin: travel_u at the contrast alpha, or None.
        lazy: travel_scaled of the lazy limit (only its ``density`` and ``limit_mean`` are read), or None; not
            scaled it is 0.
        losses: of net, its limit, twin and lazy limit.
        drifts: what frozen probes read of net, twin and their limits.
        step: the shown step.
        steps: planned steps K.
        place: which of the pinned layers the densities are of.
        scaled: displacements are shown times alpha where they are shown once.
        old: the twin is about to be replaced.
        layout: "short" one column of four, "tall" one of six, "wide" two columns of three.
    """
    drifts = drifts or Drifts()
    role = Role.OLD if old else Role.TWIN
    limit = lazy is not None
    full = layout != "short"
    plain = (session, twin, None), limit
    times = (_scaled(session), _scaled(twin), lazy), False
    once = times if scaled and not full else plain
    shown = times if scaled else plain
    cells = _CELLS[layout]
    panels = [
        _displacement("displacement", *once, role, step, place, cells["displacement"]),
        _travel(*shown, role, step, steps, cells["travel"]),
        drift_over_steps(drifts, role, limit, step, steps, cells["drift"]),
        _loss(losses, role, step, steps, cells["loss"]),
    ]
    if full:
        panels.insert(1, _displacement("scaled", *times, role, step, place, cells["scaled"]))
        panels.append(drift_over_depth(drifts, role, limit, step, cells["drift by depth"]))
    rows = 1 + max(row for row, _, _, _ in cells.values())
    columns = 1 + max(column for _, column, _, _ in cells.values())
    return Scene(
        tuple(panels),
        row_heights=((1.3,) + (1.0,) * (rows - 1)) if columns == 1 else (1.0,) * rows,
        column_widths=(1.0,) * columns,
        legend=_legend(session, twin, lazy, role),
        caption=meter(drifts, step),
    )


Layout = Literal["short", "tall", "wide"]


def _cells(*rows: tuple[str, ...]) -> dict[str, tuple[int, int, int, int]]:
    return {key: (r, c, 1, 1) for r, row in enumerate(rows) for c, key in enumerate(row)}


_CELLS = {
    "short": _cells(("displacement",), ("travel",), ("drift",), ("loss",)),
    "tall": _cells(("displacement",), ("scaled",), ("travel",), ("drift",), ("drift by depth",), ("loss",)),
    "wide": _cells(("displacement", "scaled"), ("travel", "loss"), ("drift", "drift by depth")),
}


def _legend(
    session: Series | None, twin: Series | None, lazy: Series | None, role: Role
) -> tuple[LegendEntry, ...]:
    entries = []
    if session is not None:
        entries.append(LegendEntry(f"α = {_short(session.alpha)}", Role.SESSION, filled=True))
    if twin is not None:
        old = " (old)" if role is Role.OLD else ""
        entries.append(LegendEntry(f"α = {_short(twin.alpha)}{old}", role, filled=True))
    if lazy is not None:
        entries.append(LegendEntry("α → ∞", Role.LAZY, "dash"))
    return tuple(entries)


def _scaled(series: Series | None) -> Series | None:
    return None if series is None else Scaled(series, series.alpha)


def _short(alpha: float) -> str:
    return f"{alpha:g}" if 1e-3 <= abs(alpha) < 1e4 else number(alpha)


def _displacement(
    key: str,
    shown: Three,
    still: bool,
    twin_role: Role,
    step: int,
    place: int,
    cell: tuple[int, int, int, int],
) -> Panel:
    """Densities of the displacement; ``still``: the lazy limit is there and its units do not move."""
    session, twin, lazy = shown
    pairs = ((session, Role.SESSION), (twin, twin_role))
    highs = [_high(series, place) for series in (session, twin, lazy) if series is not None]
    x = Range(0.0, nice_bound(max(highs)) if max(highs, default=0.0) > 0 else 1.0)
    units = max(_count(series, place) for series in (session, twin))
    edges = _edges(x, units, highs)
    marks: list[Mark] = []
    lines: list[Mark] = []
    beyond = 0
    for series, role in pairs:
        if series is None or not series.has(step):
            continue
        values = read_units(series, step, place)
        if values.size:
            bars = histogram(values, edges)
            beyond += bars.above
            marks.append(Bars(bars.edges, bars.heights, role))
        density = series.density(step, place)
        if density is not None and usable(density):
            lines.extend(limit_marks(density, role))
    if lazy is not None and lazy.has(step):
        density = lazy.density(step, place)
        if density is not None and usable(density):
            lines.append(Line(np.asarray(density.x), np.asarray(density.pdf), Role.LAZY, "dash"))
    if still and (marks or lines):
        lines.append(Rule(0.0, Role.LAZY, dash="dash"))
    peaks = [series.peak(place) for series in (session, twin, lazy) if series is not None]
    top = density_top(max(peaks, default=0.0), x.width, units, float(edges[1] - edges[0]), _PEAK_CAP)
    named = next((series for series in (session, twin, lazy) if series is not None), None)
    title, symbol = _MOVED[key == "scaled"], ""
    if named is not None and named.layers:
        where = layer_title(named, place).split("   ")[0]
        title = f"{title}, {where}"
        symbol = named.observable.label
    return Panel(
        key=key,
        title=title,
        x=Axis(x.low, x.high, symbol),
        y=Axis(0.0, top, "density"),
        marks=(*marks, *lines),
        cell=cell,
        beyond=(0, beyond),
        message="" if marks or lines else "not recorded at this step yet",
    )


_MOVED = ("How far units moved", "The same times α")


def _high(series: Series, place: int) -> float:
    """The 99.9 % quantile over the steps so far; 0 where it is not known."""
    known = series.limit_range(place)
    return known[1] if known is not None and math.isfinite(known[1]) else 0.0


def _edges(x: Range, units: int, highs: list[float]) -> Array:
    """Shared bins, fine enough for the narrowest of the densities to have a shape: eight bins at least."""
    edges = bin_edges(x, units)
    narrow = min((high for high in highs if high > 0), default=x.width)
    if len(edges) - 1 < 8 * x.width / narrow:
        edges = bin_edges(x, units, min(_MOST_BINS, math.ceil(8 * x.width / narrow)))
    return edges


def _count(series: Series | None, place: int) -> int:
    return 0 if series is None else read_units(series, series.newest, place).size


def _means(series: Series, limit: bool) -> tuple[Array, Array]:
    """Steps (n,) and mean displacement (n,), n <= 128, the newest step always among them."""
    if series.newest < 0:
        return np.empty(0), np.empty(0)
    steps = np.unique(np.linspace(0, series.newest, min(series.newest + 1, _CURVE_POINTS)).astype(int))
    read = series.limit_mean if limit else series.mean
    values = np.array([read(int(k)) for k in steps], np.float64)
    good = np.isfinite(values)
    return steps[good].astype(np.float64), values[good]


def _travel(
    shown: Three, still: bool, twin_role: Role, step: int, steps: int, cell: tuple[int, int, int, int]
) -> Panel:
    session, twin, lazy = shown
    marks: list[Mark] = []
    top = 0.0
    for series, role, limit in (
        (lazy, Role.LAZY, True),
        (twin, twin_role, False),
        (session, Role.SESSION, False),
    ):
        if series is None:
            continue
        at, mean = _means(series, limit)
        if at.size:
            top = max(top, float(mean.max()))
            marks.append(Line(at, mean, role, "dash" if limit else "solid"))
    message = "" if marks else "nothing recorded yet"
    if still and marks:
        marks.append(Rule(0.0, Role.LAZY, across="y", dash="dash"))
    marks.append(Rule(float(step), Role.CURSOR))
    return Panel(
        key="travel",
        title="Travel of the units over steps",
        x=steps_axis(steps),
        y=Axis(0.0, nice_bound(1.05 * top) if top > 0 else 1.0, _symbol(session, twin, lazy)),
        marks=tuple(marks),
        cell=cell,
        message=message,
    )


def _symbol(*series: Series | None) -> str:
    return next((f"mean {one.observable.symbol}" for one in series if one is not None), "")


def _loss(losses: Losses, twin_role: Role, step: int, steps: int, cell: tuple[int, int, int, int]) -> Panel:
    marks: list[Mark] = []
    kept = []
    curves: tuple[tuple[ArrayLike | None, Role, Dash, float], ...] = (
        (losses.twin, twin_role, "solid", 1.5),
        (losses.net, Role.SESSION, "solid", 1.5),
        (losses.lazy, Role.LAZY, "dash", 1.0),
        (losses.twin_limit, Role.LIMIT, "dot", 1.0),
        (losses.limit, Role.LIMIT, "dot", 1.0),
    )
    for loss, role, dash, width in curves:
        at, values = loss_curve(loss)
        if at.size:
            kept.append(values)
            marks.append(Line(at, values, role, dash, width))
    y = log_range(*kept)
    message = "" if marks else "nothing recorded yet"
    marks.append(Rule(float(step), Role.CURSOR))
    return Panel(
        key="loss",
        title="Loss (dotted: its limit)",
        x=steps_axis(steps),
        y=Axis(y.low, y.high, "loss", "log"),
        marks=tuple(marks),
        cell=cell,
        message=message,
    )
