"""An axis of a sweep as its editors write it, and back; every refusal names field, value, rule and remedy.

No Qt here: what a person types is text, and an axis of the sweep file is a mapping.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from resviz.config import Session
from resviz.config.describe import FIELDS, FieldDescription
from resviz.config.sections import Section
from resviz.errors import SessionError
from resviz.gui.editors import Refused, value_text
from resviz.scene.ticks import number
from resviz.study.sweep.model import Axis

WAYS = {"logspace": "equal ratios", "linspace": "equal steps", "list": "list"}
"""How an axis gets its values, as in the sweep file, with a label."""

KEYS = tuple(field.path for field in FIELDS if field.kind in ("int", "float"))
"""Numeric session fields, which are offered first."""

_FIELDS = {field.path: field for field in FIELDS}
_SHOWN, _CHECKED = 5, 200  # values of an axis in its preview; tried on the session, from each end
_SEEDS = ("data.seed", "network.seed", "training.batch_seed")


@dataclass(frozen=True)
class AxisText:
    """What stands in the editors of an axis: ``first``, ``last``, ``count`` of a space, or ``values``."""

    keys: str = ""
    way: str = "list"
    values: str = ""
    first: str = ""
    last: str = ""
    count: str = ""


def axis_text(axis: Axis) -> AxisText:
    """An axis as text."""
    keys = ", ".join(axis.keys)
    for way in ("logspace", "linspace"):
        span = getattr(axis, way)
        if span is not None:
            return AxisText(
                keys, way, first=value_text(span[0]), last=value_text(span[1]), count=str(span[2])
            )
    between = "; " if len(axis.keys) > 1 else ", "
    return AxisText(keys, "list", between.join(" ".join(map(_written, step)) for step in axis.steps()))


def proposed(key: str, session: Session) -> AxisText:
    """Values round the session's own, for a key that has just been chosen."""
    field = _FIELDS.get(key)
    value = None if field is None else session.get(key)
    if field is None or not isinstance(value, int | float) or isinstance(value, bool):
        names = "" if field is None or value is None else ", ".join(field.choices)
        return AxisText(key, "list", names)
    if key in _SEEDS:
        return AxisText(key, "list", ", ".join(str(value + i) for i in range(4)))
    if field.kind == "float" and field.maximum is not None and field.maximum <= 1:
        return AxisText(key, "linspace", first="0", last=value_text(value or 0.9), count="4")
    if value <= 0:
        return AxisText(key, "linspace", first="0", last="1", count="5")
    if field.kind == "int" and value % 4:
        near = dict.fromkeys(_within(value * factor, field) for factor in (0.25, 0.5, 1, 2, 4))
        return AxisText(key, "list", ", ".join(map(str, near)))
    factor = 10.0 if field.kind == "float" else 4.0
    low, high = _within(value / factor, field), _within(value * factor, field)
    return AxisText(key, "logspace", first=value_text(low), last=value_text(high), count="5")


def _within(value: float, field: FieldDescription) -> float | int:
    least = field.minimum if field.minimum else (1 if field.kind == "int" else 0.0)
    most = field.maximum if field.maximum is not None else math.inf
    held = min(max(value, least), most)
    return max(1, round(held)) if field.kind == "int" else float(f"{held:.3g}")


def read_axis(text: AxisText, session: Session) -> Axis:
    """The axis that ``text`` stands for, its values tried on ``session`` one by one.

    Raises:
        Refused: what is wrong, and what to do about it.
    """
    keys = [key.strip() for key in text.keys.split(",") if key.strip()]
    if not keys:
        raise Refused("Name a session field, as in network.alpha.")
    for key in keys:
        _known(key, session)
    if text.way == "list":
        axis = Axis.model_validate({"key": keys if len(keys) > 1 else keys[0], "list": _list(text, keys)})
    else:
        axis = Axis.model_validate({"key": keys[0], text.way: _span(text, keys)})
    _try(axis, session)
    return axis


