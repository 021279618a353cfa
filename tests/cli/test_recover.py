"""Runs that are killed, and what `resviz recover` makes of them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import resviz
from resviz.recording.lanes import lanes
from resviz.recording.spool import recover, spool_folder, unfinished

ROOT = Path(resviz.__file__).parents[1]
# Runs command lines in children of its own, forked after the imports: a start from nothing takes 3 s. A child
# notes every step when it is recorded, and what is on the disk when a write has ended.
NURSERY = """
import os, sys, time
import torch, resviz.recording, resviz.cli.run, resviz.export.target
from resviz.cli import main
from resviz.recording.spool.writer import Writer

def note(what, step):
    os.write(log, f"{what} {step} {time.monotonic()}\\n".encode())

def noted(record):
    def states(session):
        for now in record(session):
            note("recorded", now.step)
            yield now
    return states

def flushed(write):
    def written(self):
        recording = self._recording()
        step = -1 if recording is None else recording.step
        write(self)
        note("flushed", step)
    return written

resviz.recording.record = noted(resviz.recording.record)
Writer.write = flushed(Writer.write)
for line in sys.stdin:
    folder, home, *words = line.split()
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        os.environ["RESVIZ_HOME"] = home
        log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os._exit(main(words))
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
SESSION = """\
title = "Killed"
[data]
samples = 3
dimension = 4
[network]
layers = 12
units = 24
[training]
steps = 250
[limit]
nodes = 8
units = 64
"""


