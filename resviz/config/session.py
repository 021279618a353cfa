"""The session: everything that determines a run, as one frozen and validated value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from resviz.config.diagnose import cannot_read, problem_list, session_error, unknown_key
from resviz.config.rules import cross_field_problems
from resviz.config.sections import Contrast, Data, Limit, Network, Section, Training

SCHEMA = 1
"""Newest version of the session file that this program reads and writes."""


class Session(Section):
    """A validated session; `resviz.config.sections` holds its tables and their symbols.

    ``Session(network={"layers": 1000, "units": 1})`` takes the tables as mappings and fills what is left out.

    Raises:
        SessionError: an unknown key, a wrong type, a value out of range, or values that exclude each other;
            every problem found is named with its key, its value and what is allowed.
    """

    model_config = ConfigDict(title="resviz session")

    schema_version: Literal[1] = Field(1, alias="schema", description="version of the session file")
    title: str = Field("", max_length=200, description="name of the session, for people")
    data: Data = Field(default_factory=Data, description=Data.__doc__)
    network: Network = Field(default_factory=Network, description=Network.__doc__)
    training: Training = Field(default_factory=Training, description=Training.__doc__)
    limit: Limit = Field(default_factory=Limit, description=Limit.__doc__)
    contrast: Contrast = Field(default_factory=Contrast, description=Contrast.__doc__)

    # where relative data paths start, and the text this session was read from (its comments survive a save);
    # neither takes part in equality
    _folder: Path | None = PrivateAttr(default=None)
    _source: str | None = PrivateAttr(default=None)

    def __init__(self, **values: Any) -> None:
        _fill_session(self, values, file=None)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], file: str | Path | None = None) -> Session:
        """The session of a parsed file; ``file`` is named in errors, and its folder starts relative paths."""
        if not isinstance(mapping, Mapping):
            raise cannot_read("a table of keys is needed", file)
        session = cls.__new__(cls)
        _fill_session(session, mapping, file=file)
        if file is not None:
            session._folder = Path(file).absolute().parent
        return session

    @property
    def folder(self) -> Path | None:
        """Folder where a relative ``data.path`` starts; None: the working folder."""
        return self._folder

    @property
    def data_path(self) -> Path | None:
        """``data.path`` as a path that can be opened from here."""
        if self.data.path is None:
            return None
        return (self._folder or Path()) / self.data.path

    def to_mapping(self) -> dict[str, Any]:
        """Plain nested mapping in the order of the file; keys that are left out (None) are absent."""
        return self.model_dump(by_alias=True, exclude_none=True)

    def get(self, key: str) -> Any:
        """The value at a dotted key, as in ``session.get("network.alpha")``.

        Raises:
            SessionError: there is no such key.
        """
        value: Any = self
        for name in key.split("."):
            if not isinstance(value, Section) or name not in _names(value):
                raise unknown_key(key)
            value = getattr(value, _names(value)[name])
        return value

    def with_values(self, changes: Mapping[str, Any]) -> Session:
        """A new validated session with the values at some dotted keys replaced; None means left out.

        A new ``data.kind`` drops ``data.dimension``, ``path`` and ``targets`` unless they are given with it.
        """
        mapping = self.to_mapping()
        if changes.get("data.kind", self.data.kind) != self.data.kind:
            for name in ("dimension", "path", "targets"):
                mapping["data"].pop(name, None)
        for key, value in changes.items():
            table = mapping
            *sections, name = str(key).split(".")
            for section in sections:
                table = table.setdefault(section, {})
                if not isinstance(table, dict):
                    raise unknown_key(key)
            table[name] = value
        session = Session.from_mapping(mapping)
        session._folder, session._source = self._folder, self._source
        return session

    def with_event(self, step: int, *, rate: float | None = None, steps: int | None = None) -> Session:
        """A new session with a live edit that holds from gradient step ``step`` on.

        What the edit changes stands as it says from there on: later events of the same kind are dropped.

        Raises:
            SessionError: a value out of range, or fewer ``steps`` than ``step``.
        """
        edit = {name: value for name, value in (("rate", rate), ("steps", steps)) if value is not None}
        earlier, later = [], []
        for event in self.training.events:
            known = event.model_dump(exclude_none=True)
            if event.step < step:
                earlier.append(known)
            elif kept := {name: value for name, value in known.items() if name not in edit}:
                later.append(kept)
        later = [event for event in later if event.keys() > {"step"}]
        return self.with_values({"training.events": [*earlier, {"step": step, **edit}, *later]})

    def before(self, step: int) -> Session:
        """The session without the live edits from gradient step ``step`` on."""
        events = [e.model_dump(exclude_none=True) for e in self.training.events if e.step < step]
        return self.with_values({"training.events": events})

    def to_toml(self) -> str:
        """The session as TOML: every value that determines the run, in the order of the models."""
        from resviz.config.toml import to_toml

        return to_toml(self)

    def save(self, path: str | Path) -> Path:
        """Write the session as a .toml file and return its path; see `resviz.config.toml.save_session`."""
        from resviz.config.toml import save_session

        return save_session(self, path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Session) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))


def _fill_session(session: Session, values: Mapping[str, Any], file: str | Path | None) -> None:
    """Validate ``values`` into ``session``; pydantic's own error never leaves this function."""
    plain = _plain(values)
    try:
        BaseModel.__init__(session, **plain)
    except ValidationError as error:
        raise session_error(problem_list(error), file) from None
    if problems := cross_field_problems(session):
        raise session_error(problems, file)


def _names(section: Section) -> dict[str, str]:
    """Key in the file -> attribute."""
    return {field.alias or name: name for name, field in type(section).model_fields.items()}


def _plain(value: Any) -> Any:
    """Values as a TOML file would give them: None is left out, numpy scalars and paths are unwrapped."""
    if isinstance(value, Section):
        return _plain(value.model_dump(by_alias=True, exclude_unset=True))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        return value.item()
    return value
