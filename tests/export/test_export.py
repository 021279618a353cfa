"""Exports of a real, tiny run, opened again."""

from __future__ import annotations

import re
from pathlib import Path

import av
import numpy as np
import pytest
from PySide6.QtGui import QImage

import resviz
from resviz.draw.picture import rgb
from resviz.errors import OutputError, RequestError
from resviz.export import Options, export_steps
from resviz.export.carried import png_fields, read_provenance

SMALL = (320, 200)
MIDDLING = (640, 400)  # thin lines of smaller films drown in the codec's noise


def film(path: Path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [f.to_ndarray(format="rgb24") for f in container.decode(stream)], stream.average_rate


def off(frame, picture):
    """Mean difference of two pictures' brightness, in levels of 256."""
    return np.abs(frame.mean(axis=2) - picture.mean(axis=2)).mean()


def still(path: Path):
    image = QImage(str(path))
    assert not image.isNull()
    return rgb(image)


@pytest.mark.parametrize("view", ["overview", "grid", "contrast"])
def test_a_film_shows_every_step_like_its_picture(recording, tmp_path, view):
    notes = resviz.export(recording, tmp_path / "film.mp4", view=view, size=MIDDLING, fps=12)
    frames, rate = film(tmp_path / "film.mp4")
    assert notes == ()
    assert len(frames) == 6
    assert rate == 12
    assert frames[0].shape == (400, 640, 3)
    assert np.abs(frames[0].astype(int) - frames[-1]).max() > 100  # something moved
    for step in (0, 5):
        path = tmp_path / f"{step}.png"
        resviz.export(recording, path, view=view, size=MIDDLING, steps=step)
        picture = still(path)
        # in brightness: 4:2:0 stores colours at half the resolution
        assert off(frames[step], picture) < 2
        assert off(frames[step], picture) < 0.4 * off(frames[5 - step], picture)


def test_odd_sizes_are_padded_and_said(recording, tmp_path):
    notes = resviz.export(recording, tmp_path / "f.mp4", view="grid", size=(321, 201), steps=range(2))
    frames, _ = film(tmp_path / "f.mp4")
    assert frames[0].shape == (202, 322, 3)
    assert len(notes) == 1
    assert "padded from 321x201 to 322x202" in notes[0]


@pytest.mark.parametrize("suffix", [".webm", ".gif", ".MP4"])
def test_the_other_films(recording, tmp_path, suffix):
    resviz.export(recording, tmp_path / f"f{suffix}", view="grid", size=SMALL, fps=10, steps=range(0, 6, 2))
    frames, rate = film(tmp_path / f"f{suffix}")
    assert (len(frames), rate) == (3, 10)


def test_a_folder_takes_frames_and_leaves_the_rest(recording, tmp_path):
    folder = tmp_path / "frames"
    resviz.export(recording, folder, view="grid", size=SMALL, steps=slice(0, 4, 3))
    (folder / "notes.txt").write_text("mine")
    (folder / "frame-000001.png").write_text("mine too")
    assert still(folder / "frame-000003.png").shape == (200, 320, 3)
    with pytest.raises(RequestError, match="already"):
        resviz.export(recording, folder, view="grid", size=SMALL, steps=[0, 3])
    resviz.export(recording, folder, view="grid", size=(400, 200), steps=[0, 3], overwrite=True)
    assert still(folder / "frame-000003.png").shape == (200, 400, 3)
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "frame-000001.png").read_text() == "mine too"
    assert len(list(folder.iterdir())) == 4


def test_the_same_request_gives_the_same_bytes(recording, tmp_path):
    for name in ("a.png", "b.png"):
        resviz.export(recording, tmp_path / name, size=SMALL, steps=3)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_axes_do_not_depend_on_the_steps_asked_for(recording, tmp_path):
    resviz.export(recording, tmp_path / "all", view="grid", size=SMALL)
    resviz.export(recording, tmp_path / "one.png", view="grid", size=SMALL, steps=2)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "all" / "frame-000002.png").read_bytes()


def test_a_picture_carries_its_session(recording, tmp_path):
    resviz.export(recording, tmp_path / "p.png", view="grid", size=SMALL, steps=4)
    fields = png_fields((tmp_path / "p.png").read_bytes())
    assert fields["Title"] == "Tiny, für Tests"
    assert fields["resviz:step"] == "4"
    assert "torch" in fields["Software"]
    (tmp_path / "s.toml").write_text(fields["resviz:session"], "utf-8")
    assert resviz.load_session(tmp_path / "s.toml") == recording.session


def test_a_film_carries_its_session(recording, tmp_path):
    resviz.export(recording, tmp_path / "f.mp4", view="grid", size=SMALL, steps=range(2))
    with av.open(str(tmp_path / "f.mp4")) as container:
        (tmp_path / "s.toml").write_text(container.metadata["comment"], "utf-8")
    assert "# grid, step 0-1" in (tmp_path / "s.toml").read_text("utf-8")
    assert resviz.load_session(tmp_path / "s.toml") == recording.session


