"""The recordings of runs that were left, within a bound on memory."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from resviz.gui.recovery import leave

if TYPE_CHECKING:
    from resviz.gui.state import AppState
    from resviz.recording import Recording


class Keeping(dict[int, "Recording"]):
    """Recordings by the number of their run, the longest untouched first.

    What a spool keeps on disk leaves memory by itself (`resviz.fields.memory`); the others hold theirs.
    """

    def __setitem__(self, number: int, recording: Recording) -> None:
        self.pop(number, None)  # to the end: touched last
        super().__setitem__(number, recording)

    def leave(self, numbers: Collection[int]) -> None:
        """Let these go; what is not saved of them stays on the disk, under Unsaved runs."""
        found = [self.pop(number) for number in numbers if number in self]
        if found:
            leave(found)

    def pinned(self, state: AppState) -> list[tuple[str, int, Recording]]:
        """Name, number and recording of the runs that are drawn over the present one."""
        return [
            (run.name or f"run {run.number}", run.number, self[run.number])
            for run in state.pinned
            if run.number in self and self[run.number].step >= 0
        ]

    def fit(self, needed: Collection[int]) -> tuple[int, ...]:
        """Give up recordings that lie nowhere else until memory holds the rest, those in ``needed`` never.

        Returns:
            Their numbers.
        """
        from resviz.fields.memory import MEMORY

        gone: list[int] = []
        for number in list(self):
            if not MEMORY.full:
                break
            if number not in needed and self[number].spool is None:
                del self[number]
                gone.append(number)
        return tuple(gone)
