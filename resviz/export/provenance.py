"""Where a picture comes from: the whole session, the step and the versions, carried inside the file."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.config import Session

_VERSIONS = ("torch", "numpy", "PySide6-Essentials")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Session, view and steps of a picture or film."""

    session: Session
    view: str
    first: int
    last: int

    @property
    def steps(self) -> str:
        """ "40" or "0-100"."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    @property
    def title(self) -> str:
        """The session's title, or the program's name."""
        return self.session.title or "resviz"

    @staticmethod
    def versions() -> str:
        """ "resviz 0.1.0, torch 2.13.0, ..."."""
        from resviz import __version__

        return ", ".join([f"resviz {__version__}", *(f"{name} {version(name)}" for name in _VERSIONS)])

    def text(self) -> str:
        """A session file that says in comments what was drawn of it, and with what."""
        return f"# {self.view}, step {self.steps}\n# {self.versions()}\n{self.session.to_toml()}"

    def fields(self) -> dict[str, str]:
        """The parts by name, for formats that keep names."""
        return {
            "Title": self.title,
            "Software": self.versions(),
            "resviz:view": self.view,
            "resviz:step": self.steps,
            "resviz:session": self.session.to_toml(),
        }


def png_with(png: bytes, fields: dict[str, str]) -> bytes:
    """A PNG file with ``fields`` as international text (iTXt) before its pixels."""
    header_end = 8 + 25  # signature, then the header chunk: 12 bytes round 13
    chunks = b"".join(_itxt(key, text) for key, text in fields.items())
    return png[:header_end] + chunks + png[header_end:]


def _itxt(key: str, text: str) -> bytes:
    # keyword, 0, compressed = 1, method = 0, no language, no translated keyword
    data = key.encode("latin-1") + b"\0\1\0\0\0" + zlib.compress(text.encode("utf-8"))
    body = b"iTXt" + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_fields(png: bytes) -> dict[str, str]:
    """The international text of a PNG file, by keyword."""
    found, at = {}, 8
    while at + 8 <= len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"iTXt":
            key, rest = data.split(b"\0", 1)
            text = rest[2:].split(b"\0", 2)[2]
            found[key.decode("latin-1")] = (zlib.decompress(text) if rest[0] else text).decode("utf-8")
        at += 12 + length
    return found
