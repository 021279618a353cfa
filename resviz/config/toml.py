"""Sessions as TOML files: read strictly, written atomically, comments of a hand-written file kept."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from resviz.config.diagnose import cannot_read
from resviz.config.migrations import migrate
from resviz.config.session import SCHEMA, Session
from resviz.errors import InputError, OutputError, SessionError
from resviz.files import writing

# the TOML reader takes time and memory that grow with the square of a key's parts
_DEEP = re.compile(r"""(?<![\w"'.-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){50}""")
_LARGEST = 2_000_000  # bytes of a session file; 10,000 live edits take a quarter of that
# read only by some optimiser or by "auto"; left out of a file while it means nothing and says nothing
_ONLY_WHEN_USED = ("batch", "batch_seed", "momentum", "tolerance")


def parse_session(text: str, file: str | Path | None = None) -> Session:
    """The session of a TOML text; ``file`` is named in errors, and its folder starts relative data paths.

    Raises:
        SessionError: no TOML, a newer or unknown version, or values that a session refuses.
    """
    if _DEEP.search(text):
        raise cannot_read("a key of more than 50 parts, which no session has", file)
    try:
        mapping = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also an integer of more than 4300 digits
        raise cannot_read(f"not a TOML file: {error}", file) from None
    session = Session.from_mapping(migrate(mapping, SCHEMA, file=file), file)
    session._source = text
    return session


def read_session(path: str | Path) -> Session:
    """The session in a file.

    Raises:
        SessionError: the file is missing, cannot be read, or holds no valid session.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise cannot_read(f"larger than {_LARGEST} bytes, which no session is", path)
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise cannot_read("no such file", path) from None
    except UnicodeDecodeError as error:
        raise cannot_read(f"not a text file in UTF-8 (byte {error.start})", path) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        reason = getattr(error, "strerror", None) or error
        raise cannot_read(f"cannot be read: {reason}", path) from None
    return parse_session(text, path)


def parse_assignment(text: str) -> tuple[str, Any]:
    """``network.alpha=4`` as (dotted key, value), the value as TOML writes it; quotes may be left out.

    Raises:
        SessionError: there is no equals sign.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise SessionError(f"{text!r}: not an assignment", remedy="Write KEY=VALUE, as in network.alpha=4")
    try:
        return key.strip(), tomllib.loads(f"value = {value.strip()}")["value"]
    except (ValueError, RecursionError):
        return key.strip(), value.strip()


def to_toml(session: Session) -> str:
    """Every value that determines the run, defaults too, in the order of the models."""
    document = tomlkit.document()
    for name, value in _written(session).items():
        if isinstance(value, dict):
            events = value.pop("events", None)
            table = tomlkit.table()
            for key, entry in value.items():
                table.add(key, tomlkit.item(entry))
            if events:
                table.add("events", _array_of_tables(events))
            document.add(name, table)
        else:
            document.add(name, tomlkit.item(value))
    return tomlkit.dumps(document)


def save_session(session: Session, path: str | Path) -> Path:
    """Write a session to ``path``; ``.toml`` is appended to a name that does not end in it.

    A session that was read from a file keeps that file's text: comments, order, and keys left out at their
    defaults (which never change within a schema); only values that differ are replaced. A relative data
    path is rewritten when the folder changes, so that it names the same file. Written beside the target
    and renamed, so that an older file is replaced whole or not at all.

    Returns:
        The path that was written.

    Raises:
        OutputError: the file cannot be written.
    """
    target = Path(path)
    if not target.name:
        raise OutputError(
            f"{str(path)!r}: not a file name", remedy="Name a .toml file to save the session to."
        )
    if target.suffix.lower() != ".toml":
        target = target.with_name(f"{target.name}.toml")
    moved = _moved(session, target.absolute().parent)
    with writing(target) as temporary:
        temporary.write_text(_merged_text(moved) or to_toml(moved), encoding="utf-8", newline="\n")
    return target


def _written(session: Session) -> dict[str, Any]:
    mapping = session.to_mapping()
    default = Session().to_mapping()
    used = {
        "batch": session.training.optimizer == "sgd",
        "batch_seed": session.training.optimizer == "sgd",
        "momentum": session.training.optimizer == "momentum",
        "tolerance": "auto" in (session.limit.nodes, session.limit.units),
    }
    for section in ("training", "limit"):
        for key in _ONLY_WHEN_USED:
            if key in mapping[section] and not used[key] and mapping[section][key] == default[section][key]:
                del mapping[section][key]
    if not mapping["data"]["targets"]:
        del mapping["data"]["targets"]
    return mapping


def _array_of_tables(rows: Any) -> AoT:
    array = tomlkit.aot()
    for row in rows:
        table = tomlkit.table()
        table.update(row)
        if row is rows[-1]:
            table.add(tomlkit.nl())  # the blank line before the next table
        array.append(table)
    return array


def _moved(session: Session, folder: Path) -> Session:
    """The same session with a relative data path that starts at ``folder``."""
    path = session.data.path
    start = (session.folder or Path()).absolute()
    if path is None or Path(path).is_absolute() or start == folder:
        return session
    try:
        path = Path(os.path.relpath(start / path, folder)).as_posix()
    except ValueError:  # another drive
        path = str(start / path)
    return session.with_values({"data.path": path})


def _merged_text(session: Session) -> str | None:
    """The text the session was read from with the changed values put in; None where that cannot be done."""
    if session._source is None:
        return None
    try:
        stated = migrate(tomllib.loads(session._source), SCHEMA)
        document = tomlkit.parse(session._source)
        _merge(document, session.to_mapping(), stated, Session.from_mapping(stated).to_mapping())
        text = tomlkit.dumps(document)
        # tables out of order and the like: rather no comments than another session
        return text if parse_session(text) == session else None
    except (TOMLKitError, InputError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _merge(container: Any, wanted: dict[str, Any], stated: dict[str, Any], meant: dict[str, Any]) -> None:
    """Make a tomlkit document or table say ``wanted``, touching only what differs.

    ``stated`` is what its text states, ``meant`` the same with what is left out filled in.
    """
    for key in stated:
        if wanted.get(key, ()) == () and meant.get(key, ()) != ():
            container.remove(key)
    for key, value in wanted.items():
        if value == () or value == meant.get(key):
            continue
        if isinstance(value, dict):
            table = container[key] if key in stated else tomlkit.table()
            _merge(table, value, stated.get(key, {}), meant[key])
            if key not in stated:
                container.add(key, table)
        elif key == "events":
            if key in stated:
                container.remove(key)
            container.add(key, _array_of_tables(value))
        elif key in stated:
            new, old = tomlkit.item(value), container[key].trivia
            new.trivia.comment, new.trivia.comment_ws = old.comment, old.comment_ws
            container[key] = new
        else:
            _insert(container, key, value)


def _insert(container: Any, key: str, value: Any) -> None:
    """Add a plain key after the last one: comments behind that belong to the table that comes next."""
    body: list[Any] = container.value.body if isinstance(container, Table) else []
    trailing: list[Any] = []
    if not any(isinstance(item, AoT | Table) for _, item in body):
        while body and body[-1][0] is None:
            trailing.append(body.pop())
    container.add(key, tomlkit.item(value))
    body.extend(reversed(trailing))
