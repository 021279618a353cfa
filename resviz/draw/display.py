"""Is there a screen to open a window on? Asked before Qt is loaded: it may lack libraries of the system."""

from __future__ import annotations

import os
import subprocess
import sys

_PROBE = "from PySide6.QtGui import QGuiApplication; QGuiApplication(['probe'])"
_PROBE_SECONDS = 20.0
_UNSEEN = ("offscreen", "minimal", "minimalegl", "vnc")


def display_usable() -> bool:
    """Whether Qt can open a window here that somebody could see.

    Qt aborts the process when DISPLAY names a dead server or its platform libraries are missing, so a child
    process tries it first (about half a second); without any display named there is nothing to try. A
    platform without a screen (``QT_QPA_PLATFORM=offscreen``) is not usable.
    """
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":", 1)[0]
    if platform in _UNSEEN:
        return False
    unix = sys.platform not in ("win32", "darwin", "cygwin")
    if unix and not platform and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0
