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
from resviz.errors import DivergenceError, RequestError

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
    recording = train(chosen, keep=output, show_progress=show_progress, quiet=quiet)
    recording.save(output)
    note(f"{output}: {recording.step} steps, loss {recording.loss[recording.step]:.3g}", quiet=quiet)


def train(session: Session, *, keep: Path | None, show_progress: bool | None, quiet: bool) -> Recording:
    """Record ``session`` to its end.

    Interrupted, or when training diverges, what was recorded so far is saved to ``keep`` first.

    Raises:
        DivergenceError: training left the finite numbers.
    """
    from resviz.recording import record

    shape = session.network
    _log.info("training L = %d, M = %d for %d steps", shape.layers, shape.units, session.training.last_step)
    recording: Recording | None = None
    notes: tuple[str, ...] = ()
    try:
        with stopping_kindly(), progress("training", shown=show_progress, quiet=quiet) as update:
            for now in record(session):
                recording = now.recording
                update(max(now.step, 0), now.steps, f"{now.speed:.3g} steps/s" if now.speed else "")
                notes = now.notes
    except (KeyboardInterrupt, DivergenceError):
        if keep is not None and recording is not None and recording.step >= 0:
            recording.save(keep)
            note(f"{keep}: kept what was recorded, steps 0 to {recording.step}", quiet=quiet)
        raise
    if recording is None:
        raise RuntimeError("a run yields at least its step 0")
    for line in notes:
        note(line, quiet=quiet)
    return recording
