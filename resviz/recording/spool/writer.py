"""The writing side of a spool: a thread that puts what a recording gains onto the disk.

Training never waits for the disk. The thread looks at the recording every `PERIOD_S`, writes the steps that
are new and flushes them; a killed process loses no more than one period and the time of one write. Steps that
are written may leave memory.
"""

from __future__ import annotations

import os
import time
import weakref
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from resviz.config import Session
from resviz.errors import OutputError, RecordingError
from resviz.fields import LimitFields
from resviz.fields.fields import AnyArray
from resviz.fields.steps import Part
from resviz.recording.lanes import Followed, Lane, Shapes, lanes, rows
from resviz.recording.npy import encode, encode_rows
from resviz.recording.recording import Recording
from resviz.recording.spool.layout import ARRAYS, JOURNAL, SCHEMA, remove, stored_steps
from resviz.recording.spool.lock import Lock
from resviz.recording.spool.pieces import Appended, Piece, line
from resviz.recording.spool.reader import Reader

__all__ = ["PERIOD_S", "Writer"]

PERIOD_S = 0.7
_RETRY_S = 5.0  # after a failed write: a disk may be full for a while
_FILE_BYTES = 1_000_000_000  # then another file of arrays begins


class Writer:
    """Follows one recording and writes it into one folder, which it holds locked.

    Attributes:
        path: the folder.
        failure: why the last write failed; None after one that did not. Writing is tried again.
        unwanted: the folder is deleted at the end.
        written: when it was written last, on the monotonic clock.
    """

    def __init__(self, path: Path, recording: Recording, lock: Lock) -> None:
        """Take over a folder that ``lock`` is held on; what it holds so far, `adopt` tells.

        Raises:
            OSError: the folder cannot be written.
        """
        self.path = path
        self.failure: OutputError | None = None
        self.unwanted = False
        self.written = 0.0
        self._lock = lock
        self._recording = weakref.ref(recording)
        self._turn = RLock()
        self._journal = Appended(path / JOURNAL, writable=True)
        self._arrays: list[Appended] = []
        self._written: dict[str, Followed] = {}
        self._session = ""
        self._told: Session | None = None  # the object that this is the text of
        self._begun = self._unsynced = self._ended = False
        self._saved = False  # nothing was written since the recording was saved
        self._retry = 0.0

    def adopt(self, read: Reader) -> None:
        """Go on where ``read`` ended.

        Raises:
            OSError: the folder cannot be written.
        """
        recording = read.recording
        if recording is None:
            return
        self._journal.cut(read.end)
        self._arrays = [Appended(file.path, writable=True) for file in read.arrays]
        for name, lane in lanes(recording).items():
            self._written[name] = Followed.whole(lane)
        self._told = recording.session
        self._session, self._begun = self._told.to_toml(), True

    # ---- called by any thread ---------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._journal.end + sum(file.end for file in self._arrays)

    def write(self) -> None:
        """Write all that is new, and flush it.

        Raises:
            OutputError: it cannot be written; what was written before stays whole.
        """
        with self._turn:
            recording = self._recording()
            if recording is None or self._ended:
                return
            try:
                self._write(recording)
                self._sync()
            except (OSError, RecordingError) as error:  # the latter: a file that steps were read from broke
                reason = getattr(error, "strerror", None) or error
                self.failure = OutputError(
                    f"the unsaved run cannot be kept in {self.path}: {reason}",
                    remedy="It stays in memory and can be saved elsewhere; free some space there.",
                )
                self._retry = time.monotonic() + _RETRY_S
                raise self.failure from error
            self.failure = None
            self.written = time.monotonic()

    def mark_saved(self, path: Path, step: int) -> None:
        """What is written lies in ``path`` too, if the recording has no more than ``step`` steps by now."""
        with self._turn, suppress(OSError, OutputError):
            self.write()
            recording = self._recording()
            if recording is None or self._ended or recording.step > step:
                return
            self._say({"saved": str(path)})
            self._sync()
            self._saved = True

    def beat(self) -> bool:
        """What the thread does every period; False when there is nothing left to follow."""
        if self._recording() is None or self._ended:
            return False
        with suppress(OSError):
            os.utime(self._lock.path)  # followers on other machines see no lock, but this
        if time.monotonic() >= self._retry:
            with suppress(OutputError):  # kept in ``failure``
                self.write()
        return True

    def end(self) -> None:
        """Let go of the folder, and delete it if nobody needs it; what was read can still be read."""
        with self._turn:
            if self._ended:
                return
            self._ended = True
            if self.unwanted or self._saved:
                with suppress(OSError):
                    # first: where files cannot be deleted, they are known to be done with
                    self._say({"dropped": True})
                remove(self.path)
            self._lock.release()

    # ---- what is written ----------------------------------------------------------------------------------

    def _write(self, recording: Recording) -> None:
        self._write_head(recording)
        for name, lane in lanes(recording).items():
            if not len(lane.history) and isinstance(lane, LimitFields):
                continue  # how many replicas it has, its first step tells
            written = self._written.get(name)
            if written is None or written.lane() is not lane:
                written = self._begin(name, lane)
            for part, count in lane.history.parts(written.count):
                self._put_part(name, lane, part, count, Shapes.of(lane, recording))
                written.count += count
            if isinstance(lane, LimitFields) and lane.ended and not written.ended:
                self._say({"ended": name})
                written.ended = True

    def _write_head(self, recording: Recording) -> None:
        if not self._begun:
            begun = datetime.now(UTC).isoformat(timespec="seconds")
            problem = {
                name: self._put(array)
                for name in ("x", "y", "read_in", "read_out")
                if (array := getattr(recording.problem, name)) is not None
            }
            self._say({"schema": SCHEMA, "begun": begun, "made": recording.made, "problem": problem})
            self._begun = True
        session = recording.session
        if session is self._told:  # at every beat of every kept run: its text takes milliseconds
            return
        text = session.to_toml()
        if text != self._session:
            folder = session.folder
            self._say({"session": text, "folder": None if folder is None else str(folder)})
        self._session, self._told = text, session

    def _begin(self, name: str, lane: Lane) -> Followed:
        entry: dict[str, Any] = {"begin": name}
        if isinstance(lane, LimitFields):
            entry |= {
                "s": self._put(lane.s),
                "basis": None if lane.span is None else self._put(lane.span.basis),
                "alpha": lane.alpha if np.isfinite(lane.alpha) else "inf",
                "solver": lane.solver,
                "units": lane.units,
                "replicas": lane.replicas,
            }
        self._say(entry)
        self._written[name] = Followed(weakref.ref(lane))
        return self._written[name]

    def _put_part(self, name: str, lane: Lane, part: Part, count: int, shapes: Shapes) -> None:
        arrays = rows(part.fields(keep=False)[:count])
        columns = lane.history.columns(part.start, part.start + count)
        place = self._append([buffer for lie in arrays.values() for buffer in encode_rows(lie)])
        self._say(
            {
                "lane": name,
                "start": part.start,
                "at": place,
                "arrays": list(arrays),
                "columns": columns.tolist(),
            }
        )
        if count == part.count and not part.on_disk:
            piece = Piece(self._arrays[place[0]], place[1:])
            part.stored(stored_steps(piece, list(arrays), part.start, columns, shapes))

    def _put(self, *arrays: AnyArray) -> tuple[int, int, int, int]:
        """Arrays one behind the other; number of the file, and where in it."""
        return self._append([buffer for array in arrays for buffer in encode(array)])

    def _append(self, buffers: list[bytes | memoryview]) -> tuple[int, int, int, int]:
        if not self._arrays or self._arrays[-1].end > _FILE_BYTES:
            number = len(self._arrays)
            self._arrays.append(Appended(self.path / ARRAYS.format(number), writable=True))
        self._unsynced, self._saved = True, False
        return len(self._arrays) - 1, *self._arrays[-1].append(buffers)

    def _say(self, entry: dict[str, Any]) -> None:
        self._unsynced = True
        self._journal.append([line(entry)])

    def _sync(self) -> None:
        if not self._unsynced:
            return
        for file in self._arrays[-2:]:
            file.sync()
        # what stands before this line is on the disk: only what follows is checked when it is read again
        self._journal.append([line({"synced": True})])
        self._journal.sync()
        self._unsynced = False
