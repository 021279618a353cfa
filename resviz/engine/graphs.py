"""Sweeps on a CUDA device as recorded graphs: one launch for a range of layers.

A sweep is some ten launches a layer, and a launch costs the processor some 5 microseconds: a thousand layers
of small matrices takes 300 ms by autograd and 43 recorded (H100). Shapes and tensors of an engine never
change, so each range is recorded once and launched as a whole from then on. float32 products stay float32
(tf32 is off, torch's default).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from resviz.fields.fields import AnyArray

__all__ = ["GraphedSweep", "Graphs", "Sent", "copies", "on_device", "recorded"]

_MOST = 64  # graphs kept: rates that change at every step are not worth recording
_WARM = 3  # runs before a recording: TorchScript specialises in its first two


def on_device(sweep: Any, device: torch.device) -> Any:
    """The sweep itself, or on CUDA its graphs."""
    return GraphedSweep(sweep) if device.type == "cuda" else sweep


class Graphs:
    """Work on a CUDA device, each kind recorded at its first call and launched as a whole from then on."""

    def __init__(self, *, recording: bool = True) -> None:
        self.recording = recording
        self.graphs: dict[tuple[object, ...], torch.cuda.CUDAGraph] = {}
        self.pool: object = None

    def run(self, work: Callable[..., None], *given: Any, still: tuple[Any, ...] | None = None) -> None:
        """``work(*given)``, which depends on nothing but what it is given and tensors that stay.

        Args:
            still: arguments of the runs before a recording, where those must leave no trace; else ``given``.
        """
        name = getattr(work, "name", getattr(work, "__name__", ""))
        key = (name, *(x.data_ptr() if isinstance(x, Tensor) else x for x in given))
        graph = self.graphs.get(key)
        if graph is None and self.recording and len(self.graphs) < _MOST:
            try:
                if self.pool is None:
                    # nothing that one of them leaves in its temporaries is read by another
                    self.pool = torch.cuda.graph_pool_handle()
                graph = self.graphs[key] = recorded(work, given, given if still is None else still, self.pool)
            except torch.OutOfMemoryError:  # a RuntimeError too, but there is no more room without a graph
                raise
            except RuntimeError:  # a registered sigma may do what cannot be recorded
                self.recording = False
        if graph is None:
            work(*given)
        else:
            graph.replay()


class GraphedSweep:
    """A TorchScript sweep's ``up`` and ``down``, recorded for every range and rate they are called with."""

    def __init__(self, sweep: Any) -> None:
        self.sweep = sweep
        self.graphs = Graphs()

    def up(self, *given: Any) -> None:
        """As the sweep's own."""
        self.graphs.run(self.sweep.up, *given)

    def down(self, *given: Any) -> None:
        """As the sweep's own: its last arguments are the rates of u and v, start and stop."""
        # the runs before the recording must not move the units
        self.graphs.run(self.sweep.down, *given, still=(*given[:-4], 0.0, 0.0, *given[-2:]))


def recorded(
    work: Callable[..., None], given: tuple[Any, ...], still: tuple[Any, ...], pool: Any
) -> torch.cuda.CUDAGraph:
    """``work(*given)`` as a graph, not yet launched; its temporaries come from ``pool``."""
    aside: torch.cuda.Stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_WARM):
            work(*still)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        work(*given)
    return graph


class Sent:
    """Tensors of a CUDA device on their way to the processor, as they were when this was made.

    Work that is queued behind does not delay them: `arrived` waits for them alone.
    """

    def __init__(self, *tensors: Tensor) -> None:
        self.tensors = [torch.empty(t.shape, dtype=t.dtype, pin_memory=True) for t in tensors]
        for to, source in zip(self.tensors, tensors, strict=True):
            to.copy_(source.detach(), non_blocking=True)
        self.last: torch.cuda.Event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self.last.record()

    def arrived(self) -> list[AnyArray]:
        """Copies that stay: recordings keep them for long, and pinned memory is scarce."""
        self.last.synchronize()
        return [t.numpy().copy() for t in self.tensors]


def copies(*tensors: Tensor) -> list[AnyArray]:
    """Copies in the processor's memory; from CUDA all on their way at once, and one wait for them."""
    if tensors[0].device.type != "cuda":
        return [t.detach().cpu().numpy().copy() for t in tensors]
    return Sent(*tensors).arrived()
