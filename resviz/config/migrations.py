"""Session files of older versions, brought up to date by small functions, one version at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from resviz.config.diagnose import cannot_read

Migration = Callable[[dict[str, Any]], dict[str, Any]]

# version v -> what turns a mapping of version v into one of version v + 1; a file of every past version
# belongs into tests/config/versions/ beside its entry here
MIGRATIONS: Mapping[int, Migration] = {}


def migrate(
    mapping: Mapping[str, Any],
    newest: int,
    *,
    file: str | Path | None = None,
    migrations: Mapping[int, Migration] = MIGRATIONS,
) -> dict[str, Any]:
    """A mapping of any older version as one of version ``newest``; the argument is left as it is.

    Raises:
        SessionError: the version is no integer, newer than ``newest``, or older than every migration.
    """
    version = mapping.get("schema", 1)
    if not isinstance(version, int) or isinstance(version, bool):
        raise cannot_read(f"schema = {version!r}: not allowed; allowed: an integer from 1 to {newest}", file)
    if version > newest:
        raise cannot_read(
            f"schema = {version}: written by a newer resviz; this one reads versions up to {newest}",
            file,
            remedy="Update resviz, or save the session again from the version that is installed.",
        )
    current = dict(mapping)
    while version < newest:
        if version not in migrations:
            raise cannot_read(
                f"schema = {version}: not allowed; allowed: an integer from 1 to {newest}", file
            )
        current = migrations[version](current)
        version += 1
        current["schema"] = version
    return current
