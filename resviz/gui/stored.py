"""What the window keeps from one start to the next: the user's settings, and where things stood.

Two small TOML files in the user's folder, read strictly and replaced whole: ``settings.toml`` is edited in
the settings dialog or by hand, ``window.toml`` is the program's own.
"""

from __future__ import annotations

import logging
import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypeVar

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resviz.errors import OutputError
from resviz.files import make_folder, user_folder, writing
from resviz.gui.state import ThemeChoice

_LOG = logging.getLogger(__name__)
_RECENT = 10


class _Kept(BaseModel):
    # keys of a newer version are left out rather than refused: nothing of a run depends on these files
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Settings(_Kept):
    """What the user chose.

    Attributes:
        theme: light, dark, or what the system says.
        font_scale: of all type, in the window and in its pictures.
        memory_gb: bound on what all runs hold in memory; 0 is a quarter of this machine's.
        spool_gb: unsaved runs on disk past this are asked about at the next start.
        spool_folder: where unsaved runs lie; empty: in the user's folder.
        threads: processor threads of training; 0 leaves it to the program.
    """

    theme: ThemeChoice = "system"
    font_scale: float = Field(1.0, ge=0.7, le=2.5)
    memory_gb: float = Field(0.0, ge=0, le=4096)
    spool_gb: float = Field(5.0, ge=0.1, le=4096)
    spool_folder: Annotated[str, Field(max_length=4096)] = ""
    threads: int = Field(0, ge=0, le=1024)

    @property
    def memory(self) -> int:
        """Bytes that runs may take in memory."""
        from resviz.fields.memory import machine_memory

        return round(self.memory_gb * 1e9) or machine_memory() // 4 or 2_000_000_000


class Remembered(_Kept):
    """Where things stood when the window was closed.

    Attributes:
        recent: files opened or saved last, the newest first.
        geometry, layout: of the window and its docks, as Qt writes them, in hexadecimal.
        toured: the hints of the first start were shown.
        left: spools of runs that were left unsaved on purpose; not offered as those of a crash are.
    """

    recent: tuple[str, ...] = ()
    geometry: str = ""
    layout: str = ""
    toured: bool = False
    left: tuple[str, ...] = ()

    def with_recent(self, path: Path) -> Remembered:
        """The same with ``path`` in front."""
        name = str(path.absolute())
        others = tuple(other for other in self.recent if other != name)
        return self.model_copy(update={"recent": (name, *others)[:_RECENT]})


_Model = TypeVar("_Model", bound=_Kept)


def read_settings() -> Settings:
    """The user's settings; defaults where there are none, or where the file cannot be understood."""
    return _read("settings.toml", Settings)


def write_settings(settings: Settings) -> None:
    """Keep the settings.

    Raises:
        OutputError: they cannot be written.
    """
    _write("settings.toml", settings)


def read_remembered() -> Remembered:
    """Where things stood."""
    return _read("window.toml", Remembered)


def write_remembered(remembered: Remembered) -> None:
    """Keep where things stand; a folder that cannot be written costs a line in the log, no more."""
    try:
        _write("window.toml", remembered)
    except OutputError as error:
        _LOG.warning("%s", error)


def _read(name: str, model: type[_Model]) -> _Model:
    path = user_folder() / name
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return model()
    except (OSError, ValueError, ValidationError) as error:  # ValueError: no UTF-8, no TOML
        _LOG.warning("%s is not understood and set aside: %s", path, error)
        # what somebody wrote by hand is not written over
        with suppress(OSError):
            os.replace(path, path.with_suffix(".broken.toml"))
        return model()


def _write(name: str, value: _Kept) -> None:
    folder = user_folder()
    make_folder(folder, remedy="Set RESVIZ_HOME to a writable folder.")
    with writing(folder / name) as temporary:
        temporary.write_text(tomlkit.dumps(value.model_dump(mode="json")), encoding="utf-8")
