"""What a run is made with: the same session gives the same bytes where all of this is the same."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

import torch

from resviz.config import Session
from resviz.engine.compiled import resolve_device, resolve_dtype

__all__ = ["made_with"]

_LIBRARIES = ("numpy", "torch", "scipy")


def made_with(session: Session) -> dict[str, str]:
    """Device and dtype that are used, threads, and versions, by name.

    Raises:
        DeviceError: the session's device is missing.
    """
    device = resolve_device(session.training.device, resolve_dtype(session.training.dtype))
    name = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    return {
        "device": f"{device}{name}",
        "dtype": session.training.dtype,
        "threads": "1",
        "resviz": version("resviz"),
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }
