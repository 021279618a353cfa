"""Every test runs offscreen, in a RESVIZ_HOME of its own, with repeatable examples."""

from __future__ import annotations

import os

# before anything imports Qt: a test must not open windows on the developer's screen
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# before anything imports torch: the tensors of tests are small, and threads would only wait for one another
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

settings.register_profile("resviz", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("resviz")


@pytest.fixture(autouse=True)
def resviz_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """User state (settings, spool, log) of this test only; the folder is returned."""
    home = tmp_path_factory.mktemp("resviz-home")
    monkeypatch.setenv("RESVIZ_HOME", str(home))
    return home
