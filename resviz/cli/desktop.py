"""The desktop's part: an entry in its menu, icons, and what a .resviz file is; for this user alone."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from resviz import __version__
from resviz.errors import OutputError, RequestError
from resviz.files import make_folder, writing

_ENTRY = Path("applications", "resviz.desktop")
_MIME = Path("mime", "packages", "resviz.xml")
_ICONS = Path("icons", "hicolor")
_SIZES = (16, 32, 48, 128, 256)
_OURS = {_ENTRY: b"\nX-Resviz-Version=", _MIME: b'type="application/x-resviz"'}

_UPDATES = (
    ("update-desktop-database", "applications"),
    ("update-mime-database", "mime"),
    ("gtk-update-icon-cache", str(_ICONS)),
)


def data_home() -> Path:
    """Where this user's menu entries, icons and file types lie (XDG base directories)."""
    named = os.environ.get("XDG_DATA_HOME", "")
    # the standard has relative paths ignored
    return Path(named) if os.path.isabs(named) else Path.home() / ".local" / "share"


def desktop_files() -> dict[Path, bytes]:
    """Every file, by its path below `data_home`."""
    here = resources.files("resviz") / "desktop"
    entry = (here / "resviz.desktop").read_text("utf-8")
    files = {
        _ENTRY: entry.format(command=_command(), version=__version__).encode(),
        _MIME: (here / "resviz.xml").read_bytes(),
    }
    for name in ("apps/resviz", "mimetypes/application-x-resviz"):
        files[_ICONS / "scalable" / f"{name}.svg"] = (here / "resviz.svg").read_bytes()
        for size in _SIZES:
            icon = here / f"resviz-{size}.png"
            files[_ICONS / f"{size}x{size}" / f"{name}.png"] = icon.read_bytes()
    return files


def install() -> Iterator[tuple[Path, str]]:
    """Write every file whole or not at all, yielding its path and what was done to it.

    Raises:
        RequestError: this is no desktop that knows such files, or a foreign file has the name of one.
        OutputError: a file cannot be written.
    """
    if sys.platform in ("win32", "darwin", "cygwin"):
        raise RequestError(
            "menu entries and file types of this kind are for Linux and BSD desktops",
            remedy="Let the file manager open .resviz files with the resviz command.",
        )
    home, files = data_home(), desktop_files()
    for name, mark in _OURS.items():
        if (home / name).exists() and mark not in (home / name).read_bytes():
            raise RequestError(
                f"{home / name} was not written by resviz", remedy="Move it away, then ask again."
            )
    for name, content in files.items():
        path = home / name
        if path.is_file() and path.read_bytes() == content:
            yield path, "is there already"
            continue
        make_folder(path.parent, remedy="Set XDG_DATA_HOME to a folder that you may write in.")
        with writing(path) as temporary:
            temporary.write_bytes(content)
        yield path, "written"


def remove() -> Iterator[tuple[Path, str]]:
    """Take away what `install` wrote, yielding each path that is there and what was done to it.

    Icons of an entry that resviz wrote are its own, whatever version they are of.

    Raises:
        OutputError: a file cannot be removed.
    """
    home = data_home()
    entry = home / _ENTRY
    ours = entry.is_file() and _OURS[_ENTRY] in entry.read_bytes()
    for name, content in reversed(desktop_files().items()):  # the entry last: it says whose the icons are
        path = home / name
        if not path.is_file():
            continue
        found = path.read_bytes()
        if not (_OURS[name] in found if name in _OURS else ours or found == content):
            yield path, "was not written by resviz, and stays"
            continue
        try:
            path.unlink()
        except OSError as error:
            raise OutputError(
                f"{path} cannot be removed: {error.strerror or error}",
                remedy="Check the permissions of its folder.",
            ) from error
        yield path, "removed"


def update() -> Iterator[tuple[str, str]]:
    """Tell the desktop's databases, yielding each tool and how it went."""
    for tool, folder in _UPDATES:
        if shutil.which(tool) is None:
            yield tool, "not installed: the desktop finds the files when it starts next"
            continue
        if folder == str(_ICONS) and not (data_home() / folder / "index.theme").is_file():
            yield tool, "not needed: icons of this user's own are found without a cache"
            continue
        if not (data_home() / folder).is_dir():
            continue
        done = subprocess.run(
            [tool, str(data_home() / folder)], capture_output=True, text=True, timeout=60, check=False
        )
        said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        yield tool, "done" if done.returncode == 0 else said


def _command() -> str:
    """The command that starts this installation, quoted as menu entries want it."""
    beside = Path(sys.executable).with_name("resviz")
    found = str(beside) if beside.is_file() else shutil.which("resviz")
    words = [found] if found else [sys.executable, "-m", "resviz"]
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if shlex.quote(word) == word:
        return word
    for special in '\\"`$':
        word = word.replace(special, "\\" + special)
    # the entry's own escapes, and its % codes
    return '"' + word.replace("\\", "\\\\").replace("%", "%%") + '"'
