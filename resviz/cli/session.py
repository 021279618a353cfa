"""Sessions and recordings as the command line names them."""

from __future__ import annotations

import signal
import threading
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from resviz.errors import RequestError

if TYPE_CHECKING:
    from resviz.config import Session


def read_session(name: str, changes: Sequence[str] | None) -> Session:
    """The session in the file ``name``, or the preset called so, with ``--set`` applied.

    Raises:
        RequestError: a change is no KEY=VALUE.
        SessionError: the session or a changed value breaks a rule.
    """
    from resviz.config import load_session

    session = load_session(name)
    return session.with_values(dict(map(parse_change, changes))) if changes else session


def parse_change(text: str) -> tuple[str, Any]:
    """``KEY=VALUE`` as a key and a TOML value; a word that is no TOML value is text, nothing means left out.

    Raises:
        RequestError: there is no ``=``, or no key before it.
    """
    key, equals, value = text.partition("=")
    key, value = key.strip(), value.strip()
    if not equals or not key:
        raise RequestError(f"--set {text!r} is no KEY=VALUE", remedy="Write it like --set network.alpha=4")
    if not value:
        return key, None
    try:
        parsed = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return key, value
    return key, parsed["value"] if parsed.keys() == {"value"} else value


def is_recording(name: str) -> bool:
    """Whether ``name`` means a recording: by its extension, or because it is a zip file."""
    path = Path(name)
    if path.suffix == ".resviz":
        return True
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


@contextmanager
def stopping_kindly() -> Iterator[None]:
    """SIGTERM as KeyboardInterrupt within: batch systems end a job so, and its recording is worth keeping."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change what signals do
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
