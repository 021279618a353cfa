"""A session small enough to train in a blink, and what tests ask of a window."""

from __future__ import annotations

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from resviz.config import Session
from resviz.gui.window import MainWindow
from resviz.scene.model import Bars

STEPS = 10
SMALL = Session(
    title="small",
    data={"samples": 3, "dimension": 4},
    network={"layers": 8, "units": 32},
    training={"steps": STEPS},
    limit={"nodes": 8, "units": 64},
)


def action(window: MainWindow, name: str) -> QAction:
    return window.findChild(QAction, name)


def at_step(window: MainWindow, step: int) -> bool:
    """Whether the grid shows ``step``, with units and densities."""
    scene = window.units.view.scene
    return scene.caption.startswith(f"step {step} ") and any(
        isinstance(m, Bars) for m in scene.panels[0].marks
    )


def wait_for_step(qtbot: QtBot, window: MainWindow, step: int) -> None:
    qtbot.waitUntil(lambda: at_step(window, step), timeout=60_000)
