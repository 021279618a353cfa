"""Sweeps on real worker processes, which are killed while they work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import resviz
from resviz.study.sweep import read_table

ROOT = Path(resviz.__file__).parents[1]
SWEEP = """\
schema = 1
repetitions = 2
measure = ["loss", "output_error"]
[session.data]
samples = 4
dimension = 4
[session.network]
layers = 64
units = 32
[session.training]
steps = {steps}
device = "cpu"
[session.limit]
nodes = 8
units = 64
[[axes]]
key = "network.layers"
list = [40, 44, 48, 52, 56, 60]
"""
KILLING = """
import os, signal, sys
import resviz.study.sweep.cluster as cluster
from contextlib import contextmanager
from resviz.study.sweep import load_sweep, run_sweep

opened = cluster.connected
clients = []

@contextmanager
def watched(*arguments):
    with opened(*arguments) as client:
        clients.append(client)
        yield client

import resviz.study.sweep.run as run
run.connected = watched

def main():
    killed = []
    for state in run_sweep(load_sweep("sweep.toml"), "out", workers=2):
        if state.rows and len(killed) < 2:
            pids = clients[0].run(os.getpid)
            victim = next(iter(pids.values()))
            os.kill(victim, signal.SIGKILL)
            killed.append((victim, state.done))
    print(state.done, state.total, state.failed, len(killed), killed[0][1], killed[1][1])

if __name__ == "__main__":
    main()
"""


@pytest.fixture(scope="module", autouse=True)
def one_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """User state of all workers here: each of its own would have every worker compile kernels anew."""
    return tmp_path_factory.mktemp("workers-home")


@pytest.fixture(autouse=True)
def at_home(one_home: Path, resviz_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RESVIZ_HOME", str(one_home))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sweep.toml").write_text(SWEEP.format(steps=60))
    return tmp_path


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_killed_workers_lose_nothing_and_the_sweep_completes(folder: Path):
    (folder / "kill.py").write_text(KILLING)
    done = subprocess.run(
        [sys.executable, "kill.py"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    runs, total, failed, killed, first, second = map(int, done.stdout.split())
    assert (runs, total, failed, killed) == (12, 12, 0, 2)
    assert 0 < first < second <= 12  # rows went on coming in after a kill
    rows = read_table(folder / "out")
    assert len(rows) == 12
    assert all(row["loss"] > 0 and row["output_error"] > 0 for row in rows)


def test_an_interrupted_sweep_leaves_its_table_and_goes_on(folder: Path):
    (folder / "sweep.toml").write_text(SWEEP.format(steps=150))
    command = [sys.executable, "-m", "resviz", "sweep", "sweep.toml", "-o", "out", "--workers", "1"]
    table = folder / "out" / "table.csv"
    # a group of its own, as a terminal's Ctrl-C reaches workers too
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not (table.exists() and table.read_bytes().count(b"\n") > 1):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "kept" in err
    assert "Traceback" not in err
    kept = read_table(folder / "out")
    assert 0 < len(kept) < 12
    again = subprocess.run(
        [*command[:-1], "0"], cwd=folder, env=environment(), capture_output=True, text=True, timeout=240
    )
    assert again.returncode == 0, again.stderr
    assert f"12 runs ({len(kept)} known before)" in again.stderr
    assert read_table(folder / "out")[: len(kept)] == kept


SCHEDULER = """
from distributed import LocalCluster
from resviz.errors import DeviceError
from resviz.study.sweep import cluster, load_sweep, run_sweep

def main():
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as there:
        *_, state = run_sweep(load_sweep("sweep.toml"), "out", scheduler=there.scheduler_address)
        print(state.done, state.total, state.failed, len(there.workers))
    cluster._CONNECT_S = 0.5
    try:
        list(run_sweep(load_sweep("sweep.toml"), "other", scheduler="tcp://127.0.0.1:9"))
    except DeviceError as error:
        print(error)

if __name__ == "__main__":
    main()
"""


def test_a_scheduler_that_is_there_is_used_and_left_alone(folder: Path):
    (folder / "sweep.toml").write_text(SWEEP.format(steps=5))
    (folder / "there.py").write_text(SCHEDULER)
    done = subprocess.run(
        [sys.executable, "there.py"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == "12 12 0 1"
    assert "no dask scheduler answers at tcp://127.0.0.1:9" in rest[0]
    assert "dask-jobqueue" in rest[-1]


def test_a_worker_for_every_gpu():
    from distributed import Nanny

    from resviz.study.sweep.cluster import gpu_workers

    made = gpu_workers(2, Nanny)
    assert [made[i]["options"]["env"]["CUDA_VISIBLE_DEVICES"] for i in range(2)] == ["0", "1"]


def test_a_cluster_of_gpu_workers_works_and_is_silent(tmp_path):
    """Here with a GPU that is not there: the worker sees its number, and says nothing while it ends."""
    code = (
        "import os\n"
        "from resviz.study.sweep.cluster import connected\n"
        "if __name__ == '__main__':\n"
        "    with connected(None, None, 1) as client:\n"
        "        print(client.submit(os.getenv, 'CUDA_VISIBLE_DEVICES').result())\n"
    )
    script = tmp_path / "one.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")
