"""Work shared out to threads: one batch of equally shaped networks each, on every core.

Threads, not processes: a training step is one call that holds no GIL, and the results need not travel.
Batches that would not fit into memory beside those at work wait: a network of L = 50 and M = D = 2000 takes
1.6 GB, and a machine of many cores has less than that a core.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from resviz.config import Session
from resviz.data import Problem
from resviz.engine.compiled import one_thread
from resviz.errors import RequestError
from resviz.fields.memory import machine_memory
from resviz.study.ensemble import Ensemble, Shape, ensemble_bytes, shape_of, train_together
from resviz.study.machine import cores

__all__ = ["Batch", "Share", "batch_size", "batches", "train_all"]

T = TypeVar("T")
_BATCH_BYTES = 128e6  # more replicas than this no longer save calls, and leave the caches
_LARGEST_BATCH = 256
_PULSE_S = 0.1
_ROOM = 0.5  # share of the machine's memory for all batches at work
_UNKNOWN = 8e9  # bytes of a machine that does not tell


@dataclass(frozen=True, eq=False)
class Batch:
    """Sessions of one shape, trained together.

    Attributes:
        rows: their places in the list that was asked for.
    """

    shape: Shape
    rows: tuple[int, ...]
    sessions: tuple[Session, ...]
    problems: tuple[Problem, ...]

    @property
    def flops(self) -> float:
        """Of all its trainings."""
        return self.shape.flops * len(self.rows)

    @property
    def bytes(self) -> float:
        """Memory that training takes."""
        return ensemble_bytes(self.shape) * len(self.rows)


@dataclass(frozen=True)
class Share(Generic[T]):
    """What has come in so far.

    Attributes:
        fraction: share of the work that is done, 0..1.
        rows, results: of the batch that has just ended; empty at a pulse.
    """

    fraction: float
    rows: tuple[int, ...] = ()
    results: tuple[T, ...] = ()


def batches(sessions: Sequence[Session], problems: Sequence[Problem], *, workers: int = 1) -> list[Batch]:
    """Sessions grouped by shape, the most work first; none too large for memory or for ``workers`` to share.

    Raises:
        RequestError: a session that cannot be trained together with others.
    """
    groups: dict[Shape, list[int]] = {}
    for row, (session, problem) in enumerate(zip(sessions, problems, strict=True)):
        shape = shape_of(session, problem)
        if shape is None:
            raise RequestError(
                "only plain gradient descent is trained in batches",
                remedy='set training.optimizer = "gd" and training.clip = 0',
            )
        groups.setdefault(shape, []).append(row)
    total = sum(shape.flops * len(rows) for shape, rows in groups.items())
    made = []
    for shape, rows in groups.items():
        fits = batch_size(shape)
        # no batch longer than a quarter of a worker's part, or one worker would wait for the other
        fair = max(1, int(total / (4 * workers) / shape.flops)) if workers > 1 else fits
        size = min(fits, fair)
        pieces = -(-len(rows) // size)
        size = -(-len(rows) // pieces)
        for first in range(0, len(rows), size):
            part = tuple(rows[first : first + size])
            made.append(
                Batch(shape, part, tuple(sessions[i] for i in part), tuple(problems[i] for i in part))
            )
    return sorted(made, key=lambda batch: -batch.flops)


def batch_size(shape: Shape) -> int:
    """How many networks of a shape are trained together at most."""
    return max(1, min(_LARGEST_BATCH, int(_BATCH_BYTES / ensemble_bytes(shape))))


def train_all(
    sessions: Sequence[Session],
    problems: Sequence[Problem],
    measure: Callable[[Ensemble], Sequence[T]],
    *,
    workers: int | None = None,
) -> Iterator[Share[T]]:
    """Train all sessions, equal shapes together, on every core.

    Args:
        measure: trained ensemble -> one result a replica; called in the thread that trained it.
        workers: threads; left out, one a core.

    Yields:
        A share at least every 100 ms and at the end of every batch. Closing the generator stops the threads
        within a piece of work (some 50 ms).

    Raises:
        Whatever a batch raises first; the others are stopped.
    """
    count = cores() if workers is None else workers
    waiting = batches(sessions, problems, workers=count)
    left, total = len(waiting), sum(batch.flops for batch in waiting) or 1.0
    done: queue.Queue[tuple[Batch, Sequence[T]] | BaseException] = queue.Queue()
    progress: dict[int, float] = {}
    stop, line = threading.Event(), _Line(waiting, _ROOM * (machine_memory() or _UNKNOWN))

    def work() -> None:
        try:
            with one_thread():
                while (batch := line.take(stop)) is not None:
                    try:
                        results = _results(batch, stop, progress, measure)
                    finally:
                        line.leave(batch)
                    if results is None:
                        return
                    done.put((batch, results))
        except BaseException as error:
            done.put(error)

    threads = [threading.Thread(target=work, name=f"batch {i}", daemon=True) for i in range(min(count, left))]
    for thread in threads:
        thread.start()
    try:
        while left:
            try:
                news = done.get(timeout=_PULSE_S)
            except queue.Empty:
                yield Share(min(1.0, sum(list(progress.values())) / total))
                continue
            if isinstance(news, BaseException):
                raise news
            batch, results = news
            left -= 1
            yield Share(min(1.0, sum(list(progress.values())) / total), batch.rows, tuple(results))
    finally:
        line.close(stop)
        for thread in threads:
            thread.join()


class _Line:
    """Batches that wait, and the room of those at work."""

    def __init__(self, waiting: list[Batch], room: float) -> None:
        self._waiting, self._room = waiting, room
        self._at_work, self._held = 0, 0.0
        self._changed = threading.Condition()

    def take(self, stop: threading.Event) -> Batch | None:
        """The longest batch that fits beside those at work, alone any; None if there is nothing to do."""
        with self._changed:
            while self._waiting and not stop.is_set():
                for place, batch in enumerate(self._waiting):
                    if not self._at_work or self._held + batch.bytes <= self._room:
                        self._at_work += 1
                        self._held += batch.bytes
                        return self._waiting.pop(place)
                self._changed.wait()
        return None

    def leave(self, batch: Batch) -> None:
        """Its memory is free again."""
        with self._changed:
            self._at_work -= 1
            self._held = self._held - batch.bytes if self._at_work else 0.0  # no rounding stays
            self._changed.notify_all()

    def close(self, stop: threading.Event) -> None:
        """Wake whoever waits, to find that all is over."""
        with self._changed:
            stop.set()
            self._changed.notify_all()


def _results(
    batch: Batch,
    stop: threading.Event,
    progress: dict[int, float],
    measure: Callable[[Ensemble], Sequence[T]],
) -> Sequence[T] | None:
    """What is measured after the batch's last step; None if stopped before.

    The ensemble dies here: kept until the next one is trained, two would have to fit.
    """
    trained = None
    for ensemble in train_together(batch.sessions, batch.problems):
        if stop.is_set():
            return None
        if ensemble is not None:
            trained = ensemble
            progress[batch.rows[0]] = batch.flops * (ensemble.step + 1) / (batch.shape.steps + 1)
    if trained is None:
        raise RuntimeError("an ensemble ends with its last step")
    return measure(trained)
