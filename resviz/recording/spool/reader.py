"""The reading side of a spool: a recording that grows by the lines of a journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from resviz.config import Session
from resviz.config.toml import parse_session
from resviz.data import Span
from resviz.errors import InputError, RecordingError
from resviz.fields import LimitFields
from resviz.fields.steps import Part
from resviz.recording.archive import MISREAD, one_line
from resviz.recording.lanes import STACKED, Lane, Shapes, check_limit, hang, lanes
from resviz.recording.made import check_activation
from resviz.recording.problem import PROBLEM, stored_problem
from resviz.recording.recording import Recording
from resviz.recording.spool.layout import ARRAYS, JOURNAL, SCHEMA, arrays_in, stored_steps
from resviz.recording.spool.pieces import Appended, Piece, entries

__all__ = ["Reader"]

_FILES = 1000  # of arrays


class Reader:
    """Reads a spool's folder, as far as it is written, and on.

    Attributes:
        recording: what the lines read so far tell; None before the session and the data were read.
        begun: when its run began, ISO 8601.
        end: bytes of the journal that were read.
        saved: the file that holds all of it; "" while there is none.
        dropped: its owner did not want it any more.
    """

    def __init__(self, path: Path) -> None:
        """Open the folder.

        Raises:
            RecordingError: it is no spool.
        """
        self.path = path
        self.recording: Recording | None = None
        self.begun = self.saved = ""
        self.dropped = False
        self.end = 0
        self.arrays: list[Appended] = []
        self.session_text = ""
        self._shapes: dict[str, Shapes] = {}
        self._head: dict[str, Any] | None = None
        try:
            self._journal = Appended(path / JOURNAL)
        except OSError as error:
            raise RecordingError(
                f"{path} holds no unsaved run: {error.strerror or error}",
                remedy="`resviz recover --list` shows those that there are.",
            ) from error

    def read_on(self, *, check: bool = False) -> bool:
        """Read the lines that are new; whether there was one.

        Args:
            check: read all arrays that were not flushed, too, and end before the first damaged one: after a
                crash of the machine a line may be there without what it points to.

        Raises:
            RecordingError: what the folder holds is no recording, or one of a newer version.
            OSError: it cannot be read.
        """
        data = self._journal.read(self.end, max(0, self._journal.size - self.end))
        found, _ = entries(data)
        flushed = max((i for i, entry in enumerate(found) if "synced" in entry), default=-1)
        before = self.end
        position = 0
        for index, entry in enumerate(found):
            try:
                self._apply(entry, check=check and index > flushed)
            except _NotYet:
                break
            position = data.index(b"\n", position) + 1
            self.end = before + position
        return self.end > before

    def _apply(self, entry: dict[str, Any], *, check: bool) -> None:
        try:
            if "schema" in entry:
                if entry["schema"] > SCHEMA:
                    raise RecordingError(
                        f"{self.path} has schema {entry['schema']}; this resviz reads up to {SCHEMA}",
                        remedy="install a newer resviz",
                    )
                self._head, self.begun = entry, str(entry["begun"])
            elif "session" in entry:
                self._read_session(entry)
            elif "begin" in entry:
                self._begin(entry)
            elif "lane" in entry:
                self._add(entry, check)
            elif "ended" in entry:
                lane = self._lane(entry["ended"])
                if isinstance(lane, LimitFields):
                    lane.ended = True
            elif "saved" in entry:
                self.saved = str(entry["saved"])
            elif "dropped" in entry:
                self.dropped = True
        except RecordingError:
            raise
        except (*MISREAD, InputError) as error:
            reason = one_line(error.message if isinstance(error, InputError) else repr(error))
            raise RecordingError(
                f"{self.path / JOURNAL} says what no recording says: {reason}",
                remedy="It was not written by resviz.",
            ) from error

    def _read_session(self, entry: dict[str, Any]) -> None:
        if self._head is None:
            raise ValueError("a session before the data")
        made = {str(name): str(value) for name, value in self._head["made"].items()}
        check_activation(made, self.path)
        folder, text = entry["folder"], str(entry["session"])
        session = parse_session(text, None if folder is None else Path(folder) / "session.toml")
        self.session_text = text
        if self.recording is None:
            arrays = {
                name: arrays_in(self._piece(self._head["problem"][name]), 1)[0]
                for name in PROBLEM
                if name in self._head["problem"]
            }
            self.recording = Recording(session, stored_problem(arrays), made=made)
        self.recording.session = session
        if self.recording.contrast is not None:
            self.recording.contrast.session = self._twin_session()

    def _twin_session(self) -> Session:
        session = self._whole().session
        return session.with_values({"network.alpha": session.contrast.alpha})

    def _begin(self, entry: dict[str, Any]) -> None:
        recording, name = self._whole(), str(entry["begin"])
        if name == "twin/net":
            recording.contrast = Recording(self._twin_session(), recording.problem, made=recording.made)
        elif name != "net":
            s = np.asarray(arrays_in(self._piece(entry["s"]), 1)[0], np.float64)
            basis = entry["basis"]
            span = None if basis is None else Span(arrays_in(self._piece(basis), 1)[0].astype(np.float64))
            about = float(entry["alpha"]), span, str(entry["solver"]), int(entry["units"])
            check_limit(s, about[1], recording.problem)
            hang(recording, name, LimitFields(s, *about))
        replicas = int(entry.get("replicas", 0))
        self._shapes[name] = Shapes.of(self._lane(name), recording, replicas=replicas)

    def _add(self, entry: dict[str, Any], check: bool) -> None:
        name, columns = entry["lane"], np.array(entry["columns"], np.float64)
        if columns.ndim != 2 or columns.shape[1] != 4 or not np.isfinite(columns).all():
            raise ValueError("columns")
        names = entry["arrays"]
        if names not in (STACKED[:3], STACKED):
            raise ValueError("arrays")
        piece = self._piece(entry["at"])
        read = stored_steps(piece, names, int(entry["start"]), columns, self._shapes[name])
        if check:
            try:
                read()
            except RecordingError:
                raise _NotYet from None
        part = Part(int(entry["start"]), len(columns), read=read)
        self._lane(name).history.add(part, columns)
        self.saved = ""

    def _whole(self) -> Recording:
        if self.recording is None:
            raise ValueError("steps before the session")
        return self.recording

    def _lane(self, name: str) -> Lane:
        return lanes(self._whole())[name]

    def _piece(self, at: list[int]) -> Piece:
        number, offset, length, crc = (int(x) for x in at)
        while len(self.arrays) <= number < _FILES:
            self.arrays.append(Appended(self.path / ARRAYS.format(len(self.arrays))))
        if offset + length > self.arrays[number].size:
            raise _NotYet  # on a mounted disk the journal may come first
        return Piece(self.arrays[number], (offset, length, crc))


class _NotYet(Exception):
    """What a line points to is not there yet, or was lost."""
