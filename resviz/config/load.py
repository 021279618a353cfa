"""A session from what a user names: a file, or a preset."""

from __future__ import annotations

import difflib
from os.path import isdir, isfile
from pathlib import Path

from resviz.config.presets import preset, preset_names
from resviz.config.session import Session
from resviz.config.toml import read_session
from resviz.errors import SessionError


def load_session(source: str | Path) -> Session:
    """The session in a TOML file, or the preset of that name; a file of that name wins.

    Raises:
        SessionError: neither exists (the nearest names are given), or the file holds no valid session.
    """
    name = str(source)
    if isfile(name):  # of os.path: a name too long or with a NUL character is no file, and no error
        return read_session(name)
    if name in preset_names():
        return preset(name).session
    if isdir(name):
        raise SessionError(f"{name}: a folder, not a session file", remedy=_presets_remedy())
    near = difflib.get_close_matches(name.removesuffix(".toml"), preset_names(), n=1, cutoff=0.6)
    if near:
        remedy = f"The preset {near[0]} has a name near it; `resviz presets` lists them all."
    elif isfile(f"{name}.toml"):
        remedy = f"There is a file {name}.toml."
    else:
        remedy = _presets_remedy()
    raise SessionError(f"{name[:200]}: no such file, and no preset of that name", remedy=remedy)


def _presets_remedy() -> str:
    return f"Name a .toml file or a preset: {', '.join(preset_names())}."
