"""The tables of a session file as frozen models: keys, defaults, ranges and what each value means.

Symbols are those of the papers: N samples, D embedding dimension, L layers, M units a layer, K steps,
S depth nodes and P units a node of the limit solver. ``None`` always means *left out*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from resviz.config.activations import activation_names

DataKind = Literal["gaussian", "sine", "circles", "moons", "spirals", "digits", "file"]
Embedding = Literal["auto", "none", "random"]
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


def _known_activation(name: str) -> str:
    if name not in activation_names():
        raise PydanticCustomError("activation", "an activation of that name is needed")
    return name


class _ActivationNames:
    """Puts the names of now into the JSON schema: a program may register activations of its own."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "enum": list(activation_names())}


Activation = Annotated[str, AfterValidator(_known_activation), _ActivationNames()]


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
        description="where it is trained; auto takes cuda or mps, if there, for steps of 10^8 flops and more",
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
