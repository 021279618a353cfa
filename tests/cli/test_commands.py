"""The commands at work, on a session of a second."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest

import resviz
from resviz.cli.app import routed
from resviz.cli.session import parse_change
from resviz.export.written import parse_layers, parse_size, parse_steps

ROOT = Path(resviz.__file__).parents[1]


def frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_run_then_export(folder, resviz_does):
    change = ("--set", "network.alpha=2")
    status, out, err = resviz_does("run", "tiny.toml", "-o", "r.resviz", *change, "--log-level", "info")
    assert (status, out) == (0, "")
    assert "4 steps" in err
    assert "INFO resviz.cli.run: training L = 6, M = 32" in err
    assert "training 0/" not in err  # progress is for terminals
    assert resviz.open_recording("r.resviz").session.network.alpha == 2.0
    assert resviz_does("run", "tiny.toml", "-o", "r.resviz")[0] == 2
    assert resviz_does("run", "tiny.toml", "-o", "r.resviz", "--overwrite", "--quiet") == (0, "", "")

    size = ("--size", "320x200")
    status, out, err = resviz_does(
        "export", "r.resviz", "-o", "f.mp4", *size, "--steps", "0:5:2", "--progress"
    )
    assert (status, out) == (0, "")
    assert "drawing 3/3" in err
    assert frames(folder / "f.mp4") == 3
    assert resviz_does("export", "r.resviz", "-o", "p.svg", *size, "-q") == (0, "", "")
    assert resviz_does("export", "r.resviz", "-o", "pngs", *size, "--view", "grid")[0] == 0
    assert len(list((folder / "pngs").iterdir())) == 5
    status, _, err = resviz_does("export", "r.resviz", "-o", "g.mp4", "--set", "network.alpha=1")
    assert status == 2
    assert "--set" in err


def test_export_trains_a_session_first(folder, resviz_does):
    words = ("export", "tiny.toml", "-o", "p.png", "--view", "grid", "--size", "320x200", "--steps", "4")
    assert resviz_does(*words)[0] == 0
    assert (folder / "p.png").stat().st_size > 1000


@pytest.mark.parametrize("which", ["limit", "lazy"])
def test_the_limits_alone(folder, resviz_does, which):
    assert resviz_does(which, "tiny.toml", "-o", "l.npz")[0] == 0
    solve = resviz.solve_limit if which == "limit" else resviz.solve_lazy
    expected = solve(resviz.load_session("tiny.toml"))
    with np.load(folder / "l.npz") as arrays:
        assert set(arrays) == {"s", "h", "b", "loss", "output", "output_error"}
        assert arrays["s"][[0, -1]].tolist() == [0, 1]
        assert arrays["h"].shape == arrays["b"].shape == (5, len(arrays["s"]), 3, 3)
        for name in arrays:
            np.testing.assert_array_equal(arrays[name], getattr(expected, name))


def test_a_preset_is_a_session(folder, resviz_does):
    words = ("--set", "training.steps=1", "--set", "network.layers=4", "--set", "network.units=8")
    assert resviz_does("run", "hello", "-o", "h.resviz", *words)[0] == 0
    assert resviz.open_recording("h.resviz").session.title == resviz.load_session("hello").title


def test_presets_and_schema(folder, resviz_does):
    status, out, _ = resviz_does("presets", "--quiet")
    names = out.split()
    assert (status, names[0]) == (0, "hello")
    status, out, _ = resviz_does("presets", "spirals")
    (folder / "copy.toml").write_text(out)
    assert resviz.load_session("copy.toml") == resviz.load_session("spirals")
    status, out, _ = resviz_does("schema")
    assert status == 0
    assert {"data", "network", "training", "limit", "contrast", "schema"} <= json.loads(out)[
        "properties"
    ].keys()


def test_the_version_and_the_help(resviz_does):
    assert resviz_does("--version") == (0, f"resviz {resviz.__version__}\n", "")
    status, out, _ = resviz_does("--help")
    assert status == 0
    assert "export" in out


def test_doctor(resviz_does, resviz_home):
    status, out, _ = resviz_does("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert status == 0
    assert {checks[name]["state"] for name in ("torch", "cpu", "drawing", "mp4", "webm", "gif")} == {"good"}
    assert str(resviz_home) in checks["user folder"]["value"]
    assert all(check["remedy"] for check in checks.values() if check["state"] == "broken")
    status, out, _ = resviz_does("doctor")
    assert "libx264" in out


def test_doctor_names_a_broken_part_and_its_remedy(resviz_does, monkeypatch):
    monkeypatch.setenv("RESVIZ_HOME", "/proc/nowhere")
    status, out, _ = resviz_does("doctor", "--quiet")
    assert status == 1
    assert "!!  user folder" in out
    assert "RESVIZ_HOME" in out


def test_without_a_display_a_film_is_rendered(folder, command):
    (folder / "hello.mp4").write_text("mine")
    small = ("--set", "training.steps=2", "--set", "network.layers=6", "--set", "network.units=16")
    nowhere = {"DISPLAY": ":987", "WAYLAND_DISPLAY": None, "QT_QPA_PLATFORM": None}
    done = command(*small, **nowhere)
    assert done.returncode == 0, done.stderr
    assert "no usable display" in done.stderr
    assert "resviz export" in done.stderr
    assert frames(folder / "hello-2.mp4") == 3
    assert (folder / "hello.mp4").read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_was_recorded(folder, how):
    words = ["run", "tiny.toml", "-o", "r.resviz", "--set", "training.steps=1000000", "--progress"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "resviz", *words],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("training ") and not line.startswith("training 0/"):
                process.send_signal(how)
                break
        err = process.stderr.read()
    assert process.returncode == 130, err
    assert "kept what was recorded" in err
    assert zipfile.is_zipfile(folder / "r.resviz")
    recording = resviz.open_recording(folder / "r.resviz")
    assert recording.step >= 1
    assert np.isfinite(recording.loss).all()


def test_divergence_keeps_what_was_recorded(folder, resviz_does):
    words = (
        "--set",
        "training.rate=1e5",
        "--set",
        "training.steps=50",
        "--set",
        "network.activation=identity",
    )
    status, _, err = resviz_does("run", "tiny.toml", "-o", "r.resviz", *words)
    assert status == 1
    assert "diverged" in err
    assert "step" in err
    assert "layer" in err
    assert resviz.open_recording("r.resviz").step >= 0


@pytest.mark.parametrize(
    ("words", "route"),
    [
        ([], ["window"]),
        (["hello"], ["window", "hello"]),
        (["a.toml"], ["window", "a.toml"]),
        (["rec.resviz"], ["window", "rec.resviz"]),
        (["--set", "network.alpha=2"], ["window", "--set", "network.alpha=2"]),
        (["run", "hello"], ["run", "hello"]),
        (["--version"], ["--version"]),
        (["rnu"], ["rnu"]),
    ],
)
def test_a_file_or_nothing_means_the_window(words, route):
    assert routed(words) == route


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("network.alpha=4", 4),
        ("network.alpha = 1e-3", 1e-3),
        ("limit.large_d=true", True),
        ("network.activation=relu", "relu"),
        ('title="a = b"', "a = b"),
        ("title=a = b", "a = b"),
        ('data.targets=["x", "y"]', ["x", "y"]),
        ("network.dimension=", None),
    ],
)
def test_changes_are_toml_or_text(text, value):
    assert parse_change(text) == (text.split("=")[0].strip(), value)


def test_sizes_steps_and_layers():
    assert parse_size("1920x1080") == (1920, 1080)
    assert parse_size(" 640 × 480 ") == (640, 480)
    assert parse_steps("") is None
    assert parse_steps("40") == 40
    assert parse_steps("0:101:2") == slice(0, 101, 2)
    assert parse_steps("10:") == slice(10, None)
    assert parse_steps(":-1") == slice(None, -1)
    assert parse_layers("2,14, 26") == (2, 14, 26)
    assert parse_layers("") == ()