def _known(key: str, session: Session) -> None:
    try:
        value = session.get(key)
    except SessionError as error:
        raise Refused(_plain(error)) from None
    if isinstance(value, Section):
        raise Refused(f"{key}: a table; name one of its fields, as in {key}.{next(iter(value.model_dump()))}")


def _list(text: AxisText, keys: Sequence[str]) -> list[Any]:
    if len(keys) == 1:
        values = [_value(word) for word in text.values.replace(",", " ").split()]
        if not values:
            raise Refused(f"{keys[0]}: no values; write them with spaces between, as in 1 2 4 8")
        return values
    steps = [
        [_value(word) for word in part.replace(",", " ").split()]
        for part in text.values.split(";")
        if part.strip()
    ]
    if not steps:
        raise Refused(f"{', '.join(keys)}: no values; write 64 16; 256 4: a value for each field, then ;")
    for step in steps:
        if len(step) != len(keys):
            said = " ".join(map(str, step))
            raise Refused(f"{said}: {len(keys)} values are needed, one for each of {', '.join(keys)}")
    return steps


def _span(text: AxisText, keys: Sequence[str]) -> tuple[float, float, int]:
    if len(keys) > 1:
        raise Refused("Fields that move together take a list: 64 16; 256 4")
    field = _FIELDS.get(keys[0])
    if field is not None and field.kind not in ("int", "float"):
        raise Refused(f"{keys[0]}: its values are no numbers; choose a list, as in {' '.join(field.choices)}")
    ends = []
    for name, word in (("first", text.first), ("last", text.last)):
        try:
            ends.append(float(word))
        except ValueError:
            ends.append(math.nan)
        if not math.isfinite(ends[-1]):
            raise Refused(f"{name} = {word.strip() or 'nothing'}: a number is needed, as in 0.5 or 1e-3")
        if text.way == "logspace" and ends[-1] <= 0:
            raise Refused(f"{name} = {word.strip()}: equal ratios start and end above 0; or take equal steps")
    word = text.count.strip()
    if not word.isdigit() or not 1 <= int(word) <= 100_000:
        raise Refused(f"count = {word or 'nothing'}: a whole number from 1 to 100000 is needed")
    return ends[0], ends[1], int(word)


def _try(axis: Axis, session: Session) -> None:
    try:
        steps = axis.steps()
    except (SessionError, OverflowError) as error:
        raise Refused(_plain(error)) from None
    if len(set(steps)) < len(steps):
        twice = next(step for i, step in enumerate(steps) if step in steps[:i])
        raise Refused(f"{' '.join(map(_written, twice))} stands twice; write each value once")
    tried = steps if len(steps) <= 2 * _CHECKED else [*steps[:_CHECKED], *steps[-_CHECKED:]]
    for step in tried:
        try:
            session.with_values(dict(zip(axis.keys, step, strict=True)))
        except SessionError as error:
            raise Refused(_plain(error)) from None


def preview(axis: Axis) -> str:
    """The first values, the last one, and how many there are."""
    words = ["/".join(map(_said, step)) for step in axis.steps()]
    count = f"{len(words)} value{'s' if len(words) > 1 else ''}"
    shown = words if len(words) <= _SHOWN + 1 else [*words[:_SHOWN], "…", words[-1]]
    return f"{', '.join(shown)}   ({count})"


def _said(value: Any) -> str:
    return number(value).rstrip("0").rstrip(".") if _long(value) else _written(value)


def _long(value: Any) -> bool:
    return isinstance(value, float) and len(f"{value:g}") > 5


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else value_text(value)


def _value(word: str) -> Any:
    for kind in (int, float):
        try:
            value = kind(word)
        except ValueError:
            continue
        if not math.isfinite(value):
            raise Refused(f"{word}: a finite number is needed")
        return value
    return {"true": True, "false": False}.get(word, word)


def _plain(error: Exception) -> str:
    """A refusal of the session, without the word that says so."""
    return str(error).removeprefix("session: ").partition("\n`resviz schema`")[0]
