"""Networks trained together by the compiled kernels: every replica has its own scale and rates."""

from __future__ import annotations

import numpy as np
import pytest
from problems import session

from resviz.data import make_problem
from resviz.engine import native
from resviz.study.ensemble import Ensemble, NativeSweep, train_together

pytestmark = pytest.mark.usefixtures("compiled_kernels")


def trained(sessions) -> Ensemble:
    *_, last = train_together(sessions, [make_problem(s) for s in sessions])
    return last


@pytest.mark.parametrize(("layers", "units", "d", "n"), [(4, 1, 10, 10), (3, 7, 5, 1), (3, 100, 33, 20)])
def test_the_same_numbers_as_by_torchscript(layers, units, d, n, monkeypatch):
    base = session(d=d, n=n, layers=layers, units=units).with_values(
        {"training.dtype": "float64", "training.steps": 4, "network.parametrisation": "output-weights"}
    )
    sessions = [
        base.with_values({"network.alpha": alpha, "network.seed": seed, "training.rate": rate})
        for alpha, seed, rate in [(0.3, 1, 1.0), (1.0, 1, 0.5), (5.0, 2, 1.0)]
    ]
    ours = trained(sessions)
    assert isinstance(ours.sweep, NativeSweep)
    monkeypatch.setattr(native, "kernels", lambda dtype: None)
    theirs = trained(sessions)
    assert not isinstance(theirs.sweep, NativeSweep)
    np.testing.assert_allclose(ours.output, theirs.output, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(ours.u.numpy(), theirs.u.numpy(), rtol=1e-10, atol=1e-11)
