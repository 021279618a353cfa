"""Compiled kernels on disk: compiled once for a machine, in a process of their own, then loaded in 0.2 s.

Compiling takes the interpreter for half a minute, so it is never done beside a window. A run takes the
kernels if they are there at its start; if not, it starts a child process that compiles them, and trains by
TorchScript to its end: the next run takes them. (No run changes over between two steps, so its bytes do not
depend on how fast something else was compiled.)
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from types import ModuleType

from resviz.files import user_folder

__all__ = ["DTYPES", "fill", "kernels", "kernels_now"]

DTYPES = ("float32", "float64")
_SOURCES = (
    "block.lanes",
    "block.elementwise",
    "block.layer",
    "block.narrow",
    "block.lazylayer",
    "block.motion",
    "engine.sweeps",
)
_PATIENCE_S = 600.0  # a lock older than this belongs to a process that died

_lock = threading.Lock()
_loaded: dict[str, ModuleType] = {}
_children: dict[str, subprocess.Popen[bytes]] = {}


def kernels(dtype: str) -> ModuleType | None:
    """`resviz.engine.sweeps`, ready for ``dtype``; None where it is not compiled yet, which is then begun."""
    with _lock:
        if dtype in _loaded:
            return _loaded[dtype]
        if dtype in _children and _children[dtype].poll() is None:
            return None
        try:
            if _stamp(dtype).exists():
                return _load(dtype)
            if dtype not in _children:  # one that failed is not tried again
                _children[dtype] = _child(dtype)
        except (ImportError, OSError):
            pass  # no numba for this platform, or nowhere to write: TorchScript serves
        return None


def kernels_now(dtype: str) -> ModuleType | None:
    """The same, but waits until they are compiled; None if they cannot be."""
    if kernels(dtype) is None and dtype in _children:
        _children[dtype].wait()
    return kernels(dtype)


def _child(dtype: str) -> subprocess.Popen[bytes]:
    # a session of its own: Ctrl+C in a terminal ends the run, not the compilation
    return subprocess.Popen(
        [sys.executable, "-m", __name__, dtype],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _load(dtype: str) -> ModuleType:
    module = importlib.import_module("resviz.engine.sweeps")
    module.compile_for(dtype, str(_folder()))
    _loaded[dtype] = module
    return module


def fill(dtype: str) -> None:
    """Compile the kernels into the folder, unless they are there or another process is at it."""
    stamp, claim = _stamp(dtype), _folder() / f"{dtype}.claim"
    claim.parent.mkdir(parents=True, exist_ok=True)
    while not stamp.exists():
        try:
            os.close(os.open(claim, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            with contextlib.suppress(OSError):
                if time.time() - claim.stat().st_mtime > _PATIENCE_S:
                    claim.unlink()
            time.sleep(0.2)
            continue
        try:
            _load(dtype)
            stamp.touch()
        finally:
            claim.unlink()


def _stamp(dtype: str) -> Path:
    return _folder() / f"{dtype}.done"


@cache
def _key() -> str:
    """What compiled code depends on: our sources, the compiler and the processor."""
    from importlib.metadata import version

    import llvmlite.binding as llvm

    seen = hashlib.sha256()
    package = Path(__file__).parents[1]
    for name in _SOURCES:
        seen.update(package.joinpath(*name.split(".")).with_suffix(".py").read_bytes())
    features = llvm.get_host_cpu_features().flatten()
    compiler = (sys.version, version("numba"), version("llvmlite"), version("scipy"))
    seen.update(repr((compiler, llvm.get_host_cpu_name(), features)).encode())
    return seen.hexdigest()[:16]


def _folder() -> Path:
    """Beside the package where that can be written, else among the user's own caches (or RESVIZ_HOME's)."""
    package = Path(__file__).parents[1]
    if os.access(package, os.W_OK):
        return package / "__pycache__" / f"kernels-{_key()}"
    if os.environ.get("RESVIZ_HOME"):
        return user_folder() / "cache" / f"kernels-{_key()}"
    from platformdirs import user_cache_path

    return Path(user_cache_path("resviz", appauthor=False)) / f"kernels-{_key()}"


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)  # whoever started it is training
    fill(sys.argv[1])
