"""The Qt application that drawing needs, with or without a display."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

_PROBE_SECONDS = 20.0


def ensure_application() -> QGuiApplication:
    """The running Qt application, or a new QApplication; offscreen where no display can be used.

    A platform asked for with QT_QPA_PLATFORM is left as it is.
    """
    running = QCoreApplication.instance()
    if isinstance(running, QGuiApplication):
        return running
    if "QT_QPA_PLATFORM" not in os.environ and not display_usable():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return QApplication([sys.argv[0] or "resviz"])


@cache
def display_usable() -> bool:
    """Whether Qt can open windows here.

    Qt aborts the process when DISPLAY names a dead server or its platform libraries are missing, so a child
    process tries it first (about half a second); without any display named there is nothing to try.
    """
    if sys.platform in ("win32", "darwin"):
        return True
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        probe = subprocess.run(
            [sys.executable, "-c", "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):
        return False
    return probe.returncode == 0
