"""One call for a whole range of layers, without the GIL.

A Python loop over layers beside twelve painting panels falls to 12 % of its speed; a TorchScript call drops
the GIL from beginning to end. The same modules run eagerly where TorchScript is missing.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import nn

from resviz.block.activation import Activation
from resviz.errors import DeviceError

__all__ = [
    "chunks",
    "compiled",
    "one_thread",
    "resolve_device",
    "resolve_dtype",
    "step_flops",
    "torch_threads",
]

_FLOPS_A_CALL = 3e8  # some 50 ms on one core: how long a pause or a cancel may have to wait
_FAST_FLOPS_A_CALL = 2e9  # the same by the compiled kernels, less on a GPU

_WORTH_A_GPU = 1e8  # flops of a step: at 64x256, 2e7, an H100 takes 0.7 ms and one core 0.3

_compiled: dict[tuple[object, object], Any] = {}


def compiled(equations: type[nn.Module], sigma: type[Activation]) -> Any:
    """The sweep ``equations(sigma())`` compiled by TorchScript; itself where TorchScript cannot.

    A sweep has no state, so one serves all engines of a process; compiling takes some 100 ms.
    """
    if (equations, sigma) not in _compiled:
        _compiled[equations, sigma] = _compile(equations(sigma()))
    return _compiled[equations, sigma]


def _compile(sweep: nn.Module) -> Any:
    try:
        with warnings.catch_warnings():
            # deprecated in favour of torch.compile, which needs a C compiler on the user's machine
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            return torch.jit.script(sweep)
    except Exception:  # a registered sigma may hold anything, and TorchScript has an error for each of them
        return sweep


def one_thread() -> AbstractContextManager[None]:
    """One torch thread for this thread's calls: on matrices this small two are slower, and spin."""
    return torch_threads(1)


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """So many torch threads for this thread's calls."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def chunks(layers: int, flops_a_layer: float, *, native: bool = False) -> list[tuple[int, int]]:
    """Ranges [start, stop) that cover 0..layers, each of some 50 ms at most."""
    most = _FAST_FLOPS_A_CALL if native else _FLOPS_A_CALL
    size = max(1, min(layers, int(most / max(flops_a_layer, 1.0))))
    return [(start, min(start + size, layers)) for start in range(0, layers, size)]


def _available() -> Iterator[str]:
    if torch.cuda.is_available():
        yield from (f"cuda:{index}" for index in range(torch.cuda.device_count()))
    if torch.backends.mps.is_available():
        yield "mps"
    yield "cpu"


def step_flops(places: int, units: int, samples: int, dimension: int) -> float:
    """Of the products of one gradient step: p and h forward, p again, q, b and two updates backward."""
    return 14.0 * places * units * samples * dimension


def resolve_device(name: str, dtype: torch.dtype = torch.float32, flops: float = math.inf) -> torch.device:
    """The device that ``training.device`` means; auto: cuda, else mps (float32 only), else cpu.

    Args:
        flops: of a gradient step; a short one is sooner done by the processor, and auto then means cpu.

    Raises:
        DeviceError: the device is not there, or does not do this dtype.
    """
    present = [d for d in _available() if dtype is torch.float32 or d != "mps"]
    if name == "auto":
        return torch.device(present[0] if flops >= _WORTH_A_GPU else "cpu")
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in present:
        raise DeviceError(
            f"training.device = {name!r} is not available for {str(dtype).removeprefix('torch.')} here",
            remedy="choose auto or one of: " + ", ".join(present),
        )
    return torch.device(wanted)


def resolve_dtype(name: str) -> torch.dtype:
    """torch's dtype for ``training.dtype``."""
    return {"float32": torch.float32, "float64": torch.float64}[name]
