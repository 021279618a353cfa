"""Recording files of older versions, brought up to date by small functions, one version at a time.

They translate the manifest alone; the arrays stay where they are. A stored file of every past version lies in
tests/recording/versions/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from resviz.recording.archive import Archive

__all__ = ["upgraded"]

Manifest = dict[str, Any]
_NUMBERED = re.compile(r"(?P<array>.+?)(?:-(?P<start>\d{5,}))?\.npy")


def upgraded(manifest: Manifest, archive: Archive) -> Manifest:
    """The manifest as one of the newest version.

    Raises:
        ValueError: its version never was.
    """
    while manifest["schema"] in _MIGRATIONS:
        manifest = _MIGRATIONS[manifest["schema"]](manifest, archive)
    if manifest["schema"] < 1:
        raise ValueError(f"it has schema {manifest['schema']}, which never was")
    return manifest


def _from_1(manifest: Manifest, archive: Archive) -> Manifest:
    """Version 1 named no members and had no hashes; outputs and columns were one member each."""
    from resviz.recording.npy import decode

    arrays: Manifest = {}
    for name in sorted(archive.sizes):
        found = _NUMBERED.fullmatch(name)
        if found is None:
            continue
        array = decode(archive.read(name))
        about = arrays.setdefault(
            found["array"], {"shape": [0, *array.shape[1:]], "dtype": array.dtype.str, "members": []}
        )
        about["shape"][0] += len(array)
        about["members"].append([name, array.size])
    lanes: Manifest = {}
    for name, stored in manifest["stored"].items():
        lanes[name] = {key: value for key, value in stored.items() if key != "chunk"}
        if "s" in {key.rpartition("/")[2] for key in arrays if key.startswith(f"{name}/")}:
            lanes[name] |= {"replicas": arrays[f"{name}/h"]["shape"][1], "ended": False}
    made = {name: str(value) for name, value in manifest["versions"].items()}
    made |= {name: str(manifest[name]) for name in ("device", "dtype")}
    return {"schema": 2, "made": made, "data": "", "lanes": lanes, "arrays": arrays, "sha256": {}}


_MIGRATIONS: Mapping[int, Callable[[Manifest, Archive], Manifest]] = {1: _from_1}
