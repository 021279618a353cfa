"""Command lines, run in this process or, where it matters, in one of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import resviz
from resviz.cli import main

TINY = """\
schema = 1
title = "Tiny"
[data]
samples = 3
dimension = 3
[network]
layers = 6
units = 32
[training]
steps = 4
device = "cpu"
[limit]
nodes = 8
units = 64
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, holding tiny.toml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(TINY)
    return tmp_path


@pytest.fixture
def resviz_does(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """``status, out, err = resviz_does("run", "tiny.toml", ...)`` in this process."""
    # a command may set it for its own process
    monkeypatch.setenv("QT_QPA_PLATFORM", os.environ["QT_QPA_PLATFORM"])

    def run(*words: str) -> tuple[int, str, str]:
        status = main(words)
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def command(folder: Path, resviz_home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The same in a process of its own, as a shell would start it."""
    root = str(Path(resviz.__file__).parents[1])

    def run(*words: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": root, "RESVIZ_HOME": str(resviz_home), **environment}
        return subprocess.run(
            [sys.executable, "-m", "resviz", *words],
            cwd=folder,
            env={name: value for name, value in variables.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run
