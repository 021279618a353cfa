"""Is a picture what it says it is? Drawn again from what it carries, and compared."""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resviz.errors import RequestError

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.export import ExportProgress
    from resviz.export.provenance import Provenance
    from resviz.recording import Recording

Picture = NDArray[np.uint8]

SWEEP = "sweep"
"""What the figure of a sweep says it is; no view draws it from one recording."""

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)
_NUMBER = re.compile(r"(?<![\w#.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")  # colours like #56b4e9 are words

# Other versions of libraries, other processors, round differently: an edge moves by a fraction of a pixel
_LEVELS = 24  # of 256, from which a pixel counts as different
_PIXELS = 5e-3  # share of the pixels that may
_UNITS = 0.5  # of a vector file, which are its pixels
_RELATIVE = 1e-3  # of a table's numbers


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found.

    Attributes:
        same: the picture shows what it says.
        exact: not a pixel or digit differs.
        found: in words, for people.
    """

    same: bool
    exact: bool
    found: str


def verify(
    path: Path, recordings: Sequence[Recording] = ()
) -> Generator[ExportProgress, None, tuple[Provenance, Verdict]]:
    """Draw a file again from what it carries, and compare; yields progress, returns the verdict.

    Args:
        recordings: of the file's sessions, in their order; left out, the sessions are trained again.

    Raises:
        RequestError: the file does not say how it was drawn, or only a window knows, or the recordings are of
            other sessions.
    """
    from resviz.export import export_steps
    from resviz.export.carried import read_provenance

    provenance = read_provenance(path)
    if provenance.seen:
        raise RequestError(
            f"{path} is what a window showed at that moment, on axes that had grown there",
            remedy="Export it anew (Export…, or `resviz export`) for a file that can be drawn again.",
        )
    _check(provenance, recordings)
    found = list(recordings)
    if not found:
        for session, newest in zip(provenance.sessions, provenance.newest, strict=True):
            again = yield from _trained(session, newest)
            found.append(again)
    options = replace(provenance.options, steps=provenance.steps, duration=None)
    with TemporaryDirectory(prefix="resviz-verify-") as folder:
        copy = Path(folder) / f"copy{path.suffix.lower()}"
        yield from export_steps(found, copy, options, data=provenance.data)
        return provenance, compare(path, copy)


def _trained(session: Session, newest: int) -> Generator[ExportProgress, None, Recording]:
    """The session's recording as far as ``newest``: axes depend on how far a recording went."""
    from resviz.export import ExportProgress
    from resviz.recording import record

    for now in record(session):
        yield ExportProgress(max(now.step, 0), newest, "training again")
        if now.step >= newest:
            return now.recording
    raise RequestError(
        f"the session ends before step {newest}, which the file shows",
        remedy="What it says about itself was changed; nothing can be said about it.",
    )


def _check(provenance: Provenance, recordings: Sequence[Recording]) -> None:
    if provenance.options.view == SWEEP:
        raise RequestError(
            "the file shows a sweep: many runs, not one that could be trained again",
            remedy="Repeat `resviz sweep` on the sweep file beside its table.",
        )
    if not recordings:
        return
    if [one.session for one in recordings] != list(provenance.sessions):
        raise RequestError(
            "the recordings given are not those of the file's sessions",
            remedy="Give them in the order in which they were drawn, or leave them out to train again.",
        )
    steps = tuple(one.step for one in recordings)
    if steps != provenance.newest:
        raise RequestError(
            f"the recordings end at step {steps}, those of the file ended at {provenance.newest}",
            remedy="Leave them out to train again.",
        )


def compare(one: Path, other: Path) -> Verdict:
    """Compare two files of one kind that `resviz export` wrote, apart from what they carry."""
    match one.suffix.lower():
        case ".png":
            return _pictures(_png(one), _png(other))
        case ".svg":
            return _svg(one.read_text("utf-8"), other.read_text("utf-8"))
        case ".pdf":
            return _pdf(one.read_bytes(), other.read_bytes())
        case ".csv":
            return _text(_rows(one), _rows(other), "row")
        case ".npz":
            return _arrays(one, other)
        case _:
            return _films(one, other)


def _png(path: Path) -> Picture:
    from resviz.draw.picture import read_picture

    return read_picture(path)


