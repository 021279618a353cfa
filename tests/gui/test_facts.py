"""What the status line says of the limit."""

from __future__ import annotations

import math

from resviz.gui.facts import Numbers


def test_a_difference_below_the_limits_own_error_is_no_verdict():
    clear = Numbers(0.1, output_error=0.02, limit_error=0.003, limit_took="particles, 32 nodes × 256 units")
    assert not clear.limited
    assert clear.words() == [
        "loss 0.100",
        "RMS output error against the limit 0.0200",
        "the limit's own error 0.00300",
        "limit: particles, 32 nodes × 256 units",
    ]
    blunt = Numbers(0.1, output_error=0.002, limit_error=0.003)
    assert blunt.limited
    assert blunt.words()[-1] == "limited by the reference"


def test_nothing_is_said_of_what_is_not_known():
    assert Numbers().words() == []
    assert not Numbers(0.1).limited
    assert math.isnan(Numbers().limit_error)
