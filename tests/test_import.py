"""What is loaded when: in a process of its own, since pytest has loaded everything here."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "scipy", "numba", "sklearn", "PySide6", "pyqtgraph", "av", "dask", "distributed")


def loaded_by(code: str) -> set[str]:
    report = f"import sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=60
    )
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import resviz",
        "import resviz.config, resviz.config.describe",
        "import resviz; resviz.Session(network={'layers': 3}); resviz.errors.SessionError",
        "import resviz; resviz.load_session('hello'); dir(resviz)",
        "import resviz.apart.process",
        "from resviz.data import make_problem; import resviz; make_problem(resviz.load_session('hello'))",
    ],
)
def test_the_session_loads_no_heavy_library(code):
    assert loaded_by(code) == set()


def test_the_report_sees_a_heavy_library():
    assert "scipy" in loaded_by("import scipy")


def test_an_unknown_name_is_an_attribute_error():
    import resviz

    with pytest.raises(AttributeError, match="no attribute 'sesion'"):
        _ = resviz.sesion
    assert "Session" in dir(resviz)
    assert "export" in dir(resviz)


def test_the_subpackage_export_does_not_hide_the_function():
    # Python binds a subpackage on its parent when it is first imported
    code = (
        "import resviz.export, types, resviz; print(isinstance(vars(resviz).get('export'), types.ModuleType))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "False"
