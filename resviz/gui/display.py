"""Is there a screen to open a window on?"""

from __future__ import annotations

import os
import subprocess
import sys

_UNSEEN = ("offscreen", "minimal", "minimalegl", "vnc")
_PROBE = "from PySide6.QtGui import QGuiApplication; QGuiApplication(['probe'])"


def usable_display(timeout: float = 20.0) -> bool:
    """Whether Qt can open a window that somebody could see.

    Qt *aborts* the process on a display that is named but dead, so a child process tries first; it costs
    about a third of a second. A platform without a screen (``QT_QPA_PLATFORM=offscreen``) is not usable.
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
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0
