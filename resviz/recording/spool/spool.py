"""A spool from the side of the run that it keeps."""

from __future__ import annotations

import logging
import math
import os
import re
import secrets
import time
import weakref
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from resviz.errors import OutputError, RecordingError
from resviz.fields.memory import MEMORY
from resviz.files import user_folder
from resviz.priority import give_way
from resviz.recording.lanes import drop_empty
from resviz.recording.recording import Recording
from resviz.recording.spool.layout import JOURNAL, LOCK
from resviz.recording.spool.lock import GLANCE_S, Lock
from resviz.recording.spool.reader import Reader
from resviz.recording.spool.writer import PERIOD_S, Writer

if TYPE_CHECKING:
    from resviz.recording.record import Progress

__all__ = ["ELSEWHERE", "EXTENSION", "Spool", "handed", "held", "spool_folder", "spooled"]

EXTENSION = ".spool"
ELSEWHERE = ".elsewhere"
_BEHIND_S = 0.1

_LOG = logging.getLogger(__name__)


def spool_folder() -> Path:
    """Where unsaved runs lie unless somebody names another place: in the user's folder."""
    return user_folder() / "spool"


class Spool:
    """Keeps one growing recording in a folder of its own.

    `Recording.spool` is it; a recording that nobody holds any more takes its spool's thread and lock with it
    (the folder stays).
    """

    def __init__(self, writer: Writer, *, temporary: bool = False) -> None:
        """Start the thread of ``writer``; `create` and `resume` are what one calls."""
        self._writer = writer
        writer.unwanted = temporary
        wake = Event()
        self._end = weakref.finalize(self, _end, writer, wake)
        # at the end of the process the system frees the lock: only what is not to stay needs something done
        self._end.atexit = temporary
        Thread(target=_beat, args=(writer, wake), name="spool", daemon=True).start()

    @classmethod
    def create(
        cls,
        recording: Recording,
        folder: Path | None = None,
        *,
        path: Path | None = None,
        temporary: bool = False,
    ) -> Spool:
        """Keep ``recording`` from now on, the steps that it has too.

        Args:
            folder: holds spools; left out, `spool_folder`. It is made where it is missing.
            path: the spool's own folder, which must not exist; left out, a new name in ``folder``.
            temporary: delete it when the recording goes, or at the end of the process: it only makes room in
                memory.

        Raises:
            OutputError: it cannot be made.
        """
        path = path or (folder or spool_folder()) / _name(recording.session.title)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700)
            lock = Lock(path / LOCK)
            with suppress(OSError):  # of file systems that know no locks
                lock.acquire(math.inf)
            spool = cls(Writer(path, recording, lock), temporary=temporary)
            if path.parent != spool_folder():
                _point_at(path)
        except OSError as error:
            raise OutputError(
                f"{path} cannot be made: {error.strerror or error}",
                remedy="Unsaved runs need a folder that you may write in; RESVIZ_HOME names another one.",
            ) from error
        recording.spool = spool
        return spool

    @classmethod
    def resume(cls, path: Path) -> Recording:
        """The recording in a spool that another process left behind; it goes on where that ended.

        Raises:
            RecordingError: there is none, it is damaged from the start, or somebody else has it open.
        """
        if not (path / JOURNAL).is_file():
            raise RecordingError(
                f"{path} holds no unsaved run", remedy="`resviz recover --list` shows those that there are."
            )
        lock = Lock(path / LOCK)
        try:
            if not lock.acquire(GLANCE_S):
                raise RecordingError(
                    f"{path} is in use by another resviz", remedy="Open it there, or end that one first."
                )
            reader = Reader(path)
            reader.read_on(check=True)
            recording = reader.recording
            if recording is None or recording.step < 0:
                raise RecordingError(
                    f"{path} holds no whole step", remedy="There is nothing in it to recover; drop it."
                )
            drop_empty(recording)
            writer = Writer(path, recording, lock)
            writer.adopt(reader)
        except OSError as error:
            lock.release()
            raise RecordingError(
                f"{path} cannot be recovered: {error.strerror or error}",
                remedy="Check that it is there and that you may write in it.",
            ) from error
        except RecordingError:
            lock.release()
            raise
        recording.spool = cls(writer)
        return recording

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._writer.path

    @property
    def failure(self) -> OutputError | None:
        """Why it could not be written lately; None while all is well. It is tried again by itself."""
        return self._writer.failure

    @property
    def bytes(self) -> int:
        """Size on disk."""
        return self._writer.size

    @property
    def idle(self) -> float:
        """Seconds since it was written last."""
        return time.monotonic() - self._writer.written

    def flush(self) -> None:
        """Write what is new now.

        Raises:
            OutputError: it cannot be written; the recording stays whole in memory.
        """
        self._writer.write()

    def saved(self, path: Path, step: int) -> None:
        """The recording up to ``step`` lies in the file ``path``; called by whoever wrote it.

        Until it grows further there is nothing to recover, and closing deletes the spool.
        """
        self._writer.mark_saved(path, step)

    def close(self) -> None:
        """Write what is new, and let go; offered by `unfinished` unless it was saved.

        Raises:
            OutputError: the last steps cannot be written.
        """
        try:
            self._writer.write()
        finally:
            self._end()

    def drop(self) -> None:
        """Delete it; the recording itself goes on, without a spool."""
        self._writer.unwanted = True
        self._end()


