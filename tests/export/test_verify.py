"""Every file says what it shows, and can be held to it."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import av
import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

import resviz
from resviz.errors import RequestError
from resviz.export import Options
from resviz.export.carried import add_gif_comment, gif_comment, png_fields, png_with, read_provenance
from resviz.export.provenance import Provenance, versions
from resviz.export.verify import compare, verify

SMALL = (320, 200)
KINDS = (".png", ".svg", ".pdf", ".mp4", ".webm", ".gif", ".csv", ".npz")


def verdict(path, *recordings):
    steps = verify(path, recordings)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value[1]


@pytest.mark.parametrize("suffix", KINDS)
def test_every_file_carries_what_made_it_and_is_drawn_again(recording, tmp_path, suffix):
    path = tmp_path / f"f{suffix}"
    steps = {"steps": range(1, 6, 2)} if suffix in (".mp4", ".webm", ".gif") else {"steps": 3}
    look = {"view": "grid", "size": SMALL, "title": "a {step} <b>", "layers": (1, 4), **steps}
    resviz.export(recording, path, **look)
    carried = read_provenance(path)
    assert carried.sessions == (recording.session,)
    assert carried.newest == (5,)
    assert carried.steps == ((1, 3, 5) if len(carried.steps) > 1 else (3,))
    assert carried.options.title == "a {step} <b>"
    assert carried.options.layers == (1, 4)
    assert carried.software == versions()
    found = verdict(path, recording)
    assert (found.same, found.exact) == (True, True), found.found


def test_a_session_is_trained_again_as_far_as_the_file_shows(recording, tmp_path):
    path = tmp_path / "p.png"
    resviz.export(recording, path, view="grid", size=SMALL, steps=2)
    assert verdict(path).exact


def test_a_picture_of_another_seed_is_found_out(recording, tmp_path):
    other = resviz.run(recording.session.with_values({"network.seed": 12}))
    resviz.export(other, tmp_path / "p.png", view="grid", size=SMALL)
    picture = (tmp_path / "p.png").read_bytes()
    resviz.export(recording, tmp_path / "q.png", view="grid", size=SMALL)
    forged = png_with(re.sub(rb"(?s)^(.{33}).*?(....IDAT)", rb"\1\2", picture), {})
    claims = png_fields((tmp_path / "q.png").read_bytes())
    (tmp_path / "p.png").write_bytes(png_with(forged, claims))
    found = verdict(tmp_path / "p.png", recording)
    assert not found.same
    assert "pixels differ" in found.found


def test_a_touched_film_svg_and_table_are_found_out(recording, tmp_path):
    look = {"view": "grid", "size": SMALL}
    resviz.export(recording, tmp_path / "a.mp4", steps=range(4), **look)
    resviz.export(recording, tmp_path / "b.mp4", steps=range(5), **look)
    assert "4 frames, it should have 5" in compare(tmp_path / "a.mp4", tmp_path / "b.mp4").found
    resviz.export(recording, tmp_path / "c.mp4", steps=range(4), fps=12, **look)
    assert "frames a second" in compare(tmp_path / "c.mp4", tmp_path / "a.mp4").found
    resviz.export(recording, tmp_path / "p.svg", steps=3, **look)
    moved = re.sub(r'points="(\d+)', lambda m: f'points="{int(m[1]) + 4}', (tmp_path / "p.svg").read_text())
    shutil.copy(tmp_path / "p.svg", tmp_path / "q.svg")
    (tmp_path / "q.svg").write_text(moved)
    assert not verdict(tmp_path / "q.svg", recording).same
    resviz.export(recording, tmp_path / "t.csv", data="loss")
    text = (tmp_path / "t.csv").read_text()
    (tmp_path / "t.csv").write_text(text.replace("\n3,", "\n3,9"))
    assert not verdict(tmp_path / "t.csv", recording).same


def test_what_rounding_moves_is_no_forgery(tmp_path):
    for name, shift in (("a.png", 0), ("b.png", 40)):
        image = QImage(200, 100, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        for x in range(40):  # 0.2 % of the pixels
            image.setPixelColor(x, 50, QColor(200 - shift, 0, 0))
        image.save(str(tmp_path / name))
    found = compare(tmp_path / "a.png", tmp_path / "b.png")
    assert (found.same, found.exact) == (True, False)
    assert "0.20%" in found.found


def test_other_recordings_prove_nothing(recording, tmp_path):
    resviz.export(recording, tmp_path / "p.png", view="grid", size=SMALL)
    with pytest.raises(RequestError, match="not those of the file"):
        verdict(tmp_path / "p.png", recording.contrast)


@pytest.mark.parametrize("suffix", [*KINDS, ".txt"])
def test_foreign_files_say_nothing(tmp_path, suffix):
    path = tmp_path / f"mine{suffix}"
    if suffix == ".png":
        QImage(4, 4, QImage.Format.Format_RGB32).save(str(path))
    elif suffix == ".npz":
        np.savez(path, a=np.ones(3))
    else:
        path.write_text("mine")
    with pytest.raises(RequestError) as refusal:
        read_provenance(path)
    assert refusal.value.remedy


def test_a_later_versions_option_is_named(recording):
    session = recording.session
    made = Provenance((session,), (5,), Options(), (1, 2, 3))
    later = made.text().replace('"view"', '"shape": 1, "view"').replace(versions(), "resviz 9.0")
    with pytest.raises(RequestError, match="option 'shape'") as refusal:
        Provenance.parse(later)
    assert "resviz 9.0" in refusal.value.remedy
    assert Provenance.parse(made.text()) == replace(made, software=versions())


@pytest.mark.parametrize("length", [0, 1, 254, 255, 256, 5000])
def test_a_gif_keeps_a_comment_of_any_length(tmp_path, length):
    from resviz.export.film import write_film

    path = tmp_path / "f.gif"
    list(write_film(path, [np.full((8, 8, 3), shade, np.uint8) for shade in (0, 200)], fps=10))
    text = ("ü!;," * 2000)[:length]
    add_gif_comment(path, text)
    assert gif_comment(path) == text
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 2
