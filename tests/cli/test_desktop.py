"""`resviz doctor --desktop`: what a Linux desktop is given, and what it is not."""

from __future__ import annotations

import configparser
import shlex
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

import resviz
from resviz.cli import desktop
from resviz.draw.picture import read_picture

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG desktops")
PACKED = Path(resviz.__file__).parent / "desktop"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """This user's data folder, with a file of somebody else."""
    folder = tmp_path / "data home"
    (folder / "applications").mkdir(parents=True)
    (folder / "applications" / "other.desktop").write_text("mine")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    monkeypatch.setattr(desktop, "_UPDATES", (("no-such-tool", "mime"),))
    return folder


def test_every_file_is_written_and_said(home, resviz_does):
    status, out, err = resviz_does("doctor", "--desktop")
    assert (status, err) == (0, "")
    written = {line.split("  ")[0] for line in out.splitlines() if line.endswith("  written")}
    found = {str(path) for path in home.rglob("*") if path.is_file()} - {
        str(home / "applications" / "other.desktop")
    }
    assert written == found
    assert "no-such-tool  not installed" in out
    assert (home / "applications" / "other.desktop").read_text() == "mine"
    status, out, _ = resviz_does("doctor", "--desktop")
    assert status == 0
    assert "  written" not in out
    assert out.count("is there already") == len(found)


def test_the_entry_starts_this_program_with_a_file(home, resviz_does):
    resviz_does("doctor", "--desktop", "--quiet")
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str
    entry.read(home / "applications" / "resviz.desktop")
    fields = entry["Desktop Entry"]
    *command, code = shlex.split(fields["Exec"])
    assert code == "%f"
    assert command[-1].endswith("resviz")
    assert Path(command[0]).is_file()
    assert fields["Icon"] == "resviz"
    assert fields["MimeType"] == "application/x-resviz;"
    mime = ElementTree.parse(home / "mime" / "packages" / "resviz.xml").getroot()[0]
    assert mime.get("type") == "application/x-resviz"
    assert [child.get("pattern") for child in mime if child.tag.endswith("glob")] == ["*.resviz"]
    for size in (16, 48, 256):
        icon = read_picture(home / "icons" / "hicolor" / f"{size}x{size}" / "apps" / "resviz.png")
        assert icon.shape == (size, size, 4)
    assert (home / "icons/hicolor/scalable/mimetypes/application-x-resviz.svg").is_file()


def test_a_foreign_entry_is_not_replaced(home, resviz_does):
    (home / "applications" / "resviz.desktop").write_text("[Desktop Entry]\nName=another resviz\n")
    status, _, err = resviz_does("doctor", "--desktop")
    assert status == 2
    assert "was not written by resviz" in err
    assert [path.name for path in home.rglob("*") if path.is_file()].count("resviz.xml") == 0


def test_what_was_given_is_taken_back_and_nothing_else(home, resviz_does):
    icons = home / "icons" / "hicolor" / "48x48" / "apps"
    icons.mkdir(parents=True)
    (icons / "other.png").write_text("mine")
    resviz_does("doctor", "--desktop", "--quiet")
    (icons / "resviz.png").write_text("an older version's")
    status, out, err = resviz_does("doctor", "--desktop", "--remove")
    assert (status, err) == (0, "")
    assert out.count("  removed") == 14
    left = {path.name for path in home.rglob("*") if path.is_file()}
    assert left == {"other.desktop", "other.png"}
    status, out, _ = resviz_does("doctor", "--desktop", "--remove")
    assert (status, "removed" in out) == (0, False)


def test_what_others_wrote_under_the_same_names_stays(home, resviz_does):
    (home / "applications" / "resviz.desktop").write_text("[Desktop Entry]\nName=another resviz\n")
    icon = home / "icons" / "hicolor" / "48x48" / "apps" / "resviz.png"
    icon.parent.mkdir(parents=True)
    icon.write_text("another's")
    status, out, _ = resviz_does("doctor", "--desktop", "--remove")
    assert status == 0
    assert out.count("was not written by resviz, and stays") == 2
    assert icon.read_text() == "another's"
    status, _, err = resviz_does("doctor", "--remove")
    assert status == 2
    assert "--remove needs --desktop" in err


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch, resviz_does):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    status, _, err = resviz_does("doctor", "--desktop")
    assert status == 1
    assert "XDG_DATA_HOME" in err


@pytest.mark.parametrize(
    ("word", "written"),
    [("/usr/bin/resviz", "/usr/bin/resviz"), ("/a b/resviz", '"/a b/resviz"'), ("/a%b c", '"/a%%b c"')],
)
def test_commands_are_quoted_as_menu_entries_want_it(word, written):
    assert desktop._quoted(word) == written


@pytest.mark.parametrize("size", [16, 48, 256])
def test_the_icons_are_the_drawing(qapp, size):
    renderer = QSvgRenderer(str(PACKED / "resviz.svg"))
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    drawn = image.convertToFormat(QImage.Format.Format_RGBA8888)
    pixels = np.frombuffer(drawn.constBits(), np.uint8).reshape(size, size, 4)
    stored = read_picture(PACKED / f"resviz-{size}.png")
    assert np.abs(pixels.astype(int) - stored).mean() < 2
