"""The recording file ``.resviz``: a zip of the session and plain .npy arrays, uncompressed, no pickle.

::

    session.toml                  everything that determines the run
    manifest.json                 schema, versions, device and dtype, what is stored
    problem/x.npy, y.npy, ...     the data, so that a recording needs no other file
    net/  limit/  lazy/           fields: h-00000.npy, b-00000.npy, ... chunks of steps of at most 16 MB,
    twin/net/  twin/limit/        and output.npy, loss.npy, rate.npy, factor.npy, output_error.npy over all
                                  steps, weights.npy where there are batches
"""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from resviz.config import Session
from resviz.config.activations import activation_names, fingerprint
from resviz.data import Problem, Span
from resviz.errors import OutputError, RecordingError
from resviz.fields import Fields, LimitFields
from resviz.fields.fields import AnyArray
from resviz.files import writing
from resviz.recording.recording import Recording

__all__ = ["EXTENSION", "open_recording", "save_recording"]

EXTENSION = ".resviz"
SCHEMA = 1
_CHUNK_BYTES = 16_000_000
_PROBLEM = ("x", "y", "read_in", "read_out")
_SCALARS = ("loss", "rate", "output_error", "factor")


def save_recording(recording: Recording, path: Path, *, overwrite: bool) -> Path:
    """Write a recording under a temporary name, then rename it; the extension is appended where missing."""
    if path.suffix != EXTENSION:
        path = path.with_name(path.name + EXTENSION)
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists", remedy="choose another name, or ask to overwrite it")
    step = recording.step
    with writing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        _write(archive, recording)
    if recording.spool is not None:
        recording.spool.saved(path, step)
    return path


def _write(archive: zipfile.ZipFile, recording: Recording) -> None:
    from importlib.metadata import version

    archive.writestr("session.toml", recording.session.to_toml())
    for name in _PROBLEM:
        array = getattr(recording.problem, name)
        if array is not None:
            _put(archive, f"problem/{name}", array)
    stored: dict[str, Any] = {}
    twin = recording.contrast
    runs = {"net": recording, "limit": recording.limit, "lazy": recording.lazy}
    if twin is not None:
        runs |= {"twin/net": twin, "twin/limit": twin.limit}
    for folder, run in runs.items():
        if run is None:
            continue
        # the steps that are complete now; a recording may grow while it is saved
        last = run.step if isinstance(run, Recording) else run.newest
        steps = [run.fields(k) for k in range(last + 1)]
        if not steps:
            continue
        stored[folder] = {"steps": len(steps), "chunk": _put_steps(archive, folder, steps)}
        if isinstance(run, LimitFields):
            _put(archive, f"{folder}/s", run.s)
            if run.span is not None:
                _put(archive, f"{folder}/basis", run.span.basis)
            stored[folder] |= {"solver": run.solver, "units": run.units}
            stored[folder]["alpha"] = run.alpha if np.isfinite(run.alpha) else "inf"
    manifest = {
        "schema": SCHEMA,
        "versions": {name: version(name) for name in ("numpy", "torch", "scipy")},
        "dtype": recording.session.training.dtype,
        "device": recording.session.training.device,
        "stored": stored,
    }
    if function := fingerprint(recording.session.network.activation):
        manifest["activation"] = {"name": recording.session.network.activation, "fingerprint": function}
    archive.writestr("manifest.json", json.dumps(manifest, indent=1))


def _put(archive: zipfile.ZipFile, name: str, array: AnyArray) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    archive.writestr(f"{name}.npy", buffer.getbuffer())


def _put_steps(archive: zipfile.ZipFile, folder: str, steps: Sequence[Fields]) -> int:
    """Fields in chunks; returns how many steps a chunk holds."""
    chunk = max(1, int(_CHUNK_BYTES / max(steps[0].h.nbytes, 1)))
    for start in range(0, len(steps), chunk):
        part = steps[start : start + chunk]
        _put(archive, f"{folder}/h-{start:05d}", np.stack([f.h for f in part]))
        _put(archive, f"{folder}/b-{start:05d}", np.stack([f.b for f in part]))
    _put(archive, f"{folder}/output", np.stack([f.output for f in steps]))
    if steps[0].weights is not None:
        _put(archive, f"{folder}/weights", np.stack([f.weights for f in steps if f.weights is not None]))
    for name in _SCALARS:
        _put(archive, f"{folder}/{name}", np.array([getattr(f, name) for f in steps]))
    return chunk


