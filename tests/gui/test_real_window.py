"""A real window on a virtual screen, driven by a virtual keyboard and mouse."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from resviz.config import Session
from resviz.draw.picture import read_picture
from resviz.recording import open_recording

# only these two may be missing: everything else here is the program's own affair
needed = ("Xvfb", "xdotool")
pytestmark = [
    pytest.mark.xvfb,
    pytest.mark.skipif(
        not all(shutil.which(name) for name in needed), reason="Xvfb and xdotool are not installed"
    ),
]
_WAIT_S = 120.0

SMALL = Session(
    title="small",
    data={"samples": 3, "dimension": 4},
    network={"layers": 8, "units": 32},
    training={"steps": 400},
    limit={"nodes": 8, "units": 64},
)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environment of a virtual screen that keeps its pixels in a file."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset",
         "-fbdir", str(tmp_path)],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()  # Xvfb writes it when it is ready
    assert number, "Xvfb did not start"
    environment = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
    yield {**environment, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    server.terminate()
    server.wait(10)


def xdotool(screen: dict[str, str], *words: str) -> str:
    return subprocess.run(
        ["xdotool", *words], env=screen, capture_output=True, text=True, timeout=30, check=False
    ).stdout.strip()


def until(condition: Callable[[], object], program: subprocess.Popen[bytes]) -> None:
    """Wait for another process's window; there is no event of its to wait for."""
    end = time.monotonic() + _WAIT_S
    while not condition():
        assert program.poll() is None, "the program ended"
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def pixels(folder: Path) -> bytes:
    """The pixels of the grid's upper panels, from the X window dump that the screen is kept in."""
    left, right, top, bottom = 400, 1100, 200, 400
    dump = (folder / "Xvfb_screen0").read_bytes()
    header = struct.unpack(">25I", dump[:100])
    start, line = header[0] + 12 * header[19], header[12]  # header and colours; bytes of a line
    rows = range(start + top * line, start + bottom * line, line)
    return b"".join(dump[row + 4 * left : row + 4 * right] for row in rows)


def test_space_starts_and_pauses_a_visible_window(screen: dict[str, str], tmp_path: Path) -> None:
    session = SMALL.save(tmp_path / "small.toml")
    code = f"import sys; from resviz.gui.app import main; sys.exit(main({str(session)!r}))"
    program = subprocess.Popen([sys.executable, "-c", code], env=screen)
    try:
        until(lambda: xdotool(screen, "search", "--onlyvisible", "--name", "small.toml"), program)
        window = xdotool(screen, "search", "--onlyvisible", "--name", "small.toml").split()[0]
        until(lambda: len(set(pixels(tmp_path))) > 16, program)  # painted, with text and colours
        xdotool(screen, "mousemove", "--window", window, "700", "500", "click", "1")
        xdotool(screen, "key", "space")
        seen: set[bytes] = set()

        def animated() -> bool:
            # what is waited for and k = 0 are some five pictures; more of them mean that steps go by
            seen.add(pixels(tmp_path))
            return len(seen) > 12

        lately: deque[bytes] = deque(maxlen=10)

        def still() -> bool:
            lately.append(pixels(tmp_path))  # of half a second, in which the cursor would go six steps
            return len(lately) == lately.maxlen and len(set(lately)) == 1

        until(animated, program)
        xdotool(screen, "key", "space")
        until(still, program)
        xdotool(screen, "key", "ctrl+q")
        assert program.wait(20) == 0
    finally:
        program.kill()
        program.wait(10)


REPORTING = """
import json, os, sys
from pathlib import Path
from resviz.gui.app import _application, main

application = _application()
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QWidget


def look():
    # where things are and what they say, for a test that only has a mouse and a keyboard
    found = {}
    for top in application.topLevelWidgets():
        for widget in (top, *top.findChildren(QWidget)) if top.isVisible() else ():
            name = widget.objectName()
            if name and widget.isVisible():
                at = widget.mapToGlobal(QPoint(0, 0))
                found[name] = [at.x(), at.y(), widget.width(), widget.height()]
                if name == "grid":
                    found["says"] = widget.scene.caption
                    found["titles"] = [panel.x.label for panel in widget.scene.panels]
                if name == "notice_text":
                    found["notice"] = widget.text()
    Path(sys.argv[2] + ".part").write_text(json.dumps(found))
    os.replace(sys.argv[2] + ".part", sys.argv[2])


timer = QTimer()
timer.timeout.connect(look)
timer.start(100)
sys.exit(main(sys.argv[1]))
"""


