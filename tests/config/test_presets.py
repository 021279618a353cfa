import re
from importlib.resources import files

import pytest

from resviz.config import load_session, preset, preset_names
from resviz.config.session import Session
from resviz.errors import SessionError


def test_the_menu():
    assert preset_names() == (
        "hello",
        "one-unit-a-layer",
        "lazy-twins",
        "blow-up",
        "reference",
        "digits",
        "spirals",
        "large-d",
        "linear",
    )


def test_nothing_lies_beside_the_presets_of_the_menu():
    stored = {file.name for file in (files("resviz.config") / "presets").iterdir()}
    assert stored == {f"{name}.{ending}" for name in preset_names() for ending in ("toml", "html")}


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_a_titled_session_with_a_paragraph(name):
    shown = preset(name)
    assert shown.name == name
    assert shown.title == shown.session.title != ""
    assert isinstance(shown.session, Session)
    assert shown.session.folder is None
    assert shown.commentary.startswith("<b>")
    # simple HTML: known tags, all of them closed
    tags = re.findall(r"<(/?)(\w+)>", shown.commentary)
    assert {tag for _, tag in tags} <= {"b", "i", "sub", "sup"}
    assert sum(1 if closing == "" else -1 for closing, _ in tags) == 0
    assert load_session(name) == shown.session


def test_shapes_that_the_presets_promise():
    hello = preset("hello").session
    assert (hello.data.samples, hello.data.dimension) == (10, 10)
    assert (hello.network.layers, hello.network.units, hello.network.alpha) == (64, 256, 1.0)
    one = preset("one-unit-a-layer").session.network
    assert (one.layers, one.units) == (1000, 1)
    reference = preset("reference").session
    assert (reference.network.layers, reference.network.units, reference.training.steps) == (1000, 1000, 100)
    twins = preset("lazy-twins").session
    assert twins.contrast.alpha >= 16 * twins.network.alpha
    # within the lazy window: alpha << sqrt(LM/D)
    assert twins.contrast.alpha < (64 * 256 / 10) ** 0.5


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_lets_its_limit_choose_its_size(name):
    session = preset(name).session
    limit = session.limit
    if session.network.activation == "identity":  # solved exactly, by moments
        return
    assert (limit.nodes, limit.units) == ("auto", "auto")
    assert limit.tolerance <= 2e-2


def test_a_file_wins_over_a_preset_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello").write_text('title = "mine"\n')
    assert load_session("hello").title == "mine"


def test_what_is_neither_file_nor_preset_is_refused_with_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SessionError, match="preset hello"):
        load_session("helo")
    with pytest.raises(SessionError, match="preset digits"):
        load_session("digit.toml")
    (tmp_path / "quite-another.toml").touch()
    with pytest.raises(SessionError, match=r"quite-another\.toml"):
        load_session("quite-another")
    with pytest.raises(SessionError, match="one-unit-a-layer"):
        load_session("qqqqqq")
    with pytest.raises(SessionError, match="folder"):
        load_session(tmp_path)
    for odd in ("", "a\0b", "x" * 5000):
        with pytest.raises(SessionError):
            load_session(odd)
    with pytest.raises(SessionError, match="nearest name: spirals"):
        preset("spiral")
