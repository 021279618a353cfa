"""What the commentaries of presets say is what one sees."""

from __future__ import annotations

import numpy as np
import pytest

from resviz.config import preset
from resviz.recording import Recording, run


def rms(recording: Recording, step: int) -> float:
    limit = recording.limit.fields(step).output
    return float(np.sqrt(np.mean((recording.fields(step).output - limit) ** 2)))


def test_blow_up() -> None:
    recording = run(preset("blow-up").session)
    loss, limit = recording.loss, recording.limit.loss
    assert 60 < loss[0] < 100
    assert limit[0] == pytest.approx(1.9, abs=0.1)
    assert loss[:10].max() > 1.5 * loss[0]  # it leaps up before it falls
    assert loss[-1] < 0.1 * loss[0]
    output, given = recording.fields(0).output, recording.problem.x
    assert np.sqrt(np.mean(output**2) / np.mean(given**2)) == pytest.approx(9, abs=2)
    density = recording.density("preactivation", layer=58, step=0, window=16)
    beyond = np.abs(recording.values("preactivation", layer=58, step=0, window=16)) > density.x[-1]
    assert beyond.mean() > 0.5
    twin = recording.contrast
    assert np.all(np.abs(twin.loss[5:] / twin.limit.loss[5:] - 1) < 0.2)


def test_linear() -> None:
    recording = run(preset("linear").session)
    assert recording.limit.solver == "moments"
    assert recording.limit.output_error.max() < 1e-12
    assert rms(recording, 0) == pytest.approx(0.021, abs=2e-3)
    assert rms(recording, 100) == pytest.approx(0.013, abs=2e-3)
    density = recording.density("preactivation", layer=40, step=100)
    assert not density.error.any()


@pytest.mark.long
def test_large_d() -> None:
    recording = run(preset("large-d").session)
    assert 1e-7 < recording.loss[-1] / recording.loss[0] < 1e-5
    for step in (0, 10, 40):
        for layer in (10, 32, 58):
            distance = recording.distance("preactivation", layer=layer, step=step)
            assert distance.ks < 2 * distance.ks_null
    assert recording.density("h", layer=32, step=40).pdf.max() > 0
