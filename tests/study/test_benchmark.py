"""The timing hook does the work it claims to time."""

from __future__ import annotations

import json
from time import sleep

import numpy as np
import pytest
import torch

import resviz
from resviz.cli import main
from resviz.errors import SessionError
from resviz.study import benchmark, timing
from resviz.study.peers import Sizes, peers
from resviz.study.timing import interleaved


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


def test_peers_take_the_same_steps():
    """Every peer ends in the network that ours trains: none is timed at something easier."""
    sizes = Sizes(5, 8, 4, 3)
    found = peers(sizes, 2)
    assert [p.name for p in found][:3] == ["numpy float64", "autograd, 2 threads", "autograd, 1 thread"]
    exact = None
    for peer in found:
        for _ in range(3):
            peer.step()
        u, v = peer.units()
        exact = exact or (u.copy(), v.copy())
        np.testing.assert_allclose(u, exact[0], atol=1e-4)
        np.testing.assert_allclose(v, exact[1], atol=1e-4)
    session = resviz.Session(
        data={"samples": 3, "dimension": 4},
        network={"layers": 5, "units": 8, "dimension": 4},
        training={"steps": 3},
    )
    ours = resviz.run(session).units(2, 3)
    np.testing.assert_allclose(ours[0], exact[0][2], atol=1e-4)
    np.testing.assert_allclose(ours[1], exact[1][2], atol=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_peers_on_a_gpu_take_the_same_steps():
    found = [*peers(Sizes(20, 8, 4, 3), 1, "cuda:0"), *peers(Sizes(20, 8, 4, 3), 1)]
    for peer in found * 3:
        peer.step()
    for peer in found:
        np.testing.assert_allclose(peer.units()[0], found[-1].units()[0], atol=1e-4)


def test_steps_of_one_device_alone(capsys):
    assert main(["bench", "--quick", "--no-window", "--no-peers", "--device", "cpu", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "50x1" in printed
    assert "other work" not in printed
    assert main(["bench", "--quick", "--no-window", "--device", "cuda:77", "--quiet"]) != 0


def test_ways_are_timed_in_turns(monkeypatch):
    monkeypatch.setattr(timing, "_SAMPLE_S", 0.03)  # a call is a sample
    calls = []
    ways = {name: lambda name=name: calls.append(name) or sleep(0.11) for name in "ab"}
    *pulses, found = interleaved(ways, rounds=4)
    assert set(pulses) == {None}
    assert "".join(calls) == "aabb" + "ab" * 4
    assert found["a"].samples == 4
    assert 0.03 <= found["a"].low <= found["a"].median <= found["a"].high


def test_the_report_holds_what_was_measured(tmp_path, capsys):
    file, figure = tmp_path / "bench.json", tmp_path / "growth.svg"
    arguments = ["bench", "--quick", "--no-window", "--json", str(file), "--figure", str(figure), "--quiet"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    report = json.loads(file.read_text())
    assert set(report) == {
        "machine",
        "roofline",
        "card",
        "steps",
        "engine",
        "memory",
        "growth",
        "window",
        "recording_overhead",
    }
    for step in report["steps"]:
        L, M, D, N = step["sizes"]
        assert step["flops"] == 14 * L * M * N * D
        assert step["bytes"] == 6 * L * M * D * 4
        ours = step["timings"]["resviz"]["median"]
        for name, ratio in step["ratios"].items():
            assert ratio == pytest.approx(step["timings"][name]["median"] / ours)
            assert name in printed
    assert all(seconds > 0 for _, seconds in report["growth"])
    assert len(report["engine"]) == 6
    bare, recorded = (report["engine"][f"all steps, {how}"]["median"] for how in ("bare", "recorded"))
    assert report["recording_overhead"] == pytest.approx(recorded / bare - 1)
    assert "% of bare training" in printed
    assert "<svg" in figure.read_text()
    assert report["machine"]["processor"] in printed
    before = file.read_bytes(), figure.read_bytes()
    for _ in (file, figure):  # the first that is in the way, before anything is timed
        assert main(arguments) == 2
        assert "exists already" in capsys.readouterr().err
        arguments[4] = str(tmp_path / "other.json")
    assert (file.read_bytes(), figure.read_bytes()) == before
