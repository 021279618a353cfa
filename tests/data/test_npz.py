import numpy as np
import pytest

from resviz.config import Session, load_session
from resviz.data import make_problem
from resviz.errors import DataError


def problem_of(path, **data):
    return make_problem(Session(data={"kind": "file", "path": str(path), **data}))


def stored(tmp_path, **arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    return tmp_path / "a.npz"


def test_arrays_are_used_exactly_as_they_are(tmp_path):
    x, y = np.arange(12.0).reshape(4, 3), np.arange(8).reshape(4, 2)
    problem = problem_of(stored(tmp_path, x=x, y=y, other=np.ones(3)))
    assert np.array_equal(problem.x, x)
    assert np.array_equal(problem.y, y)
    assert problem.dimension == 64


def test_fewer_samples_are_rows_that_belong_together(tmp_path):
    x = np.arange(40.0).reshape(20, 2)
    problem = problem_of(stored(tmp_path, x=x, y=10 * x), samples=7)
    assert np.array_equal(problem.y, 10 * problem.x)
    assert len(np.unique(problem.x[:, 0])) == 7
    with pytest.raises(DataError, match="20 rows"):
        problem_of(tmp_path / "a.npz", samples=21)


def test_a_relative_path_starts_at_the_session_file(tmp_path, monkeypatch):
    stored(tmp_path, x=np.ones((2, 2)), y=np.ones((2, 2)))
    (tmp_path / "s.toml").write_text('[data]\nkind = "file"\npath = "a.npz"\n')
    monkeypatch.chdir("/")
    assert make_problem(load_session(tmp_path / "s.toml")).samples == 2


ONES = np.ones((3, 2))
NAN = np.array([[1.0, 2.0], [3.0, np.nan], [np.inf, 0.0]])


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": ONES}, "no array y"),
        ({}, "no array x; it holds nothing"),
        ({"x": ONES, "y": ONES[:2]}, "x has 3 rows and y has 2"),
        ({"x": NAN, "y": ONES}, r"x\[1, 1\] is nan"),
        ({"x": ONES, "y": NAN[2:]}, r"y\[0, 0\] is inf"),
        ({"x": ONES, "y": np.ones(3)}, r"y has shape \(3,\)"),
        ({"x": np.ones((0, 2)), "y": np.ones((0, 2))}, r"x has shape \(0, 2\)"),
        ({"x": ONES.astype(complex), "y": ONES}, "dtype complex128"),
        ({"x": ONES.astype(str), "y": ONES}, "dtype <U"),
        ({"x": np.array([[print]]), "y": ONES}, "not a .npz of plain numeric arrays"),
    ],
)
def test_arrays_that_cannot_be_used_are_refused(tmp_path, arrays, says):
    path = stored(tmp_path, **arrays)
    with pytest.raises(DataError, match=says) as caught:
        problem_of(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"x,y\n1,2\n"])
def test_files_that_are_no_archive_are_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"not a \.npz"):
        problem_of(tmp_path / "a.npz")


def test_a_bare_array_is_no_archive(tmp_path):
    np.save(tmp_path / "a.npy", ONES)
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"not a \.npz"):
        problem_of(tmp_path / "a.npz")


def test_a_truncated_archive_is_refused(tmp_path):
    path = stored(tmp_path, x=np.random.default_rng(0).random((100, 2)), y=np.ones((100, 2)))
    whole = path.read_bytes()
    broken = bytearray(whole)
    broken[300:400] = bytes(100)  # the checksum of x no longer holds
    for content in (whole[: len(whole) // 2], bytes(broken)):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"not a \.npz"):
            problem_of(path)


def test_a_missing_file_or_a_folder_is_named(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    for name in ("missing.npz", "folder.npz"):
        with pytest.raises(DataError, match=f"{name}: no such data file"):
            problem_of(tmp_path / name)
