"""Sizes, steps and layers as they are written on a command line or in a dialog."""

from __future__ import annotations

import re

from resviz.errors import RequestError

__all__ = ["parse_layers", "parse_size", "parse_steps"]


_INCHES = {"mm": 1 / 25.4, "cm": 1 / 2.54, "in": 1.0, "pt": 1 / 72}
_NUMBER = r"(\d{1,6}(?:\.\d*)?)"


def parse_size(text: str, dpi: float | None = None) -> tuple[int, int]:
    """Pixels: ``1920x1080`` as they are, ``85x60mm`` (cm, in, pt) at ``dpi`` an inch.

    Raises:
        RequestError: it is not written so, or a length comes without dpi.
    """
    match = re.fullmatch(rf"{_NUMBER}\s*[x×]\s*{_NUMBER}\s*(px|mm|cm|in|pt)?", text.strip())
    if match is None:
        raise RequestError(f"size {text!r} is no WxH", remedy="Write it like 1920x1080, or 85x60mm.")
    unit = match[3] or "px"
    if unit == "px":
        if "." in match[1] + match[2]:
            raise RequestError(f"size {text!r} has parts of pixels", remedy="Write it like 1920x1080.")
        return int(match[1]), int(match[2])
    if dpi is None:
        raise RequestError(
            f"size {text!r} is a length on paper", remedy="Say how many pixels an inch has: --dpi 300."
        )
    width, height = (round(float(side) * _INCHES[unit] * dpi) for side in match.group(1, 2))
    return width, height


def parse_steps(text: str) -> slice | int | None:
    """``A:B:C`` as a slice, ``40`` as one step, nothing as None; RequestError if it is neither."""
    text = text.strip()
    if not text:
        return None
    parts = text.split(":")
    try:
        numbers = [int(part) if part.strip() else None for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and numbers[0] is not None:
        return numbers[0]
    if not 2 <= len(numbers) <= 3 or (len(numbers) == 3 and numbers[2] == 0):
        raise RequestError(
            f"steps {text!r} are neither A:B:C nor a step",
            remedy="Write them like 0:101:2 (every second step up to 100), or 40.",
        )
    return slice(*numbers)


def parse_layers(text: str) -> tuple[int, ...]:
    """``2,14,26`` as a tuple; RequestError if something in it is no number."""
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise RequestError(f"layers {text!r} are no layers", remedy="Write them like 2,14,26.") from None
