"""Spools: what they hold, who may have them, and what is left after a kill."""

from __future__ import annotations

import gc
import os
import shutil
import threading
from collections import OrderedDict, deque
from contextlib import nullcontext as nothing
from pathlib import Path

import numpy as np
import pytest

from resviz.config import Session
from resviz.errors import OutputError, RecordingError
from resviz.fields.memory import MEMORY
from resviz.recording import open_recording, record, run
from resviz.recording.spool import drop, follow, recover, spool_folder, spooled, too_much, unfinished
from resviz.recording.spool.pieces import Appended, Piece, entries, line

VERSIONS = Path(__file__).parent / "versions"


def run_spooled(session, **places):
    *_, last = spooled(record(session), **places)
    return last.recording


def test_a_spool_holds_the_whole_run(small, recording, assert_same):
    kept = run_spooled(small(title="Ten Samples"))
    path = kept.spool.path
    assert path.parent == spool_folder()
    assert "ten-samples" in path.name
    assert unfinished() == []  # it is in use
    kept.spool.close()
    (found,) = unfinished()
    assert (found.path, found.title, found.step, found.steps) == (path, "Ten Samples", 6, 6)
    assert found.session == kept.session
    assert found.bytes == sum(f.stat().st_size for f in path.iterdir())
    again = recover(path)
    assert unfinished() == []  # it is in use again
    assert_same(again, recording)
    assert again.made == kept.made
    np.testing.assert_array_equal(again.units(3, 5)[0], recording.units(3, 5)[0])
    where = {"layer": 3, "step": 4}
    assert again.distance("u", **where).w1 == recording.distance("u", **where).w1
    again.spool.drop()
    assert not path.exists()
    assert again.fields(6).h.tobytes() == recording.fields(6).h.tobytes()  # what is open stays readable


@pytest.mark.parametrize(
    "more",
    [
        {"training": {"optimizer": "sgd", "batch": 2, "dtype": "float64"}},
        {"data": {"kind": "circles", "dimension": None}, "network": {"dimension": 5}},
        {"network": {"dimension": 40}, "data": {"samples": 2, "dimension": 40}},  # the limit keeps to a span
        {"network": {"activation": "identity"}},
    ],
)
def test_every_kind_of_lane_comes_back(small, assert_same, more):
    kept = run_spooled(small(**more))
    kept.spool.close()
    assert_same(kept, recover(kept.spool.path))


def test_a_recovered_run_goes_on(small, recording, assert_same):
    states = spooled(record(small()))
    for now in states:
        if now.step == 3:
            break
    states.close()
    now.recording.spool.close()
    path = now.recording.spool.path
    again = recover(path)
    assert again.step == 3
    for k in range(4, 7):  # whoever trains on
        again.append(recording.fields(k))
    again.spool.flush()
    again.spool.close()
    more = recover(path)
    assert more.step == 6
    assert more.fields(6).b.tobytes() == recording.fields(6).b.tobytes()


@pytest.fixture
def only_ours(monkeypatch):
    """Count as if nothing else were held: what other tests have left may go at any moment."""
    gc.collect()
    counts = {"_kept": OrderedDict(), "_pinned": {}, "_watched": set(), "_kept_bytes": 0, "_pinned_bytes": 0}
    for name, empty in counts.items():
        monkeypatch.setattr(MEMORY, name, empty)


def test_memory_past_its_bound_is_spooled(small, recording, assert_same, monkeypatch, only_ours):
    before = MEMORY.used
    size = sum(f.h.nbytes + f.b.nbytes for f in recording.history)
    size *= 2  # what net and twin take, a fourth of all lanes; what is not chunked is held in any case
    monkeypatch.setattr(MEMORY, "limit", before + size)
    kept = run_spooled(small())
    assert MEMORY.used <= before + size
    assert not MEMORY.full
    assert_same(kept, recording)
    assert MEMORY.used <= before + size
    # a run of Python's, that nobody asked to spool, makes room in a temporary one
    again = run(small())
    path = again.spool.path
    assert path.is_dir()
    assert_same(again, recording)
    del again
    gc.collect()
    assert not path.exists()


def test_saving_ends_the_need_for_a_spool(small, recording, tmp_path):
    kept = run_spooled(small())
    kept.save(tmp_path / "run")
    kept.spool.close()
    assert not kept.spool.path.exists()
    assert unfinished() == []
    # but not if it grows after that
    kept = run_spooled(small(training={"steps": 4}))
    kept.save(tmp_path / "run")
    kept.append(recording.fields(5))
    kept.spool.close()
    assert [found.step for found in unfinished()] == [5]


