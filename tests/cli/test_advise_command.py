"""``resviz advise`` as a command."""

from __future__ import annotations

import pytest

import resviz
from resviz.cli.advise import parse_size
from resviz.errors import RequestError


def test_the_choice_is_shown_run_and_kept(folder, resviz_does):
    words = ("advise", "tiny.toml", "--parameters", "600", "--run", "-o", "best.resviz", "-q")
    status, out, _ = resviz_does(*words)
    assert status == 0
    assert "law: HW" in out
    (advised,) = [line for line in out.splitlines() if line.startswith("advised  ")]
    _, layers, units, d, *_ = advised.split()
    network = resviz.open_recording("best.resviz").session.network
    assert (network.layers, network.units, int(d)) == (int(layers), int(units), 3)
    assert "output error" in out.splitlines()[-1]


def test_dimension_can_be_left_free(folder, resviz_does):
    status, out, _ = resviz_does(
        "advise", "tiny.toml", "--memory", "10MB", "--free-dimension", "--law", "embedding"
    )
    assert status == 0
    assert "law: AS" in out


def test_what_is_refused(folder, resviz_does):
    for words, cause in [
        ((), "one budget"),
        (("--memory", "much"), "'much' is no size"),
        (("--parameters", "1e6", "--law", "mine"), "law 'mine'"),
        (("--parameters", "1e6", "-o", "x.resviz"), "--output needs --run"),
        (("--parameters", "1e6", "--fit", "nowhere"), "nowhere"),
    ]:
        status, _, err = resviz_does("advise", "tiny.toml", *words)
        assert status == 2
        assert cause in err


@pytest.mark.parametrize(("text", "size"), [("2GB", 2e9), ("500 mb", 5e8), ("1.5e3", 1500), ("1GiB", 2**30)])
def test_sizes(text, size):
    assert parse_size(text) == size
    with pytest.raises(RequestError):
        parse_size(f"{text}x")
