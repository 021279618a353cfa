"""The phase diagram (HW v2): alpha across, L M / D up, five regimes, runs as points, an atlas as colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resviz.config.regime import HALF_DECADE, regime, scale_of
from resviz.scene.axes import log_edges
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
    Scale,
    Scene,
    Words,
)
from resviz.scene.ticks import number

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.observe.atlas import Atlas

QUANTITIES = {
    "travel": "travel of the units (RMS Δu)",
    "spread": "standard deviation of the output over seeds",
    "diverged": "share of seeds that learned nothing or blew up",
}
"""What the atlas has measured, by name, with its label."""

ALPHA = (10.0**-2, 10.0**3)
RATIO = (10.0**-0.5, 10.0**5.5)
"""The axes."""


@dataclass(frozen=True, slots=True)
class RunPoint:
    """A run in the diagram.

    Attributes:
        alpha, ratio: where it is.
        name: for the read-out.
        number: of the run.
    """

    alpha: float
    ratio: float
    name: str = ""
    number: int = 0


def run_point(session: Session, dimension: int, number: int = 0) -> RunPoint:
    """Where a session of embedding dimension ``dimension`` stands."""
    network = session.network
    alpha, ratio = scale_of(session, dimension)
    name = session.title or (f"run {number}" if number else "this session")
    return RunPoint(alpha, ratio, f"{name}: L = {network.layers}, M = {network.units}", number)


def phase_notes(session: Session, present: RunPoint, atlas: Atlas | None) -> str:
    """The caption of a session's diagram."""
    notes = [f"this session: α = {present.alpha:.3g}, LM/D = {present.ratio:.4g}"]
    if session.network.parametrisation == "multiplier" and present.alpha < 1:
        notes.append("below α = 1 the multiplier parametrisation has no such limit")
    if atlas is not None and atlas.done > 0:
        plan = atlas.plan
        notes.append(f"atlas: tanh, D = N = {plan.dimension}, k = {plan.steps}, {plan.seeds} seeds")
    return "   ·   ".join(notes)


def phase_scene(
    present: RunPoint | None,
    earlier: Sequence[RunPoint] = (),
    atlas: Atlas | None = None,
    quantity: str = "travel",
    caption: str = "",
) -> Scene:
    """One panel, "phase".

    Args:
        present: the session's own point; None where it has none (sigma_v = 0).
        earlier: finished runs.
        atlas: what was measured; rows of it that are not whole, or None: no colours.
        quantity: a name of `QUANTITIES`, or "none".
        caption: what the present point is, how far the atlas has come.
    """
    marks: list[Mark] = []
    scale = None
    atlas = atlas.whole_rows() if atlas is not None and quantity != "none" else None
    if atlas is not None and atlas.plan.ratios:
        values, scale = coloured(atlas, quantity)
        x, y = _across(atlas.plan.alphas, ALPHA), _across(atlas.plan.ratios, RATIO)
        marks.append(Heat(x, y, values, scale))
    marks += boundaries()
    marks += _names()
    kept = [run for run in earlier if _inside(run)]
    if kept:
        at = np.array([run.alpha for run in kept]), np.array([run.ratio for run in kept])
        marks.append(Points(*at, Role.TEXT, size=6.0, ring=True))
    if present is not None and _inside(present):
        at = np.array([present.alpha]), np.array([present.ratio])
        marks += [Points(*at, Role.GROUND, size=11.0), Points(*at, Role.CURSOR, size=8.0)]
    legend = [LegendEntry("this session", Role.CURSOR, filled=True)]
    if kept:
        legend.append(LegendEntry("earlier runs", Role.TEXT, "dot"))
    legend.append(LegendEntry("boundaries (orders of magnitude)", Role.TEXT, "dash"))
    runs = [run for run in (present, *earlier) if run is not None]
    panel = Panel(
        key="phase",
        title="Which regime" + (f"; colours: {scale.label}" if scale is not None else ""),
        x=Axis(*ALPHA, "α   (output weights, σᵥ = α√D)", "log"),
        y=Axis(*RATIO, "LM/D", "log"),
        marks=tuple(marks),
        bar=scale,
        reading=lambda x, y: _reading(x, y, runs, atlas, quantity),
    )
    return Scene((panel,), legend=tuple(legend), caption=caption)


