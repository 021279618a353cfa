"""What is wrong with a session, in words: file, key, value, what is allowed, nearest known key."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.config.activations import activation_names
from resviz.config.rules import Problem
from resviz.errors import SessionError

if TYPE_CHECKING:
    from pydantic import ValidationError

_UNKNOWN = "unknown key"
_FINDINGS = 500  # looked at, of a file that is something else altogether
_LISTED = 20
_KEY = 100  # characters of a key that are shown


def key_schema() -> dict[str, dict[str, Any]]:
    """JSON schema of every key, by dotted key and in the order of the file; the source of all limits."""
    return _key_schema(activation_names())


@cache
def _key_schema(activations: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Made once for every set of activations that may be named."""
    from resviz.config.session import Session

    schema = Session.model_json_schema(by_alias=True)
    keys: dict[str, dict[str, Any]] = {}

    def walk(properties: dict[str, Any], prefix: str) -> None:
        for name, field in properties.items():
            key = prefix + name
            keys[key] = field
            items = field.get("items", {})
            if "$ref" in field:
                table = _resolved(field, schema)
                keys[key] = {"description": table["description"], **field}
                walk(table["properties"], f"{key}.")
            elif "$ref" in items:
                walk(_resolved(items, schema)["properties"], f"{key}[].")

    walk(schema["properties"], "")
    return keys


def _resolved(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    definition: dict[str, Any] = schema["$defs"][field["$ref"].rsplit("/", 1)[1]]
    return definition


def allowed(key: str) -> str:
    """What a key takes, in words: ``allowed("network.layers")`` is "an integer from 1 to 100000"."""
    return _words(key_schema()[_generic(key)])


def _words(field: dict[str, Any]) -> str:
    if "x-allowed" in field:
        return str(field["x-allowed"])
    if "anyOf" in field:
        return " or ".join(_words(part) for part in field["anyOf"] if part.get("type") != "null")
    if "const" in field:
        return _shown(field["const"])
    if "enum" in field:
        return ", ".join(_shown(choice) for choice in field["enum"])
    kind = field.get("type")
    if kind == "boolean":
        return "true or false"
    if kind in ("integer", "number"):
        noun = "an integer" if kind == "integer" else "a finite number"
        bounds = []
        if "minimum" in field:
            bounds.append(f"from {_shown(field['minimum'])}")
        if "maximum" in field:
            bounds.append(f"to {_shown(field['maximum'])}")
        if "exclusiveMaximum" in field:
            bounds.append(f"to below {_shown(field['exclusiveMaximum'])}")
        return " ".join([noun, *bounds])
    if kind == "string":
        least, most = field.get("minLength"), field.get("maxLength")
        return ("a text" if least else "a text, may be empty") + (
            f", at most {most} characters" if most else ""
        )
    if kind == "array":
        return "a list of tables" if "$ref" in field.get("items", {}) else "a list of texts"
    return "a table of keys"


def problem_list(error: ValidationError) -> list[Problem]:
    """Pydantic's findings as problems, one a key (a union reports each of its branches)."""
    problems: dict[str, Problem] = {}
    for finding in islice(error.errors(include_url=False, include_context=False), _FINDINGS):
        key = ""
        for part in finding["loc"]:
            longer = f"{key}[{part}]" if isinstance(part, int) else f"{key}.{part}".lstrip(".")
            # what follows a known leaf is pydantic's name of a branch, not a key
            if finding["type"] != "extra_forbidden" and _generic(longer) not in key_schema():
                break
            key = longer
        missing = finding["type"] == "missing"
        if finding["type"] == "extra_forbidden":
            problems[key] = Problem(key, finding["input"], _UNKNOWN)
        elif key not in problems:
            problems[key] = Problem(key, None if missing else finding["input"], allowed(key))
    return list(problems.values())


def session_error(problems: Sequence[Problem], file: str | Path | None) -> SessionError:
    """All problems of one session as the error to raise."""
    where = "session" if file is None else str(file)
    lines = [_line(problem) for problem in problems[:_LISTED]]
    unknown = any(problem.rule == _UNKNOWN for problem in problems)
    remedy = "`resviz schema` lists every key and what it takes." if unknown else ""
    for problem in problems:
        if problem.key == "network.activation" and isinstance(problem.value, str):
            remedy = (
                "Choose one of these, or register a function of your own in Python first: "
                f"resviz.register_activation({_shown(problem.value)}, ...)."
            )
    if len(problems) == 1:
        return SessionError(f"{where}: {lines[0]}", remedy=remedy)
    if len(problems) > _LISTED:
        lines.append(f"and {len(problems) - _LISTED} more")
    return SessionError("\n  ".join([f"{where}: {len(problems)} problems", *lines]), remedy=remedy)


def unknown_key(key: str, file: str | Path | None = None) -> SessionError:
    """The error for one dotted key that no session has."""
    return session_error([Problem(key, None, _UNKNOWN)], file)


def cannot_read(reason: str, file: str | Path | None, remedy: str = "") -> SessionError:
    """The error for a file that is no session at all."""
    return SessionError(f"{'session' if file is None else file}: {reason}", remedy=remedy)


def nearest_key(key: str) -> str | None:
    """The known dotted key that an unknown one was most likely meant to be."""
    known = list(key_schema())
    generic = _generic(key)
    section, _, name = generic.rpartition(".")
    siblings = {k.rpartition(".")[2]: k for k in known if k.rpartition(".")[0] == section}
    if close := difflib.get_close_matches(name, siblings, n=1, cutoff=0.6):
        return siblings[close[0]]
    # the right name in the wrong table, then a misspelt one
    if moved := [k for k in known if k.rpartition(".")[2] == name]:
        return moved[0]
    if close := difflib.get_close_matches(generic, known, n=1, cutoff=0.6):
        return close[0]
    names = {k.rpartition(".")[2]: k for k in reversed(known)}
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def _line(problem: Problem) -> str:
    value = "" if problem.value is None else f" = {_shown(problem.value)}"
    key = problem.key
    if len(key) > _KEY:
        return f"{key[: _KEY - 1]}…{value}: unknown key"
    if problem.rule == _UNKNOWN:
        near = nearest_key(key)
        return f"{key}{value}: unknown key" + (f"; nearest known key: {near}" if near else "")
    verb = "missing" if problem.value is None else "not allowed"
    return f"{key}{value}: {verb}; allowed: {problem.rule}"


def _generic(key: str) -> str:
    """A key of the schema: ``training.events[3].rate`` -> ``training.events[].rate``."""
    head, bracket, tail = key.partition("[")
    return head if not bracket else f"{head}[]{tail.partition(']')[2]}" if "." in tail else head


def _shown(value: Any) -> str:
    """A value as the file would write it, short."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 64:
        return f"an integer of {value.bit_length()} bits"  # str() of a huge one is refused by Python
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:59] + "…"
