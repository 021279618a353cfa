"""The recording file: what is in it, how little of it is read, and what becomes of damaged ones."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from resviz.errors import RecordingError
from resviz.fields.steps import Steps
from resviz.recording import Recording, open_recording, record, run

VERSIONS = Path(__file__).parent / "versions"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("*.resviz")), ids=lambda path: path.stem)
def test_files_of_every_version_are_read(path, assert_same, tmp_path):
    opened = open_recording(path)
    assert opened.session.title == "Version 1"
    assert opened.session.training.events[0].rate == 0.5
    assert opened.step == 3
    assert opened.loss[0] == pytest.approx(1.8900742393547922)
    assert opened.limit.solver == "particles"
    assert opened.lazy.solver == "kernels"
    assert opened.units(2, 3)[0].shape == (8, 3)
    assert opened.made["dtype"] == "float32"
    newest = open_recording(VERSIONS / f"{max(int(p.stem) for p in VERSIONS.glob('*.resviz'))}.resviz")
    assert_same(opened, newest)
    assert_same(open_recording(opened.save(tmp_path / "again")), newest)


def test_the_manifest_says_what_was_used(recording, tmp_path):
    content = members(recording.save(tmp_path / "run.resviz"))
    manifest = json.loads(content["manifest.json"])
    assert manifest["made"]["device"] == "cpu"
    assert manifest["made"]["dtype"] == "float32"
    assert {"resviz", "numpy", "torch", "scipy", "python", "machine", "threads"} <= manifest["made"].keys()
    for name, data in content.items():
        if name != "manifest.json":
            assert manifest["sha256"][name] == hashlib.sha256(data).hexdigest()
    assert len(manifest["data"]) == 64
    assert open_recording(tmp_path / "run.resviz").made == recording.made


def test_one_recording_gives_one_file(recording, tmp_path):
    first = recording.save(tmp_path / "first").read_bytes()
    assert recording.save(tmp_path / "second").read_bytes() == first
    assert open_recording(tmp_path / "first.resviz").save(tmp_path / "third").read_bytes() == first


def test_numpy_alone_reads_the_members(recording, tmp_path):
    content = members(recording.save(tmp_path / "run.resviz"))
    path = tmp_path / "h.npy"
    path.write_bytes(content["net/h-00000.npy"])
    np.testing.assert_array_equal(np.load(path)[4], recording.fields(4).h)


def chunked(small, monkeypatch, size: int) -> Recording:
    monkeypatch.setattr("resviz.recording.file.MEMBER_BYTES", size)
    return run(small(training={"optimizer": "sgd", "batch": 2}))


@pytest.mark.parametrize("size", [100, 1000, 3000])  # pieces of a step, one step, two
def test_chunks_of_any_size_come_back(small, assert_same, monkeypatch, tmp_path, size):
    made = chunked(small, monkeypatch, size)
    path = made.save(tmp_path / "run")
    content = members(path)
    assert max(len(d) for n, d in content.items() if n.endswith(".npy")) <= size + 128
    assert len(content) > 5 * 7
    assert_same(made, open_recording(path))


def test_a_step_is_read_when_it_is_asked_for(small, monkeypatch, tmp_path):
    made = chunked(small, monkeypatch, 800)
    path = made.save(tmp_path / "run")
    read: list[str] = []
    real = zipfile.ZipFile.open

    def reading(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> zipfile.ZipExtFile:
        read.append(info.filename)
        return real(archive, info)

    monkeypatch.setattr(zipfile.ZipFile, "open", reading)
    opened = open_recording(path)
    assert not any("/h-" in name or "/b-" in name for name in read)
    np.testing.assert_array_equal(opened.loss, made.loss)
    read.clear()
    assert opened.fields(5).h.tobytes() == made.fields(5).h.tobytes()
    assert read == ["net/h-00005.npy", "net/b-00005.npy", "net/output-00005.npy", "net/weights-00005.npy"]
    read.clear()
    opened.fields(5)
    assert read == []


def test_a_file_may_be_replaced_while_it_is_open(small, recording, tmp_path, assert_same):
    path = recording.save(tmp_path / "run")
    opened = open_recording(path)
    other = run(small(network={"seed": 4}))
    other.save(path)
    assert_same(opened, recording)
    assert_same(open_recording(path), other)
    opened.save(path)  # over the file that replaced it
    path.unlink()
    assert_same(opened, recording)


def test_a_recording_that_grows_is_saved_as_far_as_it_is(small, recording, tmp_path):
    states = record(small())
    for now in states:
        if now.step == 3:
            break
    path = now.recording.save(tmp_path / "run")
    opened = open_recording(path)
    assert opened.step == 3
    assert opened.limit.newest == 3
    assert opened.steps == 6
    assert opened.fields(3).h.tobytes() == recording.fields(3).h.tobytes()


def test_a_twin_without_a_step_is_left_out_though_its_limit_is_ahead(recording, monkeypatch, tmp_path):
    monkeypatch.setattr(recording.contrast, "_fields", Steps())
    assert recording.contrast.limit.newest == 6
    opened = open_recording(recording.save(tmp_path / "run"))
    assert opened.contrast is None
    assert opened.step == opened.limit.newest == 6


def test_damage_names_the_member_and_leaves_the_rest(small, monkeypatch, tmp_path):
    path = chunked(small, monkeypatch, 800).save(tmp_path / "run")
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("net/h-00005.npy").header_offset + 300
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    opened = open_recording(path)
    opened.fields(4)
    with pytest.raises(RecordingError, match=r"run.resviz: the member net/h-00005.npy is damaged"):
        opened.fields(5)
    with pytest.raises(RecordingError):  # and is not made to look whole
        opened.save(tmp_path / "copy")
    assert not (tmp_path / "copy.resviz").exists()


def test_a_member_of_somebody_else_is_refused_by_its_hash(recording, tmp_path):
    content = members(recording.save(tmp_path / "run.resviz"))
    data = bytearray(content["net/h-00000.npy"])
    data[-1] ^= 1
    path = write(tmp_path / "other.resviz", content | {"net/h-00000.npy": bytes(data)})
    with pytest.raises(RecordingError, match=r"net/h-00000.npy is damaged: its sha256"):
        open_recording(path).fields(0)


def test_a_limit_that_ended_early_is_known_to_have(recording, tmp_path):
    recording.lazy.ended = True
    try:
        assert open_recording(recording.save(tmp_path / "run")).lazy.ended
    finally:
        recording.lazy.ended = False
    assert not open_recording(recording.save(tmp_path / "run")).lazy.ended


SAVE_LARGE = """
import resource, sys
import numpy as np
from resviz.config import Session
from resviz.data import make_problem
from resviz.fields import Fields
from resviz.fields.memory import MEMORY
from resviz.recording import Recording, open_recording
from resviz.recording.spool import Spool

MEMORY.limit = 20_000_000
session = Session(network={"layers": 1000, "units": 1000}, training={"steps": 100})
made = Recording(session, make_problem(session))
spool = Spool.create(made, temporary=True)
rng = np.random.default_rng(0)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
for k in range(101):
    h, b = rng.standard_normal((2, 1001, 10, 10), np.float32)
    made.append(Fields(k, h, b, rng.standard_normal((10, 10)), 1.0, 1.0))
    if MEMORY.full:
        spool.flush()
spool.flush()
path = made.save(sys.argv[1])
opened = open_recording(path)
for k in (0, 50, 100, 3):
    assert opened.fields(k).h.tobytes() == made.fields(k).h.tobytes()
print(path.stat().st_size, peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is measured in Linux' units")
def test_a_reference_run_is_saved_in_little_memory_and_space(tmp_path):
    """L = M = 1000, N = D = 10, K = 100 in float32: at most 100 MB; 80 MB of fields pass 20 MB of memory."""
    done = subprocess.run(
        [sys.executable, "-c", SAVE_LARGE, str(tmp_path / "large.resviz")],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    size, grown = map(int, done.stdout.split())
    assert 80e6 < size < 100e6
    assert grown < 120e6  # the bound, a chunk being read and one being written
