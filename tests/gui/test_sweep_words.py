"""An axis of a sweep as it is typed: what it stands for, what is proposed, and every refusal in words."""

from __future__ import annotations

import pytest

from resviz.config import Session
from resviz.gui.editors import Refused
from resviz.gui.sweep.words import KEYS, AxisText, axis_text, preview, proposed, read_axis
from resviz.study.sweep.model import Axis

HERE = Session(network={"layers": 64, "units": 256, "alpha": 1.0})


def text(keys: str, values: str) -> AxisText:
    return AxisText(keys, "list", values)


def spaced(keys: str, way: str, first: str, last: str, count: str) -> AxisText:
    return AxisText(keys, way, "", first, last, count)


@pytest.mark.parametrize(
    ("written", "steps"),
    [
        (text("network.alpha", "1, 2e-1  4"), [(1,), (0.2,), (4,)]),
        (text("network.activation", "tanh relu"), [("tanh",), ("relu",)]),
        (text("network.layers, network.units", "64 16; 256, 4"), [(64, 16), (256, 4)]),
        (spaced("network.layers", "logspace", "1", "64", "4"), [(1,), (4,), (16,), (64,)]),
        (spaced("network.layers", "logspace", "1", "3", "9"), [(1,), (2,), (3,)]),  # each whole number once
        (spaced("training.rate", "linspace", "0", "1", "3"), [(0.0,), (0.5,), (1.0,)]),
    ],
)
def test_what_is_typed_is_an_axis_and_comes_back(written: AxisText, steps: list[tuple]) -> None:
    axis = read_axis(written, HERE)
    assert axis.steps() == steps
    assert read_axis(axis_text(axis), HERE).steps() == steps


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (text("", "1"), "Name a session field"),
        (text("network.alfa", "1"), "network.alfa: unknown key; nearest known key: network.alpha"),
        (text("alpha", "1"), "nearest known key: network.alpha"),
        (text("network", "1"), "a table; name one of its fields, as in network.layers"),
        (text("network.alpha", ""), "no values"),
        (text("network.alpha", "1 1.0"), "stands twice"),
        (text("network.layers", "4 0"), "network.layers = 0: not allowed; allowed: an integer from 1"),
        (text("network.layers", "4.5"), "network.layers = 4.5"),
        (text("network.alpha", "inf"), "a finite number"),
        (text("network.alpha", "large"), 'network.alpha = "large"'),
        (text("network.activation", "tan"), "network.activation"),
        (text("network.layers, network.units", "64"), "2 values are needed"),
        (text("network.layers, network.units", ""), "64 16; 256 4"),
        (spaced("network.layers, network.units", "linspace", "1", "2", "2"), "take a list"),
        (spaced("network.activation", "linspace", "1", "2", "2"), "choose a list, as in tanh"),
        (spaced("network.alpha", "linspace", "x", "2", "2"), "first = x: a number is needed"),
        (spaced("network.alpha", "linspace", "1", "", "2"), "last = nothing"),
        (spaced("network.alpha", "logspace", "0", "2", "2"), "first = 0: equal ratios start and end above 0"),
        (spaced("network.alpha", "logspace", "1", "2", "0"), "count = 0: a whole number from 1"),
        (spaced("network.layers", "linspace", "-3", "3", "2"), "network.layers = -3"),
    ],
)
def test_refusals_name_field_value_rule_and_remedy(written: AxisText, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read_axis(written, HERE)
    assert said in str(refused.value), str(refused.value)
    assert "`resviz schema`" not in str(refused.value)


@pytest.mark.parametrize("key", [*KEYS, "network.activation", "training.optimizer"])
def test_values_round_the_sessions_own_are_proposed_and_taken(key: str) -> None:
    session = HERE.with_values({"training.optimizer": "momentum", "network.dimension": 10})
    axis = read_axis(proposed(key, session), session)
    assert len(axis.steps()) >= 2
    value = session.get(key)
    if isinstance(value, int):
        assert (value,) in axis.steps()


def test_the_preview_is_short() -> None:
    def said(**axis: object) -> str:
        return preview(Axis.model_validate({"key": "network.alpha", **axis}))

    assert said(list=[1.0]) == "1   (1 value)"
    assert said(logspace=[0.1, 10, 3]) == "0.1, 1, 10   (3 values)"
    assert said(linspace=[0, 1, 301]).endswith(", …, 1   (301 values)")
    assert len(said(linspace=[0, 1, 301])) < 60
