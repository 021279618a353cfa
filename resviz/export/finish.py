"""What a picture or film gets besides its view: words, paper, ground, film settings."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from resviz.errors import RequestError
from resviz.export.film import CODECS, QUALITIES, check_rate

Together = Literal["beside", "overlay"]
TOGETHER: tuple[str, ...] = get_args(Together)

_LONGEST = 100_000  # frames
_MOST_BINS = 400


@dataclass(frozen=True, kw_only=True)
class Finish:
    """The part of `Options` that does not choose what is shown.

    Attributes:
        title: set over the picture; None leaves what the view says. "{step}" and "{title}" (the session's)
            are filled in, here and in the caption.
        caption: set under the picture in place of the view's own; "" for none.
        theme: "light", "dark" or "print".
        transparent: no ground, for pictures laid over something else; not in films.
        scale: of type and lines; None is dpi/96 where ``dpi`` is given, else height/1080, less in a narrow
            picture, at least 0.75.
        font_scale: of type alone.
        dpi: pixels an inch on paper; None is 96.
        fps: frames a second of a film.
        duration: seconds of a film; the steps are spread over them, left out or repeated. None shows every
            step for one frame.
        quality: "draft", "good" or "best", of films.
        loop: how often a gif plays; 0 for ever.
        bins: histogram bins across an axis; None chooses them.
        together: several recordings "beside" each other, or "overlay"; on the same axes and bins.
    """

    title: str | None = None
    caption: str | None = None
    theme: str = "light"
    transparent: bool = False
    scale: float | None = None
    font_scale: float = 1.0
    dpi: float | None = None
    fps: float = 30.0
    duration: float | None = None
    quality: str = "good"
    loop: int = 0
    bins: int | None = None
    together: str = "beside"

    def spread_over_time(self, steps: list[int]) -> list[int]:
        """One step a frame: ``steps``, or as many of them, in order, as fill the duration."""
        if self.duration is None:
            return steps
        frames = max(1, round(self.duration * self.fps))
        at = np.rint(np.linspace(0, len(steps) - 1, frames)).astype(int)
        return [steps[i] for i in at]

    def check_finish(self, suffix: str) -> None:
        """Refuse what cannot be, or cannot be in a file that ends in ``suffix`` ("": a folder of frames).

        Raises:
            RequestError: naming the option, its value and what is allowed.
        """
        from resviz.scene.theme import theme

        theme(self.theme)
        _between("scale", self.scale, 0.1, 20, "Leave it out: it follows the height, or the dpi.")
        _between("font_scale", self.font_scale, 0.25, 4, "1 is the usual size of type.")
        _between("dpi", self.dpi, 30, 2400, "Journals ask for 300 to 600.")
        _between("bins", self.bins, 1, _MOST_BINS, "Leave it out to choose it.")
        one_of("quality", self.quality, QUALITIES)
        one_of("together", self.together, TOGETHER)
        for name in ("title", "caption"):
            if "\n" in (getattr(self, name) or ""):
                raise RequestError(f"{name} has several lines", remedy="Write it in one.")
        film = suffix in CODECS
        if film:
            check_rate(self.fps, suffix)
        if self.transparent and film:
            raise RequestError(
                f"a {suffix} film cannot be transparent",
                remedy="Write a folder of PNG frames, or leave transparent out.",
            )
        if self.duration is not None and not (film and 0 < self.duration * self.fps <= _LONGEST):
            raise RequestError(
                f"duration is {self.duration:g} s; it is of films, more than 0 and at most {_LONGEST} frames",
                remedy="Leave it out to show every step for one frame.",
            )
        if not (self.loop == 0 or (suffix == ".gif" and 0 < self.loop < 2**16)):
            raise RequestError(
                f"loop is {self.loop}; only a gif says how often it plays, from 1 to 65535 times, 0 for ever",
                remedy="Leave loop out.",
            )


NO_FILM: Mapping[str, Any] = {name: getattr(Finish, name) for name in ("fps", "duration", "quality", "loop")}
"""The settings of films at their defaults: pictures that differ in nothing else are equal."""


def _between(option: str, value: float | None, low: float, high: float, remedy: str) -> None:
    if value is not None and not low <= value <= high:
        raise RequestError(f"{option} is {value:g}; it is from {low:g} to {high:g}", remedy=remedy)


def one_of(option: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuse a ``value`` that is none of ``allowed``.

    Raises:
        RequestError: naming the nearest that is.
    """
    if value not in allowed:
        near = difflib.get_close_matches(str(value), allowed, n=1)
        raise RequestError(
            f"{option} {value!r} does not exist" + (f"; nearest: {near[0]}" if near else ""),
            remedy=f"{option} is one of: {', '.join(allowed)}.",
        )
