"""A run that finds no memory: cleared up, and answered with a size that fits."""

from __future__ import annotations

import torch

from resviz.config import Session
from resviz.data import Problem
from resviz.engine.resnet import net_device
from resviz.errors import DeviceError, ResvizError
from resviz.fields.memory import free_memory

__all__ = ["out_of_memory"]

_SHARE = 0.5  # of what is free: for the units; the rest is for fields and the limit


def out_of_memory(session: Session, problem: Problem) -> DeviceError:
    """What to say of a session; idle blocks of the device are freed."""
    network = session.network
    free, word = _free(session, problem), 4 if session.training.dtype == "float32" else 8
    # u and v of net and lazy twin
    each = 2.0 * 2.0 * network.layers * problem.dimension * word
    fits = int(_SHARE * free / each)
    if fits >= network.units:
        lower = "limit.units, network.layers or network.units"
    elif fits:
        shown = 2 ** (fits.bit_length() - 1)
        lower = f"network.units (some {shown:,} would fit), network.layers or limit.units"
    else:
        lower = "network.units, network.layers or limit.units"
    return DeviceError(
        "the device ran out of memory", remedy=f"Lower {lower}, or choose another training.device."
    )


def _free(session: Session, problem: Problem) -> float:
    """Bytes that are free on the session's device."""
    try:
        device = net_device(session, problem)
    except ResvizError:
        return float(free_memory())
    if device.type == "cuda":
        torch.cuda.empty_cache()
        return float(torch.cuda.mem_get_info(device)[0])
    return float(free_memory())