def test_an_svg_is_vectors_and_text(recording, tmp_path):
    resviz.export(recording, tmp_path / "p.svg", view="contrast", size=(640, 480))
    text = (tmp_path / "p.svg").read_text("utf-8")
    assert "<image" not in text
    assert re.search(r"<text[^>]*>[^<]*Travel", text)
    assert 'viewBox="0 0 640 480"' in text
    assert 'font-family="DejaVu Sans, sans-serif"' in text
    assert "alpha = 8.0" in text  # the session, in <desc>


def test_a_pdf_is_one_page_of_its_size(recording, tmp_path):
    resviz.export(recording, tmp_path / "p.pdf", view="grid", size=(960, 480))
    data = (tmp_path / "p.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    # 96 pixels an inch are 72 points
    assert re.search(rb"/MediaBox \[0(?:\.0+)? 0(?:\.0+)? 720(?:\.0+)? 360(?:\.0+)?\]", data)
    assert b"/EmbeddedFile" in data
    assert "session.toml".encode("utf-16-be") in data


def test_themes_differ_and_scale_changes_type(recording, tmp_path):
    pictures = {}
    for name, look in {"light": {}, "dark": {"theme": "dark"}, "large": {"scale": 2.0}}.items():
        resviz.export(recording, tmp_path / f"{name}.png", view="grid", size=(640, 400), **look)
        pictures[name] = still(tmp_path / f"{name}.png").astype(float)
    assert pictures["light"].mean() > 200 > 80 > pictures["dark"].mean()
    assert np.abs(pictures["light"] - pictures["large"]).mean() > 1


@pytest.mark.parametrize(
    ("name", "more"), [("f.mp4", {}), ("f.gif", {}), ("f.svg", {"steps": 2}), ("f.csv", {"steps": 2})]
)
def test_a_file_that_comes_while_its_namesake_is_drawn_is_not_replaced(recording, tmp_path, name, more):
    path = tmp_path / name
    steps = export_steps(recording, path, Options(view="grid", size=SMALL, **more))
    next(steps)
    path.write_text("theirs")
    with pytest.raises(OutputError, match="f-2") as stop:
        list(steps)
    assert stop.value.remedy == "Rename it as you like."
    assert path.read_text() == "theirs"
    assert read_provenance(path.with_stem("f-2")).options.view == "grid"
    assert len(list(tmp_path.iterdir())) == 2
    # asked to replace it, it does so
    for _ in export_steps(recording, path, Options(view="grid", size=SMALL, **more), overwrite=True):
        pass
    assert read_provenance(path).options.view == "grid"


def test_an_abandoned_film_leaves_nothing(recording, tmp_path):
    steps = export_steps(recording, tmp_path / "f.mp4", Options(view="grid", size=SMALL))
    for progress in steps:
        if progress.done == 2:
            break
    steps.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "options", "said"),
    [
        ("f.mp4", {"view": "gird"}, "view 'gird' does not exist; nearest: grid"),
        ("f.mp4", {"size": (0, 100)}, "size is 0x100"),
        ("f.mp4", {"size": (320, 100_000)}, "size is 320x100000"),
        ("f.mp4", {"fps": -3}, "fps is -3"),
        ("f.mp4", {"steps": range(9)}, "step 6 is not recorded"),
        ("f.mp4", {"steps": slice(0, 50)}, "step 50 lies outside"),
        ("f.mp4", {"steps": slice(3, 3)}, "no step is left"),
        ("f.mp4", {"steps": -1}, "step -1 is not recorded"),
        ("f.png", {"steps": range(3)}, "a figure shows one step, 3 were chosen"),
        ("f.mp5", {}, r"no \.mp5 file; nearest: \.mp4"),
        ("f.mp4", {"observable": "preactivatoin"}, "preactivatoin"),
        ("f.mp4", {"layers": (1, 6)}, "layer 6 does not exist"),
        ("f.mp4", {"window": 0}, "window is 0"),
        ("f.mp4", {"sample": 3}, "sample 3 does not exist"),
        ("f.mp4", {"observable": "u", "coordinate": 3}, "coordinate = 3 does not exist"),
        ("f.mp4", {"theme": "pink"}, "pink"),
        ("f.mp4", {"scale": 0.0}, "scale is 0"),
        ("f.mp4", {"colour": "red"}, "no option 'colour'"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(recording, tmp_path, out, options, said):
    with pytest.raises(RequestError, match=said) as refusal:
        resviz.export(recording, tmp_path / out, **options)
    assert refusal.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_is_refused(recording, tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        resviz.export(recording, tmp_path / "missing" / "f.mp4")


@pytest.mark.parametrize("observable", ["backward", "u", "travel_u", "projection", "alignment"])
def test_every_kind_of_observable_can_be_shown(recording, tmp_path, observable):
    resviz.export(recording, tmp_path / "p.png", view="grid", size=SMALL, observable=observable, steps=0)
    assert still(tmp_path / "p.png").shape == (200, 320, 3)


def test_a_recording_without_twin_shows_an_overview_but_no_contrast(recording, tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "contrast", None)
    monkeypatch.setattr(recording, "lazy", None)
    resviz.export(recording, tmp_path / "p.png", size=SMALL)
    with pytest.raises(RequestError, match="no twin"):
        resviz.export(recording, tmp_path / "q.png", view="contrast", size=SMALL)