@dataclass(frozen=True, slots=True)
class _Apart:
    """How far pictures are apart: the largest difference, and the share of pixels that differ."""

    most: int = 0
    share: float = 0.0

    @classmethod
    def of(cls, one: Picture, other: Picture) -> _Apart:
        apart = np.abs(one.astype(np.int16) - other).max(axis=-1)
        return cls(int(apart.max()), float(np.mean(apart > _LEVELS)))

    def verdict(self) -> Verdict:
        if self.most == 0:
            return Verdict(True, True, "every pixel is the same")
        found = f"pixels differ by up to {self.most} of 255, {self.share:.2%} of them by more than {_LEVELS}"
        return Verdict(self.share <= _PIXELS, False, found)


def _pictures(one: Picture, other: Picture) -> Verdict:
    if one.shape != other.shape:
        return Verdict(False, False, f"its size is {_size(one)}, it should be {_size(other)}")
    return _Apart.of(one, other).verdict()


def _size(picture: Picture) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"


def _films(one: Path, other: Path) -> Verdict:
    rate, due = _rate(one), _rate(other)
    if rate != due:
        return Verdict(False, False, f"it shows {rate} frames a second, it should show {due}")
    count = wanted = 0
    worst = _Apart()
    for shown, drawn in zip_longest(_decoded(one), _decoded(other)):
        count, wanted = count + (shown is not None), wanted + (drawn is not None)
        if shown is None or drawn is None:
            continue
        if shown.shape != drawn.shape:
            return _pictures(shown, drawn)
        now = _Apart.of(shown, drawn)
        worst = _Apart(max(worst.most, now.most), max(worst.share, now.share))
    if count != wanted:
        return Verdict(False, False, f"it has {count} frames, it should have {wanted}")
    verdict = worst.verdict()
    return replace(verdict, found=f"{count} frames; {verdict.found}")


def _decoded(path: Path) -> Iterator[Picture]:
    import av

    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _rate(path: Path) -> Any:
    import av

    with av.open(str(path)) as container:
        return container.streams.video[0].average_rate


def _svg(one: str, other: str) -> Verdict:
    first, second = (re.sub(r"<(title|desc)>.*?</\1>", "", text, flags=re.S) for text in (one, other))
    return _text(first, second, "shape", allowed=_UNITS)


def _pdf(one: bytes, other: bytes) -> Verdict:
    first, second = ("\n".join(_contents(data)) for data in (one, other))
    return _text(first, second, "shape", allowed=_UNITS)


def _contents(data: bytes) -> Iterator[str]:
    """The drawing instructions of a PDF: its other streams hold fonts, colours and what it carries."""
    for match in _STREAM.finditer(data):
        stream = match[1]
        with suppress(zlib.error):
            stream = zlib.decompress(stream)
        if re.search(rb"\bBT\b|\bre\b|\bl\b", stream) and b"# made by " not in stream and stream[:1] != b"<":
            yield stream.decode("latin-1")


def _rows(path: Path) -> str:
    return "\n".join(line for line in path.read_text("utf-8").splitlines() if line[:1] != "#")


def _text(one: str, other: str, what: str, allowed: float = 0.0) -> Verdict:
    """Texts with numbers in them: the words must be equal, the numbers nearly."""
    if one == other:
        return Verdict(True, True, f"every {what} is the same")
    if _NUMBER.sub("#", one) != _NUMBER.sub("#", other):
        return Verdict(False, False, f"other {what}s, or another number of them")
    first, second = (np.array(_NUMBER.findall(text), np.float64) for text in (one, other))
    return _numbers(first, second, allowed)


def _numbers(one: NDArray[Any], other: NDArray[Any], allowed: float) -> Verdict:
    apart = np.abs(one - other)
    within = bool(np.all(apart <= np.maximum(allowed, _RELATIVE * np.abs(other))))
    return Verdict(within, False, f"numbers differ by up to {float(apart.max(initial=0.0)):.3g}")


def _arrays(one: Path, other: Path) -> Verdict:
    with np.load(one) as first, np.load(other) as second:
        if set(first) != set(second) or any(first[name].shape != second[name].shape for name in first):
            return Verdict(False, False, "other arrays, or of other shapes")
        worst = Verdict(True, True, "every number is the same")
        for name in set(first) - {"session"}:
            left, right = first[name], second[name]
            if left.dtype.kind in "US":
                now = Verdict(
                    bool((left == right).all()), bool((left == right).all()), f"other words in {name}"
                )
            elif np.array_equal(left, right, equal_nan=True):
                continue
            else:
                now = _numbers(np.nan_to_num(left), np.nan_to_num(right), 0.0)
            worst = now if worst.same and not now.exact else worst
        return worst
