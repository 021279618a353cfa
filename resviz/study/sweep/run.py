"""Running a sweep: tasks go to dask's workers, rows come back into the table as they end.

A worker that dies loses its unfinished task alone, which another takes over; a task that kills workers again
and again is cut into single runs, and what still does becomes rows with their error.
"""

from __future__ import annotations

import queue
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.errors import ResvizError, SessionError, WorkError
from resviz.files import make_folder
from resviz.study.machine import cores
from resviz.study.sweep.cluster import check_address, connected
from resviz.study.sweep.model import COPY, Point, Sweep, load_sweep
from resviz.study.sweep.parquet import has_parquet, is_stale, write_parquet
from resviz.study.sweep.table import Row, Table, session_id
from resviz.study.sweep.task import Ended, Solved, Task, failed, halves, make_tasks, perform, solve

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["SweepProgress", "run_sweep"]

_PULSE_S = 0.2


@dataclass(frozen=True)
class SweepProgress:
    """Where a sweep stands.

    Attributes:
        done, total: runs, those of earlier sessions included.
        failed: of them.
        fraction: share of the work, which is not that of the runs: large ones come first.
        rows: that have just come in.
        working: false at first, when nothing but what was there before is known.
    """

    done: int
    total: int
    failed: int
    fraction: float
    rows: tuple[Row, ...] = ()
    working: bool = False


@dataclass
class _State:
    points: dict[int, Point]
    table: Table
    total: int
    done: int
    failed: int
    work: float
    finished: float = 0.0
    pending: set[Any] = field(default_factory=set)

    def progress(self, rows: tuple[Row, ...] = ()) -> SweepProgress:
        return SweepProgress(
            self.done,
            self.total,
            self.failed,
            min(1.0, self.finished / self.work) if self.work else self.done / max(1, self.total),
            rows,
            working=bool(self.work),
        )

    def keep(self, ended: list[Ended], flops: float) -> SweepProgress:
        """Into the table."""
        rows = tuple(self._row(run) for run in ended)
        self.table.append(rows)
        self.done += len(rows)
        self.failed += sum(bool(row.error) for row in rows)
        self.finished += flops
        return self.progress(rows)

    def _row(self, run: Ended) -> Row:
        point = self.points[run.point]
        session = point.sessions[run.repetition]
        measured = {name: run.measured[name] for name in self.table.columns if name in run.measured}
        return Row(run.point, run.repetition, session, point.values, measured, run.seconds, run.error)


def run_sweep(
    sweep: Sweep,
    folder: str | Path,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    retry: bool = False,
) -> Generator[SweepProgress, None, None]:
    """Run what the table in ``folder`` does not hold yet.

    Args:
        folder: for table.csv, sweep.toml and, with pyarrow, table.parquet; made if need be.
        scheduler: address of a dask scheduler; None starts workers here.
        workers: of them; None is one a core (or a GPU), 0 runs all in this process.
        retry: runs whose row is an error are tried again.

    Yields:
        Progress at least every 200 ms while workers are at work. Closing the generator cancels what is not
        done; the table stays readable at any moment, and what it holds becomes table.parquet.

    Raises:
        SessionError: the sweep breaks a rule.
        RequestError: the folder holds the table of another sweep, or the address is none.
        OutputError: the folder or table cannot be written.
        WorkError: the scheduler went away.
    """
    if scheduler is not None:
        check_address(scheduler)
    points = sweep.points()
    folder = Path(folder)
    make_folder(folder)
    table = Table(folder, sweep.keys, sweep.columns)
    _keep_copy(sweep, folder)
    total = sum(len(point.sessions) for point in points)
    todo = [point for point in points if not _is_done(point, table, retry)]
    state = _State({p.number: p for p in points}, table, total, 0, 0, 0.0)
    finished = [p for p in points if _is_done(p, table, retry)]
    state.done = sum(len(p.sessions) for p in finished)
    state.failed = sum(table.done[session_id(s)] for p in finished for s in p.sessions)
    yield state.progress()
    if not todo:
        if is_stale(table.path):  # killed on the way, or pyarrow has come since
            _write_parquet(table)
        return
    try:
        yield from _train(todo, sweep, state, scheduler, workers)
    except BaseException:  # interrupted too: what there is can be read
        with suppress(ResvizError):
            _write_parquet(table)
        raise
    _write_parquet(table)


