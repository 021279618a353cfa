"""What a form shows for each key: label, unit, tooltip, limits. Limits and tooltips are the models' own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from resviz.config.diagnose import key_schema

Kind = Literal["int", "float", "choice", "text", "path", "bool"]

# (key, label, unit) in the order of the form; the first part of a key decides the group
_SHOWN: tuple[tuple[str, str, str], ...] = (
    ("data.kind", "data set", ""),
    ("data.samples", "samples N", ""),
    ("data.dimension", "dimension D", ""),
    ("data.path", "data file", ""),
    ("data.targets", "target columns", ""),
    ("data.seed", "data seed", ""),
    ("network.layers", "layers L", ""),
    ("network.units", "units a layer M", ""),
    ("network.dimension", "embedding dimension D", ""),
    ("network.embedding", "embedding", ""),
    ("network.activation", "activation σ", ""),
    ("network.alpha", "scale α", ""),
    ("network.parametrisation", "parametrisation", ""),
    ("network.sigma_u", "unit std σᵤ", "√D"),
    ("network.sigma_v", "unit std σᵥ", "√D"),
    ("network.seed", "unit seed", ""),
    ("training.optimizer", "optimizer", ""),
    ("training.rate", "rate η", ""),
    ("training.rate_u", "rate of u", "η"),
    ("training.rate_v", "rate of v", "η"),
    ("training.batch", "batch B", ""),
    ("training.batch_seed", "batch seed", ""),
    ("training.momentum", "momentum μ", ""),
    ("training.clip", "clip", ""),
    ("training.steps", "steps K", ""),
    ("training.device", "device", ""),
    ("training.dtype", "dtype", ""),
    ("limit.nodes", "depth nodes S", ""),
    ("limit.units", "units a node P", ""),
    ("limit.engine", "solver", ""),
    ("contrast.alpha", "contrast α", ""),
)

_GROUPS = {
    "data": "Data",
    "network": "Network",
    "training": "Training",
    "limit": "Limit",
    "contrast": "Limit",
}
# a change of these is an event of the run; any other starts a new one
_LIVE = frozenset({"training.rate", "training.steps"})
# an open set of names, offered as the usual ones
_OFFERED = {"training.device": ("auto", "cpu", "cuda", "mps")}


@dataclass(frozen=True)
class FieldDescription:
    """One row of the Experiment form.

    Attributes:
        path: dotted key of the session, as in ``session.get(path)``.
        label: what stands before the editor, with the symbol of the papers.
        group: Data, Network, Training or Limit.
        kind: int, float, choice, text, path or bool.
        unit: what the number is a multiple of; empty for a plain number.
        tooltip: one sentence.
        minimum, maximum: inclusive bounds of a number; None where there is none.
        default: value of a key that is left out; None where the data decide.
        optional: whether the key may be left out, which is then another thing than its default.
        live: whether a change keeps the run.
    """

    path: str
    label: str
    group: str
    kind: Kind
    unit: str
    tooltip: str
    minimum: float | None
    maximum: float | None
    default: Any
    optional: bool
    live: bool

    @property
    def choices(self) -> tuple[str, ...]:
        """Allowed values of a choice, as of now: a program may register activations of its own."""
        return _choices(self.path)


def _described(path: str, label: str, unit: str) -> FieldDescription:
    field = key_schema()[path]
    branches = field.get("anyOf", [field])
    # the first branch is the editor's; "auto" of a number and null are special values of it
    main = branches[0]
    default = field.get("default")
    return FieldDescription(
        path=path,
        label=label,
        group=_GROUPS[path.partition(".")[0]],
        kind=_kind(path, main),
        unit=unit,
        tooltip=field["description"],
        minimum=main.get("minimum"),
        maximum=main.get("maximum", main.get("exclusiveMaximum")),
        default=tuple(default) if isinstance(default, list) else default,
        optional=any(branch.get("type") == "null" for branch in branches),
        live=path in _LIVE,
    )


def _choices(path: str) -> tuple[str, ...]:
    field = key_schema()[path]
    main = field.get("anyOf", [field])[0]
    return tuple(str(choice) for choice in main.get("enum", _OFFERED.get(path, ())))


def _kind(path: str, schema: dict[str, Any]) -> Kind:
    if _choices(path):
        return "choice"
    if path == "data.path":
        return "path"
    kinds: dict[str, Kind] = {"integer": "int", "number": "float", "boolean": "bool"}
    return kinds.get(schema.get("type", ""), "text")


FIELDS: tuple[FieldDescription, ...] = tuple(_described(*row) for row in _SHOWN)
"""Every key that the form shows, in its order; events and tolerance are edited elsewhere."""
