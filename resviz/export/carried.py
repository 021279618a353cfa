"""Provenance inside files: where each format keeps it, and how it is read back."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from resviz.errors import RequestError
from resviz.export.provenance import Provenance

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)
_GIF_HEADER = 13  # signature and logical screen
_SVG = "{http://www.w3.org/2000/svg}"


def read_provenance(path: Path) -> Provenance:
    """What a file that resviz exported says about itself.

    Raises:
        RequestError: there is no such file, it is of another kind, or it says nothing.
        SessionError: its session is not valid.
    """
    if not path.is_file():
        what = "is a folder: name one of its frames" if path.is_dir() else "does not exist"
        raise RequestError(f"{path} {what}", remedy="Give a file that `resviz export` wrote.")
    match path.suffix.lower():
        case ".png":
            return Provenance.of_fields(png_fields(path.read_bytes()))
        case ".svg":
            text = _svg_text(path)
        case ".pdf":
            text = _pdf_text(path.read_bytes())
        case ".mp4" | ".webm":
            text = _film_text(path)
        case ".gif":
            text = gif_comment(path)
        case ".csv":
            text = "\n".join(line[2:] for line in path.read_text("utf-8").splitlines() if line[:2] == "# ")
        case ".npz":
            text = _npz_text(path)
        case other:
            raise RequestError(
                f"{path.name}: resviz writes no {other or 'nameless'} file",
                remedy="Give a file that `resviz export` wrote.",
            )
    return Provenance.parse(text)


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


def add_gif_comment(path: Path, text: str) -> None:
    """Put a comment before the trailer of a gif, in place: FFmpeg writes none."""
    data = text.encode("utf-8")
    blocks = b"".join(bytes([len(part)]) + part for part in _parts(data))
    with path.open("rb+") as file:
        file.seek(-1, 2)
        if file.read(1) != b";":
            raise ValueError(f"{path.name} does not end like a gif")
        file.seek(-1, 2)
        file.write(b"\x21\xfe" + blocks + b"\0;")


def gif_comment(path: Path) -> str:
    """The comments of a gif, put together; empty without one, or where it is no gif."""
    data = path.read_bytes()
    if data[:3] != b"GIF":
        return ""
    found, at = [], _GIF_HEADER + _table(data[10])
    while at < len(data) and data[at] in b"\x21\x2c":
        if data[at] == 0x2C:  # an image: descriptor, colours of its own, a byte, its data
            at += 10 + _table(data[at + 9]) + 1
            comment = False
        else:
            comment = data[at + 1] == 0xFE
            at += 2
        while at < len(data) and (length := data[at]):
            if comment:
                found.append(data[at + 1 : at + 1 + length])
            at += 1 + length
        at += 1
    return b"".join(found).decode("utf-8", "replace")


def _parts(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 255] for at in range(0, len(data), 255))


def _table(flags: int) -> int:
    """Bytes of the colour table that a byte of flags announces."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _svg_text(path: Path) -> str:
    try:
        return ElementTree.parse(path).getroot().findtext(f"{_SVG}desc") or ""
    except ElementTree.ParseError:
        return ""


def _pdf_text(data: bytes) -> str:
    """The attached session: the one stream that begins like a `Provenance.text`."""
    for match in _STREAM.finditer(data):
        stream = match[1]
        with suppress(zlib.error):  # or it is stored as it is
            stream = zlib.decompress(stream)
        if stream[:2] == b"# " and b"\n# made by " in stream:
            return stream.decode("utf-8", "replace")
    return ""


def _film_text(path: Path) -> str:
    import av

    try:
        with av.open(str(path)) as container:
            named = {key.lower(): text for key, text in container.metadata.items()}
    except (av.error.FFmpegError, OSError):
        return ""
    return named.get("comment", "")


def _npz_text(path: Path) -> str:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            return str(arrays["session"])
    except (OSError, ValueError, KeyError):
        return ""
