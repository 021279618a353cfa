"""Where a sweep's tasks run: workers of our own (one a core, or one a GPU), or a scheduler that is there.

Only here and in `run` is dask.distributed known; it is imported when a sweep starts.
"""

from __future__ import annotations

import logging
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from resviz.errors import DeviceError, RequestError, WorkError
from resviz.study.machine import cores

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["check_address", "connected", "gpu_workers"]

_CONNECT_S = 20
_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}/?|inproc://\S+")


def check_address(address: str) -> None:
    """Refuse what cannot be a scheduler's address: dask would wait for it, and then for its own end.

    Raises:
        RequestError: no host and port, or another scheme than dask's.
    """
    if not _ADDRESS.fullmatch(address):
        raise RequestError(
            f"scheduler = {address!r}: an address is a host and a port",
            remedy="Write it like tcp://host:8786; `dask scheduler` prints its own.",
        )


@contextmanager
def connected(scheduler: str | None, workers: int | None, gpus: int = 0) -> Iterator[Client]:
    """A client of an embedded cluster, or of the scheduler at an address; what we started ends with it.

    Args:
        scheduler: address, as in tcp://host:8786; None starts a cluster here.
        workers: of the embedded cluster; None is one a core, or one a GPU where there are ``gpus``.

    Raises:
        DeviceError: no scheduler answers.
    """
    from distributed import Client

    if scheduler is None:
        with _embedded(workers, gpus) as cluster, Client(cluster, set_as_default=False) as client:
            client.register_plugin(_worker_manners())
            yield client
        return
    try:
        client = Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DeviceError(
            f"no dask scheduler answers at {scheduler}: {error}",
            remedy="Start one (dask scheduler, or dask-jobqueue) and give its address, as tcp://host:8786.",
        ) from None
    with client:
        _same_versions(client)
        client.register_plugin(_worker_manners())
        yield client


@contextmanager
def _embedded(workers: int | None, gpus: int) -> Iterator[Any]:
    from distributed import LocalCluster, Nanny, Scheduler, SpecCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)  # a killed worker is our row to tell
    if gpus and workers is None:
        scheduler = {"cls": Scheduler, "options": {"dashboard_address": None, "dashboard": False}}
        cluster = SpecCluster(
            workers=gpu_workers(gpus, Nanny), scheduler=scheduler, silence_logs=logging.ERROR
        )
    else:
        cluster = LocalCluster(
            n_workers=workers or cores(),
            threads_per_worker=1,  # a training holds no GIL, but its numbers are one task's
            processes=True,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        )
    with cluster:
        yield cluster


def gpu_workers(gpus: int, nanny: type) -> Mapping[int, dict[str, Any]]:
    """One worker process a GPU, each seeing its own as cuda:0."""
    return {
        i: {
            "cls": nanny,
            "options": {
                "nthreads": 1,
                "env": {"CUDA_VISIBLE_DEVICES": str(i)},
                "silence_logs": logging.ERROR,
            },
        }
        for i in range(gpus)
    }


def _worker_manners() -> Any:
    from distributed import WorkerPlugin

    class Manners(WorkerPlugin):
        """Ctrl-C reaches a terminal's whole group; it is the client's to act on."""

        name = "resviz-manners"

        def setup(self, worker: Any) -> None:
            with suppress(ValueError):  # not the main thread
                signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Manners()


def _same_versions(client: Client) -> None:
    """Raises WorkError if a worker there has another resviz: its numbers would be another program's."""
    from resviz import __version__

    found = client.run(_version)
    others = {address: version for address, version in found.items() if version != __version__}
    if others:
        address, version = next(iter(others.items()))
        raise WorkError(
            f"worker {address} has resviz {version}, not {__version__}",
            remedy="Install this version in the workers' environment.",
        )


def _version() -> str:
    try:
        from resviz import __version__
    except ImportError:
        return "missing"
    return __version__
