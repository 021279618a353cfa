"""What is shown, as text that makes it again: a Python script, or a command line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from resviz.config import Session, preset, preset_names
from resviz.export.command import chosen, export_words
from resviz.export.options import Options
from resviz.gui.state import RECORDING, AppState


def python_text(state: AppState, options: Options | None, layer: int | None = None) -> str:
    """A script that trains or opens the run and draws the picture; without ``options``, prints its loss.

    Args:
        layer: of the panel that was asked about: its units and density are computed too.
    """
    lines = ["import resviz", ""]
    if _is_recording(state):
        lines.append(f"rec = resviz.open_recording({str(state.path)!r})")
    else:
        lines += [f"session = {_python_session(state)}", "rec = resviz.run(session)"]
    if options is None:
        lines += ["print(rec.loss)", "print(rec.limit.loss)"]
        return "\n".join(lines) + "\n"
    named = chosen(replace(options, steps=None, view=Options.view))
    if layer is not None:
        at: dict[str, Any] = {key: named[key] for key in ("sample", "coordinate", "window") if key in named}
        words = _words({"layer": layer, "step": state.cursor, **at})
        lines += [
            f"values = rec.values({options.observable!r}, {words})",
            f"density = rec.density({options.observable!r}, {words})  # .x, .pdf, .error",
        ]
    words = _words({"view": options.view, "steps": state.cursor, **named})
    lines.append(f"resviz.export(rec, {options.view + '.png'!r}, {words})")
    return "\n".join(lines) + "\n"


def command_text(state: AppState, options: Options | None) -> str:
    """The command that does the same; without ``options``, the one that records the run."""
    source, changes = _source(state)
    sets = [word for key, value in changes.items() for word in ("--set", f"{key}={_toml(value)}")]
    if options is None:
        if _is_recording(state):
            return shlex.join(["resviz", source])
        return shlex.join(["resviz", "run", source, "-o", f"{_stem(state)}.resviz", *sets])
    words = export_words([source], f"{options.view}.png", replace(options, steps=state.cursor))
    return shlex.join(["resviz", *words, *sets])


def _words(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in values.items())


def _is_recording(state: AppState) -> bool:
    return state.path is not None and state.path.suffix == RECORDING and not state.modified


def _source(state: AppState) -> tuple[str, dict[str, Any]]:
    """What a command names, and what is to be changed in it."""
    if state.path is not None and not state.modified:
        return str(state.path), {}
    # the preset that it is nearest to; what is to be left out cannot be said on a command line
    names = [name for name in (state.preset, *preset_names()) if name]
    found = {name: differences(preset(name).session, state.session) for name in names}
    nearest = min(found, key=lambda name: (None in found[name].values(), len(found[name])))
    return nearest, found[nearest]


def _python_session(state: AppState) -> str:
    source, changes = _source(state)
    text = f"resviz.load_session({source!r})"
    if not changes:
        return text
    inside = "".join(f"    {key!r}: {value!r},\n" for key, value in changes.items())
    return f"{text}.with_values({{\n{inside}}})"


def differences(base: Session, session: Session) -> dict[str, Any]:
    """Dotted keys and values that make ``session`` of ``base``."""
    found: dict[str, Any] = {}
    mine, its = session.to_mapping(), base.to_mapping()
    for name, value in mine.items():
        if isinstance(value, dict):
            known = its.get(name, {})
            found |= {f"{name}.{key}": value[key] for key in value if value[key] != known.get(key)}
            found |= {f"{name}.{key}": None for key in known if key not in value}
        elif value != its.get(name):
            found[name] = value
    if "data.kind" in found:  # with another kind of data these are left out anyway
        for key in ("data.dimension", "data.path", "data.targets"):
            if found.get(key, ...) in (None, ()):
                del found[key]
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


def _toml(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        tables = (", ".join(f"{k} = {v!r}" for k, v in one.items() if v is not None) for one in value)
        return "[" + ", ".join(f"{{{table}}}" for table in tables) + "]"
    return value if isinstance(value, str) and value.isidentifier() else json.dumps(value)


def _stem(state: AppState) -> str:
    return state.path.stem if state.path is not None else state.preset or "run"
