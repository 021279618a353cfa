"""The recording file ``.resviz``: a zip of the session and plain .npy arrays, uncompressed, no pickle.

::

    session.toml                  everything that determines the run
    problem/x-00000.npy, ...      the data, so that a recording needs no other file
    net/  limit/  lazy/           fields: h-00000.npy, b-00000.npy, output-00000.npy, ..., and loss, rate,
    twin/net/  twin/limit/        factor, output_error over all steps; weights of batches; s and basis
    manifest.json                 schema, what it was made with, which members make which array, their sha256

A member is named by the first entry that it holds; none takes more than 16 MB. Saving copies the steps chunk
by chunk, so that a recording larger than memory is saved in little of it.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from resviz.data import Problem
from resviz.errors import OutputError
from resviz.fields import Fields, LimitFields
from resviz.fields.fields import AnyArray
from resviz.fields.steps import Steps
from resviz.files import Taken, writing
from resviz.recording.lanes import lanes, stacked
from resviz.recording.npy import encode
from resviz.recording.problem import PROBLEM
from resviz.recording.recording import Recording

__all__ = ["COLUMNS", "EXTENSION", "MEMBER_BYTES", "SCHEMA", "save_recording"]

EXTENSION = ".resviz"
SCHEMA = 2
MEMBER_BYTES = 16_000_000
COLUMNS = ("loss", "rate", "output_error", "factor")


def save_recording(recording: Recording, path: Path, *, overwrite: bool) -> Path:
    """Write a recording under a temporary name, then rename it; the extension is appended where missing.

    The steps that are complete when it begins are written; it may grow meanwhile.

    Raises:
        OutputError: the file exists and ``overwrite`` is False, or it cannot be written.
        RecordingError: the file that steps are read from is damaged.
    """
    if path.suffix != EXTENSION:
        path = path.with_name(path.name + EXTENSION)
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists", remedy="choose another name, or ask to overwrite it")
    step = recording.step
    # what is spooled is not lost
    taken: Taken = "replace" if overwrite else "leave" if recording.spool is not None else "beside"
    with (
        writing(path, taken=taken) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
    ):
        _Saving(archive).write(recording)
    if recording.spool is not None:
        recording.spool.saved(path, step)
    return path


class _Saving:
    """Members put into a zip, and what the manifest says of them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._arrays: dict[str, dict[str, Any]] = {}
        self._hashes: dict[str, str] = {}

    def write(self, recording: Recording) -> None:
        """All members, the manifest last."""
        self._put("session.toml", [recording.session.to_toml().encode()])
        for name in PROBLEM:
            array = getattr(recording.problem, name)
            if array is not None:
                self._put_array(f"problem/{name}", array)
        about: dict[str, Any] = {}
        for name, lane in lanes(recording).items():
            history = lane.history
            # a limit may be ahead of its net: without a twin's first step there is nobody to have its limit
            if not len(history) or (name == "twin/limit" and "twin/net" not in about):
                continue
            about[name] = {"steps": self._put_steps(name, history)}
            if isinstance(lane, LimitFields):
                self._put_array(f"{name}/s", lane.s)
                if lane.span is not None:
                    self._put_array(f"{name}/basis", lane.span.basis)
                about[name] |= {
                    "alpha": lane.alpha if np.isfinite(lane.alpha) else "inf",
                    "solver": lane.solver,
                    "units": lane.units,
                    "replicas": lane.replicas,
                    "ended": lane.ended,
                }
        manifest = {
            "schema": SCHEMA,
            "made": recording.made,
            "data": data_hash(recording.problem),
            "lanes": about,
            "arrays": self._arrays,
            "sha256": self._hashes,
        }
        self._put("manifest.json", [_lines(manifest).encode()])

    def _put_steps(self, lane: str, history: Steps) -> int:
        """The steps that are complete now; returns how many."""
        count = len(history)
        first = stacked([history[0]])
        per_chunk = max(1, MEMBER_BYTES // max(array.nbytes for array in first.values()))
        for start, chunk in _chunks(history, count, per_chunk):
            for name, array in stacked(chunk).items():
                self._put_array(f"{lane}/{name}", array, start)
        table = history.columns(0, count)
        for i, name in enumerate(COLUMNS):
            self._put_array(f"{lane}/{name}", table[:, i])
        return count

    def _put_array(self, name: str, array: AnyArray, start: int = 0) -> None:
        """An array, or its entries from ``start`` on, in members of at most 16 MB."""
        about = self._arrays.setdefault(
            name, {"shape": [0, *array.shape[1:]], "dtype": array.dtype.newbyteorder("<").str, "members": []}
        )
        about["shape"][0] += len(array)
        rows = max(1, MEMBER_BYTES // max(array[:1].nbytes, 1))
        for first in range(0, len(array), rows):
            some = array[first : first + rows]
            member = f"{name}-{start + first:05d}"
            if some.nbytes <= MEMBER_BYTES:
                self._put_member(about, member, some)
                continue
            # one entry that is too large, a step of a wide net say: along its inner axes
            flat = np.ascontiguousarray(some).reshape(-1, some.shape[-1])
            pieces = np.array_split(flat, -(-some.nbytes // MEMBER_BYTES))
            for number, piece in enumerate(pieces):
                self._put_member(about, f"{member}.{number:03d}", piece)

    def _put_member(self, about: dict[str, Any], name: str, array: AnyArray) -> None:
        self._put(f"{name}.npy", encode(array))
        about["members"].append([f"{name}.npy", array.size])

    def _put(self, name: str, buffers: Any) -> None:
        check = hashlib.sha256()
        # one date for all, so that one recording gives one file
        with self._archive.open(zipfile.ZipInfo(name), "w") as member:
            for buffer in buffers:
                check.update(buffer)
                member.write(buffer)
        self._hashes[name] = check.hexdigest()


def _lines(manifest: dict[str, Any]) -> str:
    """JSON with one line an array or member: people look into these files."""
    parts = []
    for key, value in manifest.items():
        text = json.dumps(value)
        if isinstance(value, dict) and value:
            inner = ",\n  ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            text = f"{{\n  {inner}\n }}"
        parts.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _chunks(history: Steps, count: int, size: int) -> Iterator[tuple[int, list[Fields]]]:
    """The first ``count`` steps, ``size`` at a time, with the step that each begins with."""
    chunk: list[Fields] = []
    for fields in history:
        if fields.step >= count:
            break
        chunk.append(fields)
        if len(chunk) == size or fields.step == count - 1:
            yield chunk[0].step, chunk
            chunk = []


def data_hash(problem: Problem) -> str:
    """sha256 of the data: x, y, and the read-in and read-out where there are any."""
    check = hashlib.sha256()
    for name in PROBLEM:
        array = getattr(problem, name)
        if array is not None:
            check.update(f"{name} {array.shape}".encode())
            check.update(encode(array)[1])
    return check.hexdigest()
