"""One tiny recording for all tests of pictures."""

from __future__ import annotations

import pytest

import resviz


@pytest.fixture(scope="session")
def recording():
    """L = 6 layers of M = 32 units, K = 5 steps, with limit, twin and lazy limit; a second of work."""
    session = resviz.Session(
        title="Tiny, für Tests",
        data={"samples": 3, "dimension": 3},
        network={"layers": 6, "units": 32},
        training={"steps": 5, "device": "cpu"},
        limit={"nodes": 8, "units": 64},
    )
    return resviz.run(session)
