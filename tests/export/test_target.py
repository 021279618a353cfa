"""Output paths: refused before the work, complete or absent after it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from resviz.errors import OutputError, RequestError
from resviz.export.target import check_file
from resviz.files import free_name, writing


def test_a_file_appears_only_when_complete(tmp_path: Path):
    target = tmp_path / "out.txt"
    with writing(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
        assert temporary.suffix == ".txt"
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path, failure):
    target = tmp_path / "out.txt"
    target.write_text("old")

    def interrupted():
        with writing(target) as temporary:
            temporary.write_text("half")
            raise failure

    with pytest.raises(failure):
        interrupted()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@contextmanager
def written(target: Path, text: str, **how):
    """Hold ``text`` back from its name."""
    with writing(target, **how) as temporary:
        temporary.write_text(text)
        yield


@pytest.mark.parametrize("links", [True, False])
def test_what_comes_meanwhile_stays_and_what_was_made_gets_another_name(tmp_path: Path, monkeypatch, links):
    if not links:  # as on FAT
        monkeypatch.setattr(os, "link", lambda *names: (_ for _ in ()).throw(PermissionError(1, "no links")))
    target, second = tmp_path / "out.txt", tmp_path / "out-2.txt"
    second.write_text("older")
    with (
        pytest.raises(OutputError, match=r"out\.txt came to be meanwhile .*this name is .*out-3\.txt"),
        written(target, "made", taken="beside"),
    ):
        target.write_text("theirs")
    assert (target.read_text(), second.read_text()) == ("theirs", "older")
    assert (tmp_path / "out-3.txt").read_text() == "made"
    with pytest.raises(OutputError, match="--overwrite"), written(target, "made", taken="leave"):
        pass
    assert target.read_text() == "theirs"
    with writing(tmp_path / "free.txt", taken="leave") as temporary:
        temporary.write_text("made")
    assert (tmp_path / "free.txt").read_text() == "made"
    assert len(list(tmp_path.iterdir())) == 4


def test_a_link_to_nothing_is_filled_and_no_other(tmp_path: Path):
    (tmp_path / "far").mkdir()
    link, target = tmp_path / "out.txt", tmp_path / "far" / "real.txt"
    link.symlink_to(target)
    with writing(link, taken="beside") as temporary:
        temporary.write_text("one")
    assert link.is_symlink()
    with pytest.raises(OutputError, match=r"real-2\.txt"), written(link, "two", taken="beside"):
        pass
    assert (target.read_text(), (tmp_path / "far" / "real-2.txt").read_text()) == ("one", "two")


def test_a_full_disk_is_a_message(tmp_path: Path):
    with pytest.raises(OutputError, match="No space left"), writing(tmp_path / "out.txt"):
        raise OSError(28, "No space left on device")


def test_what_is_there_is_replaced_only_on_request(tmp_path: Path):
    target = tmp_path / "out.mp4"
    assert check_file(target) == target
    target.write_text("old")
    with pytest.raises(RequestError, match="exists already"):
        check_file(target)
    assert check_file(target, overwrite=True) == target
    with pytest.raises(RequestError, match="is a folder"):
        check_file(tmp_path, overwrite=True)


def test_folders_that_cannot_take_a_file(tmp_path: Path):
    with pytest.raises(OutputError, match="does not exist"):
        check_file(tmp_path / "missing" / "out.mp4")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="not a folder"):
        check_file(tmp_path / "file" / "out.mp4")
    with pytest.raises(OutputError, match="nothing can be written"):
        check_file(Path("/proc/out.mp4"))


def test_a_free_name_counts_upward(tmp_path: Path):
    assert free_name(tmp_path / "hello.mp4").name == "hello.mp4"
    (tmp_path / "hello.mp4").write_text("")
    (tmp_path / "hello-2.mp4").write_text("")
    assert free_name(tmp_path / "hello.mp4").name == "hello-3.mp4"
