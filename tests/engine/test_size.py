"""limit.nodes = "auto", limit.units = "auto": the solver finds its size, keeps its promise, and says both."""

from __future__ import annotations

import numpy as np
import pytest

from resviz.config import Session
from resviz.engine.size import sized
from resviz.fields import Fields
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


def test_the_limit_says_what_it_took():
    limit = solve_limit(auto(tolerance=2e-2))
    assert limit.nodes == len(limit.s)
    assert limit.took == f"particles, {limit.nodes} nodes × {limit.units // limit.nodes} units"
    exact = solve_limit(auto(engine="auto").with_values({"network.activation": "identity"}))
    assert exact.took == "moments, 33 nodes"


def fields(step: int, error: float) -> Fields:
    empty = np.empty(0)
    return Fields(step, empty, empty, empty, 0.0, 1.0, error)


def test_steps_that_no_size_resolves_do_not_decide():
    """One step's error stays at 0.5 whatever the size, all others follow the law: the median decides."""
    sizes: list[int] = []

    def engine(session: Session):
        size = session.limit.nodes * session.limit.units
        sizes.append(size)
        for step in range(11):
            yield fields(step, 0.5 if step == 7 else 2.0 * size**-0.5)

    chosen = [s for s in sized(auto(tolerance=1e-2), engine) if s is not None][-1]
    assert len(sizes) == 2
    size = chosen.limit.nodes * chosen.limit.units
    assert 0.8e-2 / 2 < 2.0 * size**-0.5 <= 0.8e-2


def test_the_memory_bound_ends_the_search():
    def engine(session: Session):
        for step in range(11):
            yield fields(step, 1e3 * (session.limit.nodes * session.limit.units) ** -0.5)

    chosen = [s for s in sized(auto(tolerance=1e-8), engine) if s is not None][-1]
    assert chosen.limit.nodes * chosen.limit.units == 2**22


def test_an_exact_solver_needs_no_size():
    limit = solve_limit(auto(engine="auto").with_values({"network.activation": "identity"}))
    assert (limit.solver, limit.units) == ("moments", 0)


def test_the_pilot_of_a_long_run_is_short():
    taken: list[int] = []

    def engine(session: Session):
        nothing = np.zeros((1, 1))
        for step in range(session.training.last_step + 1):
            taken.append(step)
            yield Fields(step, nothing, nothing, nothing, 1.0, 1.0, output_error=1e-3)

    *_, chosen = sized(auto(tolerance=1e-2).with_values({"training.steps": 100_000}), engine)
    assert chosen is not None
    assert isinstance(chosen.limit.units, int)
    assert max(taken) == 200
