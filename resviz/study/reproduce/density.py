"""AS's densities of linear networks: coordinates of h(s) and b(s) against N(0, Gamma_kk(s)).

D = M = 1000, L = 200, N = 1, linear sigma, eta = 0.1, |x| = 0.8, d_in = d_out = 3. At D = infinity the
coordinates of h and b are Gaussian, and Gamma comes from the moments' exact solution: the table of numbers
is met to 1e-3. (The authors' W have N(0, 1) entries; ours are N(0, 1/d_in) and N(0, d_out), so x and y are
multiplied by sqrt(3), and the loss is twice theirs.)
"""

from __future__ import annotations

from collections.abc import Generator
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from resviz.config import Session
from resviz.data import Problem, make_problem
from resviz.engine.compiled import one_thread
from resviz.engine.linear import linear_depths, linear_limit
from resviz.fields.chebyshev import barycentric_weights
from resviz.scene.axes import grown, nice_bound
from resviz.scene.histogram import bin_edges, histogram
from resviz.scene.model import Axis, Bars, LegendEntry, Line, Panel, Role, Scene
from resviz.study.ensemble import train_together
from resviz.study.reproduce.experiment import Experiment, Plan, Progress, Steps
from resviz.study.reproduce.figure import figure
from resviz.study.reproduce.result import Check, Result, Table, close

__all__ = ["density_grid"]

Array = NDArray[np.float64]
SHOWN = (0, 4, 8)
DEPTHS = (0.5, 1.0)  # of h; of b at 1 - s
SQUARE_X, SQUARE_Y = 0.64, 0.468066
# k -> loss/2, Gamma_H(1), Gamma_B(0)
EXACT = {
    0: (0.234033, 0.640000, 0.468066),
    1: (0.177955, 0.647669, 0.360175),
    5: (0.051074, 0.822940, 0.131346),
    10: (0.004930, 1.114759, 0.017173),
    14: (0.000414, 1.234732, 0.001596),
}
PEAK = {0: 0.50, 4: 0.46, 8: 0.40}  # of the density of h at s = 1
_STEPS = 14


def _session(quick: bool) -> Session:
    d = 300 if quick else 1000
    return Session(
        data={"samples": 1, "dimension": 3},
        network={
            "layers": 60 if quick else 200, "units": d, "dimension": d, "embedding": "random",
            "activation": "identity",
        },
        training={"steps": _STEPS, "rate": 0.1},
        limit={"large_d": True},
    )  # fmt: skip


def _problem(session: Session) -> Problem:
    """One pair of the published lengths; at D = infinity their directions do not count."""
    drawn = make_problem(session)
    x, y = (
        v * (sqrt(3 * square) / np.linalg.norm(v)) for v, square in ((drawn.x, SQUARE_X), (drawn.y, SQUARE_Y))
    )
    return Problem(x, y, drawn.read_in, drawn.read_out)


def density_grid(plan: Plan, experiment: Experiment) -> Steps:
    """Finite coordinates over exact Gaussians, and the exact table."""
    session = _session(plan.quick)
    problem = _problem(session)
    exact = yield from _exact(session, problem)
    coordinates: dict[tuple[str, int, float], Array] = {}
    layers = session.network.layers
    with one_thread():
        for ensemble in train_together([session], [problem]):
            if ensemble is None:
                yield Progress(0.1, "training")
                continue
            yield Progress(0.1 + 0.9 * ensemble.step / _STEPS, f"training, step {ensemble.step}")
            for s in DEPTHS:
                # b of a step is there once its update is made
                for name, k, fields, at in (
                    ("h", ensemble.step, ensemble.h, s),
                    ("b", ensemble.step - 1, ensemble.b, 1 - s),
                ):
                    if k in SHOWN:
                        values = fields[round(at * layers), 0, 0].double().cpu().numpy()
                        coordinates[name, k, at] = np.asarray(values, dtype=np.float64)
    checks = _table_checks(exact)
    for k, peak in PEAK.items():
        gamma = exact.gamma("h", k, 1.0)
        checks.append(
            close(f"peak of the h density at s = 1, k = {k}", peak, 1 / sqrt(2 * np.pi * gamma), 0.01)
        )
    checks.append(_layer_check(coordinates, exact))
    return Result(
        experiment.name,
        experiment.title,
        experiment.source,
        plan.quick,
        _settings(session),
        tuple(checks),
        (_table(exact), _coordinate_table(coordinates)),
        _scene(experiment, coordinates, exact),
        notes=(
            "Only |x| and |y| count at D = infinity; a network's W_in, W_out differ from it by 1/sqrt(D).",
        ),
    )


class _Exact:
    """Fields of the D = infinity limit at Chebyshev nodes, step by step."""

    def __init__(self, s: Array) -> None:
        self.s = s
        self.loss: list[float] = []
        self.squares: dict[str, list[Array]] = {"h": [], "b": []}

    def gamma(self, name: str, k: int, s: float) -> float:
        """Gamma_kk(s): variance of a coordinate."""
        weights = barycentric_weights(self.s, np.array([s]))[0]
        return float(weights @ self.squares[name][k])


