"""Timing of the engine from outside."""

from __future__ import annotations

from collections.abc import Callable


def training_step(L: int, M: int, D: int, N: int, device: str = "cpu") -> Callable[[], None]:
    """A callable that does one gradient step of a fresh net: the engine, dtype and rate that `run` uses.

    Args:
        L: layers.
        M: units a layer.
        D: embedding dimension, d_in = d_out = D, Gaussian data.
        N: samples.
        device: "cpu", "cuda", "cuda:1", "mps" or "auto".

    Raises:
        SessionError: a size out of range.
        DeviceError: the device is missing.
    """
    from resviz.config import Session
    from resviz.data import make_problem
    from resviz.engine.resnet import resnet

    session = Session(
        data={"samples": N, "dimension": D},
        network={"layers": L, "units": M, "dimension": D},
        training={"device": device},
    )
    steps = resnet(session, make_problem(session), rates=session.training.rate_at)

    def step() -> None:
        # the engine yields None between two pieces of a step
        while next(steps) is None:
            pass

    step()  # draws the units and compiles the sweep: no part of a step
    return step
