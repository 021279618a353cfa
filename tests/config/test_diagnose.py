import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resviz.config import load_session
from resviz.config.diagnose import allowed, key_schema, nearest_key
from resviz.config.session import Session
from resviz.config.toml import parse_session
from resviz.errors import SessionError


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("network.untis", "network.units"),
        ("network.lyers", "network.layers"),
        ("network.sigma", "network.sigma_v"),
        ("netwrok", "network"),
        ("alpha", "network.alpha"),
        ("rate", "training.rate"),
        ("network.optimizer", "training.optimizer"),
        ("training.lr_rate", "training.rate"),
        ("training.events[3].rat", "training.events[].rate"),
        ("netwrok.layers", "network.layers"),
    ],
)
def test_nearest_key(wrong, near):
    found = nearest_key(wrong)
    assert found == near or (wrong == "network.sigma" and found in ("network.sigma_u", "network.sigma_v"))


def test_nothing_is_near_a_key_of_another_world():
    assert nearest_key("qqqq.zzzz") is None


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("network.layers", "an integer from 1 to 100000"),
        ("network.alpha", "a finite number from 1e-06 to 1e+06"),
        ("training.momentum", "a finite number from 0 to below 1"),
        ("network.parametrisation", '"multiplier", "output-weights"'),
        ("limit.large_d", "true or false"),
        ("limit.units", 'a power of two from 2 to 16777216 or "auto"'),
        ("training.events[2].rate", "a finite number from 0 to 1e+06"),
        ("training.events", "a list of tables"),
        ("data.targets", "a list of texts"),
        ("network", "a table of keys"),
        ("schema", "1"),
    ],
)
def test_what_is_allowed_in_words(key, words):
    assert allowed(key) == words


def test_every_key_says_what_it_is_and_what_it_takes():
    for key, field in key_schema().items():
        assert field.get("description"), key
        assert allowed(key), key


def test_one_problem_is_one_line_with_file_key_value_rule():
    with pytest.raises(SessionError) as caught:
        Session.from_mapping({"network": {"units": -3}}, "run/hello.toml")
    assert str(caught.value) == (
        "run/hello.toml: network.units = -3: not allowed; allowed: an integer from 1 to 10000000"
    )


def test_all_problems_are_listed_with_the_way_out():
    with pytest.raises(SessionError) as caught:
        Session(network={"layers": "10", "untis": 3}, limit={"units": 1000, "nodes": "x"}, wrong={})
    assert caught.value.message.splitlines() == [
        "session: 5 problems",
        '  network.layers = "10": not allowed; allowed: an integer from 1 to 100000',
        "  network.untis = 3: unknown key; nearest known key: network.units",
        '  limit.nodes = "x": not allowed; allowed: an integer from 2 to 65536 or "auto"',
        '  limit.units = 1000: not allowed; allowed: a power of two from 2 to 16777216 or "auto"',
        "  wrong = {}: unknown key",
    ]
    assert "resviz schema" in caught.value.remedy


def test_long_and_strange_values_are_shown_short():
    for value in ("x" * 10_000, 10**5000, [1] * 5000, object()):
        with pytest.raises(SessionError) as caught:
            Session(network={"layers": value})
        assert len(str(caught.value)) < 250


@given(section=st.sampled_from(["", "network", "training", "limit", "data", "contrast"]), name=st.text())
def test_every_unknown_key_is_refused_by_name(section, name):
    key = f"{section}.{name}".lstrip(".")
    assume(name and key not in key_schema() and f"{key}[]" not in key_schema())
    with pytest.raises(SessionError) as caught:
        Session(**({section: {name: 1}} if section else {name: 1}))
    assert name in str(caught.value)
    assert "unknown key" in str(caught.value)


def test_a_file_of_thousands_of_problems_is_refused_in_a_few_lines(tmp_path):
    path = tmp_path / "many.toml"
    path.write_text("[network]\n" + "".join(f"k{i} = 1\n" for i in range(5000)))
    with pytest.raises(SessionError) as caught:
        load_session(path)
    assert len(caught.value.message.splitlines()) < 30
    assert caught.value.message.endswith("more")


@pytest.mark.parametrize("text", ["a" + ".a" * 100 + " = 1", '"a"' + '."a"' * 100 + " = 1"])
def test_keys_of_a_hundred_parts_are_refused(text):
    with pytest.raises(SessionError, match="more than 50 parts"):
        parse_session(text)


def test_a_file_that_is_no_session_for_its_size_is_refused(tmp_path):
    path = tmp_path / "large.toml"
    path.write_bytes(b"#" * 3_000_000)
    with pytest.raises(SessionError, match="larger than 2000000 bytes"):
        load_session(path)
