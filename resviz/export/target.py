"""Where an export goes: checked before any work starts, written beside its place, then renamed.

A reader never sees half a file, and a file that was there before stays until its successor is complete.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from resviz.errors import OutputError, RequestError


def check_file(path: Path, *, overwrite: bool = False) -> Path:
    """``path`` if a file can be written there, found out by writing beside it.

    Raises:
        RequestError: something is there already and may not be replaced.
        OutputError: the folder is missing, no folder, or not writable.
    """
    if path.is_dir():
        raise RequestError(f"{path} is a folder, not a file", remedy="Give the name of a file.")
    if path.exists() and not overwrite:
        raise RequestError(
            f"{path} exists already", remedy="Choose another name, or allow replacing it (--overwrite)."
        )
    _check_folder(path.parent)
    return path


def check_frames_folder(path: Path, names: list[str], *, overwrite: bool = False) -> Path:
    """``path`` if frames called ``names`` can be written into it; it need not exist, its parent must.

    Only files called exactly like a frame are ever replaced, and only on ``overwrite``; all others in the
    folder stay as they are.

    Raises:
        RequestError: ``path`` is a file, or holds one of ``names`` and ``overwrite`` is off.
        OutputError: the folder cannot be made or written.
    """
    if path.exists() and not path.is_dir():
        raise RequestError(f"{path} is a file, not a folder", remedy="Give the name of a folder.")
    if not path.exists():
        _check_folder(path.parent)
        return path
    _check_folder(path)
    present = {entry.name for entry in path.iterdir()}
    taken = [name for name in names if name in present]
    if taken and not overwrite:
        raise RequestError(
            f"{path} holds {len(taken)} of these frames already, e.g. {taken[0]}",
            remedy="Choose another folder, or allow replacing them (--overwrite).",
        )
    return path


def make_folder(path: Path) -> None:
    """Make ``path`` if it is not there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {path} cannot be made: {error.strerror or error}",
            remedy="Choose a folder that you may write in.",
        ) from error


def free_name(path: Path) -> Path:
    """``path``, or the first of ``stem-2``, ``stem-3``, ... that does not exist."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate


def _check_folder(folder: Path) -> None:
    if not folder.exists():
        raise OutputError(f"{folder} does not exist", remedy=f"Make it first: mkdir -p {folder}")
    if not folder.is_dir():
        raise OutputError(f"{folder} is not a folder", remedy="Choose a path inside a folder.")
    try:
        # permission bits say too little (root, read-only mounts, quotas): try
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"nothing can be written in {folder}: {error.strerror or error}",
            remedy="Choose a folder that you may write in.",
        ) from error
