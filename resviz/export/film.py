"""Films from pictures: mp4 (H.264), webm (VP9) and gif, encoded by PyAV.

Frames arrive one at a time as arrays of 8 bits: (height, width, 3) of RGB, or, but for a gif, (height, width,
4) of BGRA as Qt paints them. Memory stays that of a few frames. A thread of its own converts and encodes
them, for the most part without Python's lock, while the next one is drawn: a film takes as long as the slower
of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resviz.errors import OutputError, RequestError
from resviz.export.palette import MOST, Palette

if TYPE_CHECKING:
    import av.container

Picture = NDArray[np.uint8]

_BT709, _LIMITED = 1, 1  # FFmpeg's numbers for the colours of HD video
_AHEAD = 2  # frames drawn ahead of the encoder
_LOOK_S = 0.1  # between two looks whether the encoder is still there


@dataclass(frozen=True, slots=True)
class Codec:
    """One film format: its encoder, pixel format, options by quality, and what its frames must satisfy."""

    encoder: str
    pixels: str
    options: Mapping[str, Mapping[str, str]]
    even: bool  # 4:2:0 chroma halves both sides
    fastest: float  # frames a second that players honour


QUALITIES = ("draft", "good", "best")
GIF_COLOURS = {"draft": 64, "good": MOST, "best": MOST}
GIF_ALIKE = {"draft": 16, "good": 12, "best": 0}  # as of `Palette.of`: a noisy map takes a third less


def _vp9(crf: int, speed: int, deadline: str = "realtime") -> Mapping[str, str]:
    return {"crf": str(crf), "b": "0", "deadline": deadline, "cpu-used": str(speed), "row-mt": "1"}


CODECS: Mapping[str, Codec] = {
    ".mp4": Codec(
        "libx264",
        "yuv420p",
        {
            "draft": {"crf": "28", "preset": "ultrafast"},
            "good": {"crf": "18", "preset": "veryfast"},  # crf 18 shows no loss in 1-px lines
            "best": {"crf": "12", "preset": "medium"},
        },
        even=True,
        fastest=240,
    ),
    ".webm": Codec(
        "libvpx-vp9",
        "yuv420p",
        {"draft": _vp9(36, 8), "good": _vp9(24, 6), "best": _vp9(15, 4, "good")},
        even=True,
        fastest=240,
    ),
    # gif counts in hundredths of a second, and browsers slow down anything under two of them
    ".gif": Codec("gif", "pal8", {name: {} for name in QUALITIES}, even=False, fastest=50),
}


def padded(size: tuple[int, int], suffix: str) -> tuple[int, int]:
    """The size that ``suffix`` can store: ``size``, each side rounded up to even where it must be."""
    width, height = size
    return (width + width % 2, height + height % 2) if CODECS[suffix].even else size


def check_rate(fps: float, suffix: str) -> None:
    """Refuse a frame rate the format cannot hold.

    Raises:
        RequestError: ``fps`` is not in (0, fastest].
    """
    fastest = CODECS[suffix].fastest
    if not 0 < fps <= fastest:
        raise RequestError(
            f"fps is {fps:g}; a {suffix} film takes more than 0 and at most {fastest:g}",
            remedy="Choose another frame rate, or show fewer steps.",
        )


def gif_palette(samples: Iterable[Picture], quality: str) -> Palette:
    """The colours that a gif of such frames has."""
    return Palette.of(samples, GIF_COLOURS[quality], GIF_ALIKE[quality])


def write_film(
    path: Path,
    frames: Iterable[Picture],
    *,
    fps: float,
    comment: str = "",
    quality: str = "good",
    palette: Palette | None = None,
    loop: int = 0,
    name: str = "",
) -> Iterator[int]:
    """Encode ``frames`` into ``path``, yielding the number of frames done after each.

    A frame whose sides are odd is padded with its own last row and column where the format needs even ones.

    Args:
        path: ends in .mp4, .webm or .gif.
        comment: provenance, stored as the container's comment.
        quality: one of `QUALITIES`.
        palette: the colours of a gif; left out, those of its first frame.
        loop: how often a gif plays, 0 for ever.
        name: what messages call the file, if ``path`` is none that people know.

    Raises:
        OutputError: the encoder refused, or the disk did.
    """
    encoding = _Encoding(
        path, name or path.name, fps=fps, comment=comment, quality=quality, palette=palette, loop=loop
    )
    try:
        for number, picture in enumerate(frames):
            encoding.put(picture)
            yield number + 1
        encoding.finish()
    finally:
        encoding.stop()


class _Encoding:
    """One film being written by a thread that takes frames from a short queue."""

    def __init__(
        self,
        path: Path,
        name: str,
        *,
        fps: float,
        comment: str,
        quality: str,
        palette: Palette | None,
        loop: int,
    ) -> None:
        suffix = path.suffix.lower()
        self._path, self._name, self._codec, self._fps = path, name, CODECS[suffix], fps
        self._comment, self._quality, self._palette = comment, quality, palette
        # FFmpeg counts repetitions: -1 for none
        self._container = {"loop": str(loop - 1 or -1 if loop else 0)} if suffix == ".gif" else {}
        self._shown: Picture | None = None  # of a gif: the entries of its last frame
        self._frames: Queue[Picture | None] = Queue(_AHEAD)
        self._error: Exception | None = None
        self._stopped = False
        self._thread = Thread(target=self._run, name="encoder")
        self._thread.start()

    def put(self, picture: Picture | None) -> None:
        """Hand over a frame, None after the last; waits while the encoder is behind.

        Raises:
            OutputError: the encoder or the disk has refused an earlier one.
        """
        while self._thread.is_alive():
            try:
                self._frames.put(picture, timeout=_LOOK_S)
            except Full:
                continue
            return
        self._fail()

    def finish(self) -> None:
        """Wait until the film is whole.

        Raises:
            OutputError: it will not be.
        """
        self.put(None)
        self._thread.join()
        self._fail()

    def stop(self) -> None:
        """End the thread, whatever it is doing."""
        self._stopped = True
        while self._thread.is_alive():
            try:
                self._frames.get_nowait()
            except Empty:
                self._frames.put(None)
                self._thread.join()

    def _fail(self) -> None:
        from av.error import FFmpegError

        error = self._error
        if isinstance(error, (FFmpegError, OSError)):
            why = getattr(error, "strerror", None) or error
            raise OutputError(
                f"{self._name} cannot be encoded: {why}",
                remedy="Check the free space; `resviz doctor` lists the encoders that work.",
            ) from error
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            self._encode()
        except Exception as error:  # what a thread raises would be lost
            self._error = error

    def _encode(self) -> None:
        import av

        with av.open(str(self._path), "w", options=self._container) as container:
            container.metadata["comment"] = self._comment
            stream: Any = None
            number = 0
            while (picture := self._frames.get()) is not None and not self._stopped:
                if stream is None:
                    shape = _even(picture, self._codec).shape
                    stream = _stream(container, self._codec, self._quality, shape, self._fps)
                frame = self._frame(picture)
                frame.time_base = stream.codec_context.time_base
                # rounding each time instead of adding a rounded step keeps the length of the film
                frame.pts = round(number / Fraction(self._fps).limit_denominator(1000) / frame.time_base)
                container.mux(stream.encode(frame))
                number += 1
            if stream is not None and not self._stopped:
                container.mux(stream.encode(None))

    def _frame(self, picture: Picture) -> Any:
        import av

        if self._codec.pixels == "pal8":
            if self._palette is None:
                self._palette = gif_palette([picture], self._quality)
            self._shown = self._palette.indices(picture, self._shown)
            # PyAV takes a pair here, its stubs know only arrays
            indexed: Any = (self._shown, self._palette.argb)
            return av.VideoFrame.from_ndarray(indexed, format="pal8")
        layout = "rgb24" if picture.shape[2] == 3 else "bgra"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(_even(picture, self._codec)), format=layout)
        return frame.reformat(format=self._codec.pixels, dst_colorspace="ITU709", dst_color_range="MPEG")


def _stream(
    container: av.container.OutputContainer, codec: Codec, quality: str, shape: tuple[int, ...], fps: float
) -> Any:
    rate = Fraction(fps).limit_denominator(1000)
    stream: Any = container.add_stream(codec.encoder, rate=rate, options=dict(codec.options[quality]))
    stream.height, stream.width = shape[:2]
    stream.pix_fmt = codec.pixels
    if codec.even:
        # said, because players guess by size what is not said, and then show other colours
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
    stream.codec_context.time_base = Fraction(1, 100) if codec.pixels == "pal8" else 1 / rate
    return stream


def _even(picture: Picture, codec: Codec) -> Picture:
    height, width = picture.shape[:2]
    if not codec.even or (height % 2 == 0 and width % 2 == 0):
        return picture
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
