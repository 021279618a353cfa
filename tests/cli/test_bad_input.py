"""Wrong input, end to end: one clear cause, one remedy, the exit status, and nothing written."""

from __future__ import annotations

import numpy as np
import pytest


def refused(done, status: int, *said: str) -> None:
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for words in said:
        assert words in done.stderr
    cause, *remedy = done.stderr.strip().splitlines()
    assert cause.startswith("resviz: ")
    assert remedy


@pytest.fixture(autouse=True)
def nothing_is_written(folder):
    yield
    assert not [p for p in folder.iterdir() if p.suffix in (".resviz", ".npz", ".mp4", ".png", ".part")]


def write(folder, text: str) -> None:
    (folder / "wrong.toml").write_text(text)


def test_an_unknown_key(folder, command):
    write(folder, "schema = 1\n[network]\nlayer = 3\n")
    refused(command("run", "wrong.toml", "-o", "r.resviz"), 2, "wrong.toml", "network.layer", "layers")


def test_a_negative_width(folder, command):
    write(folder, "schema = 1\n[network]\nunits = -4\n")
    refused(command("run", "wrong.toml", "-o", "r.resviz"), 2, "wrong.toml", "network.units", "-4")


def test_a_file_that_is_no_toml(folder, command):
    write(folder, "schema = = 1\n")
    refused(command("run", "wrong.toml", "-o", "r.resviz"), 2, "wrong.toml")


def test_a_missing_data_file(folder, command):
    write(folder, 'schema = 1\n[data]\nkind = "file"\npath = "none.npz"\n')
    refused(command("run", "wrong.toml", "-o", "r.resviz"), 2, "none.npz")


def test_text_in_a_number_column(folder, command):
    (folder / "data.csv").write_text("a,b,price\n1,2,3\n4,green,6\n7,8,9\n")
    write(folder, 'schema = 1\n[data]\nkind = "file"\npath = "data.csv"\ntargets = ["price"]\n')
    refused(command("run", "wrong.toml", "-o", "r.resviz"), 2, "data.csv", "green", "b")


def test_a_nan_in_the_data(folder, command):
    x = np.ones((4, 2))
    x[2, 1] = np.nan
    np.savez(folder / "data.npy", x=x, y=np.ones((4, 1)))  # becomes data.npy.npz
    write(folder, 'schema = 1\n[data]\nkind = "file"\npath = "data.npy.npz"\n')
    refused(command("run", "wrong.toml", "-o", "r.resviz"), 2, "data.npy.npz", "nan")
    (folder / "data.npy.npz").unlink()
    (folder / "data.csv").write_text("a,b,price\n1,2,3\n4,nan,6\n7,8,9\n")
    write(folder, 'schema = 1\n[data]\nkind = "file"\npath = "data.csv"\ntargets = ["price"]\n')
    refused(command("run", "wrong.toml", "-o", "r.resviz"), 2, "data.csv", "nan")


def test_an_output_path_that_cannot_be_written(command):
    refused(command("run", "tiny.toml", "-o", "missing/r.resviz"), 1, "missing does not exist")
    refused(command("limit", "tiny.toml", "-o", "/proc/l.npz"), 1, "/proc")
    refused(command("export", "tiny.toml", "-o", "missing/f.mp4"), 1, "missing does not exist")


def test_an_unknown_preset(command):
    refused(command("run", "helo", "-o", "r.resviz"), 2, "helo", "hello")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("network.alpha", "KEY=VALUE"),
        ("=4", "KEY=VALUE"),
        ("network.alpa=4", "alpha"),
        ("network.alpha=much", "network.alpha"),
        ("network.layers=2.5", "network.layers"),
        ("training.device=gpu", "training.device"),
    ],
)
def test_a_wrong_change(resviz_does, change, said):
    status, out, err = resviz_does("run", "tiny.toml", "-o", "r.resviz", "--set", change)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) >= 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "tiny.toml", "-o", "r.mp4"), "r.resviz"),
        (("limit", "tiny.toml", "-o", "l.csv"), "l.npz"),
        (("export", "tiny.toml", "-o", "f.mp4", "--size", "big"), "1920x1080"),
        (("export", "tiny.toml", "-o", "f.mp4", "--size", "0x10"), "0x10"),
        (("export", "tiny.toml", "-o", "f.mp4", "--steps", "1:2:3:4"), "A:B:C"),
        (("export", "tiny.toml", "-o", "f.mp4", "--steps", "1:9:0"), "A:B:C"),
        (("export", "tiny.toml", "-o", "f.mp4", "--steps", "0:50"), "0 to 4"),
        (("export", "tiny.toml", "-o", "f.mp4", "--layers", "a,b"), "2,14,26"),
        (("export", "tiny.toml", "-o", "f.mp4", "--view", "girds"), "grid"),
        (("export", "tiny.toml", "-o", "f.avi"), ".mp4"),
        (("export", "none.resviz", "-o", "f.mp4"), "none.resviz"),
        (("presets", "helo"), "hello"),
        (("none.toml",), "none.toml"),
    ],
)
def test_a_wrong_request(resviz_does, words, said):
    status, out, err = resviz_does(*words)
    assert (status, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    "words", [("rnu",), ("run",), ("run", "tiny.toml"), ("run", "tiny.toml", "-o"), ("--bogus",)]
)
def test_wrong_usage(resviz_does, words):
    status, _, err = resviz_does(*words)
    assert status == 2
    assert err


def test_an_existing_file_stays(folder, resviz_does):
    (folder / "mine.svg").write_text("mine")
    status, _, err = resviz_does("export", "tiny.toml", "-o", "mine.svg")
    assert status == 2
    assert "--overwrite" in err
    assert (folder / "mine.svg").read_text() == "mine"
