"""How fast the window is: start-up, training beside painting, frames, and how long the event loop waits.

Every measurement runs in a process of its own, on Qt's offscreen platform unless a display is asked for:
windows of one process would share caches, and a hanging one could not be stopped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from resviz.config import Session

__all__ = ["measured", "training_beside_painting"]

_SHAPES = ((64, 256), (1000, 1), (1000, 1000))
_LIMIT_S = 100.0
_DEPTH_LIMIT_S = 400.0  # every view of two nets is visited


def measured(*, quick: bool = False) -> dict[str, Any]:
    """Start-up, steps/s headless and beside the painting window with its frames/s, and repaints at two L."""
    found: dict[str, Any] = {"start to visible window, s": _start_up()}
    seconds = 2.0 if quick else 10.0
    sessions = {"hello, complete": "hello"} | {f"{m}x{n}": f"{m}x{n}" for m, n in _SHAPES}
    for name, what in list(sessions.items())[: 1 if quick else None]:
        result = _child(f"training_beside_painting({what!r}, {seconds})")
        found |= {f"{name}: {key}": value for key, value in result.items()}
    return found | _child("over_depth(10, 20)" if quick else "over_depth()", "repaint", _DEPTH_LIMIT_S)


def _session(what: str) -> Session:
    from resviz.config import preset

    hello = preset("hello").session
    # the numbers that hello's hundred steps need; pilots of so many steps would not end
    many = hello.with_values({**_limit_of(hello), "training.steps": 100_000})
    if what == "hello":
        return many
    layers, units = map(int, what.split("x"))
    return many.with_values({"network.layers": layers, "network.units": units, "training.rate": 0.05})


def _limit_of(session: Session) -> dict[str, int]:
    """``limit.nodes`` and ``limit.units`` as their pilots choose them."""
    from resviz.data import make_problem
    from resviz.engine.choose import limit_solver

    for solver in limit_solver(session, make_problem(session), session.network.alpha):
        if solver is not None and solver.units:
            nodes = len(solver.depths)
            return {"limit.nodes": nodes, "limit.units": solver.units // nodes}
    return {}


def _child(call: str, module: str = "benchmark", limit: float = _LIMIT_S) -> dict[str, Any]:
    code = (
        f"import json, os; from resviz.gui import {module} as b; print(json.dumps(b.{call}), flush=True)"
        "; os._exit(0)"  # without writing to the end what nobody wants
    )
    # in a home of its own: half a minute of training leaves gigabytes that nobody wants back
    with TemporaryDirectory(prefix="resviz-") as home:
        environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "RESVIZ_HOME": home}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, timeout=limit, env=environment
        )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _start_up() -> float:
    """Seconds from the start of a process to its first painted frame; the better of two: caches are warm."""
    code = (
        "from resviz.gui.app import make_window; from resviz.config import Session;"
        "from PySide6.QtWidgets import QApplication;"
        "w = make_window(Session()); w.show(); QApplication.processEvents(); w.grab(); print(1, flush=True)"
        "; import os; os._exit(0)"
    )
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    found = []
    for _ in range(3):
        start = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # which its trainer has too, and leaves a second later
            env=environment,
        ) as window:
            shown = window.stdout is not None and window.stdout.readline()
            found.append(time.perf_counter() - start)
        if not shown:
            raise RuntimeError("the window did not show")
    return min(found)


def training_beside_painting(what: str, seconds: float) -> dict[str, float]:
    """Train a session headless, then in a window that paints a new picture at every frame of 60 a second.

    Args:
        what: "hello", or LxM for Hello at another shape.
        seconds: of each measurement, after a warm-up.
    """
    session = _session(what)
    headless = _headless(session, seconds)
    seen = _in_window(session, seconds)
    ordered = sorted(seen.lags)
    return {
        "steps/s headless": headless,
        "steps/s with the window": seen.steps,
        "share": seen.steps / headless,
        "frames/s": seen.frames,
        "other steps shown/s": seen.shown,
        "GUI thread a frame, ms": 1e3 * seen.busy,
        "event-loop lag p50, ms": 1e3 * ordered[len(ordered) // 2],
        "event-loop lag p99, ms": 1e3 * ordered[int(0.99 * (len(ordered) - 1))],
    }


def _headless(session: Session, seconds: float) -> float:
    from resviz.engine.kernelcache import kernels_now
    from resviz.recording import record

    kernels_now(session.training.dtype)
    begun, first = 0.0, -1
    for state in record(session):
        if state.step < 2:
            continue
        if first < 0:
            begun, first = time.perf_counter(), state.step
        elif time.perf_counter() - begun > seconds:
            return (state.step - first) / (time.perf_counter() - begun)
    raise RuntimeError("a hundred thousand steps were over before the measurement")


class _Seen(NamedTuple):
    """What a window did while it trained.

    Attributes:
        steps, frames, shown: trained, painted on the screen, and shown for the first time, a second.
        busy: processor seconds of the thread that paints, a frame, all else that it does included.
        lags: seconds that a timer of 5 ms came late.
    """

    steps: float
    frames: float
    shown: float
    busy: float
    lags: list[float]


def _in_window(session: Session, seconds: float) -> _Seen:
    """Train in a window whose pictures are built and painted 60 times a second."""
    from PySide6.QtCore import QElapsedTimer, QEventLoop, Qt, QTimer

    from resviz.gui.app import make_window
    from resviz.gui.state import Load, SetSpeed

    window = make_window(session)
    window.resize(1600, 1000)
    window.show()
    control = window.controller
    control.training.settle = True  # as the program's only window does
    control.ask(Load(session, run=True))
    control.ask(SetSpeed(60.0))
    clock = QElapsedTimer()
    clock.start()
    lags: list[float] = []
    painted: list[str] = []  # what each frame says of itself: its step comes first
    before = 0.0

    def newest() -> int:
        recording = control.recording
        return -1 if recording is None else recording.step

    def beat() -> None:
        nonlocal before
        now = clock.nsecsElapsed() / 1e9
        lags.append(max(0.0, now - before - 0.005))
        before = now

    view = window.units.view
    view.painted.connect(lambda: painted.append(view.scene.caption.partition("·")[0]))

    def until(condition: Callable[[], bool]) -> None:
        loop, look = QEventLoop(), QTimer()
        look.timeout.connect(lambda: loop.quit() if condition() else None)
        look.start(20)
        loop.exec()

    start = time.perf_counter()
    until(lambda: newest() >= 2 or time.perf_counter() - start > _LIMIT_S / 2)
    timers = []
    for milliseconds, work in ((5, beat), (16, control.paint)):
        timer = QTimer(window)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(milliseconds)
        timer.timeout.connect(work)
        timer.start()
        timers.append(timer)
    settled = time.perf_counter()
    until(lambda: time.perf_counter() - settled > 2.0)
    lags.clear()
    painted.clear()
    first, begun, used = newest(), time.perf_counter(), time.thread_time()
    until(lambda: time.perf_counter() - begun > seconds)
    took, used = time.perf_counter() - begun, time.thread_time() - used
    frames = max(1, len(painted))
    result = _Seen(
        (newest() - first) / took, frames / took, len(set(painted)) / took, used / frames, list(lags)
    )
    for timer in timers:
        timer.stop()
    window.close()
    return result
