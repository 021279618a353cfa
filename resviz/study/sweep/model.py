"""A sweep: a session, the axes it is varied along, repetitions, and what is measured.

::

    schema = 1
    title = "Noise against shape"
    session = "hello"                    # a preset, a session file, or a table [session.network] ...
    repetitions = 5                      # network.seed + 0, 1, ...
    measure = ["loss", "output_error", "output_std", "travel"]

    [[axes]]
    key = "network.alpha"
    logspace = [0.1, 10, 9]              # first, last, how many

    [[axes]]
    key = ["network.layers", "network.units"]       # keys that move together
    list = [[64, 16], [256, 4], [1024, 1]]

Points are the product of the axes; every point is trained ``repetitions`` times.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from resviz.config import Session, load_session
from resviz.config.describe import FIELDS
from resviz.errors import SessionError
from resviz.files import writing

__all__ = ["COPY", "MEASURES", "SHIPPED", "Axis", "Point", "Sweep", "load_sweep"]

Measure = Literal[
    "loss", "output_error", "output_std", "travel", "laziness", "kernel_drift", "distance", "diverged"
]
MEASURES: dict[str, tuple[str, ...]] = {
    "loss": ("loss",),
    "output_error": ("output_error", "limit_error"),
    "output_std": ("output_std",),
    "travel": ("travel",),
    "laziness": ("laziness",),
    "kernel_drift": ("kernel_drift",),
    "distance": ("ks_ratio", "w1_ratio"),
    "diverged": ("diverged",),
}
"""Measure -> its columns. output_std is one number a point, over its repetitions."""

COPY = "sweep.toml"
"""Name of the sweep file beside a table."""

SHIPPED = {"phase-atlas": ("observe", "atlas", "sweep.toml")}
"""Sweeps that come with the program: name -> place in the package."""

_MOST = 1_000_000
Span = tuple[float, float, Annotated[int, Field(ge=1, le=100_000)]]


class Part(BaseModel):
    """A table of a sweep file: frozen, closed to unknown keys, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Axis(Part):
    """Values of one session key, or of several that move together."""

    key: str | tuple[str, ...] = Field(description="session key, as in network.alpha; or a list of keys")
    values: tuple[Any, ...] | None = Field(None, alias="list", description="values one by one")
    linspace: Span | None = Field(None, description="first, last, how many, evenly spaced")
    logspace: Span | None = Field(None, description="the same, evenly spaced in the logarithm")

    @model_validator(mode="after")
    def _one_way(self) -> Axis:
        given = [name for name in ("values", "linspace", "logspace") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of list, linspace and logspace")
        if self.values is not None and not self.values:
            raise ValueError("list needs a value")
        if len(self.keys) > 1 and self.values is None:
            raise ValueError("several keys take a list of lists")
        if self.logspace is not None and not (self.logspace[0] > 0 and self.logspace[1] > 0):
            raise ValueError("logspace starts and ends above 0")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys of the axis."""
        return (self.key,) if isinstance(self.key, str) else self.key

    def steps(self) -> list[tuple[Any, ...]]:
        """One tuple of values a step, in order; each value comes once.

        Spaced values of integer keys are rounded, those of limit.units to powers of two.

        Raises:
            SessionError: an entry of several keys' list that is not one value a key.
        """
        if self.values is not None:
            if len(self.keys) == 1:
                return [(value,) for value in self.values]
            entries = [tuple(v) if isinstance(v, list | tuple) else (v,) for v in self.values]
            for entry in entries:
                if len(entry) != len(self.keys):
                    raise SessionError(
                        f"axes: {list(entry)!r} is not one value for each of {', '.join(self.keys)}",
                        remedy="Write one list of values a step, in the order of the keys.",
                    )
            return entries
        first, last, count = self.linspace or self.logspace or (0.0, 0.0, 1)
        space = np.linspace if self.linspace else np.geomspace
        values = [float(f"{value:.12g}") for value in space(first, last, count)]
        kinds = {field.path: field.kind for field in FIELDS}
        if self.keys[0] == "limit.units":  # Sobol points come in powers of two
            return [(2**n,) for n in dict.fromkeys(round(np.log2(max(value, 1.0))) for value in values)]
        if kinds.get(self.keys[0]) == "int":
            return [(value,) for value in dict.fromkeys(round(value) for value in values)]
        return [(value,) for value in values]


@dataclass(frozen=True)
class Point:
    """One combination of the axes.

    Attributes:
        number: its place in the sweep.
        values: key -> value of the axes.
        sessions: one a repetition.
    """

    number: int
    values: dict[str, Any]
    sessions: tuple[Session, ...]


class Sweep(Part):
    """See the module."""

    schema_version: Literal[1] = Field(1, alias="schema", description="version of the sweep file")
    title: str = Field("", max_length=200)
    session: str | dict[str, Any] = Field(
        default_factory=dict, description="a preset, a session file, or a session's tables"
    )
    axes: tuple[Axis, ...] = Field((), description="the first varies slowest")
    repetitions: int = Field(1, ge=1, le=100_000)
    repeat: str = Field("network.seed", description="key that grows by one from repetition to repetition")
    measure: tuple[Measure, ...] = Field(("loss", "output_error", "travel"), min_length=1)

    _folder: Path | None = None

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], file: str | Path | None = None) -> Sweep:
        """The sweep of a parsed file; ``file`` is named in errors, and its folder starts relative paths.

        Raises:
            SessionError: a key, type or value that no sweep has; all of them are named.
        """
        try:
            sweep = cls.model_validate(dict(mapping))
        except ValidationError as error:
            raise SessionError(
                _in_words(error, file), remedy="The README shows a whole sweep file."
            ) from None
        sweep._folder = None if file is None else Path(file).absolute().parent
        return sweep

    @property
    def columns(self) -> tuple[str, ...]:
        """Measured columns in order."""
        return tuple(column for name in dict.fromkeys(self.measure) for column in MEASURES[name])

    @property
    def keys(self) -> tuple[str, ...]:
        """Session keys of all axes."""
        return tuple(key for axis in self.axes for key in axis.keys)

    def base(self) -> Session:
        """The session that the axes vary, its data path absolute.

        Raises:
            SessionError: it cannot be read, or breaks a rule.
        """
        if isinstance(self.session, str):
            beside = (self._folder or Path()) / self.session
            session = load_session(beside if beside.is_file() else self.session)
        else:
            session = Session.from_mapping(self.session)
            session._folder = self._folder
        # sessions travel to other processes, whose working folder is another
        path = session.data_path
        return session if path is None else session.with_values({"data.path": str(path.absolute())})

    def points(self) -> list[Point]:
        """All points with their sessions, validated.

        Raises:
            SessionError: a key that no session has, a value out of range (with its point), too many points.
        """
        return list(self.each_point())

    def each_point(self) -> Iterator[Point]:
        """`points` one by one: a large sweep takes seconds to be written down."""
        base = self.base()
        if len(set(self.keys)) < len(self.keys):
            raise SessionError(
                f"axes: a key stands in two axes: {', '.join(self.keys)}", remedy="Name each once."
            )
        if self.repeat in self.keys and self.repetitions > 1:
            raise SessionError(
                f"axes: {self.repeat} is varied by the repetitions",
                remedy="Set repeat to another seed, or repetitions = 1.",
            )
        steps = [axis.steps() for axis in self.axes]
        count = int(np.prod([len(s) for s in steps], dtype=object)) * self.repetitions
        if count > _MOST:
            raise SessionError(f"sweep: {count} runs are more than {_MOST}", remedy="Take fewer values.")
        first = base.get(self.repeat)
        if not isinstance(first, int):
            raise SessionError(
                f"repeat = {self.repeat!r}: not an integer key", remedy="Name a seed, as network.seed."
            )
        for number, combination in enumerate(itertools.product(*steps)):
            values = dict(zip(self.keys, itertools.chain(*combination), strict=True))
            try:
                sessions = tuple(self.session_at(base, values, i) for i in range(self.repetitions))
            except SessionError as error:
                raise SessionError(
                    f"point {number} of the sweep: {error.message}", remedy=error.remedy
                ) from None
            yield Point(number, values, sessions)

    def session_at(self, base: Session, values: Mapping[str, Any], repetition: int) -> Session:
        """The session of one run: ``base`` with a point's values, and the seed of a repetition.

        Raises:
            SessionError: a value out of range.
        """
        at = base.with_values(values)
        return at.with_values({self.repeat: at.get(self.repeat) + repetition}) if repetition else at

    def to_toml(self) -> str:
        """The sweep as a file that stands alone: its session written out, the path of its data absolute."""
        mapping = self.model_dump(by_alias=True, exclude_none=True)
        mapping["session"] = self.base().to_mapping()
        return tomlkit.dumps(mapping)

    def save(self, path: str | Path) -> Path:
        """Write the sweep; an older file is replaced whole or not at all.

        Raises:
            OutputError: the file cannot be written.
        """
        path = Path(path)
        with writing(path) as temporary:
            temporary.write_text(self.to_toml(), encoding="utf-8", newline="\n")
        return path


def load_sweep(path: str | Path) -> Sweep:
    """The sweep in a TOML file, or one that comes with the program, by name.

    Raises:
        SessionError: it cannot be read, or holds no valid sweep.
    """
    if str(path) in SHIPPED and not Path(path).exists():
        with as_file(files("resviz").joinpath(*SHIPPED[str(path)])) as file:
            return load_sweep(file)
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
        mapping = tomllib.loads(text)
    except OSError as error:
        raise SessionError(
            f"{path}: cannot be read: {error.strerror}",
            remedy=f"Name a sweep file, or a sweep that comes with resviz: {', '.join(SHIPPED)}.",
        ) from None
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML
        raise SessionError(f"{path}: not a TOML file: {error}") from None
    return Sweep.from_mapping(mapping, path)


def _in_words(error: ValidationError, file: str | Path | None) -> str:
    where = "sweep" if file is None else str(file)
    lines = []
    for finding in error.errors(include_url=False, include_context=False):
        place = ""
        for part in finding["loc"]:
            place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
        if finding["type"] == "extra_forbidden":
            known = ", ".join(
                f.alias or n for n, f in (Axis if "axes" in place else Sweep).model_fields.items()
            )
            lines.append(f"{place}: unknown key; known: {known}")
        else:
            shown = finding["input"] if not isinstance(finding["input"], dict) else "{...}"
            lines.append(f"{place} = {shown!r}: {finding['msg'].removeprefix('Value error, ')}")
    return "\n  ".join(
        [f"{where}: {lines[0]}"] if len(lines) == 1 else [f"{where}: {len(lines)} problems", *lines]
    )
