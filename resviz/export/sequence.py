"""A folder of frames: each file whole or absent, and an interrupted folder goes on where it stopped.

While a sequence is unfinished a list lies beside its frames: in its first line a hash of everything that the
pictures depend on, then one line a frame with the hash of its bytes, in the format of sha256sum. Only frames
that the list vouches for are taken over; a finished sequence leaves no list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from resviz.errors import OutputError, RequestError
from resviz.export.provenance import Provenance
from resviz.export.target import check_folder
from resviz.files import writing

LIST = "resviz-frames.txt"
_HEAD = "# frames of resviz, request "


def frame_name(step: int) -> str:
    """File name of the frame of ``step`` in a folder; the step, so that a second export fits between."""
    return f"frame-{step:06d}.png"


def beside_frame(name: str, suffix: str) -> str:
    """File name of the table beside a frame."""
    return name.removesuffix(".png") + suffix


def check_sequence(
    folder: Path, provenance: Provenance, beside: str = "", *, overwrite: bool = False
) -> None:
    """Refuse a folder that cannot take the frames; it need not exist, its parent must.

    ``beside`` is the extension of a table beside each frame.

    Only files called exactly like a frame are ever replaced, and only on ``overwrite``; all others in the
    folder stay as they are. Frames that an interrupted export of the same request left do not stand in the
    way.

    Raises:
        RequestError: ``folder`` is a file, or holds one of the frames already.
        OutputError: the folder cannot be made or written.
    """
    if folder.exists() and not folder.is_dir():
        raise RequestError(f"{folder} is a file, not a folder", remedy="Give the name of a folder.")
    if not folder.exists():
        check_folder(folder.parent)
        return
    check_folder(folder)
    present = {entry.name for entry in folder.iterdir()}
    done = FrameList(folder, provenance.digest()).done
    names = [frame_name(step) for step in provenance.steps]
    if beside:
        names += [beside_frame(name, beside) for name in names]
    taken = [name for name in names if name in present and name not in done]
    if taken and not overwrite:
        raise RequestError(
            f"{folder} holds {len(taken)} of these frames already, e.g. {taken[0]}",
            remedy="Choose another folder, or allow replacing them (--overwrite).",
        )


class FrameList:
    """The list of a folder's frames of one request."""

    def __init__(self, folder: Path, request: str) -> None:
        """Read the list, if it is of ``request``, and keep the frames that are as it says."""
        self.path = folder / LIST
        self._head = _HEAD + request
        lines = self._lines()
        self.mine = bool(lines) and lines[0].startswith(_HEAD)
        self.done: set[str] = set()
        if lines and lines[0] == self._head:
            for line in lines[1:]:
                digest, _, name = line.partition("  ")
                if _digest_of(folder / name) == digest:
                    self.done.add(name)

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text("utf-8", "replace").splitlines()
        except OSError:
            return []

    def begin(self) -> None:
        """Make the list say what is done of the request.

        Raises:
            RequestError: a foreign file has its name.
        """
        if self.path.exists() and not self.mine:
            raise RequestError(
                f"{self.path} is in the way: resviz notes there how far it is",
                remedy="Choose another folder, or move that file.",
            )
        listed = [f"{_digest_of(self.path.with_name(name))}  {name}" for name in sorted(self.done)]
        # two that begin in one folder at once must not both think the list theirs
        with writing(self.path, taken="replace" if self.mine else "leave") as temporary:
            temporary.write_text("\n".join([self._head, *listed]) + "\n", "utf-8")

    def add(self, name: str, content: bytes) -> None:
        """Note a frame, before it gets its name: one that is noted and missing is drawn again."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{hashlib.sha256(content).hexdigest()}  {name}\n")

    def end(self) -> None:
        """Drop the list: the sequence is complete."""
        with suppress(OSError):
            self.path.unlink()


def _digest_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def write_sequence(
    folder: Path,
    steps: Sequence[int],
    drawn: Callable[[int], Mapping[str, bytes]],
    frames: FrameList,
    *,
    overwrite: bool = False,
) -> Iterator[int]:
    """Write the frames of ``steps`` that are not done yet, yielding how many are after each.

    Args:
        drawn: the files of a step by name, the frame itself last.
        overwrite: replace files of these names; otherwise one that comes to be meanwhile ends the sequence.

    Raises:
        OutputError: the folder or a frame cannot be written; what is written stays.
    """
    _make(folder)
    try:
        frames.begin()
        for done, step in enumerate(steps, 1):
            if frame_name(step) not in frames.done:
                for name, content in drawn(step).items():
                    frames.add(name, content)
                    with writing(folder / name, taken="replace" if overwrite else "leave") as temporary:
                        temporary.write_bytes(content)
                    frames.done.add(name)
            yield done
        frames.end()
    except (OSError, OutputError) as error:
        why = error.message if isinstance(error, OutputError) else f"{folder}: {error.strerror or error}"
        whole = sum(frame_name(step) in frames.done for step in steps)
        raise OutputError(
            f"{why}; {whole} of {len(steps)} frames are whole",
            remedy="Make room, or move what is in the way; then the same command goes on where it stopped.",
        ) from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {folder} cannot be made: {error.strerror or error}",
            remedy="Choose a folder that you may write in.",
        ) from error
