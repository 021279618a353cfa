"""Shapes for a budget: optima against closed forms, budgets kept, laws fitted to sweeps."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resviz.errors import RequestError
from resviz.study.advise import LAWS, ErrorLaw, advise, law_of_sweep


@settings(max_examples=20, deadline=None)
@given(st.floats(3, 8), st.integers(1, 300), st.floats(0, 1))
def test_the_advice_keeps_its_budget_and_slack(power, dimension, slack):
    budget = 10.0**power
    advice = advise(parameters=budget, dimension=dimension, slack=slack)
    for shape in advice.alternatives:
        assert shape.parameters == 2 * shape.layers * shape.units * shape.dimension <= budget
        assert shape.error == pytest.approx(advice.law.at(shape.layers, shape.units, dimension))
        assert shape.error >= advice.best.error
    assert advice.chosen.error <= (1 + slack) * advice.best.error
    assert advice.chosen.layers <= advice.best.layers
    assert {advice.chosen, advice.best} <= set(advice.alternatives)


def test_depth_is_width_until_depth_counts():
    # at constant LM only 0.15/L is left: 10 % of the noise is allowed
    advice = advise(parameters=1e6, dimension=10, slack=0.1)
    noise = 0.22 * np.sqrt(10 / (1e6 / 20))
    assert advice.best.error == pytest.approx(noise, rel=0.02)
    assert advice.chosen.layers == pytest.approx(0.15 / (0.1 * noise), rel=0.12)


def test_the_best_dimension_is_that_of_the_closed_form():
    # 2 c^2 D^2 / P + d^2 / D is smallest at D^3 = d^2 P / (4 c^2)
    law = LAWS["embedding"]
    for budget in (1e6, 1e8):
        expected = (law.dimension**2 * budget / (4 * law.noise**2)) ** (1 / 3)
        found = advise(parameters=budget, law=law).best
        assert found.dimension == pytest.approx(expected, rel=0.1)


def test_memory_counts_the_fields_of_deep_networks():
    advice = advise(memory=1e6, dimension=10, samples=100)
    assert all(shape.bytes <= 1e6 for shape in advice.alternatives)
    many, few = (advise(memory=1e6, dimension=10, samples=n).chosen.parameters for n in (300, 1))
    assert many < few


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ({}, "one budget"),
        ({"parameters": 1e6, "memory": 1e6}, "one budget"),
        ({"parameters": -1.0, "dimension": 3}, "above 0"),
        ({"parameters": 5.0, "dimension": 10}, "does not hold 20 parameters"),
        ({"parameters": 1e6, "law": LAWS["fixed-dimension"]}, "no term in D"),
        ({"parameters": 1e6, "dimension": 3, "slack": -1.0}, "slack = -1"),
    ],
)
def test_a_budget_that_cannot_be_kept_is_refused(budget, message):
    with pytest.raises(RequestError, match=message):
        advise(**budget)


def rows(law: ErrorLaw, shapes: list[tuple[int, int]]) -> list[dict[str, object]]:
    return [
        {
            "output_error": law.at(n, m, 10),
            "session": json.dumps({"network": {"layers": n, "units": m}, "data": {"dimension": 10}}),
        }
        for n, m in shapes
    ]


def test_a_law_is_fitted_to_a_sweep():
    truth = ErrorLaw(0.3, 0.5, 0.0, 0.5, "made up")
    found = law_of_sweep(rows(truth, [(3, 3), (3, 30), (30, 3), (30, 30), (100, 1)]))
    assert (found.noise, found.depth) == pytest.approx((0.3, 0.5), rel=1e-4)
    with pytest.raises(RequestError, match="at least two L"):
        law_of_sweep(rows(truth, [(3, 3), (3, 30)]))
    with pytest.raises(RequestError, match="no output_error"):
        law_of_sweep([{"loss": 1.0, "session": "{}"}])
