"""Replays are tested with one torch thread, as they run."""

from __future__ import annotations

import pytest

from resviz.engine.compiled import one_thread


@pytest.fixture(autouse=True)
def _one_thread():
    with one_thread():
        yield
