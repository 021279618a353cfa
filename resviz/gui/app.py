"""The application: one window, shown before anything heavy is loaded."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from resviz.config import Session, load_session, preset, preset_names

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from resviz.gui.window import MainWindow

_FIRST = "hello"


def make_window(session: Session | None = None, interactive: bool = False) -> MainWindow:
    """The main window, not yet shown: on ``session``, loaded and not running; None: *hello*, running.

    Makes the QApplication if there is none. Not interactive: no dialog opens by itself.
    """
    _application()
    from resviz.gui.state import Load
    from resviz.gui.window import MainWindow

    window = MainWindow(session or preset(_FIRST).session, interactive=interactive)
    if session is None:
        window.load_preset(_FIRST)
    else:
        window.controller.ask(Load(session))
    return window


def main(file: str | Path | None = None, session: Session | None = None, *, follow: bool = False) -> int:
    """Show the window until it is closed; returns the exit status.

    Without a file the preset *hello* runs, and so does a preset named in its place; a session (.toml) is
    loaded and waits; a recording (.resviz) stands at its last step.

    Args:
        session: what was read from ``file``, or from *hello* without one, with changes made since.
        follow: ``file`` is being recorded by another process, and shown as it grows.

    Raises:
        InputError: the file cannot be read; nothing was shown.
    """
    name = _FIRST if file is None else str(file)
    path = None if name in preset_names() and not Path(name).is_file() else Path(name)
    recording = path is not None and (follow or path.suffix == ".resviz")
    if session is None and not recording:
        session = load_session(name)  # refused before a window flashes up
    application = _application()
    from PySide6.QtCore import QTimer

    from resviz.gui.following import Following
    from resviz.gui.journal import Journal
    from resviz.gui.state import Load
    from resviz.gui.window import MainWindow

    window = MainWindow(session or preset(_FIRST).session, interactive=True)
    window.controller.training.settle = True  # no other window will follow in this process
    journal = Journal(window.report)
    window.arrangement.restore()
    window.show()
    followed: list[Following] = []

    def begin() -> None:
        if path is None and session == preset(name).session:
            window.load_preset(name)
        elif session is not None:
            window.controller.ask(Load(session, path, run=path is None))
        elif path is not None and follow:
            followed.append(Following(window.controller, path, window))
        elif path is not None:
            window.controller.open(path)
        window.starting.begin()

    # after the first paint, so that the engine loads behind a window that is there
    QTimer.singleShot(0, window, begin)
    status = int(application.exec())
    for one in followed:
        one.close(2000)
    journal.close()
    if not window.controller.close():
        # a thread that does not yield (it compiles, or a step takes long) would keep the process
        logging.shutdown()
        os._exit(status)
    return status


def _application() -> QApplication:
    from PySide6.QtCore import QLocale
    from PySide6.QtWidgets import QApplication

    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    # a worker that comes back from compiled code waits for the interpreter up to this long, some thirty times
    # a step: at Python's own 5 ms, painting halves the speed of training
    sys.setswitchinterval(5e-4)
    QLocale.setDefault(QLocale.c())
    application = QApplication([sys.argv[0] or "resviz"])
    application.setApplicationName("resviz")
    application.setApplicationDisplayName("resviz")
    application.setDesktopFileName("resviz")  # Wayland finds the icon by it
    return application
