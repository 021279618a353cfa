"""Spools: what keeps a run that is not saved yet, so that neither a crash nor ``kill -9`` loses it.

A spool is a folder that one process writes while it trains and holds an OS lock on. ::

    spool = Spool.create(recording)       # at its first step, or before; the rest happens by itself
    ...                                   # recording grows, spool.failure tells if the disk does not take it
    recording.save(path); spool.saved(path)     # nothing of it is offered any more
    spool.close()                         # kept, and offered at the next start unless it was saved
    spool.drop()                          # not wanted

    for found in unfinished():            # what earlier processes left behind, none of it in use
        recording = recover(found.path)   # works, grows and is saved like any other; its spool goes on
        drop(found.path)
    for recording in follow(path): ...    # a run of another process, on this machine or a mounted disk
"""

from resviz.recording.spool.layout import SCHEMA
from resviz.recording.spool.recovery import (
    Found,
    drop,
    find,
    follow,
    growing,
    in_use,
    parts_of,
    recover,
    too_much,
    unfinished,
)
from resviz.recording.spool.spool import Spool, handed, held, spool_folder, spooled

__all__ = [
    "SCHEMA",
    "Found",
    "Spool",
    "drop",
    "find",
    "follow",
    "growing",
    "handed",
    "held",
    "in_use",
    "parts_of",
    "recover",
    "spool_folder",
    "spooled",
    "too_much",
    "unfinished",
]
