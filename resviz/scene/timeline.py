"""The timeline: loss of the finite net and of the limit as the track of the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from resviz.scene.axes import log_range
from resviz.scene.model import Array, Axis, Line, Mark, Panel, Role, Rule, Scene, Span


def steps_axis(steps: int, label: str = "step k") -> Axis:
    """The axis of all planned steps, 0..``steps``."""
    return Axis(0.0, float(max(1, steps)), label)


def loss_curve(loss: ArrayLike | None) -> tuple[Array, Array]:
    """Steps (k,) and positive finite losses (k,); zero and diverged losses have no place on a log axis."""
    values = np.asarray([] if loss is None else loss, np.float64)
    steps = np.arange(len(values), dtype=np.float64)
    good = np.isfinite(values) & (values > 0)
    return steps[good], values[good]


def timeline(
    loss: ArrayLike | None,
    limit_loss: ArrayLike | None,
    steps_planned: int,
    cursor: int,
    range: tuple[int, int] | None = None,
    events: Sequence[tuple[int, str]] = (),
) -> Scene:
    """Scene with the one panel "timeline": losses over 0..``steps_planned``, cursor, selected range, edits.

    Args:
        loss: (k + 1,) losses of the finite net so far; may be None or empty.
        limit_loss: (k + 1,) losses of the Mean ODE so far; may be None.
        cursor: the shown step.
        range: first and last step of the range that will be exported or looped.
        events: (step, what it says) of every live edit.
    """
    finite, limit = loss_curve(loss), loss_curve(limit_loss)
    y = log_range(finite[1], limit[1])
    marks: list[Mark] = []
    if range is not None and range[0] < range[1]:
        marks.append(Span(float(range[0]), float(range[1])))
    # the thin dashed limit lies on the net's line and both stay visible
    if finite[0].size:
        marks.append(Line(*finite, Role.SESSION, width=1.5))
    if limit[0].size:
        marks.append(Line(*limit, Role.LIMIT, "dash", 1.0))
    marks.extend(Rule(float(step), Role.RANGE, dash="dash", text=text) for step, text in events)
    marks.append(Rule(float(cursor), Role.CURSOR))
    panel = Panel(
        key="timeline",
        title="",
        x=steps_axis(steps_planned),
        y=Axis(y.low, y.high, "loss", "log"),
        marks=tuple(marks),
        message="" if finite[0].size or limit[0].size else "nothing recorded yet",
    )
    return Scene(panels=(panel,))
