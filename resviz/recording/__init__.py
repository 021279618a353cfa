"""Recordings: the fields of a run, everything replayed from them, and their file."""

from resviz.recording.opened import open_recording
from resviz.recording.record import Progress, record, run, solve_lazy, solve_limit, solve_steps
from resviz.recording.recording import Recording

__all__ = [
    "Progress",
    "Recording",
    "open_recording",
    "record",
    "run",
    "solve_lazy",
    "solve_limit",
    "solve_steps",
]
