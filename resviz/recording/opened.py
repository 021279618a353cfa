"""Opening a recording file: its arrays are checked at once and read when a step is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from resviz.config.toml import parse_session
from resviz.data import Span
from resviz.errors import InputError, RecordingError
from resviz.fields import Fields, LimitFields
from resviz.fields.steps import Part, Reader
from resviz.recording.archive import MISREAD, Archive, StoredArray, refused
from resviz.recording.file import COLUMNS, SCHEMA
from resviz.recording.lanes import STACKED, Lane, Shapes, check_limit, hang, unstacked
from resviz.recording.made import check_activation
from resviz.recording.problem import PROBLEM, stored_problem
from resviz.recording.recording import Recording
from resviz.recording.versions import upgraded

__all__ = ["open_recording"]

_SESSION_BYTES, _MANIFEST_BYTES = 1_000_000, 32_000_000
_LANES = ("net", "limit", "lazy", "twin/net", "twin/limit")


def open_recording(path: str | PathLike[str]) -> Recording:
    """Open a .resviz file.

    Its steps are read when they are asked for; the file is held open for that, and may be replaced.

    Raises:
        RecordingError: there is no such file, it is no recording, it is damaged, or it was written by a
            newer version.
    """
    path = Path(path)
    try:
        return _Opening(Archive(path)).recording
    except FileNotFoundError:
        raise RecordingError(f"{path} does not exist", remedy="check the path") from None
    except RecordingError:
        raise
    except InputError as error:  # of the session
        raise refused(path, error.message) from error
    except OSError as error:
        raise refused(path, error.strerror or error) from error
    except MISREAD as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise refused(path, reason) from error


class _Opening:
    """A recording in the making; every exception but a RecordingError says that it is none."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        manifest = json.loads(archive.read("manifest.json", _MANIFEST_BYTES))
        if not isinstance(manifest, dict) or type(manifest.get("schema")) is not int:
            raise ValueError("manifest.json names no schema")
        if manifest["schema"] > SCHEMA:
            raise RecordingError(
                f"{archive.path} has schema {manifest['schema']}; this resviz reads up to {SCHEMA}",
                remedy="install a newer resviz",
            )
        manifest = upgraded(manifest, archive)
        unknown = manifest.keys() - {"schema", "made", "data", "lanes", "arrays", "sha256"}
        if unknown:
            raise ValueError(f"manifest.json has the unknown key {min(unknown)!r}")
        archive.hashes.update({str(name): str(value) for name, value in manifest["sha256"].items()})
        self._arrays = {
            name: StoredArray.of(archive, name, about) for name, about in manifest["arrays"].items()
        }
        known = {"session.toml", "manifest.json", *(m for a in self._arrays.values() for m in a.members)}
        if extra := archive.sizes.keys() - known:
            raise ValueError(f"it holds {min(extra)!r}, which no recording does")
        made = {str(name): str(value) for name, value in manifest["made"].items()}
        check_activation(made, archive.path)
        text = archive.read("session.toml", _SESSION_BYTES).decode()
        session = parse_session(text, archive.path)
        problem = stored_problem(
            {
                name: self._arrays[f"problem/{name}"].read()
                for name in PROBLEM
                if f"problem/{name}" in self._arrays
            }
        )
        self.recording = Recording(session, problem, made=made)
        lanes = manifest["lanes"]
        if unknown := lanes.keys() - set(_LANES):
            raise ValueError(f"it holds the unknown lane {min(unknown)!r}")
        for name in _LANES:
            if name in lanes:
                self._fill(name, self._lane(name, lanes[name]), lanes[name])

    def _lane(self, name: str, about: Mapping[str, Any]) -> Lane:
        recording = self.recording
        if name == "net":
            return recording
        if name == "twin/net":
            session = recording.session.with_values({"network.alpha": recording.session.contrast.alpha})
            recording.contrast = Recording(session, recording.problem, made=recording.made)
            return recording.contrast
        s = np.asarray(self._arrays[f"{name}/s"].read(), np.float64)
        basis = self._arrays.get(f"{name}/basis")
        span = None if basis is None else Span(np.asarray(basis.read(), np.float64))
        check_limit(s, span, recording.problem)
        limit = LimitFields(
            s, float(about["alpha"]), span, str(about["solver"]), int(about["units"]), about["ended"] is True
        )
        hang(recording, name, limit)
        return limit

    def _fill(self, name: str, lane: Lane, about: Mapping[str, Any]) -> None:
        """Hand a lane its steps, unread, and the columns of all of them."""
        shapes = Shapes.of(lane, self.recording, replicas=int(about.get("replicas", 0)))
        arrays = {
            short: self._arrays[f"{name}/{short}"]
            for short in STACKED
            if short != "weights" or f"{name}/weights" in self._arrays
        }
        steps = about["steps"]
        shapes.fit(steps, {short: array.shape for short, array in arrays.items()})
        columns = np.empty((steps, len(COLUMNS)))
        for i, column in enumerate(COLUMNS):
            array = self._arrays[f"{name}/{column}"]
            if array.shape != (steps,):
                raise ValueError(f"{array.name} has shape {array.shape} instead of {(steps,)}")
            columns[:, i] = array.read()
        if not np.isfinite(columns).all():
            raise ValueError(f"a loss, rate, error or factor of {name} is not finite")
        bounds = arrays["h"].bounds()
        for start, stop in pairwise(bounds):
            rows = columns[start:stop]
            read = self._reader(f"{name}: steps {start} to {stop - 1}", arrays, start, rows, shapes)
            lane.history.add(Part(start, stop - start, read=read), rows)

    def _reader(
        self,
        what: str,
        arrays: Mapping[str, StoredArray],
        start: int,
        columns: Any,
        shapes: Shapes,
    ) -> Reader:
        path = self._archive.path

        def read() -> list[Fields]:
            found = {short: array.read(start, start + len(columns)) for short, array in arrays.items()}
            try:
                shapes.check(len(columns), found)
            except ValueError as error:
                raise RecordingError(
                    f"{path}: {what} are damaged: {error}", remedy="Use a backup of the file."
                ) from error
            return unstacked(start, found, columns)

        return read
