"""What a scene is painted on when it goes into a file."""

from __future__ import annotations

from dataclasses import dataclass

from resviz.scene.theme import Theme

DOTS = 96.0  # an inch: a pixel of a vector file is the pixel of CSS


@dataclass(frozen=True, slots=True)
class Page:
    """Size and look of a picture.

    Attributes:
        size: width and height in pixels.
        theme: its colours; one whose ground is transparent gives a picture without one.
        scale: of type, lines and distances.
        type_scale: of type alone, on top of ``scale``.
        dpi: pixels an inch, that is how large a printed pixel is.
    """

    size: tuple[int, int]
    theme: Theme
    scale: float = 1.0
    type_scale: float = 1.0
    dpi: float = DOTS