def test_a_retrained_twin_takes_the_place_of_the_old_one(small, assert_same):
    kept = run_spooled(small())
    twin = run(small(network={"alpha": 3.0}))
    twin.contrast = twin.lazy = None
    kept.contrast, kept.session = twin, kept.session.with_values({"contrast.alpha": 3.0})
    kept.spool.close()
    again = recover(kept.spool.path)
    assert again.contrast.session.network.alpha == 3.0
    assert_same(again, kept)


def test_too_many_unsaved_bytes_are_told(small):
    for _ in range(2):
        run_spooled(small()).spool.close()
    size = sum(found.bytes for found in unfinished())
    assert too_much() == []
    assert len(too_much(limit=size - 1)) == 2
    drop(unfinished()[0].path)
    assert len(unfinished()) == 1
    with pytest.raises(RecordingError, match="no unsaved run"):
        drop(spool_folder() / "none")


def test_a_spool_in_use_is_neither_dropped_nor_recovered(small):
    kept = run_spooled(small())
    for ask in (drop, recover):
        with pytest.raises(RecordingError, match="in use"):
            ask(kept.spool.path)
    kept.spool.drop()


def test_a_foreign_file_in_a_spool_is_left_alone(small):
    kept = run_spooled(small())
    (kept.spool.path / "notes.txt").write_text("mine")
    kept.spool.drop()
    assert [f.name for f in kept.spool.path.iterdir()] == ["notes.txt"]


def test_a_torn_journal_is_read_up_to_its_last_whole_line(small, recording):
    kept = run_spooled(small())
    path = kept.spool.path
    kept.spool.close()
    journal = path / "journal"
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in (len(whole) - 3, len(b"".join(lines[:-4])) + 20):
        journal.write_bytes(whole[:cut])
        found, end = entries(whole[:cut])
        assert whole[:end] == b"".join(line(entry) for entry in found)
        again = recover(path)
        assert 0 <= again.step <= 6
        again.append(recording.fields(again.step + 1)) if again.step < 6 else None
        again.spool.close()
        assert recover(path).step >= again.step


def test_arrays_that_a_crash_of_the_machine_lost_end_the_recording_before(small):
    kept = run_spooled(small())
    path = kept.spool.path
    kept.spool.close()
    found, _ = entries((path / "journal").read_bytes())
    steps = [e for e in found if e.get("lane") == "net"]
    (path / "journal").write_bytes(b"".join(line(e) for e in found if "synced" not in e))
    arrays = bytearray((path / "arrays-000").read_bytes())
    arrays[steps[-1]["at"][1] + 200] ^= 1
    (path / "arrays-000").write_bytes(arrays)
    with pytest.raises(RecordingError, match="no whole step") if len(steps) == 1 else nothing():
        again = recover(path)
        assert again.step == steps[-1]["start"] - 1


def test_damage_found_later_names_the_file(small):
    kept = run_spooled(small())
    path = kept.spool.path
    kept.spool.close()
    again = recover(path)
    arrays = (path / "arrays-000").stat().st_size
    with (path / "arrays-000").open("r+b") as file:
        file.seek(arrays - 50)
        file.write(b"\0" * 50)
    with pytest.raises(RecordingError, match="arrays-000 is damaged"):
        [
            f
            for lane in (again, again.limit, again.contrast, again.contrast.limit, again.lazy)
            for f in lane.history
        ]


def test_a_full_disk_leaves_the_run_going_and_is_tried_again(small, recording, assert_same, monkeypatch):
    monkeypatch.setattr("resviz.recording.spool.writer._RETRY_S", 0.0)
    real, full = os.write, [True]

    def write(file: int, data: memoryview) -> int:
        if full[0] and len(data) > 500:
            real(file, data[:100])
            raise OSError(28, "No space left on device")
        return real(file, data)

    monkeypatch.setattr("resviz.recording.spool.pieces.os.write", write)
    *_, last = spooled(record(small()))
    kept = last.recording
    with pytest.raises(OutputError, match="No space left"):
        kept.spool.flush()
    assert "No space left" in str(kept.spool.failure)
    assert_same(kept, recording)
    full[0] = False
    kept.spool.flush()
    assert kept.spool.failure is None
    kept.spool.close()
    assert_same(recover(kept.spool.path), recording)


