"""Folders of frames that stop and go on, beside files that are nobody's business."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

import resviz
from resviz.errors import OutputError, RequestError
from resviz.export import Options, export_steps, stills
from resviz.export.sequence import LIST, frame_name

SMALL = Options(view="grid", size=(320, 200))


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def interrupted(recording, folder, after, **more):
    steps = export_steps(recording, folder, SMALL, **more)
    for progress in steps:
        if progress.done == after:
            break
    steps.close()


def test_an_interrupted_sequence_goes_on_where_it_stopped(recording, tmp_path, monkeypatch):
    folder = tmp_path / "frames"
    interrupted(recording, folder, 3)
    assert names(folder) == {LIST, *map(frame_name, range(3))}
    first = (folder / frame_name(0)).stat().st_mtime_ns
    drawn = []
    png = stills.png_still
    monkeypatch.setattr(
        stills, "png_still", lambda scene, made: (drawn.append(made.steps), png(scene, made))[1]
    )
    notes = resviz.export(recording, folder, view="grid", size=(320, 200))
    assert drawn == [(3,), (4,), (5,)]
    assert notes == ("went on after 3 frames that were there",)
    assert (folder / frame_name(0)).stat().st_mtime_ns == first
    # a finished sequence leaves frames alone, the same as those of one that was never interrupted
    assert names(folder) == set(map(frame_name, range(6)))
    resviz.export(recording, tmp_path / "whole", view="grid", size=(320, 200))
    for name in names(folder):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_frames_of_another_request_are_in_the_way(recording, tmp_path):
    folder = tmp_path / "frames"
    interrupted(recording, folder, 2)
    with pytest.raises(RequestError, match=r"holds 2 of these frames already, e\.g\. frame-000000\.png"):
        resviz.export(recording, folder, view="grid", size=(400, 200))
    other = resviz.run(recording.session.with_values({"network.seed": 5}))
    with pytest.raises(RequestError, match="holds 2"):
        resviz.export(other, folder, view="grid", size=(320, 200))
    resviz.export(other, folder, view="grid", size=(320, 200), overwrite=True)
    assert names(folder) == set(map(frame_name, range(6)))


def test_a_frame_that_was_changed_is_somebody_elses(recording, tmp_path):
    folder = tmp_path / "frames"
    interrupted(recording, folder, 3)
    (folder / frame_name(1)).write_bytes(b"edited")
    with pytest.raises(RequestError, match="holds 1 of these"):
        resviz.export(recording, folder, view="grid", size=(320, 200))
    assert (folder / frame_name(1)).read_bytes() == b"edited"


def test_a_full_disk_leaves_a_sequence_that_goes_on(recording, tmp_path, monkeypatch):
    folder = tmp_path / "frames"
    write, room = Path.write_bytes, 100_000

    def until_full(self, data):
        nonlocal room
        room -= len(data)
        if room < 0:
            write(self, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, data)

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", until_full)
        with pytest.raises(
            OutputError, match=r"No space left on device; [1-5] of 6 frames are whole"
        ) as stop:
            resviz.export(recording, folder, view="grid", size=(320, 200))
    assert "goes on where it stopped" in stop.value.remedy
    whole = sorted(names(folder) - {LIST})
    assert whole == [frame_name(step) for step in range(len(whole))]
    assert not [name for name in names(folder) if ".part" in name]
    resviz.export(recording, folder, view="grid", size=(320, 200))
    assert names(folder) == set(map(frame_name, range(6)))


def test_a_frame_that_comes_meanwhile_is_left_alone_and_the_rest_goes_on(recording, tmp_path):
    folder = tmp_path / "frames"
    steps = export_steps(recording, folder, SMALL)
    while next(steps).done < 2:
        pass
    (folder / frame_name(3)).write_text("theirs")
    with pytest.raises(OutputError, match=r"000003\.png came to be meanwhile.*; 3 of 6 frames are whole"):
        list(steps)
    assert (folder / frame_name(3)).read_text() == "theirs"
    assert names(folder) == {LIST, *map(frame_name, range(4))}
    (folder / frame_name(3)).rename(tmp_path / "theirs")
    assert resviz.export(recording, folder, view="grid", size=(320, 200)) == (
        "went on after 3 frames that were there",
    )


def test_a_foreign_list_is_not_touched(recording, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / LIST).write_text("my frames")
    with pytest.raises(RequestError, match="in the way"):
        resviz.export(recording, folder, view="grid", size=(320, 200))
    assert (folder / LIST).read_text() == "my frames"


def test_tables_beside_frames_are_resumed_with_them(recording, tmp_path):
    folder = tmp_path / "frames"
    interrupted(recording, folder, 2, data="csv")
    resviz.export(recording, folder, view="grid", size=(320, 200), data="csv")
    assert names(folder) == {f"frame-{k:06d}.{end}" for k in range(6) for end in ("png", "csv")}
    with pytest.raises(RequestError, match="already"):
        resviz.export(recording, folder, view="grid", size=(320, 200), data="csv")


def test_a_file_is_no_folder(recording, tmp_path):
    (tmp_path / "frames").write_text("mine")
    with pytest.raises(RequestError, match="is a file"):
        resviz.export(recording, tmp_path / "frames", view="grid", size=(320, 200))
