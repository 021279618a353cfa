"""Films, opened again: frames, size, rate, colours."""

from __future__ import annotations

import signal
import sys
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from resviz.errors import OutputError, RequestError
from resviz.export.film import QUALITIES, check_rate, gif_palette, padded, write_film
from resviz.export.palette import Palette


def moving_square(frames, width=64, height=48):
    """White, with a blue square that walks right: large flat areas, like a drawing."""
    for number in range(frames):
        picture = np.full((height, width, 3), 255, np.uint8)
        picture[8:24, 4 * number : 4 * number + 16] = (31, 119, 180)
        yield picture


def decoded(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return pictures, stream.average_rate, dict(container.metadata)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_a_film_holds_the_frames_it_was_given(tmp_path: Path, suffix):
    path = tmp_path / f"film{suffix}"
    done = list(write_film(path, moving_square(10), fps=20, comment="where it came from"))
    pictures, rate, metadata = decoded(path)
    assert done == list(range(1, 11))
    assert len(pictures) == 10
    assert rate == 20
    assert metadata.get("comment") == "where it came from" or metadata.get("COMMENT") or suffix == ".gif"
    for number, (shown, given) in enumerate(zip(pictures, moving_square(10), strict=True)):
        assert shown.shape == given.shape
        assert np.abs(shown.astype(float) - given).mean() < 4
        # plain areas keep their colour: the matrix that encodes is the one that decodes
        assert np.abs(shown[16, 4 * number + 8].astype(float) - (31, 119, 180)).max() <= 6
        assert shown[40, 60].min() >= 252


@pytest.mark.parametrize(("loop", "stored"), [(0, b"\0\0"), (1, None), (3, b"\2\0")])
def test_a_gif_plays_as_often_as_asked(tmp_path: Path, loop, stored):
    path = tmp_path / "film.gif"
    list(write_film(path, moving_square(3), fps=10, loop=loop))
    _, found, rest = path.read_bytes().partition(b"NETSCAPE2.0\3\1")
    # it stores repetitions after the first showing; 0 is for ever
    assert (rest[:2] if found else None) == stored


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_quality_costs_bytes(tmp_path: Path, suffix):
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (6, 96, 128, 3), np.uint8)
    sizes = []
    for quality in QUALITIES:
        path = tmp_path / f"{quality}{suffix}"
        list(write_film(path, noise, fps=10, quality=quality))
        sizes.append(path.stat().st_size)
        assert len(decoded(path)[0]) == 6
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.8 * sizes[2]


def test_frames_are_drawn_while_others_are_encoded(tmp_path: Path):
    threads = set()

    def pictures():
        for picture in moving_square(5):
            threads.update(thread.name for thread in threading.enumerate())
            yield picture

    list(write_film(tmp_path / "film.mp4", pictures(), fps=10))
    assert "encoder" in threads
    assert "encoder" not in {thread.name for thread in threading.enumerate()}


def test_an_error_while_drawing_ends_the_encoder(tmp_path: Path):
    def pictures():
        yield from moving_square(2)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(write_film(tmp_path / "film.mp4", pictures(), fps=10))
    assert "encoder" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_a_disk_that_takes_no_more_is_a_message(tmp_path: Path, suffix):
    """The kernel refuses bytes past the limit, as a full disk does."""
    import resource

    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (40, 128, 128, 3), np.uint8)
    before, signals = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OutputError, match=r"^talk cannot be encoded: File too large"):
            list(write_film(tmp_path / f"film{suffix}", noise, fps=10, name="talk"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, signals)


def test_odd_sides_are_padded_where_the_format_needs_it(tmp_path: Path):
    for suffix, size in ((".mp4", (64, 48)), (".gif", (63, 47))):
        path = tmp_path / f"odd{suffix}"
        list(write_film(path, moving_square(3, width=63, height=47), fps=10))
        pictures, _, _ = decoded(path)
        assert padded((63, 47), suffix) == size
        assert pictures[0].shape == (size[1], size[0], 3)


def test_a_gif_keeps_its_length_at_a_rate_that_is_no_whole_hundredth(tmp_path: Path):
    path = tmp_path / "film.gif"
    list(write_film(path, moving_square(12), fps=30))
    with av.open(str(path)) as container:
        stamps = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    assert stamps[-1] == Fraction(37, 100)  # 11/30 s, to the nearest hundredth


def test_a_gif_stores_flat_colours_exactly_and_small(tmp_path: Path):
    path = tmp_path / "film.gif"
    list(write_film(path, moving_square(10, 640, 360), fps=10))
    pictures, _, _ = decoded(path)
    assert {tuple(colour) for colour in pictures[3].reshape(-1, 3)} == {(255, 255, 255), (31, 119, 180)}
    assert path.stat().st_size < 10 * 5_000


def test_the_palette_of_many_colours_stays_near_all_of_them():
    ramp = np.arange(256, dtype=np.uint8)
    picture = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], np.uint8(128)), axis=-1)
    palette = Palette.of([picture])
    shown = palette.argb[palette.indices(picture), 1:].astype(float)
    # 256 of the 1024 cells of this plane, 8 levels wide: a neighbour lies a cell or two away
    assert np.abs(shown - picture).max() <= 24
    assert np.abs(shown - picture).mean() < 5


def test_a_gif_of_many_colours_stores_only_what_changes(tmp_path: Path):
    """FFmpeg needs a free entry for "as before": with a palette of all 256 every frame was stored whole."""
    noise = np.random.default_rng(1).integers(0, 255, (180, 320, 3), np.uint8)
    frames = [noise.copy() for _ in range(8)]
    for number, frame in enumerate(frames):
        frame[0, number] = frame[-1, -1 - number] = (
            255 - frame[90, 90]
        )  # corners: all between is in the frame
    sizes = []
    for count in (1, 8):
        path = tmp_path / f"{count}.gif"
        list(write_film(path, frames[:count], fps=10))
        sizes.append(path.stat().st_size)
    assert sizes[1] - sizes[0] < 7 * 0.05 * sizes[0]


@pytest.mark.parametrize(("quality", "levels"), [("best", 0), ("good", 12), ("draft", 16)])
def test_what_a_gif_leaves_as_it_was_differs_by_little_and_never_in_plain_colours(quality, levels):
    rng = np.random.default_rng(2)
    base = rng.integers(40, 200, (60, 80, 3)) // 48 * 48
    frames = [(base + 2 * number).astype(np.uint8) for number in range(12)]
    for frame in frames:
        frame[:20] = (255, 255, 255)
    frames[5][:20, :40] = (250, 250, 250)
    palette = gif_palette(frames, quality)
    shown = None
    for frame in frames:
        exact, shown = palette.indices(frame), palette.indices(frame, shown)
        colours = palette.argb[:, 1:].astype(int)
        assert np.abs(colours[shown] - colours[exact]).max() <= levels
    assert (palette.argb[palette.indices(frames[6], palette.indices(frames[5]))[:20], 1:] == 255).all()


@pytest.mark.parametrize(
    ("fps", "suffix"), [(0, ".mp4"), (-1, ".webm"), (51, ".gif"), (float("nan"), ".mp4")]
)
def test_a_rate_that_cannot_be_played_is_refused(fps, suffix):
    with pytest.raises(RequestError, match="fps"):
        check_rate(fps, suffix)


def test_an_encoder_that_cannot_write_says_so(tmp_path: Path):
    with pytest.raises(OutputError, match=r"film\.mp4"):
        list(write_film(tmp_path / "missing" / "film.mp4", moving_square(1), fps=10))
