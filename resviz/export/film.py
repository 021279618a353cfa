"""Films from pictures: mp4 (H.264), webm (VP9) and gif, encoded by PyAV.

Frames arrive one at a time as (height, width, 3) arrays of 8-bit RGB, so memory stays that of a few frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resviz.errors import OutputError, RequestError
from resviz.export.palette import Palette

if TYPE_CHECKING:
    import av.container

Picture = NDArray[np.uint8]

_BT709, _LIMITED = 1, 1  # FFmpeg's numbers for the colours of HD video


@dataclass(frozen=True, slots=True)
class Codec:
    """One film format: its encoder, pixel format, options, and what its frames must satisfy."""

    encoder: str
    pixels: str
    options: Mapping[str, str]
    even: bool  # 4:2:0 chroma halves both sides
    fastest: float  # frames a second that players honour


CODECS: Mapping[str, Codec] = {
    # crf 18 shows no loss in 1-px lines
    ".mp4": Codec("libx264", "yuv420p", {"crf": "18", "preset": "veryfast"}, even=True, fastest=240),
    ".webm": Codec(
        "libvpx-vp9",
        "yuv420p",
        {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"},
        even=True,
        fastest=240,
    ),
    # gif counts in hundredths of a second, and browsers slow down anything under two of them
    ".gif": Codec("gif", "pal8", {}, even=False, fastest=50),
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


def write_film(
    path: Path,
    frames: Iterable[Picture],
    *,
    fps: float,
    comment: str = "",
    palette: Palette | None = None,
) -> Iterator[int]:
    """Encode ``frames`` into ``path``, yielding the number of frames done after each.

    A frame whose sides are odd is padded with its own last row and column where the format needs even ones.

    Args:
        path: ends in .mp4, .webm or .gif.
        comment: provenance, stored as the container's comment.
        palette: the 256 colours of a gif; left out, those of its first frame.

    Raises:
        OutputError: the encoder refused, or the disk did.
    """
    import av

    codec = CODECS[path.suffix]
    try:
        with av.open(str(path), "w") as container:
            container.metadata["comment"] = comment
            stream: Any = None
            for number, picture in enumerate(frames):
                if stream is None:
                    stream = _stream(container, codec, _even(picture, codec).shape, fps)
                    if codec.pixels == "pal8" and palette is None:
                        palette = Palette.of([picture])
                frame = _frame(_even(picture, codec), codec, palette)
                frame.time_base = stream.codec_context.time_base
                # rounding each time instead of adding a rounded step keeps the length of the film
                frame.pts = round(number / Fraction(fps).limit_denominator(1000) / frame.time_base)
                container.mux(stream.encode(frame))
                yield number + 1
            if stream is not None:
                container.mux(stream.encode(None))
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(
            f"{path.name} cannot be encoded: {error}",
            remedy="Check the free space; `resviz doctor` lists the encoders that work.",
        ) from error


def _stream(container: av.container.OutputContainer, codec: Codec, shape: tuple[int, ...], fps: float) -> Any:
    rate = Fraction(fps).limit_denominator(1000)
    stream: Any = container.add_stream(codec.encoder, rate=rate, options=dict(codec.options))
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


def _frame(picture: Picture, codec: Codec, palette: Palette | None) -> Any:
    import av

    if palette is not None and codec.pixels == "pal8":
        # PyAV takes a pair here, its stubs know only arrays
        indexed: Any = (palette.indices(picture), palette.argb)
        return av.VideoFrame.from_ndarray(indexed, format="pal8")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return frame.reformat(format=codec.pixels, dst_colorspace="ITU709", dst_color_range="MPEG")
