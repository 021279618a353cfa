"""A recording that grows in this process by what another one trains; `record` for windows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from resviz.apart import orders, process
from resviz.apart.orders import At, Begun, Ended, Failed, Head, Job, Known, Rows, Sessions, Steering, Stopped
from resviz.config import Session
from resviz.config.activations import fingerprint
from resviz.errors import DeviceError
from resviz.fields import Fields, LimitFields
from resviz.recording import Progress, Recording  # the package first, see test_import
from resviz.recording.lanes import hang, lanes
from resviz.recording.record import Limits, remember
from resviz.recording.spool import handed

__all__ = ["can_train_apart", "trained_apart"]

_PULSE_S = 0.05


def can_train_apart(session: Session) -> bool:
    """Whether another process can: one that never saw this program knows no activation of its own."""
    return not fingerprint(session.network.activation)


class _Report(Exception):
    """The traceback of the other process, for reports."""

    def __init__(self, text: str) -> None:
        super().__init__(f"\n\n{text}")


def trained_apart(
    session: Session,
    *,
    limits: Limits | None = None,
    contrast: bool = True,
    after: Recording | None = None,
    threads: int = 1,
    steering: Steering | None = None,
) -> Iterator[Progress | None]:
    """As `record`, but the work is another process's; None while there is no recording yet.

    ``steering`` is looked at between two steps; where it says to hold, the last state that comes before it is
    ``stands`` shows all that was trained. Live edits of the recording are handed over as they are asked for.

    Raises:
        DivergenceError, DeviceError: as `record`.
        DeviceError: the process ended; the recording keeps what it had.
        OutputError: ``after`` cannot be handed over.
        OSError: no process can be started.
    """
    known = {} if limits is None else limits
    if after is not None and after.step < 0:
        after = None
    trainer = process.take()
    with tempfile.TemporaryDirectory(prefix="resviz-", ignore_cleanup_errors=True) as folder:
        try:
            job = Job(
                trainer.next_job,
                session,
                contrast,
                threads,
                {key: limit.newest for key, limit in known.items()},
                None if after is None else handed(after, Path(folder) / "recording.resviz"),
            )
            yield from _grown(trainer, job, after, known, steering or Steering())
        finally:
            trainer.end_job()
            process.give(trainer)


def _grown(
    trainer: process.Trainer, job: Job, after: Recording | None, known: Limits, steering: Steering
) -> Iterator[Progress | None]:
    solved = dict(known)  # what the job was told; the other may forget them meanwhile
    recording = after
    progress = None if recording is None else Progress(recording, recording.step, recording.steps)
    helm = _Helm(trainer, job.number, steering)
    try:
        trainer.begin(helm.first(job))
        while True:
            helm.say(recording)
            news = trainer.hear(_PULSE_S)
            for one in news:
                match one:
                    case At():
                        if recording is not None:
                            progress = Progress(recording, one.step, one.steps, one.speed, one.notes)
                        helm.hear(one)
                    case Head():
                        recording = Recording(one.session, one.problem, made=one.made)
                    case Stopped():
                        if recording is not None:
                            remember(recording, known)
                        return
                    case Failed():
                        raise one.error from _Report(one.report)
                    case _ if recording is not None:
                        _apply(one, recording, solved)
            yield progress
    except process.Gone as error:
        raise DeviceError(
            f"the process that trains has ended by itself ({trainer.how})",
            remedy="All steps up to here are kept, and Run goes on from them. If the machine was short of "
            "memory, lower network.units, network.layers or limit.units first.",
        ) from error


class _Helm:
    """Passes on what the owner of a job wants, when it changes."""

    def __init__(self, trainer: process.Trainer, job: int, steering: Steering) -> None:
        self._trainer, self._job, self._steering = trainer, job, steering
        self._serial = 0
        self._said = steering.paused, steering.target
        self._asked: dict[str, float | int] = {}

    def first(self, job: Job) -> Job:
        """The job with what is wanted now."""
        paused, target = self._said
        return replace(job, paused=paused, target=target)

    def say(self, recording: Recording | None) -> None:
        """What is new."""
        # edits first: who edits and goes on means the very next step
        asked = {} if recording is None else recording.pending
        if asked != self._asked:
            self._asked = asked
            if asked:
                self._trainer.say(orders.Edit(self._job, asked))
        wanted = self._steering.paused, self._steering.target
        if wanted != self._said:
            self._serial += 1
            self._said = wanted
            self._trainer.say(orders.Go(self._job, self._serial, *wanted))

    def hear(self, at: At) -> None:
        """Whether it holds for what was said last."""
        if at.held == self._serial and (self._steering.paused, self._steering.target) == self._said:
            self._steering.stands = True


def _apply(one: object, recording: Recording, solved: dict[str, LimitFields]) -> None:
    match one:
        case Sessions():
            recording.follow(one.net, one.twin, one.asked)
        case Begun() if one.session is not None:
            recording.contrast = Recording(one.session, recording.problem, made=recording.made)
        case Begun() if one.s is not None:
            hang(recording, one.name, LimitFields(one.s, one.alpha, one.span, one.solver, one.units))
        case Known():
            hang(recording, one.name, solved[one.key].until(recording.steps))
        case Rows():
            lane = lanes(recording)[one.name]
            for i, (arrays, columns) in enumerate(zip(one.arrays, one.columns, strict=True)):
                h, b, output, weights = arrays
                loss, rate, error, factor = (float(x) for x in columns)
                lane.append(Fields(one.start + i, h, b, output, loss, rate, error, weights, factor))
        case Ended():
            lane = lanes(recording)[one.name]
            if isinstance(lane, LimitFields):
                lane.ended = True
        case _:
            raise RuntimeError(f"a trainer does not say {one!r}")