def test_a_folder_that_cannot_be_made_is_told_in_the_notes(small, recording, assert_same, tmp_path):
    (tmp_path / "file").write_text("")
    *_, last = spooled(record(small()), tmp_path / "file")
    assert last.recording.spool is None
    assert any("cannot be made" in note for note in last.notes)
    assert_same(last.recording, recording)
    MEMORY.pin(small, MEMORY.limit + 1)  # and when memory ends, so does the run
    try:
        with pytest.raises(OutputError, match="cannot be made"):
            deque(spooled(record(small()), tmp_path / "file"))
    finally:
        MEMORY.pin(small, 0)


def test_following_a_run_of_somebody_else(small, assert_same, tmp_path):
    states = spooled(record(small()), path=tmp_path / "run.resviz.part")
    followed = follow(tmp_path / "run.resviz")
    for now in states:
        if now.step >= 0:
            now.recording.spool.flush()
            got = next(x for x in followed if x is not None and x.step == now.step)
            with pytest.raises(RecordingError, match="in use"):
                recover(tmp_path / "run.resviz.part")
    assert_same(got, now.recording)
    now.recording.save(tmp_path / "run.resviz")
    now.recording.spool.close()
    *_, last = followed
    assert last is not got  # the file in its place
    assert_same(last, now.recording)
    assert not (tmp_path / "run.resviz.part").exists()


def test_a_run_beside_its_file_is_found_too(small, tmp_path):
    *_, last = spooled(record(small()), path=tmp_path / "run.resviz.part")
    last.recording.spool.close()
    assert [found.path for found in unfinished()] == [tmp_path / "run.resviz.part"]
    drop(tmp_path / "run.resviz.part")
    assert unfinished() == []
    assert list(spool_folder().iterdir()) == []  # the pointer went too


def test_a_spool_of_a_newer_version_is_refused(small):
    kept = run_spooled(small())
    kept.spool.close()
    journal = kept.spool.path / "journal"
    found, _ = entries(journal.read_bytes())
    found[0]["schema"] = 99
    journal.write_bytes(b"".join(line(e) for e in found))
    with pytest.raises(RecordingError, match="schema 99"):
        recover(kept.spool.path)
    assert journal.exists()


def test_dropped_recordings_take_their_threads_with_them(small):
    others = set(threading.enumerate())
    kept = run_spooled(small())
    path = kept.spool.path
    del kept
    gc.collect()
    assert [found.path for found in unfinished()] == [path]
    for thread in set(threading.enumerate()) - others:
        if thread.name == "spool":
            thread.join(5)
            assert not thread.is_alive()


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("*.spool")), ids=lambda path: path.stem)
def test_spools_of_every_version_are_recovered(path, tmp_path, assert_same):
    copied = shutil.copytree(path, tmp_path / path.name)
    recovered = recover(copied)
    assert recovered.session.title == "Version 1"
    assert_same(recovered, open_recording(VERSIONS / "1.resviz"))


@pytest.mark.parametrize("sizes", [[], [0], [10] * 5000, [3_000_000], [10, 300_000, 0, 10, 262_144, 7]])
def test_many_small_rows_are_few_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int]):
    """One by one, each had to wait until a busy window gave the interpreter back: 148 s in place of 2.7."""
    writes = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: writes.append(len(data)) or write(file, data))
    rows = [bytes([i % 251]) * size for i, size in enumerate(sizes)]
    file = Appended(tmp_path / "arrays", writable=True)
    file.append([b"before"])
    writes.clear()
    place = file.append([memoryview(row) for row in rows])
    assert Piece(file, place).read() == b"".join(rows)
    assert place[0] == len(b"before")
    assert len(writes) <= 1 + sum(sizes) / 2**21


def test_a_session_is_put_into_words_when_it_changes(small, monkeypatch: pytest.MonkeyPatch):
    """The threads of fifty kept runs did so at every beat, and left a window no time."""
    kept = run_spooled(small())
    texts, to_toml = [], Session.to_toml
    monkeypatch.setattr(Session, "to_toml", lambda self: texts.append(self) or to_toml(self))
    for _ in range(3):
        kept.spool.flush()
    assert texts == []
    kept.session = kept.session.with_values({"title": "renamed"})
    for _ in range(3):
        kept.spool.flush()
    assert texts == [kept.session]
    kept.spool.close()
    assert recover(kept.spool.path).session.title == "renamed"
