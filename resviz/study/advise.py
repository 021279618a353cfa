"""Which shape for a budget: (L, M), or (L, M, D), that makes an error law smallest.

A network has 2 L M D trained parameters. At fixed D the law of HW,

    error = c_noise sqrt(D/(LM)) + c_depth / L,

falls with L at constant LM: the smallest error is that of the deepest network, M = 1. But layers run one
after the other, and the depth term soon no longer counts, so the advice is the shallowest shape within a
slack of the smallest error. With D free, AS add the error of a finite D,

    error = c_depth / L + sqrt((c_noise (D/(LM))^p)^2 + (c_dimension / sqrt(D))^2),

p = 1/2 for fields, p = 1 for outputs; D has an optimum that grows with the budget (as P^(1/3) for fields).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from resviz.errors import RequestError

__all__ = ["LAWS", "Advice", "ErrorLaw", "Shape", "advise", "law_of_sweep"]

_MOST_LAYERS, _MOST_UNITS, _MOST_DIMENSION = 100_000, 10_000_000, 100_000
_STEPS = 160  # sizes tried along each axis, some 6 % apart


@dataclass(frozen=True)
class ErrorLaw:
    """Constants of an error law; see the module.

    Attributes:
        noise, depth, dimension: constants; ``dimension`` is 0 for a law at fixed D.
        power: p.
        source: who says so.
    """

    noise: float
    depth: float
    dimension: float
    power: float
    source: str

    def parts(self, layers: float, units: float, d: float) -> tuple[float, float, float]:
        """The terms of depth, noise and dimension."""
        noise = self.noise * (d / (layers * units)) ** self.power
        return self.depth / layers, noise, self.dimension / d**0.5

    def at(self, layers: float, units: float, d: float) -> float:
        """The error that the law gives."""
        depth, noise, dimension = self.parts(layers, units, d)
        return float(depth + np.hypot(noise, dimension))


LAWS: Mapping[str, ErrorLaw] = {
    "fixed-dimension": ErrorLaw(0.22, 0.15, 0.0, 0.5, "HW: 0.22 sqrt(D/(LM)) + 0.15/L, tanh, k = 100"),
    "embedding": ErrorLaw(
        0.8, 0.15, 2.5, 0.5, "AS: sqrt((0.8 sqrt(D/(LM)))^2 + (2.5/sqrt(D))^2), tanh, k = 15; 0.15/L from HW"
    ),
    "output": ErrorLaw(
        0.15, 0.15, 0.9, 1.0, "AS: sqrt((0.15 D/(LM))^2 + (0.9/sqrt(D))^2), tanh, k = 15; 0.15/L from HW"
    ),
}
"""Published laws; their constants belong to the data and steps that they were fitted to."""


@dataclass(frozen=True)
class Shape:
    """A shape and what the law says of it."""

    layers: int
    units: int
    dimension: int
    error: float
    parameters: int
    bytes: float


@dataclass(frozen=True)
class Advice:
    """The advice.

    Attributes:
        chosen: the shallowest shape within the slack of the best.
        best: of smallest error.
        alternatives: from wide to deep (and, with D free, from small to large D), ``chosen`` and ``best``
            among them.
        law: that was minimised.
    """

    chosen: Shape
    best: Shape
    alternatives: tuple[Shape, ...]
    law: ErrorLaw


def advise(
    *,
    parameters: float | None = None,
    memory: float | None = None,
    dimension: int | None = None,
    samples: int = 10,
    law: ErrorLaw | None = None,
    slack: float = 0.1,
    word: int = 4,
) -> Advice:
    """The shape of smallest error within a budget.

    Args:
        parameters: trained parameters 2 L M D, at most.
        memory: bytes of units and of a step's fields, at most; one of the two budgets is needed.
        dimension: D; None leaves it free.
        samples: N, whose fields take memory.
        law: left out, the published one: HW's at fixed D, AS's of outputs with D free.
        slack: share by which the advice may exceed the smallest error, for fewer layers.
        word: bytes of a number.

    Raises:
        RequestError: no budget, one that holds no network, or a law that cannot choose D.
    """
    if (parameters is None) == (memory is None):
        raise RequestError(
            "give one budget: parameters or memory", remedy="As in --parameters 1e6 or --memory 2GB."
        )
    budget = parameters if parameters is not None else memory
    if budget is None or not np.isfinite(budget) or budget <= 0:
        raise RequestError(f"budget = {budget:g}: must be a number above 0", remedy="As in --parameters 1e6.")
    if not 0 <= slack <= 10:
        raise RequestError(f"slack = {slack:g}: must be from 0 to 10", remedy="0.1 allows 10 % more error.")
    law = law or LAWS["output" if dimension is None else "fixed-dimension"]
    if dimension is None and law.dimension == 0:
        raise RequestError(
            "this law has no term in D and would choose D = 1",
            remedy="Fix D, or take a law of AS: embedding or output.",
        )
    found = []
    for d in [dimension] if dimension is not None else _sizes(_MOST_DIMENSION):
        for layers in _sizes(_MOST_LAYERS):
            units = _most_units(layers, d, samples, parameters, memory, word)
            if units >= 1:
                found.append(_shape(layers, units, d, samples, law, word))
    if not found:
        smallest = f"{2 * (dimension or 1)} parameters" if memory is None else "one layer of one unit"
        raise RequestError(f"budget = {budget:g} does not hold {smallest}", remedy="Allow more.")
    best = min(found, key=lambda shape: shape.error)
    near = [shape for shape in found if shape.error <= (1 + slack) * best.error]
    least = min(shape.layers for shape in near)
    chosen = min((s for s in near if s.layers == least), key=lambda shape: shape.error)
    return Advice(chosen, best, _alternatives(found, chosen, best, free=dimension is None), law)


def _sizes(largest: int) -> list[int]:
    """1 .. largest, each once, evenly spread over decades."""
    return sorted({round(x) for x in np.geomspace(1, largest, _STEPS)})


def _most_units(
    layers: int, d: int, samples: int, parameters: float | None, memory: float | None, word: int
) -> int:
    if parameters is not None:
        return min(_MOST_UNITS, int(parameters / (2 * layers * d)))
    fields = 2.0 * word * (layers + 1) * samples * d
    return min(_MOST_UNITS, int(((memory or 0.0) - fields) / (2 * word * layers * d)))


def _shape(layers: int, units: int, d: int, samples: int, law: ErrorLaw, word: int) -> Shape:
    count = 2 * layers * units * d
    size = word * (count + 2.0 * (layers + 1) * samples * d)
    return Shape(layers, units, d, law.at(layers, units, d), count, size)


def _alternatives(found: Sequence[Shape], chosen: Shape, best: Shape, *, free: bool) -> tuple[Shape, ...]:
    """Some ten shapes: along L at fixed D; with D free, the best of every D about the chosen one."""
    if free:
        by_d: dict[int, Shape] = {}
        for shape in found:
            if shape.dimension not in by_d or shape.error < by_d[shape.dimension].error:
                by_d[shape.dimension] = shape
        near = [round(chosen.dimension * 2.0**i) for i in range(-4, 5)]
        line = [_nearest(list(by_d.values()), "dimension", d) for d in near if d]
    else:
        deepest = max(shape.layers for shape in found)
        line = [_nearest(found, "layers", round(x)) for x in np.geomspace(1, deepest, 9)]
    return tuple(sorted({*line, chosen, best}, key=lambda s: (s.dimension, s.layers)))


def _nearest(shapes: Sequence[Shape], name: str, wanted: int) -> Shape:
    """By ratio; of equals the one of smallest error."""
    return min(shapes, key=lambda shape: (abs(np.log(getattr(shape, name) / wanted)), shape.error))


def law_of_sweep(rows: Sequence[Mapping[str, Any]], folder: str | Path = "sweep") -> ErrorLaw:
    """The law fitted to ``output_error`` of a sweep's rows, at least over L and M.

    Raises:
        RequestError: rows without output_error, or all of one shape.
    """
    from resviz.study.fit import fit_law

    points = []
    for row in rows:
        error = row.get("output_error")
        if isinstance(error, float) and np.isfinite(error) and error > 0:
            network = json.loads(row["session"])["network"]
            data = json.loads(row["session"])["data"]
            d = network.get("dimension") or data.get("dimension")
            if d is not None:
                points.append((network["layers"], network["units"], d, error))
    table = np.array(points, dtype=np.float64).reshape(-1, 4)
    layers, units, d, errors = table.T
    free = len(set(d)) > 1
    if len(set(layers)) < 2 or len(set(layers * units / d)) < 2:
        raise RequestError(
            f"{folder}: no output_error over at least two L and two M",
            remedy='Sweep network.layers and network.units with measure = ["output_error"].',
        )
    terms = [np.sqrt(d / (layers * units)), 1 / layers]
    fitted = fit_law(np.stack(terms), errors)
    noise, depth = (float(c) for c in fitted.coefficients)
    source = (
        f"fitted to {len(errors)} runs of {folder}; they lie a factor {np.exp(fitted.spread):.2f} about it"
    )
    law = ErrorLaw(noise, depth, 0.0, 0.5, source)
    return law if not free else replace(law, source=source + "; D varies, but its own limit has no term in D")
