"""The checks of ``resviz doctor``, one by one."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from resviz import __version__, files

_PACKAGES = (
    "torch", "numpy", "scipy", "scikit-learn", "PySide6-Essentials", "pyqtgraph", "av",
    "pydantic",
)  # fmt: skip
_DRAW = """
from resviz.draw.application import ensure_application
from resviz.draw.text import family, measure
ensure_application()
assert measure("resviz", 12)[0] > 0
print(family())
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding.

    Attributes:
        state: good; missing, which resviz can do without; or broken, which it cannot.
        remedy: what to do about it, empty if nothing need be done.
    """

    name: str
    state: Literal["good", "missing", "broken"]
    value: str
    remedy: str = ""


def all_checks() -> Iterator[Check]:
    """Every check, in the order of the report."""
    yield Check("system", "good", f"{platform.platform()}, {os.cpu_count()} cores")
    yield Check("resviz", "good", __version__)
    yield Check("Python", "good", f"{platform.python_version()} at {sys.executable}")
    yield from (package(name) for name in _PACKAGES)
    yield from devices()
    yield display()
    yield fonts()
    yield from (encoder(suffix) for suffix in (".mp4", ".webm", ".gif"))
    yield user_folder()


def package(name: str) -> Check:
    """An installed package and its version."""
    try:
        return Check(name, "good", version(name))
    except PackageNotFoundError:
        return Check(name, "broken", "not installed", f"pip install {name}")


def devices() -> Iterator[Check]:
    """The devices that training can use; a network trains on the CPU if there is nothing else."""
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Check(
            "cpu", "broken", f"torch cannot be loaded: {error}", "pip install --force-reinstall torch"
        )
        return
    yield Check("cpu", "good", f"{torch.get_num_threads()} threads")
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            yield Check(
                f"cuda:{index}", "good", f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
            )
    elif torch.version.cuda is None:
        yield Check(
            "cuda", "missing", "torch was built without CUDA",
            "For an NVIDIA GPU install the CUDA build of torch (pytorch.org, Get started).",
        )  # fmt: skip
    else:
        yield Check(
            "cuda", "missing", "no GPU answers", "For an NVIDIA GPU check its driver with nvidia-smi."
        )
    if sys.platform == "darwin":
        there = torch.backends.mps.is_available()
        yield Check("mps", "good" if there else "missing", "Apple GPU" if there else "no Apple GPU")


def display() -> Check:
    """Whether the window can open."""
    from resviz.draw.display import display_usable

    if display_usable():
        return Check("display", "good", os.environ.get("QT_QPA_PLATFORM") or sys.platform)
    named = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if named:
        return Check(
            "display", "missing", f"{named} does not answer, or Qt lacks a library for it",
            "See the README's system libraries; QT_DEBUG_PLUGINS=1 resviz names what Qt misses.",
        )  # fmt: skip
    return Check(
        "display",
        "missing",
        "none",
        "For the window log in with a screen or `ssh -X`; all else works without.",
    )


def fonts() -> Check:
    """Whether text can be drawn without a screen; in a child: Qt aborts where libraries are missing."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    drawn = subprocess.run(
        [sys.executable, "-c", _DRAW],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    if drawn.returncode == 0:
        return Check("drawing", "good", f"offscreen, {drawn.stdout.strip()}")
    last = (drawn.stderr.strip().splitlines() or ["Qt aborted"])[-1]
    return Check("drawing", "broken", last, "Install the README's system libraries (libegl1, libgl1, ...).")


def encoder(suffix: str) -> Check:
    """Whether a film format can be written: by writing one."""
    import numpy as np

    from resviz.errors import OutputError
    from resviz.export.film import CODECS, write_film

    name = CODECS[suffix].encoder
    frames = [np.full((32, 32, 3), shade, np.uint8) for shade in (0, 128, 255)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"film{suffix}"
            done = list(write_film(path, frames, fps=10))
            size = path.stat().st_size
    except (OutputError, ImportError, ValueError) as error:
        return Check(suffix[1:], "broken", f"{name}: {error}", "pip install --force-reinstall av")
    return Check(suffix[1:], "good", f"{name}, {len(done)} frames in {size} bytes")


def user_folder() -> Check:
    """Whether settings, log and spooled recordings have a place."""
    folder = files.user_folder()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return Check(
            "user folder", "broken", f"{folder}: {error.strerror}", "Set RESVIZ_HOME to a writable folder."
        )
    free = shutil.disk_usage(there).free / 2**30
    return Check("user folder", "good", f"{folder}, {free:.0f} GiB free")