def _exact(session: Session, problem: Problem) -> Generator[Progress, None, _Exact]:
    found = _Exact(linear_depths(session))
    for fields in linear_limit(session, problem, rates=session.training.rate_at):
        if fields is None:
            yield Progress(0.0, "solving the limit")
            continue
        found.loss.append(fields.loss)
        for name, values in (("h", fields.h), ("b", fields.b)):
            # one sample; RMS over the r coordinates is that over D
            found.squares[name].append(np.mean(np.asarray(values[0, :, 0], np.float64) ** 2, axis=-1))
        if fields.step == _STEPS:
            break
    return found


def _table_checks(exact: _Exact) -> list[Check]:
    checks = []
    for k, (loss, gamma_h, gamma_b) in EXACT.items():
        checks += [
            _digits(f"loss/2 at k = {k}, D = infinity", loss, exact.loss[k] / 2),
            _digits(f"Gamma_H(1) at k = {k}", gamma_h, exact.gamma("h", k, 1.0)),
            _digits(f"Gamma_B(0) at k = {k}", gamma_b, exact.gamma("b", k, 0.0)),
        ]
    return checks


def _digits(what: str, published: float, ours: float) -> Check:
    """1e-3 of the value, or half of the sixth decimal that the table ends with."""
    passed = abs(ours - published) <= max(1e-3 * published, 0.5e-6)
    return Check(what, f"{published:.6f}", f"{ours:.6f}", "within 1e-3 of it, or 5e-7", passed)


def _layer_check(coordinates: dict[tuple[str, int, float], Array], exact: _Exact) -> Check:
    """Coordinates share their layer's fields, which are off by 1/sqrt(D), so no p-value: a distance."""
    from scipy.stats import kstest, norm

    distances = [
        float(kstest(values, norm(scale=sqrt(exact.gamma(name, k, s))).cdf).statistic)
        for (name, k, s), values in coordinates.items()
    ]
    d = len(next(iter(coordinates.values())))
    bound = 2.5 / sqrt(d)
    return Check(
        f"KS distance of D = {d} coordinates, {len(distances)} panels",
        "histograms follow the curves",
        f"at most {max(distances):.3f}",
        f"at most 2.5/sqrt(D) = {bound:.3f}",
        max(distances) <= bound,
    )


def _settings(session: Session) -> dict[str, str]:
    network = session.network
    return {
        "data": "N = 1, |x|^2 = 0.64 and |y|^2 = 0.468066 times 3, d_in = d_out = 3",
        "network": f"identity, alpha = 1, L = {network.layers}, M = {network.units}, D = {network.dimension}",
        "training": f"gradient descent, eta = 0.1, k = {_STEPS}, {session.training.dtype}",
        "reference": "the limit of infinite L and D by moments: no sampling error",
    }


def _table(exact: _Exact) -> Table:
    rows = tuple(
        (k, loss / 2, exact.gamma("h", k, 1.0), exact.gamma("b", k, 0.0), *EXACT.get(k, ("", "", "")))
        for k, loss in enumerate(exact.loss)
    )
    return Table(
        (
            "step",
            "half_loss",
            "gamma_h_1",
            "gamma_b_0",
            "published_half_loss",
            "published_gamma_h_1",
            "published_gamma_b_0",
        ),
        rows,
    )


def _coordinate_table(coordinates: dict[tuple[str, int, float], Array]) -> Table:
    columns = tuple(f"{name}_step{k}_s{s:g}" for name, k, s in coordinates)
    rows = np.stack(list(coordinates.values()), axis=1)
    return Table(columns, tuple(tuple(float(x) for x in row) for row in rows), "coordinates")


def _scene(experiment: Experiment, coordinates: dict[tuple[str, int, float], Array], exact: _Exact) -> Scene:
    columns = [("h", s) for s in DEPTHS] + [("b", 1 - s) for s in DEPTHS]
    ranges, tops = {}, {}
    for name, s in columns:
        widths = [sqrt(exact.gamma(name, k, s)) for k in SHOWN]
        reach = grown(None, (-4 * max(widths), 4 * max(widths)))
        ranges[name, s] = reach
        tops[name, s] = nice_bound(1.25 / (sqrt(2 * np.pi) * min(widths)))
    panels = []
    for k in SHOWN:
        for name, s in columns:
            reach, values = ranges[name, s], coordinates[name, k, s]
            bars = histogram(values, bin_edges(reach, len(values)))
            x = np.linspace(reach.low, reach.high, 401)
            gamma = exact.gamma(name, k, s)
            density = np.exp(-(x**2) / (2 * gamma)) / sqrt(2 * np.pi * gamma)
            panels.append(
                Panel(
                    f"{name} {k} {s}",
                    f"{name}, k = {k}, s = {s:g}",
                    Axis(reach.low, reach.high, f"coordinate of {name}" if k == SHOWN[-1] else ""),
                    Axis(0.0, tops[name, s], "density" if (name, s) == columns[0] else ""),
                    (Bars(bars.edges, bars.heights), Line(x, density, Role.LIMIT)),
                    beyond=(bars.below, bars.above),
                )
            )
    legend = (
        LegendEntry("network, its D coordinates", Role.FINITE, filled=True),
        LegendEntry("N(0, Γ(s)), D = ∞", Role.LIMIT),
    )
    return figure(panels, experiment.title, columns=len(columns), legend=legend)
