import dataclasses

import numpy as np
import pytest

from resviz.config import Session
from resviz.data import Problem, make_problem
from resviz.data.streams import stream
from resviz.errors import SessionError

KINDS = ("gaussian", "sine", "circles", "moons", "spirals", "digits")


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        ("gaussian", ((10, 10), (10, 10), 10)),
        ("sine", ((10, 1), (10, 1), 1)),
        ("circles", ((10, 2), (10, 2), 2)),
        ("moons", ((10, 2), (10, 2), 2)),
        ("spirals", ((10, 2), (10, 2), 2)),
        ("digits", ((1797, 64), (1797, 10), 64)),
    ],
)
def test_shapes(kind, shapes):
    problem = make_problem(Session(data={"kind": kind}))
    assert (problem.x.shape, problem.y.shape, problem.dimension) == shapes
    assert (problem.samples, problem.d_in, problem.d_out) == (*problem.x.shape, problem.y.shape[1])
    # an embedding only where the shapes call for one
    assert (problem.read_in is None) == (problem.read_out is None) == (kind != "digits")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_the_seed_alone_decides(kind, seed):
    session = Session(data={"kind": kind, "seed": seed, "samples": 7}, network={"embedding": "random"})
    one, two = (
        make_problem(session),
        make_problem(session.with_values({"network.seed": 3, "network.units": 2})),
    )
    other = make_problem(session.with_values({"data.seed": seed - 1 if seed else 1}))
    for field in dataclasses.fields(Problem):
        array = getattr(one, field.name)
        assert array.dtype == np.float64
        assert np.array_equal(array, getattr(two, field.name))
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert not np.array_equal(one.x, other.x)
    assert not np.array_equal(one.read_in, other.read_in)
    assert not np.array_equal(one.read_out, other.read_out)


def test_data_do_not_depend_on_the_embedding():
    session = Session(data={"kind": "spirals"})
    plain = make_problem(session)
    embedded = make_problem(session.with_values({"network.dimension": 16}))
    assert np.array_equal(plain.x, embedded.x)
    assert embedded.read_in.shape == embedded.read_out.shape == (16, 2)


def test_streams_are_independent_of_each_other():
    draws = [
        stream(2, purpose).standard_normal(20_000) for purpose in ("samples", "rows", "read-in", "read-out")
    ]
    correlation = np.corrcoef(draws) - np.eye(4)
    assert np.abs(correlation).max() < 5 / np.sqrt(20_000)


def test_the_streams_stay_as_they_are():
    # sessions are reproduced from their seed alone: these numbers are part of schema 1
    problem = make_problem(Session(network={"embedding": "random"}))
    found = [problem.x[0, 0], problem.y[0, 0], problem.read_in[0, 0], problem.read_out[0, 0]]
    np.testing.assert_allclose(
        found, [1.1962590331378014, -0.9289512003181494, 0.21799074886921493, 0.4858192266453969], rtol=1e-12
    )


def test_gaussian_samples_are_standard_normal_as_they_are():
    problem = make_problem(Session(data={"samples": 4000, "dimension": 5}))
    for array in (problem.x, problem.y):
        assert np.abs(array.mean(axis=0)).max() < 5 / np.sqrt(4000)
        assert np.abs(array.var(axis=0) - 1).max() < 5 * np.sqrt(2 / 4000)
        # not standardised
        assert np.abs(array.mean(axis=0)).max() > 1e-6


def test_moments_of_the_read_in_and_read_out():
    problem = make_problem(Session(data={"kind": "digits", "samples": 2}, network={"dimension": 4000}))
    for array, variance in ((problem.read_in, 1 / 64), (problem.read_out, 10.0)):
        n = array.size
        assert abs(array.mean()) < 5 * np.sqrt(variance / n)
        assert abs(array.var() / variance - 1) < 5 * np.sqrt(2 / n)
    assert np.abs(problem.h0.std() - 1) < 0.5


@pytest.mark.parametrize("embedding", ["none", "random"])
def test_pull_is_d_times_the_gradient_of_half_the_loss_times_what_section_1_says(embedding):
    problem = make_problem(
        Session(data={"samples": 3, "dimension": 4}, network={"embedding": embedding, "dimension": 4})
    )
    n, d = problem.samples, problem.dimension
    random = np.random.default_rng(0)
    h = random.standard_normal((n, d))
    b = problem.pull(problem.output(h))
    # loss/2 = |f - y|^2/(2 N d_out); b = D grad: without an embedding D = d_out, so b = (h - y)/N
    step = 1e-6
    for i, c in np.ndindex(n, d):
        up, down = h.copy(), h.copy()
        up[i, c] += step
        down[i, c] -= step
        slope = (problem.loss(problem.output(up)) - problem.loss(problem.output(down))) / (4 * step)
        np.testing.assert_allclose(b[i, c], d * slope, rtol=1e-6, atol=1e-9)


def test_the_formulas_of_section_1_and_1_3():
    session = Session(data={"kind": "digits", "samples": 12})
    p = make_problem(session)
    h = np.random.default_rng(1).standard_normal((5, 12, 64))
    f = np.einsum("do,knd->kno", p.read_out, h) / 64
    np.testing.assert_allclose(p.output(h), f, rtol=1e-12)
    np.testing.assert_allclose(p.loss(f), ((f - p.y) ** 2).sum(axis=(1, 2)) / (12 * 10), rtol=1e-12)
    np.testing.assert_allclose(
        p.pull(f), np.einsum("do,kno->knd", p.read_out, f - p.y) / (12 * 10), rtol=1e-12
    )
    np.testing.assert_allclose(p.h0, np.einsum("di,ni->nd", p.read_in, p.x), rtol=1e-12)

    q = make_problem(Session())
    h = np.random.default_rng(1).standard_normal((10, 10))
    assert np.array_equal(q.h0, q.x)
    assert np.array_equal(q.output(h), h)
    np.testing.assert_allclose(q.pull(h), (h - q.y) / 10, rtol=1e-15)


def test_the_embedding_follows_the_session():
    def embedded(**network):
        return make_problem(Session(network=network)).read_in is not None

    assert not embedded()
    assert not embedded(dimension=10, embedding="none")
    assert embedded(dimension=10, embedding="random")
    assert embedded(dimension=11)
    assert make_problem(Session(network={"dimension": 11})).dimension == 11
    with pytest.raises(SessionError, match=r"network\.embedding"):
        embedded(dimension=11, embedding="none")


def test_a_dimension_that_the_data_contradict_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((3, 4)), y=np.ones((3, 4)))
    session = Session(data={"kind": "file", "path": str(tmp_path / "a.npz"), "dimension": 4})
    assert make_problem(session).dimension == 4
    with pytest.raises(SessionError, match=r"data\.dimension = 5"):
        make_problem(session.with_values({"data.dimension": 5}))
