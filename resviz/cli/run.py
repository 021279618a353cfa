"""``resviz run``: train a network, solve its limit, record both."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from resviz.cli.options import (
    Changes,
    Level,
    LogLevel,
    Output,
    Overwrite,
    Quiet,
    SessionName,
    ShowProgress,
    start_log,
)
from resviz.cli.report import note, progress
from resviz.cli.session import read_session, stopping_kindly
from resviz.errors import DeviceError, DivergenceError, OutputError, RequestError

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.recording import Recording

_log = logging.getLogger(__name__)


def run(
    session: SessionName,
    output: Output,
    changes: Changes = None,
    overwrite: Overwrite = False,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Train the network of SESSION, solve its limit, and record both in OUT (.resviz)."""
    start_log(log_level)
    from resviz.export.target import check_file

    if output.suffix != ".resviz":
        raise RequestError(
            f"{output} does not end in .resviz", remedy=f"Write to {output.with_suffix('.resviz')} instead."
        )
    chosen = read_session(session, changes)
    check_file(output, overwrite=overwrite)
    part = _part(output, quiet=quiet)
    recording = train(
        chosen, keep=output, overwrite=overwrite, show_progress=show_progress, quiet=quiet, part=part
    )
    _save(recording, output, overwrite)
    note(f"{output}: {recording.step} steps, loss {recording.loss[recording.step]:.3g}", quiet=quiet)


def train(
    session: Session,
    *,
    keep: Path | None,
    show_progress: bool | None,
    quiet: bool,
    part: Path | None = None,
    overwrite: bool = False,
) -> Recording:
    """Record ``session`` to its end.

    Interrupted, when training diverges or the device fails, what was recorded so far is saved to ``keep``
    first. Killed, it lies in ``part``.

    Args:
        overwrite: replace what ``keep`` names.
        part: folder of the spool; left out, it is spooled only where memory ends.

    Raises:
        DivergenceError: training left the finite numbers.
    """
    from resviz.recording import record
    from resviz.recording.spool import held, spooled

    shape = session.network
    _log.info("training L = %d, M = %d for %d steps", shape.layers, shape.units, session.training.last_step)
    recording: Recording | None = None
    notes: tuple[str, ...] = ()
    try:
        with stopping_kindly(), progress("training", shown=show_progress, quiet=quiet) as update:
            states = record(session)
            for now in held(states) if part is None else spooled(states, path=part):
                recording = now.recording
                update(max(now.step, 0), now.steps, f"{now.speed:.3g} steps/s" if now.speed else "")
                notes = now.notes
    except (KeyboardInterrupt, DivergenceError, DeviceError):
        if keep is not None and recording is not None and recording.step >= 0:
            _save(recording, keep, overwrite)
            note(f"{keep}: kept what was recorded, steps 0 to {recording.step}", quiet=quiet)
        raise
    if recording is None:
        raise RuntimeError("a run yields at least its step 0")
    for line in notes:
        note(line, quiet=quiet)
    return recording


def _save(recording: Recording, path: Path, overwrite: bool) -> None:
    """Save, and end the spool; where that fails the spool stays.

    Raises:
        OutputError: the file cannot be written.
    """
    spool = recording.spool
    try:
        recording.save(path, overwrite=overwrite)
    except OutputError as error:
        if spool is not None and spool.failure is None:
            error.remedy = f"Then save what was recorded: resviz recover {spool.path} -o {path}"
        raise
    finally:
        if spool is not None:
            spool.close()


def _part(output: Path, *, quiet: bool) -> Path:
    """Where the steps of a run into ``output`` lie until it is saved.

    Raises:
        RequestError: another process records into the same file.
    """
    from resviz.files import free_name
    from resviz.recording.spool import find, in_use, parts_of

    for path in parts_of(output):
        if in_use(path):
            raise RequestError(
                f"another resviz is recording into {output}", remedy="Choose another name, or end that one."
            )
        if (found := find(path)) is not None:
            note(
                f"{path} keeps steps 0 to {found.step} of a run that did not end: "
                f"`resviz recover {path}` saves it",
                quiet=quiet,
            )
    return free_name(output.with_name(f"{output.name}.part"))
