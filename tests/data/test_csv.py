import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resviz.config import Session
from resviz.data import make_problem
from resviz.errors import DataError, InputError

TABLE = """\
size,weight,price,sort
1,10,100,red

2,20,200,blue
3,40,150,red
"""


def problem_of(tmp_path, text, targets, **data):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return make_problem(Session(data={"kind": "file", "path": str(path), "targets": targets, **data}))


def refusal(tmp_path, text, targets, **data):
    with pytest.raises(DataError) as caught:
        problem_of(tmp_path, text, targets, **data)
    assert str(caught.value).startswith(str(tmp_path / "table.csv"))
    return str(caught.value)


def test_features_and_numeric_targets_are_standardised(tmp_path):
    problem = problem_of(tmp_path, "size,weight,price\n1,10,100\n2,20,200\n3,40,150\n", ["price"])
    x, y = np.array([[1, 10], [2, 20], [3, 40.0]]), np.array([[100.0], [200], [150]])
    np.testing.assert_allclose(problem.x, (x - x.mean(0)) / x.std(0), rtol=1e-12)
    np.testing.assert_allclose(problem.y, (y - y.mean(0)) / y.std(0), rtol=1e-12, atol=1e-12)


def test_text_in_a_target_column_makes_classes(tmp_path):
    problem = problem_of(tmp_path, TABLE, ["sort"])
    root = np.sqrt(2) / 2
    # sorted by name: blue, red
    np.testing.assert_allclose(problem.y, [[-root, root], [root, -root], [-root, root]], rtol=1e-12)
    assert problem.d_in == 3


def test_several_targets_stand_beside_each_other(tmp_path):
    problem = problem_of(tmp_path, TABLE, ["sort", "price"])
    assert problem.y.shape == (3, 3)
    np.testing.assert_allclose(problem.y[:, 2].mean(), 0, atol=1e-12)
    assert problem.d_in == 2


def test_a_constant_column_becomes_zero(tmp_path):
    problem = problem_of(tmp_path, "a,b,y\n0.1,1,1\n0.1,2,2\n0.1,3,3\n", ["y"])
    assert not problem.x[:, 0].any()
    np.testing.assert_allclose(problem.x[:, 1].std(), 1)


def test_fewer_samples_keep_all_classes_as_columns(tmp_path):
    text = "a,sort\n" + "".join(f"{i},{'abc'[i % 3]}\n" for i in range(30))
    problem = problem_of(tmp_path, text, ["sort"], samples=6)
    assert problem.y.shape == (6, 3)
    assert ((problem.y > 0).sum(axis=0) == 2).all()
    np.testing.assert_allclose(problem.x.std(), 1)
    assert "30 rows" in refusal(tmp_path, text, ["sort"], samples=31)


def test_quotes_spaces_marks_and_line_ends_are_read(tmp_path):
    text = b'\xef\xbb\xbf"a, b", y\r\n" 1.5",-2e-3\r\n2,+3\r\n\r\n'
    problem = problem_of(tmp_path, text, ["y"])
    np.testing.assert_allclose(problem.x[:, 0], [-1, 1])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b,y\n1,2,3\n\n4,five,6\n", "line 4, column 'b': 'five'"),
        ("a,b,y\n1,2,3\n4,nan,6\n", "line 3, column 'b': nan"),
        ("a,b,y\n1,-inf,3\n4,5,6\n", "line 2, column 'b': -inf"),
        ("a,b,y\n1,1e999,3\n4,5,6\n", "line 2, column 'b': 1e999"),
        ("a,b,y\n1,2,3\n4, ,6\n", "line 3, column 'b': an empty cell"),
        ("a,b,y\n1,2,3\n4,5,\n", "line 3, column 'y': an empty cell"),
        ("a,b,y\n1,2,3\n4,5,nan\n", "line 3, column 'y': nan"),
        ("a,b,y\n1,1_000,3\n4,5,6\n", "line 2, column 'b': '1_000'"),
        ("a,b,y\n1,2,red\n4,5,\n", "line 3, column 'y': an empty cell"),
        ("a,b,y\n1,2,red\n4,5,red\n", "single class 'red'"),
        ('a,b,y\n1,"two\nlines",3\n4,5,6\n', "line 3, column 'b'"),
        ("a,b,y\n1,2\n", "line 2: 2 cells, but the header has 3"),
        ("a,a,y\n1,2,3\n", "line 1: two columns are named 'a'"),
        ("a,,y\n1,2,3\n", "line 1: column 2 has no name"),
        ("a,b,y\n", "no rows below the header"),
        ("", "an empty file"),
        ("a;b;y\n1;2;3\n", "part them by ';'"),
        ('a,b,y\n1,"2,3\n', "not a CSV table"),
        (b"a,b,y\n1,\xff,3\n", "not a text file in UTF-8"),
        ("a,b,yy\n1,2,3\n", "names 'y', which is no column; nearest column: 'yy'"),
        ("y\n1\n2\n", "every column is a target"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_by_place(tmp_path, text, says):
    assert says in refusal(tmp_path, text, ["y"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet='ay01.,-;"\n\r e_\0é', max_size=60).map(lambda text: "a,y\n" + text))
def test_any_text_is_a_finite_problem_or_a_named_refusal(tmp_path, text):
    try:
        problem = problem_of(tmp_path, text, ["y"])
    except InputError:
        return
    assert np.isfinite(problem.x).all()
    assert np.isfinite(problem.y).all()
