"""A session from what a user names: a file, or a preset."""

from __future__ import annotations

import difflib
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
    path = Path(source)
    name = str(source)
    try:
        exists = path.is_file()
    except (OSError, ValueError):  # a name too long, a NUL character
        exists = False
    if exists:
        return read_session(path)
    if name in preset_names():
        return preset(name).session
    if path.is_dir():
        raise SessionError(f"{name}: a folder, not a session file", remedy=_presets_remedy())
    near = difflib.get_close_matches(path.name.removesuffix(".toml"), preset_names(), n=1, cutoff=0.6)
    if near:
        remedy = f"The preset {near[0]} has a name near it; `resviz presets` lists them all."
    elif not path.suffix and path.with_name(f"{path.name}.toml").is_file():
        remedy = f"There is a {path.name}.toml beside it."
    else:
        remedy = _presets_remedy()
    raise SessionError(f"{name}: no such file, and no preset of that name", remedy=remedy)


def _presets_remedy() -> str:
    return f"Name a .toml file or a preset: {', '.join(preset_names())}."