def open_recording(path: str | PathLike[str]) -> Recording:
    """Open a .resviz file.

    Raises:
        RecordingError: there is no such file, it is no recording, it is damaged, or it was written by a
            newer version.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path)
    except FileNotFoundError:
        raise RecordingError(f"{path} does not exist", remedy="check the path") from None
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
        raise RecordingError(
            f"{path} is not a whole recording: {error}", remedy="use a .resviz file that resviz has saved"
        ) from error


def _read(archive: zipfile.ZipFile, path: Path) -> Recording:
    manifest = json.loads(archive.read("manifest.json"))
    if not isinstance(manifest, dict) or not isinstance(manifest.get("schema"), int):
        raise ValueError("manifest.json names no schema")
    if manifest["schema"] > SCHEMA:
        raise RecordingError(
            f"{path} has schema {manifest['schema']}; this resviz reads up to {SCHEMA}",
            remedy="install a newer resviz",
        )
    _check_activation(manifest.get("activation"), path)
    session = Session.from_mapping(tomllib.loads(archive.read("session.toml").decode()), file=path)
    names = set(archive.namelist())
    problem = Problem(
        **{
            name: np.asarray(_get(archive, f"problem/{name}"), dtype=np.float64)
            for name in _PROBLEM
            if name in ("x", "y") or f"problem/{name}.npy" in names
        }
    )
    stored = manifest["stored"]
    recording = _net(archive, "net", Recording(session, problem), stored)
    recording.limit = _limit(archive, "limit", stored)
    recording.lazy = _limit(archive, "lazy", stored)
    if "twin/net" in stored:
        twin = Recording(session.with_values({"network.alpha": session.contrast.alpha}), problem)
        recording.contrast = _net(archive, "twin/net", twin, stored)
        twin.limit = _limit(archive, "twin/limit", stored)
    return recording


def _check_activation(made_with: dict[str, str] | None, path: Path) -> None:
    """A recording replays its units: it needs the very function that it was made with."""
    if made_with is None:  # a built-in one
        return
    name = made_with["name"]
    if name not in activation_names():
        raise RecordingError(
            f"{path} was made with the activation {name!r}, which is not registered in this process",
            remedy=f"in Python, call resviz.register_activation({name!r}, ...) before opening it",
        )
    if fingerprint(name) != made_with["fingerprint"]:
        raise RecordingError(
            f"{path} was made with another function than the one registered here as {name!r}",
            remedy=f"register the function that it was made with as {name!r} before opening it",
        )


def _get(archive: zipfile.ZipFile, name: str) -> AnyArray:
    with archive.open(f"{name}.npy") as member:
        array: AnyArray = np.lib.format.read_array(member, allow_pickle=False)
    array.flags.writeable = False
    return array


def _net(archive: zipfile.ZipFile, folder: str, into: Recording, stored: dict[str, Any]) -> Recording:
    for fields in _steps(archive, folder, stored):
        into.append(fields)
    return into


def _limit(archive: zipfile.ZipFile, folder: str, stored: dict[str, Any]) -> LimitFields | None:
    if folder not in stored:
        return None
    s = np.asarray(_get(archive, f"{folder}/s"), np.float64)
    basis = f"{folder}/basis"
    reduced = f"{basis}.npy" in archive.namelist()
    span = Span(np.asarray(_get(archive, basis), np.float64)) if reduced else None
    about = stored[folder]
    limit = LimitFields(s, float(about["alpha"]), span, str(about["solver"]), int(about["units"]))
    for fields in _steps(archive, folder, stored):
        limit.append(fields)
    return limit


def _steps(archive: zipfile.ZipFile, folder: str, stored: dict[str, Any]) -> list[Fields]:
    if folder not in stored:
        return []
    count, chunk = int(stored[folder]["steps"]), int(stored[folder]["chunk"])
    output = _get(archive, f"{folder}/output")
    scalars = {name: _get(archive, f"{folder}/{name}") for name in _SCALARS}
    batches = f"{folder}/weights"
    weights = _get(archive, batches) if f"{batches}.npy" in archive.namelist() else None
    steps: list[Fields] = []
    for start in range(0, count, chunk):
        h, b = _get(archive, f"{folder}/h-{start:05d}"), _get(archive, f"{folder}/b-{start:05d}")
        for i in range(len(h)):
            k = start + i
            each = {name: float(scalars[name][k]) for name in _SCALARS}
            w = None if weights is None else weights[k]
            steps.append(Fields(k, h[i], b[i], output[k], weights=w, **each))
    if len(steps) != count:
        raise ValueError(f"{folder} holds {len(steps)} steps instead of {count}")
    return steps