class Nursery:
    """Starts ``resviz`` children."""

    folder: Path
    home: Path

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, *words: str) -> int:
        """The child's number."""
        (self.folder / "log").unlink(missing_ok=True)
        self._process.stdin.write(f"{self.folder} {self.home} {' '.join(words)}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> int:
        """Wait for the child; its status as `os.waitpid` gives it."""
        return int(self._process.stdout.readline())

    def log(self) -> list[tuple[str, int, float]]:
        path = self.folder / "log"
        rows = [row.split() for row in path.read_text().splitlines()] if path.exists() else []
        return [(what, int(step), float(when)) for what, step, when in rows]

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def imported():
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def nursery(imported, folder, resviz_home):
    (folder / "killed.toml").write_text(SESSION)
    imported.folder, imported.home = folder, resviz_home
    return imported


def assert_begins(part, whole) -> None:
    """What was recovered is the start of the whole run, bit for bit."""
    for name, lane in lanes(part).items():
        theirs = lanes(whole)[name].history
        for fields in lane.history:
            assert fields.h.tobytes() == theirs[fields.step].h.tobytes()
            assert fields.b.tobytes() == theirs[fields.step].b.tobytes()
            assert fields.output.tobytes() == theirs[fields.step].output.tobytes()
            assert (fields.loss, fields.rate) == (theirs[fields.step].loss, theirs[fields.step].rate)


def kill_at_random_moments(nursery, folder, times: int, steps: int) -> list[float]:
    """Kill a real run ``times`` times; returns the seconds of steps that were lost each time."""
    command = ("run", "killed.toml", "-o", "run.resviz", "--overwrite", "--quiet")
    command += ("--set", f"training.steps={steps}")
    nursery.start(*command)
    begun = time.monotonic()  # its imports are done
    assert nursery.end() == 0
    duration = time.monotonic() - begun
    older = (folder / "run.resviz").read_bytes()
    whole = resviz.open_recording(folder / "run.resviz")
    chance = random.Random(7)
    lost: list[float] = []
    for _ in range(times):
        inode = (folder / "run.resviz").stat().st_ino
        child = nursery.start(*command)
        time.sleep(chance.uniform(0.0, 1.05 * duration))
        killed = time.monotonic()
        with suppress(ProcessLookupError):  # it has ended
            os.kill(child, signal.SIGKILL)
        nursery.end()
        log = nursery.log()
        # the file that was there before is whole: itself, or (killed after its rename) its successor
        assert (folder / "run.resviz").read_bytes() == older
        kept = -1
        for found in unfinished():
            assert found.path.parent == folder
            assert found.title == "Killed"
            part = recover(found.path)
            kept = part.step
            assert_begins(part, whole)
            assert part.units(3, kept)[0].tobytes() == whole.units(3, kept)[0].tobytes()
            part.spool.drop()
        if (folder / "run.resviz").stat().st_ino != inode:  # it was saved before it was killed
            kept = steps
        assert kept >= max((step for what, step, _ in log if what == "flushed"), default=-1)
        if (folder / "run.resviz.part").exists():  # killed while it was made, or while it was deleted
            assert not unfinished()
        missing = [when for what, step, when in log if what == "recorded" and step > kept]
        lost.append(killed - min(missing, default=killed))
        for rest in folder.glob("*.part*"):
            for file in rest.iterdir() if rest.is_dir() else []:
                file.unlink()
            rest.rmdir() if rest.is_dir() else rest.unlink()
    return lost


def test_a_killed_run_loses_no_more_than_what_was_not_flushed(nursery, folder):
    kill_at_random_moments(nursery, folder, 6, 800)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_fifty_kills_lose_at_most_two_seconds(nursery, folder):
    lost = kill_at_random_moments(nursery, folder, 50, 4000)
    caught = [seconds for seconds in lost if seconds > 0]
    print(f"{len(caught)} kills lost steps: median {np.median(caught):.2f} s, max {max(lost):.2f} s")
    assert max(lost) <= 2.0


def kill_in_the_middle(nursery, *words: str) -> None:
    child = nursery.start("run", "killed.toml", *words, "--set", "training.steps=100000")
    while not any(what == "flushed" and step > 5 for what, step, _ in nursery.log()):
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    nursery.end()


def test_a_killed_run_is_listed_and_saved(nursery, folder, resviz_does):
    kill_in_the_middle(nursery, "-o", "run.resviz")
    status, out, err = resviz_does("recover", "--list")
    assert (status, err) == (0, "")
    assert out.startswith(str(folder / "run.resviz.part"))
    assert "of 100000" in out
    assert "Killed" in out
    # the next run into the same file leaves it alone, and says so
    status, _, err = resviz_does("run", "killed.toml", "-o", "run.resviz", "--set", "training.steps=2")
    assert status == 0
    assert "resviz recover" in err
    assert resviz.open_recording("run.resviz").step == 2
    assert resviz_does("recover", "run.resviz.part", "-o", "saved.resviz")[0] == 0
    assert resviz.open_recording("saved.resviz").step > 5
    assert not (folder / "run.resviz.part").exists()
    assert resviz_does("recover") == (0, "", "no unsaved runs\n")
    assert list(spool_folder().iterdir()) == []


def test_recovery_names_its_own_file_and_replaces_none(nursery, folder, resviz_does):
    kill_in_the_middle(nursery, "-o", "run.resviz")
    (folder / "run.resviz").write_bytes(b"older")
    assert resviz_does("recover", "run.resviz", "-o", "run.resviz")[0] == 2
    assert resviz_does("recover", "run.resviz", "-o", "run.zip")[0] == 2
    status, _, err = resviz_does("recover", "run.resviz")
    assert status == 0
    assert "run-2.resviz: steps 0 to" in err
    assert (folder / "run.resviz").read_bytes() == b"older"
    assert resviz.open_recording("run-2.resviz").step > 5


def test_dropping_and_wrong_names(nursery, folder, resviz_does):
    kill_in_the_middle(nursery, "-o", "run.resviz")
    assert resviz_does("recover", "--drop")[0] == 2
    assert resviz_does("recover", "other.resviz")[0] == 2
    assert resviz_does("recover", "run.resviz", "--drop")[0] == 0
    assert not (folder / "run.resviz.part").exists()
    assert resviz_does("recover", "run.resviz")[0] == 2


def test_one_run_a_file_at_a_time(nursery, folder, resviz_does):
    child = nursery.start("run", "killed.toml", "-o", "run.resviz", "--set", "training.steps=100000")
    while not any(what == "flushed" and step >= 0 for what, step, _ in nursery.log()):
        time.sleep(0.02)
    status, _, err = resviz_does("run", "killed.toml", "-o", "run.resviz")
    assert status == 2
    assert "another resviz is recording" in err
    assert resviz_does("recover", "run.resviz")[0] == 2
    assert resviz_does("recover", "run.resviz", "--drop")[0] == 2
    os.kill(child, signal.SIGINT)
    assert os.waitstatus_to_exitcode(nursery.end()) == 130
    assert resviz.open_recording("run.resviz").step >= 0
    assert unfinished() == []
    assert not (folder / "run.resviz.part").exists()
