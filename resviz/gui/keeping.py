"""The recordings of runs that were left, within a bound on memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.recording import Recording


class Keeping(dict[int, "Recording"]):
    """Recordings by the number of their run, the longest untouched first.

    Attributes:
        bytes: what their fields may take together; pinned ones are kept past it.
    """

    bytes: int = 2_000_000_000

    def __setitem__(self, number: int, recording: Recording) -> None:
        self.pop(number, None)  # to the end: touched last
        super().__setitem__(number, recording)

    def fit(self, needed: Collection[int]) -> tuple[int, ...]:
        """Give up recordings until the rest fits, those in ``needed`` never; returns their numbers."""
        parts = {number: _parts(recording) for number, recording in self.items()}
        gone: list[int] = []
        for number in list(self):
            if _together(parts.values()) <= self.bytes:
                break
            if number not in needed:
                del self[number], parts[number]
                gone.append(number)
        return tuple(gone)


def _together(parts: Iterable[dict[int, int]]) -> int:
    """Bytes of all parts; branches share fields, and what is in two of them counts once."""
    return sum({key: size for one in parts for key, size in one.items()}.values())


def _parts(recording: Recording) -> dict[int, int]:
    """Bytes of every step's fields, by their identity."""
    nets = [recording, *([recording.contrast] if recording.contrast is not None else [])]
    limits = [limit for net in nets for limit in (net.limit, net.lazy) if limit is not None]
    fields = [net.fields(step) for net in nets for step in range(net.step + 1)]
    fields += [limit.fields(step) for limit in limits for step in range(limit.newest + 1)]
    return {id(one): one.h.nbytes + one.b.nbytes for one in fields}
