"""Whole steps taken ahead: the fields of `descend`, whatever a call holds and whoever changes the rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import constant, session, steps

from resviz.data import make_problem
from resviz.engine import ahead, lazy, meanode, native, resnet
from resviz.engine.descent import descend
from resviz.errors import DivergenceError
from resviz.recording.resume import network_from

pytestmark = pytest.mark.usefixtures("compiled_kernels")

ENGINES = {"network": (resnet, "resnet"), "limit": (meanode, "mean_ode"), "lazy": (lazy, "lazy_limit")}
LAST = 40


def engine(name: str):
    module, function = ENGINES[name]
    return getattr(module, function)


def chosen(dtype: str = "float32", **network):
    sizes = {"layers": 6, "units": 9, "alpha": 1.5, "activation": "tanh"} | network
    return session(d=4, n=5, **sizes).with_values(
        {"training.dtype": dtype, "limit.nodes": 6, "limit.units": 32}
    )


@pytest.fixture
def by_sweeps(monkeypatch):
    """Calls a function with every engine descending sweep by sweep."""

    def one_by_one(*args, most=0, **rest):
        yield from descend(*args, **rest)

    def call(function):
        with monkeypatch.context() as other:
            for module, _ in ENGINES.values():
                other.setattr(module, "train", one_by_one)
            return function()

    return call


@pytest.fixture
def calls(monkeypatch):
    """How many steps each call took; a step passes for so short that a call doubles to the most."""
    taken = []
    whole = native.Whole.train

    def seen(self, engine, problem, rates, *, keep):
        taken.append(len(rates))
        return whole(self, engine, problem, rates, keep=keep)

    monkeypatch.setattr(native.Whole, "train", seen)
    monkeypatch.setattr(ahead, "_CALL_S", 1e9)
    return taken


def same(ours, theirs) -> None:
    assert len(ours) == len(theirs)
    for mine, its in zip(ours, theirs, strict=True):
        assert (mine.step, mine.rate) == (its.step, its.rate)
        for x, y in ((mine.h, its.h), (mine.b, its.b), (mine.output, its.output)):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)
        assert mine.loss == its.loss
        # a sum over nodes, in another order
        assert mine.output_error == pytest.approx(its.output_error, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ENGINES)
def test_fields_are_those_of_sweep_by_sweep(name, dtype, by_sweeps, calls):
    problem = make_problem(chosen(dtype))

    def train():
        return steps(engine(name)(chosen(dtype), problem, rates=constant(0.5)), LAST)

    ours = train()
    assert calls == [1, 2, 4, 8, 16, 32]
    same(ours, by_sweeps(train))


@pytest.mark.parametrize("units", [1, 9])
def test_a_network_with_embedding_and_read_out(units, by_sweeps, calls):
    embedded = chosen("float64", units=units).with_values({"data.dimension": 3, "network.dimension": 7})
    problem = make_problem(embedded)
    assert problem.read_out is not None

    def train():
        return steps(resnet.resnet(embedded, problem, rates=constant(0.5)), LAST)

    for mine, its in zip(train(), by_sweeps(train), strict=True):
        for x, y in ((mine.h, its.h), (mine.b, its.b), (mine.output, its.output)):
            np.testing.assert_allclose(x, y, rtol=0, atol=1e-12)  # the read-out's sums, in another order


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(sorted(ENGINES)),
    edits=st.dictionaries(st.integers(1, LAST), st.sampled_from([0.1, 0.3, 0.7]), max_size=4),
    most=st.integers(1, 17),
)
def test_a_rate_holds_from_the_step_that_is_asked_for_next(name, edits, most):
    """Edits come while fields wait to be asked for: the same bytes as with rates known before."""
    problem = make_problem(chosen())
    now = {0: 0.5}

    def live(step):
        return now[max(k for k in now if k <= step)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead, "_CALL_S", 1e9)
        module, _ = ENGINES[name]
        patch.setattr(module, "train", lambda *args, **rest: ahead.train(*args, **rest | {"most": most}))
        going = (f for f in engine(name)(chosen(), problem, rates=live) if f is not None)
        ours = []
        for asked in range(LAST + 1):
            if asked in edits:
                now[asked] = edits[asked]
            ours.append(next(going))
    known = {0: 0.5} | edits
    theirs = engine(name)(chosen(), problem, rates=lambda k: known[max(j for j in known if j <= k)])
    for mine, its in zip(ours, steps(theirs, LAST), strict=True):
        assert (mine.step, mine.rate) == (its.step, its.rate)
        for x, y in ((mine.h, its.h), (mine.b, its.b), (mine.output, its.output)):
            np.testing.assert_array_equal(x, y)


def test_divergence_comes_at_the_same_step_and_layer_after_the_same_fields(by_sweeps, calls):
    wild = chosen(activation="relu", alpha=4.0)
    problem = make_problem(wild)

    def train():
        seen = []
        going = (f for f in resnet.resnet(wild, problem, rates=constant(60.0)) if f is not None)
        with pytest.raises(DivergenceError) as raised:
            seen.extend(going)
        return raised.value.step, raised.value.layer, seen

    step, layer, seen = train()
    assert step > 0
    assert sum(calls) > step + 1  # steps beyond it were taken already
    other_step, other_layer, other_seen = by_sweeps(train)
    assert (step, layer) == (other_step, other_layer)
    same(seen, other_seen)


def test_going_on_from_a_standing_is_as_if_never_stopped(calls):
    fine = chosen("float64")
    problem = make_problem(fine)
    fields = steps(resnet.resnet(fine, problem, rates=constant(0.5)), LAST)
    on = network_from(fine, problem, lambda k: fields[k], 15, rates=constant(0.5))
    for mine, its in zip(steps(on, LAST - 15), fields[15:], strict=True):
        assert mine.step == its.step
        np.testing.assert_allclose(mine.h, its.h, rtol=0, atol=1e-12)  # units replayed, in another order
        np.testing.assert_allclose(mine.b, its.b, rtol=0, atol=1e-12)


def test_recorded_fields_keep_no_other_steps_alive(calls):
    fields = steps(resnet.resnet(chosen(), make_problem(chosen()), rates=constant(0.5)), LAST)[-1]
    base = fields.h
    while base.base is not None:
        base = base.base
    assert base.size == fields.h.size


def test_long_steps_are_cut_into_pieces(calls, monkeypatch):
    """A step that one call would keep from its pause for long goes sweep by sweep."""
    monkeypatch.setattr(ahead, "_LARGEST", 1.0)
    steps(resnet.resnet(chosen(), make_problem(chosen()), rates=constant(0.5)), 3)
    assert calls == []


def test_no_step_is_taken_before_it_is_asked_for_where_that_is_timed(calls):
    steps(resnet.resnet(chosen(), make_problem(chosen()), rates=constant(0.5), most=1), 3)
    assert calls == [1, 1, 1, 1]
