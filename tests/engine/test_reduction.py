"""Rank reduction (mathematics.md 2.1): the limit of D dimensions solved in r, and seen in D again."""

from __future__ import annotations

import numpy as np
import pytest
from problems import constant, session, steps
from scipy import stats

from resviz.config import Session
from resviz.data import Problem, endless, make_problem, reduced
from resviz.engine.descent import descend
from resviz.engine.meanode import Particles, mean_ode, particle_starts
from resviz.engine.rule import rule
from resviz.errors import RequestError, SessionError
from resviz.recording import run, solve_limit


def embedded(d: int, **more: object) -> Session:
    return Session(
        data={"samples": 3, "dimension": 2},
        network={"dimension": d, "embedding": "random", "layers": 16, "units": 64},
        training={"dtype": "float64", "steps": 6},
        limit={"nodes": 16, "units": 512, **more},
    )


def test_reduced_problem_has_the_same_numbers():
    """Output, loss and pull agree, and the Gram matrices of h and b up to the scale r/D."""
    for problem in (
        make_problem(session(d=9, n=2)),
        make_problem(embedded(40)),
    ):
        small, span = reduced(problem)
        assert span.rank == small.dimension <= 4 < problem.dimension == span.dimension
        np.testing.assert_allclose(span.lift(small.h0), problem.h0, atol=1e-12)
        np.testing.assert_allclose(span.lower(problem.h0), small.h0, atol=1e-12)
        output, whole = small.output(small.h0), problem.output(problem.h0)
        assert small.loss(output) == pytest.approx(float(problem.loss(whole)))
        np.testing.assert_allclose(span.lift(small.pull(output)), problem.pull(whole), atol=1e-12)


def test_a_full_span_is_left_alone():
    problem = make_problem(session(d=3, n=5))
    assert reduced(problem) == (problem, None)


def test_the_reduced_solution_is_the_solution():
    """D = 6, N = 1 (r = 2): solved in the span, and directly with all six dimensions."""
    chosen = session(d=6, n=1, alpha=1.5)
    problem = make_problem(chosen)
    small = steps(mean_ode(chosen, problem, rates=constant()), 5)[5]
    assert small.h.shape[-1] == 2
    starts = particle_starts(problem, 64, 4096)
    import torch

    whole = Particles(problem.h0, starts, rule(chosen), device=torch.device("cpu"), dtype=torch.float64)
    direct = steps(descend(whole, problem, rule(chosen), constant()), 5)[5]
    assert small.output.shape == direct.output.shape == (1, 6)
    assert np.sqrt(np.mean((small.output - direct.output) ** 2)) < 4 * direct.output_error
    assert small.loss == pytest.approx(direct.loss, abs=1e-3)
    _, span = reduced(problem)
    np.testing.assert_allclose(span.lift(small.h.mean(0)), direct.h.mean(0), atol=5e-3)


def test_a_thousand_dimensions_cost_what_their_span_does():
    problem = make_problem(session(d=1000, n=2))
    small, span = reduced(problem)
    assert (small.dimension, span.rank) == (4, 4)
    limit = solve_limit(
        Session(
            data={"samples": 2, "dimension": 1000},
            training={"steps": 2},
            limit={"nodes": 8, "units": 64},
        )
    )
    assert limit.fields(2).h.shape == (2, 8, 2, 4)
    assert limit.h.shape == (3, 8, 2, 1000)
    np.testing.assert_allclose(limit.h[0, 3], problem.h0, atol=1e-4)


@pytest.fixture(scope="module")
def wide():
    """A network wide enough that its 4096 units show the law of its limit: D = 6, r = 2."""
    return run(
        Session(
            data={"samples": 1, "dimension": 6},
            network={"layers": 24, "units": 4096},
            training={"steps": 4},
            limit={"nodes": 16, "units": 1024},
            contrast={"alpha": 4.0},
        )
    )


@pytest.mark.parametrize(
    "name", ["preactivation", "backward", "u", "v", "u_norm", "v_norm", "travel_u", "projection", "alignment"]
)
def test_what_lies_outside_the_span_is_added_back(wide, name):
    """4096 finite units against the density made in two dimensions: no more than their noise apart."""
    assert wide.limit.span.rank == 2
    found = wide.distance(name, layer=11, step=4, coordinate=3)
    assert found.ks < 2.5 * found.ks_null
    density = wide.density(name, layer=11, step=4, coordinate=3)
    assert np.trapezoid(density.pdf, density.x) == pytest.approx(1.0, abs=5e-3)
    heights, edges = np.histogram(wide.values(name, layer=11, step=4, coordinate=3), 30, density=True)
    at = np.interp(0.5 * (edges[1:] + edges[:-1]), density.x, density.pdf)
    assert np.abs(heights - at).max() < 0.25 * density.pdf.max()


def test_a_coordinate_across_the_span_stays_gaussian(wide):
    """The part outside is a convolution, not a draw: a direction orthogonal to the span is exactly normal."""
    basis = wide.limit.span.basis
    across = np.linalg.svd(basis.T)[2][-1]  # orthogonal to both columns
    density = wide.density("projection", layer=5, step=4, direction=across)
    np.testing.assert_allclose(density.pdf, stats.norm.pdf(density.x, 0, np.sqrt(6)), atol=2e-4)


def test_the_endless_limit_is_where_large_d_goes():
    """limit.large_d against given D = 30 and 3000: the output approaches it like 1/sqrt(D)."""
    endless_output = solve_limit(embedded(30, large_d=True)).output[6]
    gaps = [np.abs(solve_limit(embedded(d)).output[6] - endless_output).max() for d in (30, 3000)]
    assert gaps[1] < 0.3 * gaps[0]
    limit = solve_limit(embedded(30, large_d=True))
    assert limit.h.shape[-1] == 4


@pytest.mark.parametrize("name", ["u", "v_norm", "alignment"])
def test_the_endless_limit_has_no_coordinates_and_no_norms(name):
    rec = run(embedded(30, large_d=True))
    assert rec.density("preactivation", layer=3, step=4).pdf.max() > 0
    with pytest.raises(RequestError, match="no limit"):
        rec.density(name, layer=3, step=4)


def test_the_endless_limit_needs_an_embedding():
    with pytest.raises(SessionError, match="embedding"):
        endless(Problem(np.ones((1, 2)), np.ones((1, 2))))
