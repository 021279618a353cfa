import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from resviz.config.diagnose import key_schema
from resviz.config.session import Session
from resviz.errors import SessionError


def refusal(**values):
    with pytest.raises(SessionError) as caught:
        Session(**values)
    return str(caught.value)


def test_defaults_are_those_of_schema_1():
    assert Session().to_mapping() == {
        "schema": 1,
        "title": "",
        "data": {"kind": "gaussian", "samples": 10, "dimension": 10, "seed": 2, "targets": ()},
        "network": {
            "layers": 64,
            "units": 256,
            "embedding": "auto",
            "activation": "tanh",
            "alpha": 1.0,
            "parametrisation": "multiplier",
            "sigma_u": 1.0,
            "sigma_v": 1.0,
            "seed": 11,
        },
        "training": {
            "steps": 100,
            "rate": 1.0,
            "rate_u": 1.0,
            "rate_v": 1.0,
            "optimizer": "gd",
            "batch": 32,
            "batch_seed": 1,
            "momentum": 0.9,
            "clip": 0.0,
            "device": "auto",
            "dtype": "float32",
            "events": (),
        },
        "limit": {"nodes": 64, "units": 1024, "tolerance": 5e-3, "engine": "auto", "large_d": False},
        "contrast": {"alpha": 8.0},
    }


def test_samples_left_out_are_ten_where_drawn_and_all_where_given():
    assert Session(data={"kind": "moons"}).data.samples == 10
    assert Session(data={"kind": "digits"}).data.samples is None
    assert Session(data={"kind": "file", "path": "a.npz"}).data.samples is None
    assert Session(data={"kind": "moons"}).data.dimension is None


def test_sessions_cannot_be_changed():
    session = Session()
    with pytest.raises(ValidationError, match="frozen"):
        session.network.alpha = 4.0
    assert session.network.alpha == 1.0


def test_an_integer_serves_as_a_number_but_nothing_else_is_converted():
    alpha = Session(network={"alpha": 4}).network.alpha
    assert alpha == 4.0
    assert isinstance(alpha, float)
    assert "network.layers" in refusal(network={"layers": "10"})
    assert "network.layers" in refusal(network={"layers": 10.0})
    assert "network.layers" in refusal(network={"layers": True})
    assert "network.alpha" in refusal(network={"alpha": True})
    assert "limit.large_d" in refusal(limit={"large_d": 1})
    assert "title" in refusal(title=3)


def test_numpy_scalars_and_paths_are_taken_as_plain_values():
    session = Session(
        network={"layers": np.int64(5), "alpha": np.float32(0.5)},
        data={"kind": "file", "path": Path("a") / "b.npz"},
    )
    assert session.network.layers == 5
    assert session.network.alpha == 0.5
    assert session.data.path == str(Path("a") / "b.npz")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network.layers", 0),
        ("network.layers", 10**12),
        ("network.units", -3),
        ("network.alpha", 0.0),
        ("network.alpha", float("nan")),
        ("network.alpha", float("inf")),
        ("network.seed", -1),
        ("network.activation", "tan"),
        ("network.dimension", 0),
        ("data.samples", 0),
        ("data.kind", "gauss"),
        ("training.rate", -1.0),
        ("training.momentum", 1.0),
        ("training.device", "cuda:x"),
        ("training.device", "gpu"),
        ("training.events", 3),
        ("limit.nodes", 1),
        ("limit.nodes", "aut"),
        ("limit.units", 1000),
        ("limit.units", 1),
        ("contrast.alpha", -8.0),
        ("schema", 2),
    ],
)
def test_a_value_out_of_range_is_named_with_its_key_and_what_is_allowed(key, value):
    with pytest.raises(SessionError) as caught:
        Session().with_values({key: value})
    assert str(caught.value).startswith(f"session: {key} = ")
    assert "; allowed: " in str(caught.value)


