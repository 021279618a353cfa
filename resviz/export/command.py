"""An export as the words of its command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from resviz.errors import RequestError
from resviz.export.options import Options


def export_words(
    sources: Sequence[str | Path],
    out: str | Path,
    options: Options,
    *,
    data: str = "",
    overwrite: bool = False,
) -> list[str]:
    """The arguments of ``resviz`` that export the same; what has its default is left out.

    Raises:
        RequestError: the steps cannot be said as A:B:C.
    """
    words = ["export", *map(str, sources), "-o", str(out)]
    for name, value in chosen(options).items():
        words += _flag(name, value)
    if data:
        words.append(f"--data={data}")
    if overwrite:
        words.append("--overwrite")
    return words


def chosen(options: Options) -> dict[str, Any]:
    """Those that differ from their defaults, by name."""
    return {
        field.name: value
        for field in fields(Options)
        if (value := getattr(options, field.name)) != field.default
    }


def _flag(name: str, value: Any) -> list[str]:
    option = "--" + name.replace("_", "-")
    match name:
        case "size":
            return [f"{option}={value[0]}x{value[1]}"]
        case "layers":
            return [f"{option}={','.join(map(str, value))}"]
        case "steps":
            return [f"{option}={_steps(value)}"]
        case "lock_axes":
            return ["--free-axes"]
        case "transparent" | "maps":
            return [option]
    # joined by =, for a value may begin with a dash
    return [f"{option}={value}"]


def _steps(steps: Any) -> str:
    if isinstance(steps, int):
        return str(steps)
    if isinstance(steps, slice | range):
        parts = [steps.start, steps.stop, steps.step]
        if parts[2] in (None, 1):
            parts.pop()
        return ":".join("" if part is None else str(part) for part in parts)
    raise RequestError("single steps cannot be said on a command line", remedy="Choose steps as A:B:C.")
