"""The timing hook does the work it claims to time."""

from __future__ import annotations

import pytest
import torch

import resviz
from resviz.errors import SessionError
from resviz.study import benchmark


def test_every_call_is_one_gradient_step(monkeypatch):
    from resviz.engine import resnet

    seen = []
    engine = resnet.resnet

    def watched(session, problem, **given):
        for fields in engine(session, problem, **given):
            if fields is not None:
                seen.append((session, fields))
            yield fields

    monkeypatch.setattr(resnet, "resnet", watched)
    step = benchmark.training_step(5, 8, 4, 3)
    before = len(seen)
    step()
    step()
    assert len(seen) == before + 2
    session, newest = seen[-1]
    assert newest.step == len(seen) - 1
    assert newest.h.shape == (6, 3, 4)
    recorded = resviz.run(session.with_values({"training.steps": newest.step}))
    # the same engine, dtype and rate as a run
    torch.testing.assert_close(torch.tensor(newest.h), torch.tensor(recorded.fields(newest.step).h))


def test_a_size_out_of_range_is_refused():
    with pytest.raises(SessionError, match="layers"):
        benchmark.training_step(0, 8, 4, 3)
