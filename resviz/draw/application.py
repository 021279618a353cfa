"""The Qt application that drawing needs, with or without a display."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from resviz.draw.display import display_usable


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
