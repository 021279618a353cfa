"""The reference run of HW: its loss, and the paths of one unit through all layers.

D = N = 10, L = M = 1000, K = 100, alpha = eta = 1. A unit that starts at one point in every layer moves along
paths that vary smoothly with depth: units are Lipschitz in s.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray

from resviz.config import Session
from resviz.engine.rule import rule
from resviz.fields import ghost_start
from resviz.recording import Recording
from resviz.recording.record import record
from resviz.scene.model import LegendEntry, Line, Mark, Panel, Role
from resviz.study.ensemble import Ensemble
from resviz.study.reproduce.experiment import Experiment, Plan, Progress, Steps, trained
from resviz.study.reproduce.figure import SERIES, curve, figure, linear_axis, measured, published
from resviz.study.reproduce.result import Check, Result, Table, within_factor
from resviz.transport import cohort, limit_places, net_places
from resviz.transport.places import Places

__all__ = ["reference_loss", "unit_paths"]

Array = NDArray[np.float64]
LOSS = {0: 1.52, 10: 0.54, 20: 0.37, 40: 0.20, 60: 0.105, 99: 0.035}
PLANES = ((4, 5), (4, 2), (5, 6))
_DATA_SETS = 24


def _session(quick: bool) -> Session:
    return Session(
        title="Reference run of the paper",
        data={"samples": 10, "dimension": 10},
        network={"layers": 1000, "units": 100 if quick else 1000},
        training={"steps": 100},
        limit={"nodes": 32, "units": 512},
    )


def _settings(session: Session) -> dict[str, str]:
    network, training = session.network, session.training
    return {
        "data": "N = 10 Gaussian pairs in D = 10, data.seed = 2, no embedding",
        "network": f"tanh, L = {network.layers}, M = {network.units}, alpha = 1, seed {network.seed}",
        "training": f"gradient descent, eta = 1, K = {training.steps}, {training.dtype}",
    }


def _run(plan: Plan, part: tuple[float, float]) -> Generator[Progress, None, Recording]:
    """The reference run, once for both experiments."""
    if "reference" not in plan.shared:
        low, high = part
        recording = None
        for state in record(_session(plan.quick), contrast=False):
            recording = state.recording
            yield Progress(low + (high - low) * state.fraction, f"training, step {max(state.step, 0)}")
        plan.shared["reference"] = recording
    kept: Recording = plan.shared["reference"]
    return kept


def reference_loss(plan: Plan, experiment: Experiment) -> Steps:
    """Loss against step, with what other data sets of the same law give."""
    recording = yield from _run(plan, (0.0, 0.8))
    small = Session(
        data={"samples": 10, "dimension": 10}, network={"layers": 32, "units": 64}, training={"steps": 100}
    )
    others = [small.with_values({"data.seed": 100 + seed}) for seed in range(_DATA_SETS)]
    curves = np.stack(
        (yield from trained(plan, others, _losses, "other data sets", part=(0.8, 1.0)))
    )  # (data sets, K + 1)
    steps = np.array(list(LOSS))
    theirs, ours = np.array(list(LOSS.values())), recording.loss
    low, high = curves.min(axis=0), curves.max(axis=0)
    checks = [
        within_factor(f"loss at k = {k} over its start", value / LOSS[0], float(ours[k] / ours[0]), 2.0)
        for k, value in LOSS.items()
        if k
    ]
    held = [bool(low[k] / 1.25 <= value <= 1.25 * high[k]) for k, value in LOSS.items()]
    checks.append(
        Check(
            "published losses within what data sets give",
            f"{len(held)} points",
            f"{sum(held)} inside",
            f"all inside the range of {_DATA_SETS} data sets, widened by a factor 1.25",
            all(held),
        )
    )
    k = np.arange(len(ours), dtype=np.float64)
    limit = recording.limit
    marks: list[Mark] = [
        Line(k, low, Role.START, dash="dot", width=1.0),
        Line(k, high, Role.START, dash="dot", width=1.0),
        Line(k, ours, Role.SESSION, width=1.5),
    ]
    if limit is not None:
        marks.append(curve(k, limit.loss, Role.LIMIT))
    marks += published(steps, theirs, Role.TWIN)
    panel = Panel(
        "loss",
        "How fast does the reference network learn?",
        linear_axis("step k", k),
        linear_axis("loss", theirs, ours, high, nonnegative=True),
        tuple(marks),
    )
    legend = (
        LegendEntry("ours", Role.SESSION),
        LegendEntry("Mean ODE", Role.LIMIT, "dash"),
        LegendEntry("range of other data sets", Role.START, "dot"),
    )
    scene = figure(
        [panel], experiment.title, legend=legend, caption="rings: published (read off by eye, about 10 %)"
    )
    rows = tuple(
        (int(i), float(ours[i]), float(low[i]), float(high[i]), LOSS.get(int(i), ""))
        for i in range(len(ours))
    )
    return Result(
        experiment.name,
        experiment.title,
        experiment.source,
        plan.quick,
        _settings(recording.session),
        tuple(checks),
        (Table(("step", "loss", "lowest_of_data_sets", "highest_of_data_sets", "published"), rows),),
        scene,
        notes=("The published run drew data that cannot be drawn again; ours starts elsewhere.",),
    )


def _losses(ensemble: Ensemble) -> list[Array]:
    return list(ensemble.loss)


def unit_paths(plan: Plan, experiment: Experiment) -> Steps:
    """One start in every tenth layer, pushed through the layer's fields and through the limit's."""
    recording = yield from _run(plan, (0.0, 0.95))
    total = recording.session.network.layers
    layers = list(range(0, total, 10))
    finite = _paths(recording, net_places(recording.fields, layers, total))
    yield Progress(0.97, "pushing the unit")
    depths = np.array(layers) / total
    if recording.limit is None:
        raise RuntimeError("a reference run has its limit")
    ideal = _paths(recording, limit_places(recording.limit, depths))
    # (K + 1, G, D)
    travel = float(np.sqrt(((finite[-1] - finite[0]) ** 2).sum(axis=-1)).max())
    jumps = np.sqrt(((finite[-1, 1:] - finite[-1, :-1]) ** 2).sum(axis=-1)) / travel
    apart = np.sqrt(((finite - ideal) ** 2).sum(axis=-1)).max() / travel
    checks = (
        Check(
            "largest jump between shown layers over travel",
            "a smooth fan",
            f"{jumps.max():.3f}",
            "at most 0.1 at layers 1/100 of the depth apart",
            bool(jumps.max() <= 0.1),
        ),
        Check(
            "largest distance to the limit's path over travel",
            "not given",
            f"{apart:.3f}",
            "at most 0.2",
            bool(apart <= 0.2),
        ),
    )
    panels = [_plane(finite, ideal, i, j) for i, j in PLANES]
    legend = (LegendEntry("network", Role.SESSION), LegendEntry("Mean ODE", Role.LIMIT, "dash"))
    caption = (
        "one start, every tenth layer; colour from first to last layer; dashed: every hundredth in the limit"
    )
    columns = ("layer", "step", *(f"u{c}" for c in range(finite.shape[-1])))
    rows = tuple(
        (layer, k, *(float(x) for x in finite[k, g]))
        for g, layer in enumerate(layers)
        for k in range(0, len(finite), 10)
    )
    return Result(
        experiment.name,
        experiment.title,
        experiment.source,
        plan.quick,
        _settings(recording.session),
        checks,
        (Table(columns, rows),),
        figure(panels, experiment.title, legend=legend, caption=caption),
    )


def _paths(recording: Recording, places: Places) -> Array:
    """u of the ghost at every place and step: (K + 1, G, D)."""
    session = recording.session
    one = ghost_start(session.network.seed, recording.problem.dimension)  # (2, D, 1)
    starts = np.repeat(one[None], len(places.depths), axis=0)
    units = cohort(starts, rule(session), dtype="float64")
    seen = [units.u[..., 0].clone()]
    for step in range(recording.step):
        units.push(places.seen(step))
        seen.append(units.u[..., 0].clone())
    return np.asarray(torch.stack(seen).numpy(), dtype=np.float64)


def _plane(finite: Array, ideal: Array, i: int, j: int) -> Panel:
    places = finite.shape[1]
    marks: list[Mark] = [
        Line(finite[:, g, i], finite[:, g, j], SERIES[0], width=1.0, shade=g / (places - 1))
        for g in range(places)
    ]
    marks += [curve(ideal[:, g, i], ideal[:, g, j], Role.LIMIT) for g in range(0, places, 10)]
    marks += measured(finite[0, :1, i], finite[0, :1, j], Role.LIMIT, join=False)
    return Panel(
        f"{i}-{j}",
        f"Where does one unit go? Coordinates {i} and {j}",
        linear_axis(f"u, coordinate {i}", finite[..., i], ideal[..., i]),
        linear_axis(f"u, coordinate {j}", finite[..., j], ideal[..., j]),
        tuple(marks),
    )
