"""A real window on a virtual screen, driven by a virtual keyboard and mouse."""

from __future__ import annotations

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
