"""The lockstep, its limits' cache, live edits, and the recording file."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

import resviz
from resviz.config import Session
from resviz.errors import DivergenceError, OutputError, RecordingError
from resviz.recording import open_recording, record, run, solve_lazy, solve_limit


def small(**more: object) -> Session:
    values: dict = {
        "data": {"samples": 3, "dimension": 4},
        "network": {"layers": 8, "units": 16},
        "training": {"steps": 6},
        "limit": {"nodes": 8, "units": 32},
    }
    for table, keys in more.items():
        values[table] = values.get(table, {}) | keys
    return Session(**values)


@pytest.fixture(scope="module")
def recording():
    return run(small())


def test_everything_promised_is_there(recording):
    assert recording.loss.shape == (7,)
    assert recording.output.shape == (7, 3, 4)
    assert recording.step == recording.steps == 6
    for limit in (recording.limit, recording.lazy, recording.contrast.limit):
        assert limit.loss.shape == (7,)
        assert limit.h.shape == limit.b.shape == (7, len(limit.s), 3, 4)
        assert (limit.s[0], limit.s[-1]) == (0.0, 1.0)
        assert limit.output_error.shape == (7,)
        assert limit.output_error[3] > 0
    assert recording.contrast.session.network.alpha == 8.0
    assert np.isinf(recording.lazy.alpha)
    np.testing.assert_allclose(recording.loss, np.mean((recording.output - recording.problem.y) ** 2, (1, 2)))
    np.testing.assert_array_equal(recording.contrast.units(2, 0)[0], recording.units(2, 0)[0])


def test_the_same_session_gives_the_same_bytes(recording):
    again = run(small())
    for step in range(7):
        assert again.fields(step).h.tobytes() == recording.fields(step).h.tobytes()
        assert again.limit.fields(step).b.tobytes() == recording.limit.fields(step).b.tobytes()


def test_limits_alone_are_the_limits_of_the_run(recording):
    np.testing.assert_array_equal(solve_limit(small()).output, recording.limit.output)
    np.testing.assert_array_equal(solve_lazy(small()).output, recording.lazy.output)
    assert resviz.solve_limit is solve_limit


def test_solved_limits_are_used_again_for_another_seed_and_shape():
    known: dict = {}
    first = run(small(), limits=known)
    assert len(known) == 3
    second = run(small(network={"layers": 4, "units": 32, "seed": 5}), limits=known)
    for one, other in (
        (first.limit, second.limit),
        (first.lazy, second.lazy),
        (first.contrast.limit, second.contrast.limit),
    ):
        assert all(one.fields(k) is other.fields(k) for k in range(7))
    third = run(small(network={"alpha": 2.0}), limits=known)
    assert third.limit.fields(6) is not first.limit.fields(6)


def test_a_live_edit_becomes_an_event_that_replays_exactly():
    states = record(small())
    live = next(states).recording
    for state in states:
        if state.step == 2 and not live.session.training.events:
            live.edit(rate=0.25, steps=8)
    assert live.step == 8
    (event,) = live.session.training.events
    assert event.rate == 0.25
    assert event.step == 3
    again = run(live.session)
    assert again.fields(8).h.tobytes() == live.fields(8).h.tobytes()
    assert again.limit.fields(8).h.tobytes() == live.limit.fields(8).h.tobytes()
    assert again.contrast.fields(8).h.tobytes() == live.contrast.fields(8).h.tobytes()
    assert run(small(training={"steps": 8})).loss[8] != live.loss[8]


def test_divergence_keeps_what_was_recorded():
    session = small(network={"alpha": 40.0, "activation": "relu"}, training={"steps": 200, "rate": 50.0})
    states = record(session)
    kept = next(states).recording
    with pytest.raises(DivergenceError) as caught:
        for _ in states:
            pass
    assert caught.value.step == kept.step + 1
    assert np.isfinite(kept.loss).all()


def test_a_twin_that_diverges_does_not_end_the_run():
    session = small(
        network={"activation": "relu", "alpha": 0.1},
        training={"steps": 30, "rate": 0.02},
        contrast={"alpha": 1e5},
    )
    *_, last = record(session)
    assert last.step == 30
    assert any("twin" in note for note in last.notes)
    assert last.recording.contrast.step < 30


def test_a_recording_comes_back_bit_for_bit(recording, tmp_path):
    path = recording.save(tmp_path / "run")
    assert path == tmp_path / "run.resviz"
    again = open_recording(path)
    assert again.session == recording.session
    np.testing.assert_array_equal(again.loss, recording.loss)
    np.testing.assert_array_equal(again.output, recording.output)
    np.testing.assert_array_equal(again.limit.output_error, recording.limit.output_error)
    np.testing.assert_array_equal(again.lazy.h, recording.lazy.h)
    for ask in ("units", "twins"):
        for theirs, ours in zip(
            getattr(again, ask)(layer=3, step=5), getattr(recording, ask)(layer=3, step=5), strict=True
        ):
            np.testing.assert_array_equal(theirs, ours)
    where = {"layer": 3, "step": 4, "sample": 1}
    for name in ("preactivation", "travel_u"):
        np.testing.assert_array_equal(again.values(name, **where), recording.values(name, **where))
        np.testing.assert_array_equal(again.density(name, **where).pdf, recording.density(name, **where).pdf)
    assert again.contrast.session.network.alpha == 8.0
    np.testing.assert_array_equal(again.contrast.loss, recording.contrast.loss)


def test_nothing_in_the_file_is_pickled_and_it_holds_the_manifest(recording, tmp_path):
    with zipfile.ZipFile(recording.save(tmp_path / "run.resviz")) as archive:
        names = archive.namelist()
        assert all(n.endswith((".npy", ".toml", ".json")) for n in names)
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["schema"] == 2
        assert manifest["lanes"]["net"]["steps"] == 7
        assert all(i.file_size <= 16_100_000 for i in archive.infolist())


def test_long_recordings_are_written_in_chunks(recording, tmp_path, monkeypatch):
    monkeypatch.setattr("resviz.recording.file.MEMBER_BYTES", 1000)
    path = recording.save(tmp_path / "run.resviz")
    with zipfile.ZipFile(path) as archive:
        assert sum(n.startswith("net/h-") for n in archive.namelist()) > 1
    np.testing.assert_array_equal(open_recording(path).fields(6).h, recording.fields(6).h)


def test_a_failed_save_leaves_the_old_file(recording, tmp_path, monkeypatch):
    path = recording.save(tmp_path / "run.resviz")
    before = path.read_bytes()

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("resviz.recording.file._Saving._put_steps", full)
    with pytest.raises(OutputError, match="No space left"):
        recording.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_file_is_kept_on_request(recording, tmp_path):
    path = recording.save(tmp_path / "run.resviz")
    with pytest.raises(OutputError, match="exists"):
        recording.save(path, overwrite=False)


@pytest.mark.parametrize("damage", ["missing", "text", "cut", "newer", "no-net-member"])
def test_damaged_files_are_refused(recording, tmp_path, damage):
    path = recording.save(tmp_path / "run.resviz")
    if damage == "missing":
        path = tmp_path / "other.resviz"
    elif damage == "text":
        path.write_text("hello")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    else:
        with zipfile.ZipFile(path) as archive:
            members = {n: archive.read(n) for n in archive.namelist()}
        if damage == "newer":
            members["manifest.json"] = json.dumps(
                json.loads(members["manifest.json"]) | {"schema": 99}
            ).encode()
        else:
            del members["net/output-00000.npy"]
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    with pytest.raises(RecordingError) as caught:
        open_recording(path)
    assert path.name in caught.value.message
    assert caught.value.remedy


def test_embedded_data_train():
    """Digits through W_in and W_out (mathematics.md 1.3): the loss of net and limit falls."""
    rec = run(
        Session(
            data={"kind": "digits", "samples": 30},
            network={"layers": 8, "units": 64, "dimension": 16},
            training={"steps": 15},
            limit={"nodes": 8, "units": 128},
        )
    )
    assert rec.output.shape == (16, 30, 10)
    assert rec.fields(0).h.shape == (9, 30, 16)
    assert rec.loss[15] < 0.8 * rec.loss[0]
    assert rec.limit.loss[15] < 0.8 * rec.limit.loss[0]
    assert abs(rec.loss[15] - rec.limit.loss[15]) < 0.15 * rec.loss[15]
