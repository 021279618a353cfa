"""What a picture of the Units tab costs at many layers over what it costs at few.

Frames at the two depths take turns, in one process and in windows of one size, so that whatever else the
machine does slows both. Every frame shows another step than the one before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.gui.work import Desk, Sight
    from resviz.recording import Recording

__all__ = ["DEPTHS", "SHOWN", "over_depth"]

DEPTHS = (6, 1000)
SHOWN = ("grid", "grid-map", "depth-map", "ridgeline", "paths", "cloud")
_SIZE = (1600, 1000)
_ROUNDS = 3


def over_depth(frames: int = 40, steps: int = 100, depths: tuple[int, int] = DEPTHS) -> dict[str, float]:
    """Median times of the last ``frames`` frames, each three times, at the larger depth over the smaller.

    Returns:
        "<view>: repaint, L = 1000 over L = 6" of painting a scene that is there; the same "with its scene"
        of building it too, and what that takes at the larger depth.
    """
    import torch

    from resviz.draw.application import ensure_application
    from resviz.gui.work import Desk
    from resviz.recording import run

    torch.set_num_threads(1)
    ensure_application()
    nets = [(run(_session(layers, steps)), Desk()) for layers in depths]
    shown = range(steps + 1 - frames, steps + 1)
    over = f"L = {depths[1]} over L = {depths[0]}"
    found: dict[str, float] = {}
    for view in SHOWN:
        both_nets = [_frames(recording, desk, view, shown) for recording, desk in nets]
        # (frames, L, build | paint)
        times = np.array([[show(step) for show in both_nets] for _ in range(_ROUNDS) for step in shown])
        paint, both = np.median(times[..., 1], axis=0), np.median(times.sum(axis=2), axis=0)
        found[f"{view}: repaint, {over}"] = float(paint[1] / paint[0])
        found[f"{view}: repaint with its scene, {over}"] = float(both[1] / both[0])
        found[f"{view}: repaint with its scene at L = {depths[1]}, ms"] = 1e3 * float(both[1])
    return found


def _session(layers: int, steps: int) -> Session:
    from resviz.config import preset

    hello = preset("hello").session
    return hello.with_values(
        {"network.layers": layers, "training.steps": steps, "limit.nodes": 16, "limit.units": 512}
    )


def _frames(
    recording: Recording, desk: Desk, view: str, steps: range
) -> Callable[[int], tuple[float, float]]:
    """What builds and paints the picture of one of ``steps``, and says how many seconds each took."""
    from PySide6.QtCore import QCoreApplication

    from resviz.draw.view import SceneView
    from resviz.gui.pictures import Pictures, places_of, what_of
    from resviz.gui.state import AppState, Choice
    from resviz.gui.work import look

    state = AppState(recording.session, choice=Choice(view=view))
    sight: Sight | None = None
    looking = look(desk, recording, None, places_of(state), what_of(state))
    for step in steps:
        desk.wanted = step
        while sight is None or any(one.can_visit(step) for one in (sight.main, sight.whole) if one):
            sight = next(looking) or sight
    seen, pictures, widget = sight, Pictures(), SceneView()
    widget.resize(*_SIZE)
    widget.show()
    QCoreApplication.processEvents()

    def frame(step: int) -> tuple[float, float]:
        at = replace(state, cursor=step)
        begun = time.perf_counter()
        scene = pictures.units(at, seen, "")
        built = time.perf_counter()
        widget.show_scene(scene)
        widget.repaint()
        return built - begun, time.perf_counter() - built

    frame(steps[-1])  # the frame of axes and titles, which later frames share
    return frame
