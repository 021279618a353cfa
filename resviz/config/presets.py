"""The sessions that come with the program, each with a paragraph that says what to look at."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from resviz.config.session import Session
from resviz.config.toml import parse_session
from resviz.errors import SessionError

# in the order of the menu; presets/NAME.toml holds the session, presets/NAME.html the paragraph
_NAMES = (
    "hello",
    "one-unit-a-layer",
    "lazy-twins",
    "blow-up",
    "reference",
    "digits",
    "spirals",
    "large-d",
    "linear",
)


@dataclass(frozen=True)
class Preset:
    """A session with a name and a commentary.

    Attributes:
        name: what the command line takes, as in ``resviz run hello``.
        title: the session's title.
        session: the validated session.
        commentary: one paragraph in simple HTML (<b>, <i>, <sub>, <sup>).
    """

    name: str
    title: str
    session: Session
    commentary: str


def preset_names() -> tuple[str, ...]:
    """Names of all presets, in the order of the menu."""
    return _NAMES


@cache
def preset(name: str) -> Preset:
    """One preset.

    Raises:
        SessionError: there is no preset of that name.
    """
    if name not in _NAMES:
        near = difflib.get_close_matches(name, _NAMES, n=1)
        hint = f"; nearest name: {near[0]}" if near else ""
        raise SessionError(f"{name}: no such preset{hint}", remedy=f"Presets: {', '.join(_NAMES)}.")
    folder = files("resviz.config") / "presets"
    session = parse_session((folder / f"{name}.toml").read_text(encoding="utf-8"))
    commentary = (folder / f"{name}.html").read_text(encoding="utf-8").strip()
    return Preset(name, session.title, session, commentary)
