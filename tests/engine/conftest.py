"""Engines are tested with one torch thread, as they run."""

from __future__ import annotations

import pytest

from resviz.engine import kernelcache
from resviz.engine.compiled import one_thread


@pytest.fixture(autouse=True)
def _one_thread():
    with one_thread():
        yield


@pytest.fixture(scope="session")
def compiled_kernels():
    """Kernels of both dtypes; where they were never compiled, compiling them takes half a minute."""
    for dtype in kernelcache.DTYPES:
        assert kernelcache.kernels_now(dtype) is not None
