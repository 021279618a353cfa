"""Where user state lives, and writing files that are whole or not there: a temporary name, then a rename."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from resviz.errors import OutputError

__all__ = ["free_name", "make_folder", "package_path", "user_folder", "writing"]

Taken = Literal["replace", "leave", "beside"]
"""What to do if the name is taken when a file is whole: replace what has it; leave that alone and drop the
file; or leave it alone and give the file the next free name."""


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


def free_name(path: Path) -> Path:
    """``path``, or the first of ``stem-2``, ``stem-3``, ... that does not exist."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate


@contextmanager
def writing(path: Path, *, taken: Taken = "replace") -> Iterator[Path]:
    """A temporary name in the folder of ``path``, with its extension; renamed to ``path`` on success.

    On any error, an interruption included, the temporary file is removed and ``path`` is left alone. A link
    stays a link: what it points to is replaced.

    Args:
        taken: if ``path`` is there in the end. Asking before the work is not enough: a film takes minutes.

    Raises:
        OutputError: the file cannot be written or renamed, or its name is taken and not to be replaced.
    """
    temporary: Path | None = None
    try:
        final = Path(os.path.realpath(path))
        # the extension stays last: encoders choose the container by it
        temporary = final.with_name(f".{final.stem}.{os.getpid()}.part{final.suffix}")
        yield temporary
        _flush(temporary)
        if taken == "replace":
            os.replace(temporary, final)
        else:
            _name(temporary, final, path, beside=taken == "beside")
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


def _name(temporary: Path, final: Path, path: Path, *, beside: bool) -> None:
    """Give a whole file its name, or the next free one, and nobody else's.

    Raises:
        OutputError: the name is taken, by a file that came while this one was written.
    """
    with suppress(FileExistsError):
        _move(temporary, final)
        return
    kept, remedy = "", "Choose another name, or allow replacing it (--overwrite)."
    while beside and not kept:
        with suppress(FileExistsError):
            _move(temporary, other := free_name(final))
            named = other if path.is_symlink() else path.with_name(other.name)
            kept, remedy = f"; what was to have this name is {named}", "Rename it as you like."
    raise OutputError(f"{path} came to be meanwhile and was not replaced{kept}", remedy=remedy)


def _move(old: Path, new: Path) -> None:
    """Rename, unless ``new`` is there: `os.rename` would replace it.

    Raises:
        FileExistsError: it is.
    """
    try:
        os.link(old, new)
    except FileExistsError:
        raise
    except OSError:  # no hard links here (FAT, some network drives): hold the name with an empty file
        new.open("xb").close()
        os.replace(old, new)
    else:
        old.unlink()


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
