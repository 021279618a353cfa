"""Displays of scale 1, 1.5 and 2: the same layout and the same picture, only finer; and long shows."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from scene.fake import FakeSeries

import resviz
from resviz.draw.picture import rgb
from resviz.draw.view import SceneView
from resviz.scene.axes import Ranges
from resviz.scene.grid import grid_ranges, units_grid
from resviz.scene.show import Show

TESTS = Path(__file__).parents[1]
SERIES = FakeSeries()
RANGES: Ranges = grid_ranges(SERIES, Show())
SHOWN = """
import json, sys
from PySide6.QtWidgets import QApplication
app = QApplication([])
from draw.test_display_scale import shown
view = shown()
view.grab().save(sys.argv[1])
plots = [[p.plot.left, p.plot.top, p.plot.width, p.plot.height] for p in view.geometry_of_panels.panels]
print(json.dumps({"ratio": view.devicePixelRatio(), "plots": plots}))
"""


def shown() -> SceneView:
    view = SceneView(name="units")
    view.resize(640, 480)
    view.show_scene(units_grid(SERIES, 60, Show(), RANGES))
    return view


def on_a_display(scale: float, file: Path) -> tuple[dict, np.ndarray]:
    """What a process of that scale says, and its picture."""
    environment = {**os.environ, "QT_SCALE_FACTOR": str(scale), "QT_QPA_PLATFORM": "offscreen"}
    environment["PYTHONPATH"] = os.pathsep.join([str(TESTS), str(Path(resviz.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", SHOWN, str(file)], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout), rgb(QImage(str(file)).convertToFormat(QImage.Format.Format_RGB32))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, np.ndarray]:
    return on_a_display(1, tmp_path_factory.mktemp("plain") / "1.png")


def coarse(picture: np.ndarray, factor: int) -> np.ndarray:
    """Means over squares of pixels."""
    height, width = (side // factor * factor for side in picture.shape[:2])
    cells = picture[:height, :width].reshape(height // factor, factor, width // factor, factor, 3)
    return cells.astype(float).mean(axis=(1, 3))


@pytest.mark.parametrize("scale", [1.5, 2])
def test_a_finer_display_shows_the_same_picture_in_more_pixels(plain, tmp_path, scale):
    said, picture = on_a_display(scale, tmp_path / "fine.png")
    assert said == {"ratio": scale, "plots": plain[0]["plots"]}
    assert picture.shape == (480 * scale, 640 * scale, 3)
    # over the same patches of the screen
    one, other = coarse(plain[1], 8), coarse(picture, round(8 * scale))
    assert one.shape == other.shape
    assert np.abs(one - other).mean() < 2.0
    assert one.std() > 20


def test_a_window_that_moves_to_another_screen_is_drawn_anew(qtbot, monkeypatch):
    view = shown()
    qtbot.addWidget(view)
    view.grab()
    before = view._static
    monkeypatch.setattr(view, "devicePixelRatio", lambda: 2.0)
    view.grab()
    assert before.size() * 2 == view._static.size()
    monkeypatch.setattr(view, "devicePixelRatio", lambda: 1.0)  # and back
    view.grab()
    assert view._static.size() == before.size()


def resident() -> int:
    """Bytes of this process in memory; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def test_hundreds_of_frames_leave_nothing_behind(qtbot):
    view = shown()
    qtbot.addWidget(view)
    steps = range(1, 17)

    def play(times: int) -> None:
        for _ in range(times):
            for step in steps:
                view.show_scene(units_grid(SERIES, step, Show(), RANGES))
                view.grab()

    play(2)  # caches fill
    gc.collect()
    tracemalloc.start()
    try:
        play(1)
        was, grown = resident(), []
        for _ in range(3):  # threads that other tests have left may allocate, but not every time
            gc.collect()
            begun = tracemalloc.get_traced_memory()[0]
            play(6)
            gc.collect()
            grown.append(tracemalloc.get_traced_memory()[0] - begun)
    finally:
        tracemalloc.stop()
    assert min(grown) < 50_000  # of 96 frames: 500 bytes each would be noticed
    assert resident() - was < 8_000_000  # a pixmap a frame would be 118 MB
