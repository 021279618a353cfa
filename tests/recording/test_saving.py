"""Disks that fill up, vanish or refuse: a message, the old file as it was, and a run that goes on.

Every call that a save makes fails once, with each error that disks give.
"""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from resviz.errors import OutputError, ResvizError
from resviz.recording import Recording, open_recording
from resviz.recording.spool import Spool, recover, unfinished

ERRORS = [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO]


class Disk:
    """Counts the calls that change a disk, and lets one of them fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder
        self.calls = 0
        self.failing = range(0)
        self.error = 0
        open_file = io.open

        def opened(path: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
            if not self.holds(path) or mode in ("r", "rb"):
                return open_file(path, mode, *more, **options)
            self.call()
            if "b" in mode:
                return Faulty(self, open_file(path, mode, 0))
            return io.TextIOWrapper(Faulty(self, open_file(path, f"{mode}b", 0)), **options)

        monkeypatch.setattr(io, "open", opened)
        for name in ("fsync", "replace", "write", "mkdir", "utime"):
            self.patch(monkeypatch, name)

    def holds(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and Path(path).is_relative_to(self.folder)

    def patch(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            if isinstance(arguments[0], int) or self.holds(arguments[0]):
                self.call(arguments if name == "write" else None)
            # whether it waits for the disk makes no difference here
            return None if name == "fsync" else real(*arguments, **options)

        monkeypatch.setattr(os, name, call)

    def call(self, half: Any = None) -> None:
        number, self.calls = self.calls, self.calls + 1
        if number in self.failing:
            if half is not None:  # a full disk takes a part
                os.pwrite(half[0], half[1][: len(half[1]) // 2], os.lseek(half[0], 0, os.SEEK_CUR))
            raise OSError(self.error, os.strerror(self.error))

    def fail(self, calls: range, error: int = errno.ENOSPC) -> None:
        self.calls, self.failing, self.error = 0, calls, error


class Faulty(io.RawIOBase):
    """A file whose writes may fail."""

    def __init__(self, disk: Disk, file: Any) -> None:
        self.disk, self.file = disk, file

    def write(self, data: Any) -> int:
        try:
            self.disk.call()
        except OSError:
            self.file.write(data[: len(data) // 2])
            raise
        return int(self.file.write(data))

    def readinto(self, buffer: Any) -> int:
        return int(self.file.readinto(buffer))

    def flush(self) -> None:
        if not self.closed:
            self.disk.call()

    def fileno(self) -> int:
        return int(self.file.fileno())

    def seek(self, *where: int) -> int:
        return int(self.file.seek(*where))

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        self.file.close()
        super().close()


@pytest.fixture
def disk(monkeypatch, tmp_path):
    return Disk(monkeypatch, tmp_path)


def save_recording(recording: Recording, path: Path) -> None:
    recording.save(path)


def save_session(recording: Recording, path: Path) -> None:
    recording.session.with_values({"title": "New"}).save(path)


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("save", [save_recording, save_session])
def test_every_call_may_fail(recording, disk, tmp_path, error, save):
    path = tmp_path / ("run.resviz" if save is save_recording else "run.toml")
    disk.fail(range(0))
    save(recording, path)
    wanted, total = path.read_bytes(), disk.calls
    assert total > 3
    before = b"an older file"
    stride = 1 if error == errno.ENOSPC else 7
    for number in range(0, total, stride):
        path.write_bytes(before)
        disk.fail(range(number, number + 1), error)
        try:
            save(recording, path)
        except OutputError:
            assert path.read_bytes() == before
        else:  # tried again by zipfile, or it failed behind the rename
            assert path.read_bytes() == wanted
        assert list(tmp_path.iterdir()) == [path]
    path.write_bytes(before)
    for number in range(0, total - 1, stride):
        disk.fail(range(number, 10**9), error)  # and from then on
        with pytest.raises(OutputError) as caught:
            save(recording, path)
        assert os.strerror(error) in caught.value.message
        assert str(path) in caught.value.message
        assert caught.value.remedy
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


def replay(recording: Recording, after: Callable[[Recording], None]) -> Recording:
    """The recording made again, step by step, as training does."""
    made = Recording(recording.session, recording.problem)
    for fields in recording.history:
        made.append(fields)
        after(made)
    return made


def test_every_call_of_a_spool_may_fail(recording, disk, tmp_path, assert_same):
    """The run goes on; as soon as the disk takes it again, all of it is there."""

    def keep(made: Recording) -> None:
        if made.spool is None:
            with suppress(OutputError):
                Spool.create(made, tmp_path / "spool")
        if made.spool is not None:
            with suppress(OutputError):
                made.spool.flush()

    disk.fail(range(0))
    replay(recording, keep).spool.drop()
    total = disk.calls
    assert total > 20
    for error in ERRORS:
        for number in range(0, total, 3 if error == errno.ENOSPC else 11):
            for failing in (range(number, number + 1), range(number, number + 6)):
                disk.fail(failing, error)
                made = replay(recording, keep)
                disk.fail(range(0))
                keep(made)
                assert made.spool.failure is None
                made.spool.close()
                again = recover(made.spool.path)
                for step in range(7):
                    assert again.fields(step).h.tobytes() == recording.fields(step).h.tobytes()
                again.spool.drop()
    assert unfinished(tmp_path / "spool") == []


def test_a_broken_disk_says_so_and_leaves_what_was_flushed(recording, disk, tmp_path):
    disk.fail(range(0))
    made = Recording(recording.session, recording.problem)
    spool = Spool.create(made, tmp_path / "spool")
    for step in range(4):
        made.append(recording.fields(step))
    spool.flush()
    disk.fail(range(10**9), errno.EIO)
    made.append(recording.fields(4))
    with pytest.raises(OutputError, match="Input/output error"):
        spool.flush()
    assert "stays in memory" in spool.failure.remedy
    with pytest.raises(OutputError):
        spool.close()
    disk.fail(range(0))
    assert made.fields(4).h.tobytes() == recording.fields(4).h.tobytes()
    assert recover(spool.path).step == 3


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB, where one may be mounted."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting takes root")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=False)
    if done.returncode != 0:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_full(recording, small_disk):
    path = small_disk / "session.toml"
    recording.session.save(path)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="No space left on device"):
        recording.save(small_disk / "run")
    assert list(small_disk.iterdir()) == [path]
    (small_disk / "fill").write_bytes(b"\0" * 4096 * 15)
    with pytest.raises(OutputError, match="No space left on device"):
        recording.session.save(path)
    assert path.read_bytes() == before
    made = replay(recording, lambda made: None)
    spool = Spool.create(made, small_disk / "spool")
    with pytest.raises(OutputError, match="No space left on device"):
        spool.flush()
    (small_disk / "fill").unlink()


def test_a_disk_that_cannot_be_written(recording, small_disk):
    subprocess.run(["mount", "-o", "remount,size=1m", str(small_disk)], check=True)
    path = recording.save(small_disk / "run")
    before = path.read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for refused in (recording.save, recording.session.save):
        with pytest.raises(OutputError, match="Read-only file system"):
            refused(path)
    assert path.read_bytes() == before
    with pytest.raises(OutputError, match="Read-only file system"):
        Spool.create(recording, small_disk / "spool")
    assert open_recording(path).step == 6


def test_a_disk_that_vanishes(recording, small_disk, assert_same):
    subprocess.run(["mount", "-o", "remount,size=1m", str(small_disk)], check=True)
    path = recording.save(small_disk / "run")
    opened = open_recording(path)
    (small_disk / "folder").mkdir()
    subprocess.run(["umount", "-l", str(small_disk)], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small_disk)], check=True)
    with pytest.raises(OutputError, match="No such file"):
        recording.save(small_disk / "folder" / "run")
    with pytest.raises(ResvizError, match="does not exist"):
        open_recording(path)
    assert_same(opened, recording)  # what is open stays open
