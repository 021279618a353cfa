"""Rules that tie several keys of a session together."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from resviz.config.session import Session

# d_in = d_out of the drawn sets whose dimension is no choice
FIXED_DIMENSION = {"sine": 1, "circles": 2, "moons": 2, "spirals": 2}


class Problem(NamedTuple):
    """One broken rule: the dotted key, the value found there, and what would be allowed."""

    key: str
    value: Any
    rule: str


def cross_field_problems(session: Session) -> list[Problem]:
    """All broken rules between keys of a session whose single values are valid."""
    return [*_data_problems(session), *_network_problems(session), *_event_problems(session)]


def _data_problems(session: Session) -> list[Problem]:
    data, problems = session.data, []
    if data.kind == "digits" and data.dimension is not None:
        problems.append(
            Problem("data.dimension", data.dimension, "left out: digits have d_in = 64 and d_out = 10")
        )
    fixed = FIXED_DIMENSION.get(data.kind)
    if fixed is not None and data.dimension not in (None, fixed):
        problems.append(
            Problem("data.dimension", data.dimension, f"left out: {data.kind} has d_in = {fixed}")
        )
    if data.kind != "file":
        if data.path is not None:
            problems.append(Problem("data.path", data.path, 'left out unless data.kind = "file"'))
        if data.targets:
            problems.append(Problem("data.targets", list(data.targets), 'left out unless data.kind = "file"'))
        return problems
    if data.path is None:
        return [*problems, Problem("data.path", None, 'the path of a .npz or .csv file (data.kind = "file")')]
    suffix = PurePath(data.path).suffix.lower()
    if suffix not in (".npz", ".csv"):
        problems.append(Problem("data.path", data.path, "a file that ends in .npz or .csv"))
    if suffix == ".csv" and not data.targets:
        problems.append(Problem("data.targets", None, 'names of .csv columns, as in targets = ["price"]'))
    if suffix == ".npz" and data.targets:
        problems.append(
            Problem("data.targets", list(data.targets), "left out: a .npz holds its targets as y")
        )
    if len(set(data.targets)) < len(data.targets):
        problems.append(Problem("data.targets", list(data.targets), "each column once"))
    return problems


def _network_problems(session: Session) -> list[Problem]:
    network, limit, training = session.network, session.limit, session.training
    problems = []
    if limit.engine == "moments" and network.activation != "identity":
        problems.append(
            Problem("limit.engine", "moments", '"auto" or "particles" unless network.activation = "identity"')
        )
    if limit.large_d and network.embedding != "random":
        problems.append(Problem("limit.large_d", True, 'false unless network.embedding = "random"'))
    if training.device == "mps" and training.dtype == "float64":
        problems.append(
            Problem("training.dtype", "float64", '"float32" on mps, which has no double precision')
        )
    return problems


def _event_problems(session: Session) -> list[Problem]:
    problems, last = [], -1
    for index, event in enumerate(session.training.events):
        key = f"training.events[{index}]"
        if event.rate is None and event.steps is None:
            problems.append(Problem(key, {"step": event.step}, "a rate, or steps, or both beside step"))
        if event.step < last:
            problems.append(
                Problem(f"{key}.step", event.step, f"at least {last}: events stand in order of step")
            )
        if event.steps is not None and event.steps < event.step:
            problems.append(
                Problem(f"{key}.steps", event.steps, f"at least the event's own step, {event.step}")
            )
        last = event.step
    return problems