def _train(
    todo: list[Point], sweep: Sweep, state: _State, scheduler: str | None, workers: int | None
) -> Iterator[SweepProgress]:
    tasks, limits = make_tasks(todo, sweep.measure, workers=workers or cores())
    state.work = sum(task.flops or 1.0 for task in tasks)
    if workers == 0:
        yield from _here(tasks, limits, state)
        return
    with connected(scheduler, workers, _gpus(todo)) as client:
        yield from _on_workers(client, tasks, limits, state)


def _write_parquet(table: Table) -> None:
    if has_parquet():
        write_parquet(table.path, table.keys, table.columns)


def _is_done(point: Point, table: Table, retry: bool) -> bool:
    rows = [table.done.get(session_id(session)) for session in point.sessions]
    return all(has_failed is not None and not (has_failed and retry) for has_failed in rows)


def _here(tasks: list[Task], limits: dict[str, str], state: _State) -> Iterator[SweepProgress]:
    solved: dict[str, Solved] = {}
    for task in tasks:
        for key in task.limits:
            if key not in solved:
                solved[key] = solve(limits[key])
        yield state.keep(perform(task, {key: solved[key] for key in task.limits}), task.flops or 1.0)


def _on_workers(
    client: Client, tasks: list[Task], limits: dict[str, str], state: _State
) -> Iterator[SweepProgress]:
    # a key of its own for every sweep: a scheduler may serve several
    solved = {key: client.submit(solve, text, pure=False) for key, text in limits.items()}
    ended: queue.Queue[tuple[Any, Task]] = queue.Queue()

    def submit(task: Task) -> None:
        future = client.submit(perform, task, {key: solved[key] for key in task.limits}, pure=False)
        await_end(future, task)

    def await_end(future: Any, task: Task) -> None:
        state.pending.add(future)
        future.add_done_callback(lambda done: ended.put((done, task)))

    for task in tasks:
        submit(task)
    try:
        while state.pending:
            try:
                future, task = ended.get(timeout=_PULSE_S)
            except queue.Empty:
                if client.status not in ("running", "connecting"):
                    raise _gone() from None
                yield state.progress()
                continue
            state.pending.discard(future)
            match future.status:
                case "finished":
                    yield state.keep(future.result(), task.flops or 1.0)
                case "error" if task.runs > 1:
                    for part in halves(task):
                        submit(part)
                case "error":
                    yield state.keep(failed(task, _reason(future.exception())), task.flops or 1.0)
                case "pending":  # its worker died with the result in hand: it is computed again
                    await_end(future, task)
                case "lost":
                    submit(task)
                case _:
                    raise _gone()
    finally:
        with suppress(Exception):  # on the way out, whatever state the cluster is in
            client.cancel(list(state.pending) + list(solved.values()), force=True)


def _reason(error: BaseException) -> str:
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        return "the run killed its worker again and again (out of memory?)"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _gone() -> WorkError:
    return WorkError(
        "the scheduler of the sweep is gone",
        remedy="Start it again and repeat the command: finished runs are kept.",
    )


def _gpus(points: list[Point]) -> int:
    """GPUs that the points' device means; 0 for the processor. Of "auto" the largest network decides."""
    from resviz.data import make_problem
    from resviz.engine.resnet import net_device

    sessions = [point.sessions[0] for point in points]
    free = [session for session in sessions if session.training.device == "auto"]
    meant = any(session.training.device == "cuda" for session in sessions)
    if not meant and free:
        largest = max(free, key=lambda session: session.network.layers * session.network.units)
        meant = net_device(largest, make_problem(largest)).type == "cuda"
    if not meant:
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _keep_copy(sweep: Sweep, folder: Path) -> None:
    """sweep.toml: what the table was made from; a file that says so already keeps its comments."""
    copy = folder / COPY
    with suppress(SessionError):
        if load_sweep(copy).to_toml() == sweep.to_toml():
            return
    sweep.save(copy)
