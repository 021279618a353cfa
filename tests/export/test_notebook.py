"""What a notebook shows of a recording, without IPython and without a window."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import av
import pytest

import resviz
from resviz.draw.picture import read_picture
from resviz.errors import RequestError
from resviz.export import notebook
from resviz.export.sheet import Sheet
from resviz.recording import Recording


def decoded(gif: bytes) -> list[tuple[int, int]]:
    with av.open(io.BytesIO(gif)) as container:
        return [(frame.width, frame.height) for frame in container.decode(video=0)]


def test_a_recording_shows_itself_as_a_small_film(recording):
    bundle = recording._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert (
        bundle["text/plain"] == f"Tiny, für Tests: L = 6, M = 32, step 5 of 5, loss {recording.loss[5]:.3g}"
    )
    (data,) = re.findall(r'src="data:image/gif;base64,([^"]+)"', bundle["text/html"])
    assert decoded(base64.b64decode(data)) == [(840, 480)] * 6
    assert len(bundle["text/html"]) < 6 * 50_000


def test_a_long_recording_shows_some_of_its_steps(recording, monkeypatch):
    monkeypatch.setattr(notebook, "_FRAMES", 3)
    assert len(decoded(resviz.animation(recording, size=(320, 200)).gif)) == 3
    assert len(decoded(resviz.animation(recording, "contrast", steps=[1, 4], size=(320, 200)).gif)) == 2


def test_a_cell_that_asks_for_two_formats_follows_the_units_once(recording, monkeypatch):
    prepared = []
    prepare = Sheet.prepare
    monkeypatch.setattr(Sheet, "prepare", lambda self: (prepared.append(self), prepare(self))[1])
    picture = resviz.plot(recording, view="grid", step=3, size=(320, 200))
    assert len(picture._repr_png_()) > 1000 < len(picture._repr_svg_())
    assert len(prepared) == 1


def test_nothing_recorded_yet_is_said(recording):
    empty = Recording(recording.session, recording.problem)
    assert empty._repr_mimebundle_() == {"text/plain": "Tiny, für Tests: L = 6, M = 32, nothing recorded yet"}


def test_a_plot_is_a_picture_that_can_be_saved(recording, tmp_path):
    picture = resviz.plot(recording, view="grid", step=3, size=(320, 200), layers=(1, 4))
    assert [panel.key for panel in picture.scene.panels] == ["layer 1", "layer 4"]
    assert picture._repr_svg_().lstrip().startswith("<?xml")
    assert repr(picture).startswith("<grid at step 3 of Tiny, für Tests: L = 6, M = 32, step 5 of 5")
    resviz.export(recording, tmp_path / "e.png", view="grid", steps=3, size=(320, 200), layers=(1, 4))
    assert picture._repr_png_() == (tmp_path / "e.png").read_bytes()
    assert picture.save(tmp_path / "p.png") == tmp_path / "p.png"
    assert (tmp_path / "p.png").read_bytes() == picture.png
    picture.save(tmp_path / "large.png", size=(640, 400), title="large")
    assert read_picture(tmp_path / "large.png").shape == (400, 640, 4)
    with pytest.raises(RequestError, match="exists already"):
        picture.save(tmp_path / "p.png")
    both = resviz.plot([recording, recording.contrast], step=3, size=(320, 200), view="grid")
    assert len(both.scene.panels) == 12


@pytest.mark.parametrize(
    ("look", "said"),
    [
        ({"step": 9}, "step 9 is not recorded"),
        ({"view": "gird"}, "nearest: grid"),
        ({"thema": "dark"}, "no option 'thema'; nearest: theme"),
    ],
)
def test_what_cannot_be_plotted_is_refused_at_once(recording, look, said):
    with pytest.raises(RequestError, match=said):
        resviz.plot(recording, **look)


def test_plotting_imports_nothing_before_it_draws():
    code = (
        "import sys, resviz; resviz.plot; resviz.animation; "
        "print([m for m in ('torch', 'PySide6', 'av', 'scipy') if m in sys.modules])"
    )
    root = str(Path(resviz.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