class Hands:
    """A mouse and a keyboard, and eyes for where things are."""

    def __init__(self, screen: dict[str, str], seen: Path, program: subprocess.Popen[bytes]) -> None:
        self.screen, self._seen, self.program = screen, seen, program

    def see(self) -> dict:
        return json.loads(self._seen.read_text()) if self._seen.exists() else {}

    def wait(self, condition: Callable[[dict], object]) -> None:
        until(lambda: condition(self.see()), self.program)

    def at(self, name: str, across: float = 0.5, up: float = 0.5) -> tuple[str, str]:
        left, top, width, height = self.see()[name]
        return str(round(left + across * width)), str(round(top + up * height))

    def click(self, name: str) -> None:
        self.wait(lambda seen: name in seen)
        xdotool(self.screen, "mousemove", *self.at(name), "click", "1")

    def drag(self, name: str, across: float, to: float) -> None:
        xdotool(self.screen, "mousemove", *self.at(name, across), "mousedown", "1")
        for share in (0.3, 0.6, 1.0):
            xdotool(self.screen, "mousemove", *self.at(name, across + share * (to - across)))
        xdotool(self.screen, "mouseup", "1")

    def keys(self, *names: str) -> None:
        xdotool(self.screen, "key", *names)

    def write(self, text: str) -> None:
        self.keys("ctrl+a")
        xdotool(self.screen, "type", "--delay", "4", text)

    def answer(self, path: Path) -> None:
        """Write a path into the file dialog."""
        self.click("fileNameEdit")
        self.write(str(path))
        self.keys("Return")
        self.wait(lambda seen: "fileNameEdit" not in seen)


def test_a_whole_session_by_mouse_and_keyboard(screen: dict[str, str], tmp_path: Path) -> None:
    """Open, run, scrub, change the observable, export, save, reopen."""
    first = SMALL.with_values({"training.steps": 5}).save(tmp_path / "first.toml")
    second = SMALL.with_values({"training.steps": 40}).save(tmp_path / "second.toml")
    figure, saved, seen = tmp_path / "figure.png", tmp_path / "saved.resviz", tmp_path / "seen.json"
    program = subprocess.Popen([sys.executable, "-c", REPORTING, str(first), str(seen)], env=screen)
    hands = Hands(screen, seen, program)
    titled = lambda name: xdotool(screen, "search", "--onlyvisible", "--name", name)  # noqa: E731
    try:
        hands.click("tour.skip")  # the first start's hints
        hands.click("grid")
        hands.keys("ctrl+o")
        hands.answer(second)
        until(lambda: titled("second.toml"), program)

        hands.click("grid")
        hands.keys("space")
        hands.wait(lambda seen: seen["says"].startswith("step 40 "))
        before = pixels(tmp_path)
        hands.drag("timeline.view", 0.9, 0.3)
        hands.wait(lambda seen: 0 < int(seen["says"].split()[1]) < 30)
        until(lambda: pixels(tmp_path) != before, program)

        hands.click("observable")
        hands.keys("Down", "Return")
        hands.wait(lambda seen: "σ(p)" in seen["titles"])

        hands.keys("ctrl+e")
        hands.click("export.output")
        hands.write(str(figure))
        hands.click("export.steps")
        hands.write("20")
        hands.click("export.start")
        until(figure.exists, program)
        assert read_picture(figure).shape == (1080, 1920, 4)
        hands.keys("Escape")
        hands.wait(lambda seen: "export_dialog" not in seen)

        hands.click("grid")
        hands.keys("ctrl+shift+s")
        hands.answer(saved)
        until(lambda: titled("saved.resviz"), program)
        assert open_recording(saved).step == 40

        hands.click("grid")
        hands.keys("ctrl+o")
        hands.answer(first)
        until(lambda: titled("first.toml"), program)
        hands.click("grid")
        hands.keys("ctrl+o")
        hands.answer(saved)
        until(lambda: titled("saved.resviz"), program)
        hands.wait(lambda seen: seen["says"].startswith("step 40 "))
        hands.click("grid")
        hands.keys("ctrl+q")
        assert program.wait(20) == 0
    finally:
        program.kill()
        program.wait(10)
