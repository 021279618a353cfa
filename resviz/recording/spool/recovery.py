"""What earlier processes left behind, and what other ones are writing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from resviz.config import Session
from resviz.errors import InputError, RecordingError
from resviz.recording.opened import open_recording
from resviz.recording.recording import Recording
from resviz.recording.spool.layout import JOURNAL, LOCK, remove
from resviz.recording.spool.lock import GLANCE_S, Lock
from resviz.recording.spool.reader import Reader
from resviz.recording.spool.spool import ELSEWHERE, EXTENSION, Spool, spool_folder

__all__ = [
    "Found",
    "drop",
    "find",
    "follow",
    "growing",
    "in_use",
    "parts_of",
    "recover",
    "too_much",
    "unfinished",
]

PART = ".part"
_POLL_S = 0.2
_SILENT_S = 20.0  # a writer's lock file is touched more often than this, whatever the machine it is on


@dataclass(frozen=True)
class Found:
    """An unsaved run.

    Attributes:
        path: its folder, for `recover` and `drop`.
        title: of its session; "" for an untitled one.
        session: what was asked for, live edits included.
        step, steps: the newest recorded step, and the planned number.
        when: its last write.
        bytes: size on disk.
    """

    path: Path
    title: str
    session: Session
    step: int
    steps: int
    when: datetime
    bytes: int


def unfinished(folder: Path | None = None) -> list[Found]:
    """Unsaved runs that no process has open, the newest first.

    Those that hold no step, or that lie in a file by now, are deleted.

    Args:
        folder: holds spools; left out, `spool_folder`. Runs that were recorded into a file beside their spool
            (``resviz run``) are found too.
    """
    found = [one for path in _candidates(folder or spool_folder()) if (one := find(path)) is not None]
    return sorted(found, key=lambda one: one.when, reverse=True)


def too_much(folder: Path | None = None, limit: float = 5e9) -> list[Found]:
    """The unsaved runs if they take more than ``limit`` bytes together, to ask which to drop; else none."""
    found = unfinished(folder)
    return found if sum(one.bytes for one in found) > limit else []


def recover(path: Path) -> Recording:
    """The recording in an unsaved run's folder; its spool is this process's from now on.

    Raises:
        RecordingError: there is none, it is damaged from the start, or another process has it open.
    """
    return Spool.resume(path)


def drop(path: Path) -> None:
    """Delete an unsaved run.

    Raises:
        RecordingError: there is none, or a process has it open.
    """
    if not (path / JOURNAL).is_file():
        raise RecordingError(f"{path} holds no unsaved run", remedy="`resviz recover --list` shows them.")
    lock = Lock(path / LOCK)
    with suppress(OSError):  # of file systems that know no locks
        if not lock.acquire(GLANCE_S):
            raise RecordingError(f"{path} is in use by another resviz", remedy="End that one first.")
    remove(path)
    lock.release()


def parts_of(path: Path) -> list[Path]:
    """The spools of runs that were to be recorded into the file ``path``."""
    mine = re.compile(re.escape(path.name) + r"(-\d+)?" + re.escape(PART))
    with suppress(OSError):
        return sorted(
            one for one in path.parent.iterdir() if mine.fullmatch(one.name) and (one / JOURNAL).is_file()
        )
    return []


def growing(path: Path) -> Path | None:
    """The spool of a run that is being recorded into the file ``path``, or ``path`` itself; None: none is."""
    if (path / JOURNAL).is_file():
        return path
    return max(parts_of(path), key=lambda one: (one / JOURNAL).stat().st_mtime, default=None)


def follow(path: Path) -> Iterator[Recording | None]:
    """A recording that another process is writing, each time that it has grown; read-only.

    Yields None every fifth of a second while nothing happens. It is the same recording each time, but for the
    last, which is the finished file if there is one. Ends when the writer has ended, one way or another.

    Args:
        path: the file that a run records into (``resviz run ... -o PATH``), or a spool's folder.

    Raises:
        RecordingError: nothing is recorded there.
    """
    folder = growing(path)
    if folder is None:
        yield open_recording(path)
        return
    reader = Reader(folder)
    heard = time.monotonic()
    beat = 0.0
    while True:
        over = reader.dropped or bool(reader.saved) or time.monotonic() - heard > _SILENT_S
        over = over or not folder.exists()
        try:
            grown = reader.read_on()
        except OSError:  # the folder is gone, on a disk that does not keep what is open
            break
        if grown and reader.recording is not None and reader.recording.step >= 0:
            yield reader.recording
        elif over:
            break
        else:
            yield None
            time.sleep(_POLL_S)
        with suppress(OSError):
            if (now := (folder / LOCK).stat().st_mtime) != beat or grown:
                beat, heard = now, time.monotonic()
    if path != folder and path.is_file():
        yield open_recording(path)


def in_use(path: Path) -> bool:
    """Whether a process is writing the unsaved run in a folder."""
    lock = Lock(path / LOCK)
    try:
        return not _free(lock)
    except OSError:
        return False
    finally:
        lock.release()


def _free(lock: Lock) -> bool:
    """Take a spool's lock if its process has ended.

    Raises:
        OSError: there is no such folder.
    """
    try:
        return lock.acquire()
    except OSError:  # no locks here, or none for this user; but a writer touches the file
        return time.time() - lock.path.stat().st_mtime > _SILENT_S


def _candidates(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(folder.glob(f"*{EXTENSION}"))
    for pointer in sorted(spool_folder().glob(f"*{ELSEWHERE}")):
        with suppress(OSError, ValueError):
            place = Path(pointer.read_text(encoding="utf-8"))
            if (place / JOURNAL).is_file():
                yield place
            elif place.parent.is_dir():  # else its disk may be unplugged
                pointer.unlink()


def find(path: Path) -> Found | None:
    """The unsaved run in a folder; None if there is none, or if a process has it open.

    One that holds no step, or that lies in a file by now, is deleted.
    """
    lock = Lock(path / LOCK)
    try:
        if not _free(lock):
            return None
        reader = Reader(path)
        reader.read_on()
        recording = reader.recording
        saved = reader.saved != "" and Path(reader.saved).exists()
        if reader.dropped or saved or recording is None or recording.step < 0:
            remove(path)
            return None
        when = datetime.fromtimestamp((path / JOURNAL).stat().st_mtime)
        size = sum(one.stat().st_size for one in path.iterdir())
    except (OSError, InputError):
        return None  # nothing that could be offered; it stays where it is
    finally:
        lock.release()
    session = recording.session
    return Found(path, session.title, session, recording.step, recording.steps, when, size)