def test_limit_takes_auto_with_a_tolerance():
    limit = Session(limit={"nodes": "auto", "units": "auto", "tolerance": 1e-3}).limit
    assert (limit.nodes, limit.units, limit.tolerance) == ("auto", "auto", 1e-3)
    assert Session().limit.tolerance == 5e-3


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"data": {"kind": "digits", "dimension": 64}}, "data.dimension"),
        ({"data": {"kind": "circles", "dimension": 3}}, "data.dimension"),
        ({"data": {"kind": "file"}}, "data.path"),
        ({"data": {"kind": "file", "path": "a.txt"}}, "data.path"),
        ({"data": {"kind": "file", "path": "a.csv"}}, "data.targets"),
        ({"data": {"kind": "file", "path": "a.csv", "targets": ["y", "y"]}}, "data.targets"),
        ({"data": {"kind": "file", "path": "a.npz", "targets": ["y"]}}, "data.targets"),
        ({"data": {"path": "a.npz"}}, "data.path"),
        ({"data": {"targets": ["y"]}}, "data.targets"),
        ({"limit": {"engine": "moments"}}, "limit.engine"),
        ({"limit": {"large_d": True}}, "limit.large_d"),
        ({"training": {"device": "mps", "dtype": "float64"}}, "training.dtype"),
        ({"training": {"events": [{"step": 4}]}}, "training.events[0]"),
        (
            {"training": {"events": [{"step": 4, "rate": 1.0}, {"step": 3, "rate": 1.0}]}},
            "training.events[1].step",
        ),
        ({"training": {"events": [{"step": 4, "steps": 3}]}}, "training.events[0].steps"),
        ({"training": {"events": [{"rate": 1.0}]}}, "training.events[0].step"),
        ({"training": {"events": [{"step": 1, "rate": -1.0}]}}, "training.events[0].rate"),
    ],
)
def test_values_that_exclude_each_other_are_refused(values, key):
    assert refusal(**values).startswith(f"session: {key}")


def test_the_rules_between_keys_have_a_valid_side():
    Session(data={"kind": "circles", "dimension": 2})
    Session(data={"kind": "file", "path": "a.CSV", "targets": ("y",)})
    Session(network={"activation": "identity"}, limit={"engine": "moments"})
    Session(network={"embedding": "random"}, limit={"large_d": True})
    Session(training={"device": "cuda:1", "dtype": "float64"})


def test_events_say_the_rate_of_every_step():
    training = Session(
        training={"events": [{"step": 40, "rate": 0.5}, {"step": 60, "rate": 2.0, "steps": 200}]}
    ).training
    assert [training.rate_at(k) for k in (0, 39, 40, 59, 60, 150)] == [1.0, 1.0, 0.5, 0.5, 2.0, 2.0]
    assert training.last_step == 200
    assert Session().training.last_step == 100


def test_get_follows_dotted_keys():
    session = Session(network={"alpha": 4.0})
    assert session.get("network.alpha") == 4.0
    assert session.get("schema") == 1
    assert session.get("network") is session.network
    for wrong in ("network.alhpa", "network.alpha.x", "netwrok", "network.model_fields", ""):
        with pytest.raises(SessionError, match="unknown key"):
            session.get(wrong)


def test_with_values_leaves_the_old_session_alone():
    old = Session()
    new = old.with_values({"network.alpha": 4, "training.steps": 7})
    assert (new.network.alpha, new.training.steps) == (4.0, 7)
    assert (old.network.alpha, old.training.steps) == (1.0, 100)
    assert new.with_values({"network.alpha": None}).network.alpha == 1.0


def test_another_kind_of_data_drops_what_only_the_old_kind_has():
    session = Session(data={"dimension": 7}).with_values({"data.kind": "moons"})
    assert session.data.dimension is None
    session = session.with_values({"data.kind": "file", "data.path": "a.csv", "data.targets": ["y"]})
    assert session.data.targets == ("y",)
    assert session.with_values({"data.kind": "gaussian"}).data.path is None


def test_unknown_dotted_keys_are_refused_by_with_values():
    for key in ("network.alhpa", "nothing.at.all", "title.x", "network.alpha.x"):
        with pytest.raises(SessionError, match=key.partition(".")[0]):
            Session().with_values({key: 1})


def test_equal_sessions_are_equal_wherever_they_were_read(tmp_path):
    path = Session().save(tmp_path / "a")
    from resviz.config import load_session

    loaded = load_session(path)
    assert loaded == Session()
    assert hash(loaded) == hash(Session())
    assert loaded.folder == tmp_path
    assert Session().folder is None
    assert loaded != Session(title="another")


def test_copies_keep_everything(tmp_path):
    from resviz.config import load_session

    session = load_session(Session(title="a").save(tmp_path / "a"))
    for twin in (pickle.loads(pickle.dumps(session)), copy.deepcopy(session)):
        assert twin == session
        assert twin.folder == tmp_path


leaf = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)


@given(
    key=st.sampled_from([k for k in key_schema() if "[" not in k]),
    value=leaf | st.dictionaries(st.text(), leaf),
)
def test_any_value_at_any_key_is_taken_or_refused(key, value):
    try:
        session = Session().with_values({key: value})
    except SessionError:
        return
    assert Session.from_mapping(session.to_mapping()) == session