def _point_at(path: Path) -> None:
    """A file in the user's folder that says where a spool lies, for `unfinished` to find it."""
    place = path.absolute()
    pointer = spool_folder() / f"{zlib.crc32(os.fsencode(place)):08x}{ELSEWHERE}"
    try:
        pointer.parent.mkdir(parents=True, exist_ok=True)
        pointer.write_text(str(place), encoding="utf-8")
    except (OSError, ValueError) as error:
        _LOG.warning("an unsaved run in %s will not be found by itself: %s", path, error)


def _beat(writer: Writer, wake: Event) -> None:
    give_way()
    while not wake.wait(PERIOD_S) and writer.beat():
        pass


def _end(writer: Writer, wake: Event) -> None:
    wake.set()
    writer.end()


def _name(title: str) -> str:
    words = re.sub(r"[^\w-]+", "-", title.lower()).strip("-")[:40] or "untitled"
    return f"{datetime.now():%Y%m%d-%H%M%S}-{words}-{secrets.token_hex(2)}{EXTENSION}"


def spooled(
    states: Iterator[Progress], folder: Path | None = None, *, path: Path | None = None
) -> Iterator[Progress]:
    """The states of `record`, while a spool keeps what it records.

    A folder that cannot be written is said in the notes, and the run goes on in memory, as far as its bound.

    Args:
        folder, path: as `Spool.create` takes them.

    Raises:
        OutputError: memory is used up to its bound, and the disk does not take what is in it.
    """
    refused: OutputError | None = None
    recording: Recording | None = None
    try:
        for now in states:
            recording = now.recording
            if recording.spool is None and refused is None:
                try:
                    Spool.create(recording, folder, path=path)
                except OutputError as error:
                    refused = error
            failure = refused if recording.spool is None else recording.spool.failure
            if MEMORY.full:
                _make_room(recording, failure)
            yield now if failure is None else replace(now, notes=(*now.notes, str(failure.message)))
    finally:
        if recording is not None and recording.spool is not None:
            with suppress(OutputError):  # kept in its ``failure``
                recording.spool.flush()


def held(states: Iterator[Progress]) -> Iterator[Progress]:
    """The states of `record`, in memory up to its bound and in a temporary spool past it.

    Raises:
        OutputError: as `spooled`.
    """
    for now in states:
        if MEMORY.full:
            if now.recording.spool is None:
                Spool.create(now.recording, temporary=True)
            _make_room(now.recording, None)
        yield now


def handed(recording: Recording, path: Path) -> Path:
    """A place where another process can read the recording as it is now.

    Args:
        path: of a copy, where it has no spool.

    Raises:
        OutputError: it cannot be written.
    """
    if recording.spool is None:
        return recording.save(path)
    recording.spool.flush()  # saving a copy would count as having saved the run
    return recording.spool.path


def _make_room(recording: Recording, failure: OutputError | None) -> None:
    if recording.spool is not None:
        if recording.spool.idle > _BEHIND_S:  # others may hold what fills memory: no flush for every step
            recording.spool.flush()
    elif failure is not None:
        raise failure
