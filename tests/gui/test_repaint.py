"""What the benchmark says of pictures at many layers and at few."""

from __future__ import annotations

from resviz.gui.repaint import SHOWN, over_depth
from resviz.gui.views import VIEWS


def test_every_view_is_painted_at_both_depths(qapp) -> None:
    found = over_depth(2, 4, (2, 5))
    assert {name for name, _ in VIEWS} == set(SHOWN)
    assert {key.split(":")[0] for key in found} == set(SHOWN)
    assert "ridgeline: repaint, L = 5 over L = 2" in found
    assert all(value > 0 for value in found.values())
