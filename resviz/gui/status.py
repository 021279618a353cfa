"""The status line: what is going on."""

from __future__ import annotations

from resviz.gui.facts import Facts
from resviz.gui.state import AppState
from resviz.scene.ticks import number

BETWEEN = "   ·   "


def status_text(state: AppState, facts: Facts) -> str:
    """At the right of the toolbar: work, step, rates, device."""
    parts = [facts.doing] if facts.doing else []
    if state.newest >= 0:
        parts.append(f"step {state.cursor} of {state.steps}")
        if state.training and facts.steps_a_second > 0:
            parts.append(f"{number(facts.steps_a_second)} steps/s")
    if facts.frames_a_second:
        parts.append(f"{facts.frames_a_second:.0f} fps")
    if facts.device:
        parts.append(facts.device)
    return BETWEEN.join(parts)
