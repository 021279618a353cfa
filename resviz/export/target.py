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
    check_folder(path.parent)
    return path


def check_folder(folder: Path) -> None:
    """Refuse a folder in which nothing can be written, found out by writing.

    Raises:
        OutputError: it is missing, no folder, or not writable.
    """
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
