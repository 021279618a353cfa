"""Sizes, steps and layers as they are written on a command line or in a dialog."""

from __future__ import annotations

import re

from resviz.errors import RequestError

__all__ = ["parse_layers", "parse_size", "parse_steps"]


def parse_size(text: str) -> tuple[int, int]:
    """``1920x1080`` as (1920, 1080); RequestError if it is not written so."""
    match = re.fullmatch(r"(\d{1,6})\s*[x×]\s*(\d{1,6})", text.strip())
    if match is None:
        raise RequestError(f"size {text!r} is no WxH", remedy="Write it like 1920x1080.")
    return int(match[1]), int(match[2])


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
