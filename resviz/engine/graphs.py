"""Sweeps on a CUDA device as recorded graphs: one launch for a range of layers.

A sweep is some ten launches a layer, and a launch costs the processor some 5 microseconds: a thousand layers
of small matrices would take 50 ms of launching and 2 ms of work. Shapes and tensors of an engine never
change, so each range is recorded once and launched as a whole from then on. float32 products stay float32
(tf32 is off, torch's default). Written without a GPU at hand: the choice of what is recorded is tested,
its speed was never measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from resviz.fields.fields import AnyArray

__all__ = ["GraphedSweep", "copies", "on_device", "recorded"]

_MOST = 64  # graphs kept: rates that change at every step are not worth recording
_WARM = 3  # runs before a recording: TorchScript specialises in its first two


def on_device(sweep: Any, device: torch.device) -> Any:
    """The sweep itself, or on CUDA its graphs."""
    return GraphedSweep(sweep) if device.type == "cuda" else sweep


class GraphedSweep:
    """A TorchScript sweep's ``up`` and ``down``, recorded for every range and rate they are called with."""

    def __init__(self, sweep: Any) -> None:
        self.sweep = sweep
        self.recording = True
        self.graphs: dict[tuple[object, ...], torch.cuda.CUDAGraph] = {}

    def up(self, *given: Any) -> None:
        """As the sweep's own."""
        self._run("up", given, given)

    def down(self, *given: Any) -> None:
        """As the sweep's own: its last arguments are the rates of u and v, start and stop."""
        # the runs before the recording must not move the units
        self._run("down", given, (*given[:-4], 0.0, 0.0, *given[-2:]))

    def _run(self, name: str, given: tuple[Any, ...], still: tuple[Any, ...]) -> None:
        work: Callable[..., None] = getattr(self.sweep, name)
        key = (name, *(x.data_ptr() if isinstance(x, Tensor) else x for x in given))
        graph = self.graphs.get(key)
        if graph is None and self.recording and len(self.graphs) < _MOST:
            try:
                graph = self.graphs[key] = recorded(work, given, still)
            except RuntimeError:  # a registered sigma may do what cannot be recorded
                self.recording = False
        if graph is None:
            work(*given)
        else:
            graph.replay()


def recorded(
    work: Callable[..., None], given: tuple[Any, ...], still: tuple[Any, ...]
) -> torch.cuda.CUDAGraph:
    """``work(*given)`` as a graph, not yet launched."""
    aside: torch.cuda.Stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_WARM):
            work(*still)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work(*given)
    return graph


def copies(*tensors: Tensor) -> list[AnyArray]:
    """Copies in the processor's memory; from CUDA all on their way at once, and one wait for them."""
    if tensors[0].device.type != "cuda":
        return [t.detach().cpu().numpy().copy() for t in tensors]
    pinned = [torch.empty(t.shape, dtype=t.dtype, pin_memory=True) for t in tensors]
    for to, source in zip(pinned, tensors, strict=True):
        to.copy_(source.detach(), non_blocking=True)
    torch.cuda.current_stream().synchronize()
    # recordings keep these for long, and pinned memory is scarce
    return [to.numpy().copy() for to in pinned]
