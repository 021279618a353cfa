"""The worker's rules, each with generators that are stopped at known places by events, never by sleeping."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QThread
from pytestqt.qtbot import QtBot

import resviz
from resviz.gui.worker import Finished, Worker


@pytest.fixture
def worker(qtbot: QtBot) -> Iterator[Worker]:
    made = Worker("test")
    yield made
    assert made.close()


class Log:
    """What a worker has said, in order."""

    def __init__(self, worker: Worker) -> None:
        self.values: list[tuple[int, object]] = []
        self.ends: list[Finished] = []
        self.order: list[str] = []
        self.threads: set[object] = set()
        worker.yielded.connect(self._value)
        worker.finished.connect(self._end)
        worker.paused.connect(lambda run: self.order.append(f"paused {run}"))

    def _value(self, run: int, value: object) -> None:
        self.values.append((run, value))
        self.order.append(f"value {value}")
        self.threads.add(QThread.currentThread())

    def _end(self, end: Finished) -> None:
        self.ends.append(end)
        self.order.append(f"{end.how} {end.run}")


def gated(gate: threading.Semaphore, count: int = 1000) -> Iterator[int]:
    """Yield 0, 1, ... each after the gate was opened once more."""
    for value in range(count):
        gate.acquire()
        yield value


def test_values_arrive_in_the_owners_thread_and_work_is_done_elsewhere(worker: Worker, qtbot: QtBot) -> None:
    log, where = Log(worker), []

    def work() -> Iterator[str]:
        where.append(threading.get_ident())
        yield "a"

    with qtbot.waitSignal(worker.finished):
        run = worker.start(work)
    assert log.values == [(run, "a")]
    assert log.threads == {worker.thread()}
    assert where != [threading.get_ident()]
    assert log.ends == [Finished(run, "done")]
    assert not worker.busy


def test_coalesced_to_the_display_rate_newest_wins_last_always_arrives(qtbot: QtBot) -> None:
    worker = Worker("slow display", rate=0.1)  # ten seconds between deliveries
    log = Log(worker)
    with qtbot.waitSignal(worker.finished):
        worker.start(lambda: iter(range(1000)))
    assert worker.close()
    values = [value for _, value in log.values]
    assert len(values) <= 2  # the first at once, the last because the run ended
    assert values[-1] == 999
    assert log.order[-1] == "done 1"


def test_a_held_back_value_is_delivered_when_the_display_is_due(qtbot: QtBot) -> None:
    worker, gate = Worker("display", rate=20.0), threading.Semaphore(2)
    log = Log(worker)
    worker.start(lambda: gated(gate))
    qtbot.waitUntil(lambda: log.values[-1:] == [(1, 1)])  # no third yield and no end pushes it out
    assert worker.busy
    worker.cancel()
    gate.release()
    assert worker.close()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA out of memory"),
        ValueError("shape"),
        MemoryError(),
        KeyboardInterrupt(),
        SystemExit(3),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_exception_is_an_outcome(worker: Worker, qtbot: QtBot, error: BaseException) -> None:
    log = Log(worker)

    def work() -> Iterator[int]:
        yield 1
        raise error

    with qtbot.waitSignal(worker.finished):
        run = worker.start(work)
    (end,) = log.ends
    assert (end.run, end.how) == (run, "failed")
    assert end.error is error
    assert "in work" in end.report
    assert type(error).__name__ in end.report
    assert log.values == [(run, 1)]  # what came before is kept
    with qtbot.waitSignal(worker.finished):  # and the thread lives on
        worker.start(lambda: iter([2]))
    assert log.values[-1] == (run + 1, 2)


def test_a_failure_to_begin_is_said(worker: Worker, qtbot: QtBot) -> None:
    log = Log(worker)

    def work() -> Iterator[int]:
        raise ImportError("no engine")

    with qtbot.waitSignal(worker.finished):
        worker.start(work)
    assert isinstance(log.ends[0].error, ImportError)


def test_a_failure_keeps_no_memory(worker: Worker, qtbot: QtBot) -> None:
    class Tensor:
        pass

    seen: list[weakref.ref[Tensor]] = []

    def work() -> Iterator[int]:
        tensor = Tensor()
        seen.append(weakref.ref(tensor))
        yield 1
        raise RuntimeError("out of memory")

    log = Log(worker)
    with qtbot.waitSignal(worker.finished):
        worker.start(work)
    assert log.ends[0].error is not None
    assert seen[0]() is None


def test_cancel_ends_between_yields_and_closes_the_generator(worker: Worker, qtbot: QtBot) -> None:
    log, gate, closed = Log(worker), threading.Semaphore(1), threading.Event()

    def work() -> Iterator[int]:
        try:
            yield from gated(gate)
        finally:
            closed.set()

    worker.start(work)
    qtbot.waitUntil(lambda: log.values == [(1, 0)])
    assert worker.working
    worker.cancel()
    assert worker.busy
    assert not worker.working  # it is within its piece, and nobody wants it
    with qtbot.waitSignal(worker.finished):
        gate.release()
    assert closed.is_set()
    assert log.ends == [Finished(1, "cancelled")]
    assert log.values == [(1, 0)]  # the value after cancel() is dropped


def test_cancel_wakes_a_paused_run(worker: Worker, qtbot: QtBot) -> None:
    log = Log(worker)
    worker.start(lambda: iter(range(3)), paused=True)
    assert worker.is_paused
    with qtbot.waitSignal(worker.finished):
        worker.cancel()
    assert log.ends == [Finished(1, "cancelled")]
    assert log.values == []


def test_pause_and_resume(worker: Worker, qtbot: QtBot) -> None:
    log, gate, asked = Log(worker), threading.Semaphore(0), []

    def work() -> Iterator[int]:
        for value in range(4):
            gate.acquire()
            asked.append(value)
            yield value

    worker.start(work)
    gate.release()
    qtbot.waitUntil(lambda: len(log.values) == 1)
    worker.pause()
    gate.release(3)
    qtbot.waitUntil(lambda: log.values[-1] == (1, 1) or asked == [0])
    # at most the value that was under way comes; the run waits there although the gate is open
    seen = len(asked)
    assert seen <= 2
    QCoreApplication.processEvents()
    assert len(asked) <= 2
    assert worker.is_paused
    with qtbot.waitSignal(worker.finished):
        worker.resume()
    assert asked == [0, 1, 2, 3]
    assert log.values[-1] == (1, 3)
    assert log.ends[0].how == "done"


def test_who_works_ahead_is_heard_out_before_a_run_pauses(worker: Worker, qtbot: QtBot) -> None:
    class Ahead:
        held = False

        def __init__(self) -> None:
            self.told: list[tuple[bool, object]] = []

        def steer(self, paused: bool, until: object) -> None:
            if not self.told or self.told[-1] != (paused, until):
                self.told.append((paused, until))

    ahead, gate = Ahead(), threading.Event()

    def values():
        yield 1
        gate.wait()
        yield from (2, 3)  # were done when the pause came
        ahead.held = True
        yield 4
        yield 5  # not asked for any more

    log = Log(worker)
    with qtbot.waitSignal(worker.yielded):
        worker.start(values, steered=ahead)
    worker.pause()
    gate.set()
    qtbot.waitUntil(lambda: log.order[-1] == "value 4")
    assert ahead.told == [(False, None), (True, None)]
    assert not log.ends
    ahead.held = False
    worker.resume()
    qtbot.waitUntil(lambda: bool(log.ends))
    assert log.order[-2:] == ["value 5", "done 1"]
    assert ahead.told[-1] == (False, None)


def test_until_pauses_at_the_first_value_that_fulfils_it(worker: Worker, qtbot: QtBot) -> None:
    log = Log(worker)
    with qtbot.waitSignal(worker.paused):
        worker.start(lambda: iter(range(10)), until=lambda value: value >= 3)
    assert log.values[-1] == (1, 3)
    assert worker.is_paused
    with qtbot.waitSignal(worker.paused):
        worker.resume(until=lambda value: value >= 4)
    assert log.values[-1] == (1, 4)
    assert log.order[-2:] == ["value 4", "paused 1"]
    with qtbot.waitSignal(worker.finished):
        worker.resume()
    assert log.values[-1] == (1, 9)


def test_stale_replies_are_dropped_and_every_run_says_finished(worker: Worker, qtbot: QtBot) -> None:
    log, gate = Log(worker), threading.Semaphore(1)
    first = worker.start(lambda: gated(gate))
    qtbot.waitUntil(lambda: log.values == [(first, 0)])
    second = worker.start(lambda: iter(["never begun"]))  # the first is still in the thread
    third = worker.start(lambda: iter(["c"]))
    gate.release()
    qtbot.waitUntil(lambda: len(log.ends) == 3)
    assert log.values == [(first, 0), (third, "c")]
    assert log.ends == [Finished(first, "cancelled"), Finished(second, "cancelled"), Finished(third, "done")]


def test_a_value_already_posted_is_dropped_when_a_newer_run_starts(worker: Worker, qtbot: QtBot) -> None:
    log, posted = Log(worker), threading.Event()

    def work() -> Iterator[str]:
        yield "old"
        posted.set()
        yield "older"

    worker.start(work)
    assert posted.wait(10)  # the event loop does not turn meanwhile: "old" waits to be delivered
    second = worker.start(lambda: iter(["new"]))
    qtbot.waitUntil(lambda: len(log.ends) == 2)
    assert log.values == [(second, "new")]


def test_start_from_within_a_reply(worker: Worker, qtbot: QtBot) -> None:
    log, started = Log(worker), []

    def again(run: int, value: object) -> None:
        if not started:
            started.append(worker.start(lambda: iter(["second"])))

    worker.yielded.connect(again)
    worker.start(lambda: iter(["first"]))
    qtbot.waitUntil(lambda: len(log.ends) == 2)
    assert [value for _, value in log.values] == ["first", "second"]


def test_close_says_finished_for_what_it_cancels_and_ends_the_thread(qtbot: QtBot) -> None:
    worker, gate = Worker("closing"), threading.Semaphore(0)
    log = Log(worker)
    worker.start(lambda: gated(gate))
    worker.start(lambda: iter([1]))
    gate.release()
    assert worker.close()
    assert [end.how for end in log.ends] == ["cancelled", "cancelled"]
    assert log.values == []
    with pytest.raises(RuntimeError, match="closed"):
        worker.start(lambda: iter([1]))


def test_close_of_a_worker_that_never_ran(qtbot: QtBot) -> None:
    assert Worker("idle").close()


def test_close_tells_when_the_work_does_not_yield(qtbot: QtBot) -> None:
    worker, gate = Worker("deaf"), threading.Semaphore(0)
    entered = threading.Event()

    def work() -> Iterator[int]:
        entered.set()
        gate.acquire()
        yield 1

    worker.start(work)
    assert entered.wait(10)
    assert not worker.close(wait_ms=1)
    gate.release()
    assert worker.close()


LINGERING = """
import threading
from PySide6.QtCore import QCoreApplication
from resviz.gui.worker import Worker

application, begun = QCoreApplication([]), threading.Event()

def work():
    begun.set()
    try:
        threading.Event().wait(1.0)  # a step that takes long
        yield 1
    finally:
        print("cleaned up", flush=True)

worker = Worker("slow")
worker.start(work)
begun.wait()
print(worker.close(10))
"""


def test_a_program_that_ends_meanwhile_waits_for_the_work(tmp_path: Path) -> None:
    """Qt aborts a process whose thread still runs when it is destroyed."""
    environment = {**os.environ, "PYTHONPATH": str(Path(resviz.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", LINGERING], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.split("\n")) == (0, ["False", "cleaned up", ""]), done.stderr


def test_a_clean_up_that_raises_does_not_hide_the_outcome(worker: Worker, qtbot: QtBot) -> None:
    log, gate = Log(worker), threading.Semaphore(1)

    def work() -> Iterator[int]:
        try:
            yield from gated(gate)
        finally:
            raise OSError("disk full")

    worker.start(work)
    qtbot.waitUntil(lambda: log.values == [(1, 0)])
    worker.cancel()
    with qtbot.waitSignal(worker.finished):
        gate.release()
    assert log.ends == [Finished(1, "cancelled")]
