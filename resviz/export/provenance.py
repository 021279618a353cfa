"""Where a picture comes from: sessions, steps, options and versions, so that it can be drawn again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from resviz.errors import RequestError
from resviz.export.options import Options

if TYPE_CHECKING:
    from resviz.config import Session

_VERSIONS = ("torch", "numpy", "PySide6-Essentials", "av")
_MARK = "# made by "
_REQUEST = "# request "


@cache
def versions() -> str:
    """ "resviz 0.1.0, torch 2.13.0, ..."."""
    from resviz import __version__

    return ", ".join([f"resviz {__version__}", *(f"{name} {version(name)}" for name in _VERSIONS)])


@dataclass(frozen=True)
class Provenance:
    """All that a picture or film depends on.

    Attributes:
        sessions: of each recording shown, live edits included.
        newest: the newest step of each recording, which its axes depend on.
        options: how it is drawn; its ``steps`` are not read.
        steps: the steps shown, one a frame.
        data: what a table holds ("" for a picture), as `resviz.export.data` names it.
        software: what made it.
        seen: it is what a window showed at that moment, on axes that had grown there, zoomed, or with other
            runs over it; that cannot be drawn again from the session.
    """

    sessions: tuple[Session, ...]
    newest: tuple[int, ...]
    options: Options
    steps: tuple[int, ...]
    data: str = ""
    software: str = ""
    seen: bool = False

    @property
    def title(self) -> str:
        """The first session's title, or the program's name."""
        return self.sessions[0].title or "resviz"

    @property
    def shown(self) -> str:
        """ "40" or "0-100"."""
        first, last = self.steps[0], self.steps[-1]
        return str(first) if first == last else f"{first}-{last}"

    def request(self) -> str:
        """Everything but the first session, as one line of JSON."""
        shared: dict[str, Any] = {
            "options": _plain(self.options),
            "steps": _packed(self.steps),
            "newest": list(self.newest),
        }
        if self.data:
            shared["data"] = self.data
        if self.seen:
            shared["seen"] = True
        if len(self.sessions) > 1:
            shared["others"] = [session.to_toml() for session in self.sessions[1:]]
        return json.dumps(shared, ensure_ascii=False)

    def text(self) -> str:
        """The first session's file; comments say what was drawn of it, and with what."""
        made = self.software or versions()
        what = self.data or self.options.view
        head = f"# {what}, step {self.shown}\n{_MARK}{made}\n{_REQUEST}{self.request()}\n"
        return head + self.sessions[0].to_toml()

    def fields(self) -> dict[str, str]:
        """The same by name, for formats that keep names."""
        return {
            "Title": self.title,
            "Software": self.software or versions(),
            "resviz:view": self.options.view,
            "resviz:step": self.shown,
            "resviz:request": self.request(),
            "resviz:session": self.sessions[0].to_toml(),
        }

    def digest(self) -> str:
        """A hash of everything but the steps: frames of equal hash belong together."""
        sessions = [session.to_toml() for session in self.sessions]
        whole: tuple[Any, ...] = (sessions, self.newest, _plain(self.options), versions())
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()

    @classmethod
    def parse(cls, text: str) -> Provenance:
        """What `text` wrote.

        Raises:
            RequestError: the text was not written by it.
            SessionError: its session is not valid.
        """
        lines = text.splitlines()
        made = next((line[len(_MARK) :] for line in lines if line.startswith(_MARK)), "")
        asked = next((line[len(_REQUEST) :] for line in lines if line.startswith(_REQUEST)), "")
        return cls._of(asked, text, made)

    @classmethod
    def of_fields(cls, found: Mapping[str, str]) -> Provenance:
        """What `fields` wrote.

        Raises:
            RequestError: the fields are not all there.
            SessionError: their session is not valid.
        """
        names = ("resviz:request", "resviz:session", "Software")
        return cls._of(*(found.get(name, "") for name in names))

    @classmethod
    def _of(cls, asked: str, session: str, made: str) -> Provenance:
        from resviz.config.toml import parse_session

        try:
            request = json.loads(asked)
            known = {field.name for field in fields(Options)}
            options: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in request["options"].items()
            }
            newest = tuple(int(step) for step in request["newest"])
            steps = _unpacked(request["steps"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RequestError(
                "the file does not say how resviz drew it",
                remedy="Use a file as `resviz export` wrote it: other programs drop its metadata.",
            ) from error
        if unknown := sorted(options.keys() - known):
            raise RequestError(
                f"the file was drawn with an option {unknown[0]!r} that this version does not know",
                remedy=f"It was made by {made or 'another version'}: use that one, or a newer one.",
            )
        sessions = tuple(parse_session(one) for one in (session, *request.get("others", ())))
        data, seen = request.get("data", ""), bool(request.get("seen"))
        return cls(sessions, newest, Options(**options), steps, data, made, seen)


def _plain(options: Options) -> dict[str, Any]:
    return {name: value for name, value in asdict(options).items() if name != "steps"}


def _packed(steps: Sequence[int]) -> list[int] | str:
    """ "0:101:2" for steps at one distance, else all of them."""
    if len(steps) < 3:
        return list(steps)
    by = steps[1] - steps[0]
    even = by != 0 and all(b - a == by for a, b in pairwise(steps))
    return f"{steps[0]}:{steps[-1] + (1 if by > 0 else -1)}:{by}" if even else list(steps)


def _unpacked(steps: list[int] | str) -> tuple[int, ...]:
    if isinstance(steps, str):
        first, stop, by = map(int, steps.split(":"))
        return tuple(range(first, stop, by))
    return tuple(map(int, steps))
