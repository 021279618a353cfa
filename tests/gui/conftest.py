"""Windows that tests share; no widget, thread or timer may outlive its test (RESVIZ_HOME: one folder up)."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from windows import SMALL, STEPS, action, wait_for_step

from resviz.gui.app import make_window
from resviz.gui.window import MainWindow
from resviz.gui.worker import _lingering
from resviz.recording import Recording, run


def _python_threads() -> set[int]:
    # torch, joblib and tqdm keep daemon threads of their own; a _DummyThread is what Python calls a Qt
    # thread that it has seen, and QThreads are counted as such below
    return {
        thread.ident
        for thread in threading.enumerate()
        if thread.ident is not None and not thread.daemon and not isinstance(thread, threading._DummyThread)
    }


def _busy() -> list[QObject]:
    """Every thread and timer that runs."""
    # type() and not isinstance(): a mock or a proxy among all objects may answer anything
    found = [thing for thing in gc.get_objects() if issubclass(type(thing), (QThread, QTimer))]
    return [thing for thing in found if _running(thing)]


def _running(thing: QObject) -> bool:
    try:
        if isinstance(thing, QThread):
            return thing.isRunning()
        return isinstance(thing, QTimer) and thing.isActive()
    except RuntimeError:  # its C++ part is gone
        return False


@pytest.fixture(scope="package", autouse=True)
def _modules_frozen() -> Iterator[None]:
    """Keep the half a million objects of loaded modules out of each test's search for what it left."""
    import resviz.export
    import resviz.gui.export_dialog
    import resviz.gui.window
    import resviz.recording  # noqa: F401

    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _nothing_left(qapp: QApplication) -> Iterator[None]:
    """A test fails when a top-level widget, a running thread or an active timer outlives it."""
    widgets = {id(widget) for widget in qapp.topLevelWidgets()}
    busy = {id(thing) for thing in _busy()}
    threads = _python_threads()
    yield
    for worker in tuple(_lingering):  # told to end; on a loaded machine a first import takes its time
        worker.close(20_000)
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    left = [widget for widget in qapp.topLevelWidgets() if id(widget) not in widgets]
    still = [thing for thing in _busy() if id(thing) not in busy and thing != qapp.thread()]
    names = [f"{type(thing).__name__} {thing.objectName()!r}" for thing in (*left, *still)]
    for thing in still:
        if isinstance(thing, QTimer):
            thing.stop()
    for widget in left:
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not names, f"outlived their test: {names}"
    assert _python_threads() <= threads, "a Python thread outlived its test"


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = make_window(SMALL)
    made.controller.failed.connect(lambda error, report: pytest.fail(report))
    made.resize(1500, 900)
    made.show()
    qtbot.addWidget(made)
    yield made
    made.close()


@pytest.fixture
def trained(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """All steps recorded, cursor at the last."""
    action(window, "follow").trigger()
    action(window, "run").trigger()
    qtbot.waitUntil(lambda: window.controller.state.ended, timeout=60_000)
    wait_for_step(qtbot, window, STEPS)
    return window


@pytest.fixture(scope="session")
def recording() -> Recording:
    """All steps of SMALL, trained once for every test that only looks."""
    return run(SMALL)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot, recording: Recording) -> MainWindow:
    """A finished recording, cursor at the last step."""
    window.controller.files.opened.emit(recording, Path("small.resviz"))
    wait_for_step(qtbot, window, STEPS)
    return window