def coloured(atlas: Atlas, quantity: str) -> tuple[Array, Scale]:
    """The atlas's values as colours, log10 where they span decades, and their scale."""
    raw: Array = getattr(atlas, quantity)
    if quantity == "diverged":
        return raw, Scale(0.0, 1.0, label=QUANTITIES[quantity])
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log10(raw)
    values = np.where(np.isposinf(raw), 9.0, values)  # beyond every scale: its end colour
    low, high = (-2.5, 0.75) if quantity == "travel" else (-3.25, 1.0)
    return values, Scale(low, high, label=f"log₁₀ {QUANTITIES[quantity]}")


def boundaries() -> list[Line]:
    """Half a decade round alpha = 1, and round alpha = sqrt(L M / D)."""
    alphas = np.logspace(np.log10(ALPHA[0]), np.log10(ALPHA[1]), 200)
    lines = []
    for factor in (1.0 / HALF_DECADE, HALF_DECADE):
        # above the SDE strip alone
        noisy = (factor * HALF_DECADE) ** 2
        y = np.array([max(noisy, RATIO[0]), RATIO[1]])
        lines.append(Line(np.full(2, factor), y, Role.TEXT, "dash", 1.2))
        # alpha = factor sqrt(ratio)
        lines.append(Line(alphas, (alphas / factor) ** 2, Role.TEXT, "dash", 1.2))
    return lines


def _names() -> list[Words]:
    return [
        Words(0.055, 10.0**4.55, "subcritical"),
        Words(1.0, 10.0**4.55, "maximal local\nfeature updates"),
        Words(14.0, 10.0**4.55, "lazy ODE"),
        Words(30.0, 10.0**2.95, "lazy SDE"),
        Words(110.0, 10.0**0.9, "blow-up"),
    ]


def point_at(runs: Sequence[RunPoint], alpha: float, ratio: float, reach: float = 0.06) -> RunPoint | None:
    """The run nearest to (alpha, ratio) within ``reach`` decades; None if there is none."""

    def far(run: RunPoint) -> float:
        return float(np.hypot(np.log10(run.alpha / alpha), np.log10(run.ratio / ratio)))

    near = [run for run in runs if run.alpha > 0 and run.ratio > 0 and far(run) <= reach]
    return min(near, key=far, default=None)


def _reading(
    alpha: float, ratio: float, runs: Sequence[RunPoint], atlas: Atlas | None, quantity: str
) -> tuple[str, ...]:
    lines = [f"α = {number(alpha)}, LM/D = {number(ratio)}", str(regime(alpha, ratio))]
    hit = point_at(runs, alpha, ratio)
    if hit is not None and hit.name:
        lines.append(hit.name)
    if atlas is not None and atlas.plan.ratios:
        plan = atlas.plan
        column, row = (
            int(np.searchsorted(edges, value, side="right")) - 1
            for edges, value in ((_across(plan.alphas, ALPHA), alpha), (_across(plan.ratios, RATIO), ratio))
        )
        if 0 <= column < len(plan.alphas) and 0 <= row < len(plan.ratios):
            value = float(getattr(atlas, quantity)[row, column])
            if not np.isnan(value):
                said = "∞" if np.isinf(value) else number(value)
                lines.append(f"measured {QUANTITIES[quantity].split(' (')[0]} {said}")
            lines.append("measured there: " + " or ".join(atlas.regimes(row, column)))
    lines.append("click: load this setting")
    return tuple(lines)


def _inside(run: RunPoint) -> bool:
    return ALPHA[0] <= run.alpha <= ALPHA[1] and RATIO[0] <= run.ratio <= RATIO[1]


def _across(centres: Sequence[float], ends: tuple[float, float]) -> Array:
    """Cell borders; the outer ones at the axis's ``ends`` where less than a cell is missing to them."""
    edges = log_edges(centres)
    for outer, inner, end in ((0, 1, ends[0]), (-1, -2, ends[1])):
        if abs(np.log10(edges[outer] / end)) < abs(np.log10(edges[outer] / edges[inner])):
            edges[outer] = end
    return edges
