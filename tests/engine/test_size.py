"""limit.nodes = "auto", limit.units = "auto": the solver finds its size, keeps its promise, and says both."""

from __future__ import annotations

import numpy as np
import pytest

from resviz.config import Session
from resviz.recording import run, solve_limit


def auto(**limit: object) -> Session:
    return Session(
        data={"samples": 4, "dimension": 4},
        network={"layers": 4, "units": 8},
        training={"steps": 10},
        limit={"nodes": "auto", "units": "auto", "engine": "particles", **limit},
    )


@pytest.mark.parametrize("tolerance", [2e-2, 4e-3])
def test_the_stated_error_is_below_the_tolerance(tolerance):
    limit = solve_limit(auto(tolerance=tolerance))
    assert limit.output_error.max() < tolerance
    assert limit.solver == "particles"
    assert limit.units >= len(limit.s) * 2
    assert np.log2(limit.units / len(limit.s)) % 1 == 0


def test_a_tighter_tolerance_takes_more_units():
    loose, tight = (solve_limit(auto(tolerance=t)) for t in (2e-2, 2e-3))
    assert tight.units > 4 * loose.units


def test_what_is_given_is_kept():
    limit = solve_limit(auto(nodes=24, tolerance=1e-2))
    assert len(limit.s) == 24
    limit = solve_limit(auto(units=256, tolerance=1e-2))
    assert limit.units == 256 * len(limit.s)


def test_a_run_takes_it_too_and_its_file_says_what_it_took(tmp_path):
    from resviz.recording import open_recording

    recording = run(auto(tolerance=1e-2))
    again = open_recording(recording.save(tmp_path / "auto"))
    assert again.limit.units == recording.limit.units > 0
    assert again.limit.solver == "particles"
    assert again.session.limit.units == "auto"


def test_an_exact_solver_needs_no_size():
    limit = solve_limit(auto(engine="auto").with_values({"network.activation": "identity"}))
    assert (limit.solver, limit.units) == ("moments", 0)
