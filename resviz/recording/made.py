"""What a run is made with: the same session gives the same bytes where all of this is the same."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import torch

from resviz.config import Session
from resviz.config.activations import activation_names, fingerprint
from resviz.data import Problem
from resviz.engine.resnet import net_device
from resviz.errors import RecordingError

__all__ = ["check_activation", "made_with"]

_LIBRARIES = ("numpy", "torch", "scipy")
_ACTIVATION = "activation"  # that a program registered: its name and fingerprint


def made_with(session: Session, problem: Problem, threads: int = 1) -> dict[str, str]:
    """Device and dtype that are used, threads, and versions, by name; an activation of a program's own, too.

    Raises:
        DeviceError: the session's device is missing.
    """
    device = net_device(session, problem)
    name = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    activation = session.network.activation
    function = {_ACTIVATION: f"{activation} {mark}"} if (mark := fingerprint(activation)) else {}
    return {
        "device": f"{device}{name}",
        "dtype": session.training.dtype,
        "threads": str(threads),
        "linear algebra": _linear_algebra(),
        "resviz": version("resviz"),
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        **function,
    }


def _linear_algebra() -> str:
    """The libraries behind numpy, and their threads: sums in another order differ in their last bit."""
    from threadpoolctl import threadpool_info  # scikit-learn's

    found = {
        f"{one['internal_api']} {one['version']}, {one['num_threads']} threads"
        for one in threadpool_info()
        if one["user_api"] == "blas"
    }
    return "; ".join(sorted(found)) or "unknown"


def check_activation(made: Mapping[str, str], path: Path) -> None:
    """A recording replays its units: it needs the very function that it was made with.

    Raises:
        RecordingError: it is registered in this process as another one, or not at all.
    """
    if _ACTIVATION not in made:  # a built-in one
        return
    name, _, mark = made[_ACTIVATION].rpartition(" ")
    if name not in activation_names():
        raise RecordingError(
            f"{path} was made with the activation {name!r}, which is not registered in this process",
            remedy=f"in Python, call resviz.register_activation({name!r}, ...) before opening it",
        )
    if fingerprint(name) != mark:
        raise RecordingError(
            f"{path} was made with another function than the one registered here as {name!r}",
            remedy=f"register the function that it was made with as {name!r} before opening it",
        )
