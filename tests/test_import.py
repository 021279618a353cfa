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


AT_ONCE = """
import importlib.abc, sys, threading
import resviz.apart.process, resviz.engine.choose, resviz.gui.following, resviz.gui.recovery, resviz.observe

assert "resviz.recording" not in sys.modules
begun, inside, failed = threading.Event(), threading.Event(), []

class Turns(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "resviz.recording.opened" and threading.current_thread().name == "first":
            begun.set()  # the package is being loaded; the other thread comes as far as it can
            inside.wait(2)
        if name == "resviz.recording.made" and threading.current_thread().name == "second":
            inside.set()  # within resviz.recording.record

def guarded(work):
    try:
        work()
    except BaseException as error:
        failed.append(repr(error))

def first():
    from contextlib import suppress
    with suppress(TypeError):
        {first}

def second():
    begun.wait()
    import resviz.apart.trained

sys.meta_path.insert(0, Turns())
threads = [threading.Thread(target=guarded, args=(work,), name=work.__name__) for work in (first, second)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
assert begun.is_set() and not failed, failed
"""


@pytest.mark.parametrize(
    "first",
    [
        "list(resviz.gui.recovery._look(None, 1e9, set(), True))",
        "next(resviz.gui.following._growing(None))",
    ],
)
def test_threads_may_load_recordings_at_once(first, resviz_home):
    """Two threads load the package by two of its modules, each waiting for the one that the other loads.

    Python breaks such a deadlock by an exception in one and half a module in the other: a window that looked
    for unsaved runs while it began to train did neither. Whoever asks for the package first waits his turn.
    """
    code = AT_ONCE.replace("{first}", first)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
