"""Where user state lives, and writing files that are whole or not there: a temporary name, then a rename."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resviz.errors import OutputError

__all__ = ["make_folder", "package_path", "user_folder", "writing"]


def user_folder() -> Path:
    """Settings, log and unsaved runs of this user: ``RESVIZ_HOME``, else the platform's place for data.

    Not made here: whoever writes into it makes it.
    """
    from platformdirs import user_data_path

    named = os.environ.get("RESVIZ_HOME")
    return Path(named) if named else Path(user_data_path("resviz", appauthor=False))


def package_path(before: str) -> str:
    """The PYTHONPATH with which another process runs this very package, installed or not.

    Args:
        before: what PYTHONPATH is here.
    """
    return os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), before)))


def make_folder(folder: Path, *, remedy: str = "Choose a folder that you may write in.") -> None:
    """Make ``folder`` and those above it, unless they are there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {folder} cannot be made: {error.strerror or error}", remedy=remedy
        ) from error


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary name in the folder of ``path``, with its extension; renamed to ``path`` on success.

    On any error, an interruption included, the temporary file is removed and ``path`` is left alone. A link
    stays a link: what it points to is replaced.

    Raises:
        OutputError: the file cannot be written or renamed.
    """
    temporary: Path | None = None
    try:
        final = Path(os.path.realpath(path))
        # the extension stays last: encoders choose the container by it
        temporary = final.with_name(f".{final.stem}.{os.getpid()}.part{final.suffix}")
        yield temporary
        _flush(temporary)
        os.replace(temporary, final)
        temporary = None
        _flush_folder(final.parent)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise OutputError(
            f"{path} cannot be written: {getattr(error, 'strerror', None) or error}",
            remedy="Check the free space and the permissions of its folder.",
        ) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Onto the disk before the rename, or a crash could leave a name without content."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    """The new name onto the disk too, where folders can be flushed; the file is whole either way."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
