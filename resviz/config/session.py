"""The session: everything that determines a run, as one frozen and validated value.

Symbols are those of the papers: N samples, D embedding dimension, L layers, M units a layer, K steps,
S depth nodes and P units a node of the limit solver. ``None`` always means *left out*.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from resviz.config.diagnose import cannot_read, problem_list, session_error, unknown_key
from resviz.config.rules import cross_field_problems

SCHEMA = 1
"""Newest version of the session file that this program reads and writes."""

DataKind = Literal["gaussian", "sine", "circles", "moons", "spirals", "digits", "file"]
Embedding = Literal["auto", "none", "random"]
Activation = Literal["tanh", "erf", "relu", "gelu", "softplus", "identity"]
Parametrisation = Literal["multiplier", "output-weights"]
Optimizer = Literal["gd", "sgd", "momentum"]
Dtype = Literal["float32", "float64"]
LimitEngine = Literal["auto", "particles", "moments"]

# TOML integers are signed 64-bit numbers
Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        # Sobol points keep their balance only in blocks of 2^m
        raise PydanticCustomError("power_of_two", "a power of two is needed")
    return value


class Section(BaseModel):
    """A table of the session file: frozen, strict in types, closed to unknown keys, finite numbers only."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )


class Data(Section):
    """What is learned: N pairs (x, y) in R^d_in x R^d_out."""

    kind: DataKind = Field("gaussian", description="where the N pairs (x, y) come from")
    samples: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="number of samples N (10 if left out; for digits and file all rows)"
    )
    dimension: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description="d_in = d_out of the gaussian set (10 if left out); elsewhere the data decide"
    )
    seed: Seed = Field(2, description="draws the data, the read-in W_in and the read-out W_out")
    path: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(
        None,
        description="a .npz with arrays x (N, d_in), y (N, d_out), or a .csv; relative to the session file",
    )
    targets: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, max_length=10_000)
    ] = Field((), description="columns of a .csv that make y; all other columns make x")

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        """What is left out depends on the kind: N = 10 where data are drawn, all rows where given."""
        if not isinstance(values, Mapping):
            return values
        filled = dict(values)
        kind = filled.get("kind", "gaussian")
        if kind not in ("digits", "file"):
            filled.setdefault("samples", 10)
        if kind == "gaussian":
            filled.setdefault("dimension", 10)
        return filled


class Network(Section):
    """The ResNet: h^{l+1} = h^l + alpha/(L M) sum_j v_j sigma(u_j . h^l / D)."""

    layers: int = Field(
        64, ge=1, le=100_000, description="number of residual blocks L; layer l sits at depth s = l/L"
    )
    units: int = Field(256, ge=1, le=10_000_000, description="hidden units M of every layer")
    dimension: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description="embedding dimension D (left out: d_in if d_in = d_out, else 64)"
    )
    embedding: Embedding = Field(
        "auto",
        description="none: h⁰ = x; random: h⁰ = W_in x, f = W_outᵀ h/D; auto: none where d_in = d_out = D",
    )
    activation: Activation = Field("tanh", description="σ in the unit v σ(u·h/D)")
    alpha: float = Field(
        1.0, ge=1e-6, le=1e6, description="branch scale α in h ← h + α/(LM) Σⱼ vⱼ σ(uⱼ·h/D); large α is lazy"
    )
    parametrisation: Parametrisation = Field(
        "multiplier",
        description="output-weights: α sits in the deviation of v, and the rate of u has min(1, α²)",
    )
    sigma_u: float = Field(
        1.0, ge=0, le=1e3, description="standard deviation of the entries of u at k = 0, in units of √D"
    )
    sigma_v: float = Field(
        1.0, ge=0, le=1e3, description="standard deviation of the entries of v at k = 0, in units of √D"
    )
    seed: Seed = Field(11, description="draws the units' starts, and nothing else")


class TrainingEvent(Section):
    """A live edit: from gradient step ``step`` on, another rate or another number of steps holds."""

    step: int = Field(ge=0, le=10_000_000, description="the first step that obeys the edit")
    rate: Annotated[float, Field(ge=0, le=1e6)] | None = Field(None, description="rate η from this step on")
    steps: Annotated[int, Field(ge=0, le=10_000_000)] | None = Field(
        None, description="number of steps K from this step on"
    )


class Training(Section):
    """Gradient descent at the rate eta D L M / alpha^2, so that units move by Theta(1) in any shape."""

    steps: int = Field(100, ge=0, le=10_000_000, description="number of gradient steps K")
    rate: float = Field(1.0, ge=0, le=1e6, description="rate η; the raw gradient is taken at η D L M/α²")
    rate_u: float = Field(1.0, ge=0, le=1e6, description="multiplies η for the input weights u")
    rate_v: float = Field(1.0, ge=0, le=1e6, description="multiplies η for the output weights v")
    optimizer: Optimizer = Field("gd", description="gd: all samples at once; sgd: a batch a step; momentum")
    batch: int = Field(
        32, ge=1, le=1_000_000, description="samples B in a batch of sgd (all of them where N is smaller)"
    )
    batch_seed: Seed = Field(1, description="draws the batches of sgd, the same for net, twin and limits")
    momentum: float = Field(0.9, ge=0, lt=1, description="μ in m ← μ m + g")
    clip: float = Field(
        0.0, ge=0, le=1e6, description="bound on the gradient's root mean square over units; 0 is off"
    )
    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)$",
        description="where the net is trained; auto takes the first of cuda, mps, cpu that is there",
        json_schema_extra={"x-allowed": '"auto", "cpu", "cuda", "cuda:N" or "mps"'},
    )
    dtype: Dtype = Field("float32", description="precision of units and fields")
    events: Annotated[tuple[TrainingEvent, ...], Field(strict=False, max_length=10_000)] = Field(
        (), description="live edits of the window; net, twin and limits obey"
    )

    def rate_at(self, step: int) -> float:
        """The rate eta of the gradient step that leads from k = ``step`` to k = ``step`` + 1."""
        rate = self.rate
        for event in self.events:  # in order of their steps
            if event.step <= step and event.rate is not None:
                rate = event.rate
        return rate

    @property
    def last_step(self) -> int:
        """The number of steps K after all events."""
        return next((e.steps for e in reversed(self.events) if e.steps is not None), self.steps)


class Limit(Section):
    """How the Mean ODE (L -> infinity) is solved."""

    nodes: Annotated[int, Field(ge=2, le=65_536)] | Literal["auto"] = Field(
        64, description="depth nodes S in [0, 1]"
    )
    units: (
        Annotated[
            int,
            Field(ge=2, le=2**24, json_schema_extra={"x-allowed": "a power of two from 2 to 16777216"}),
            AfterValidator(_power_of_two),
        ]
        | Literal["auto"]
    ) = Field(1024, description="units (particles) P at each depth node, a power of two")
    tolerance: float = Field(
        5e-3, ge=1e-8, le=1, description="RMS output error that nodes or units = auto aim at"
    )
    engine: LimitEngine = Field(
        "auto",
        description="moments is exact, for the identity only; auto takes the exact engine if there is one",
    )
    large_d: bool = Field(
        False, description="take D → ∞ too, in place of the given D (embedding = random only)"
    )


class Contrast(Section):
    """The lazy twin: the same data and unit starts at another alpha."""

    alpha: float = Field(8.0, ge=1e-6, le=1e6, description="scale α of the twin beside the network's own α")


class Session(Section):
    """A validated session; see the module's docstring for the symbols.

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
