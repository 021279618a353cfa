"""The program's log: a few rotating files in the user's folder, with the stacks of a crash beside them."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from PySide6.QtCore import QObject, Qt, QtMsgType, Signal, qInstallMessageHandler

from resviz.files import user_folder

_BYTES, _FILES = 1_000_000, 3
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

Report = Callable[[BaseException, str], None]


def log_folder() -> Path:
    """Where the log is."""
    return user_folder() / "log"


class Journal(QObject):
    """Writes the log while it is open, and hands errors that nobody caught to ``report``.

    Signals:
        uncaught(error, traceback): raised in any thread; delivered in the one that made this.
    """

    uncaught = Signal(object, str)

    def __init__(self, report: Report) -> None:
        super().__init__()
        # a dialog may only be opened by the window's own thread
        self.uncaught.connect(report, Qt.ConnectionType.QueuedConnection)
        self._log = logging.getLogger("resviz")
        self._handler: logging.Handler | None = None
        self._crash: TextIO | None = None
        self._level = self._log.level
        try:
            folder = log_folder()
            folder.mkdir(parents=True, exist_ok=True)
            self._handler = RotatingFileHandler(
                folder / "resviz.log", maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", delay=False
            )
            self._crash = (folder / "crash.log").open("a", encoding="utf-8")
        except OSError as error:  # a full or read-only disk is no reason not to start
            self._log.warning("no log is written: %s", error)
        if self._handler is not None:
            form = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
            self._handler.setFormatter(form)
            self._handler.setLevel(logging.INFO)
            self._log.addHandler(self._handler)
            self._log.setLevel(min(self._level or logging.INFO, logging.INFO))
        self._was_enabled = faulthandler.is_enabled()
        if self._crash is not None:
            faulthandler.enable(self._crash)
        self._hooks = sys.excepthook, threading.excepthook
        sys.excepthook = self._on_error
        threading.excepthook = self._on_thread_error
        self._messages = qInstallMessageHandler(self._on_message)
        self._log.info("started, Python %s", sys.version.split()[0])

    def _on_error(self, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, error, where))
        if issubclass(kind, KeyboardInterrupt):
            self._hooks[0](kind, error, where)
            return
        self._log.error("not caught\n%s", text)
        self.uncaught.emit(error, text)

    def _on_thread_error(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_error(args.exc_type, args.exc_value, args.exc_traceback)

    def _on_message(self, kind: QtMsgType, context: Any, message: str) -> None:
        self._log.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", message)
        if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            print(message, file=sys.stderr)

    def close(self) -> None:
        """Write no more, and leave everything as it was."""
        qInstallMessageHandler(self._messages)
        sys.excepthook, threading.excepthook = self._hooks
        if self._crash is not None:
            if self._was_enabled:
                faulthandler.enable()
            else:
                faulthandler.disable()
            self._crash.close()
        if self._handler is not None:
            self._log.removeHandler(self._handler)
            self._log.setLevel(self._level)
            self._handler.close()
