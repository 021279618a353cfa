"""The machine that a study runs on."""

from __future__ import annotations

import os

__all__ = ["cores", "described", "in_words"]


def cores() -> int:
    """Cores that this process may use, a container's share included where the system tells it."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # not on macOS, Windows
        return max(1, os.cpu_count() or 1)


def in_words() -> str:
    """ "2 cores, torch 2.13.0": what a wall time was measured on."""
    from importlib.metadata import version

    count = cores()
    return f"{count} core{'s' if count > 1 else ''}, torch {version('torch')}"


def described() -> dict[str, str]:
    """Processor, cores, memory, system and versions, for a report that outlives the machine."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from resviz import __version__

    found = {
        "resviz": __version__,
        "processor": _processor(),
        "cores": str(cores()),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for name in ("numpy", "torch", "numba", "jax"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    import torch

    if torch.cuda.is_available():
        found["GPU"] = f"{torch.cuda.get_device_name(0)}, CUDA {torch.version.cuda}"
    return found


def _processor() -> str:
    """What the compiler calls it: the name that systems report is often empty, or a vendor's."""
    import platform

    try:
        import llvmlite.binding as llvm

        code = str(llvm.get_host_cpu_name())
    except ImportError:
        code = ""
    named = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            named = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{named} ({code})" if code else named


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (AttributeError, ValueError, OSError):
        return "unknown"
