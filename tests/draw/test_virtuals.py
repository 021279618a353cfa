"""An error in a method that Qt calls is reported; it does not end the program."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import resviz.draw
import resviz.gui
from resviz.draw.virtuals import overridden

SCRIPT = """
import sys
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit
from resviz.draw.virtuals import virtuals

@virtuals
class Editor(QLineEdit):
    def keyPressEvent(self, event):
        {raising}

sys.excepthook = lambda kind, error, traceback: print("reported", kind.__name__, flush=True)
application = QApplication([])
editor = Editor()
key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier)
QTimer.singleShot(0, lambda: QCoreApplication.postEvent(editor, key))
QTimer.singleShot(50, lambda: print("alive", flush=True) or application.quit())
application.exec()
"""


@pytest.mark.parametrize(
    ("raising", "kind"),
    [("[][0]", "IndexError"), ("max([])", "ValueError"), ("raise KeyError(1)", "KeyError")],
)
def test_an_error_within_a_key_is_reported_and_the_program_goes_on(raising, kind):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(raising=raising)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.split()) == (0, ["reported", kind, "alive"])


def test_every_class_with_methods_that_qt_calls_is_safe_to_raise_in():
    modules = [
        importlib.import_module(found.name)
        for package in (resviz.gui, resviz.draw)
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    ]
    classes = {
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and one.__module__ == module.__name__
    }
    bare = [
        f"{one.__qualname__}.{name}"
        for one in classes
        for name, method in overridden(one)
        if not hasattr(method, "__wrapped__")
    ]
    assert bare == []
    assert sum(len(list(overridden(one))) for one in classes) > 40
