"""Activations of one's own: named, tried, and allowed in sessions from then on.

@resviz.register_activation("swish")
class Swish(resviz.Activation):
    def value(self, p):
        return p * torch.sigmoid(p)

    def slope(self, p):
        s = torch.sigmoid(p)
        return s + p * s * (1 - s)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TypeVar, overload

import numpy as np
import torch
from torch import Tensor

from resviz.block.activation import ACTIVATIONS, Activation
from resviz.config.activations import BUILT_IN, add_activation
from resviz.errors import RequestError

__all__ = ["register_activation"]

Kind = TypeVar("Kind", bound=type[Activation])

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_STEP = 1e-5  # of the difference quotient that a slope is compared with
_KINKS = 0.1  # share of places where the two may differ


@overload
def register_activation(name: str) -> Callable[[Kind], Kind]: ...
@overload
def register_activation(name: str, sigma: Kind) -> Kind: ...
def register_activation(name: str, sigma: Kind | None = None) -> Kind | Callable[[Kind], Kind]:
    """Make the class ``sigma`` the activation called ``name``; without ``sigma``, a decorator.

    From then on ``network.activation`` takes the name, in files, forms and Python alike; network, limits,
    densities and twins follow it. ``sigma`` gives `value` and `slope`; see `resviz.Activation` for what it
    may give beside them. The lazy limit needs no more: its dual kernels are tabulated from the two if sigma
    is smooth. By particles (a sigma with kinks, a long run, or ``limit.engine = "particles"``) it needs
    `curvature`, for which a difference quotient of `slope` stands in.

    Names belong to a process. Whoever opens a recording of such a run, or runs such a session in a child
    process or a dask worker, imports the module that registers the name there first (for dask:
    ``client.run(importlib.import_module, "my_activations")``, or a worker preload); without it the name is
    refused. A name may be registered again, as in a notebook's cell that is run twice: the newest holds.
    Registered activations run by torch, not by the compiled kernels of the built-in ones.

    Raises:
        RequestError: the name is a built-in one or no name; ``sigma`` is no subclass of `Activation`, or its
            value and slope are not finite, of another shape, or do not belong together.
    """
    if sigma is None:
        return lambda given: register_activation(name, given)
    if name in BUILT_IN:
        raise RequestError(f"activation {name!r} is built in", remedy="register the class under another name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RequestError(
            f"activation name {name!r} is not allowed",
            remedy="use small letters, digits, - and _, a letter first, at most 40 characters",
        )
    add_activation(name, _tried(name, sigma))
    ACTIVATIONS[name] = sigma
    return sigma


def _tried(name: str, sigma: type[Activation]) -> str:
    """Call a class on a few numbers; returns the fingerprint of its values."""
    if not (isinstance(sigma, type) and issubclass(sigma, Activation)):
        raise RequestError(
            f"activation {name!r}: {sigma!r} is no subclass of resviz.Activation",
            remedy="write a class with the methods value(self, p) and slope(self, p)",
        )
    # an irregular grid: a kink at 0 or 1 lies on none of its points
    p = torch.linspace(-4.0, 4.0, 64, dtype=torch.float64).reshape(2, 32) + 0.0137
    results: list[Tensor] = []
    with torch.no_grad():
        function = _made(name, sigma)
        for method in ("value", "slope"):
            for x in (p, p + _STEP, p - _STEP, p.float()):
                try:
                    found = getattr(function, method)(x)
                except Exception as error:
                    raise RequestError(
                        f"activation {name!r}: {method} fails on a tensor of shape {tuple(x.shape)}: "
                        f"{type(error).__name__}: {error}",
                        remedy="value and slope take a tensor of any shape and return one of the same",
                    ) from error
                _check(name, method, x, found)
                results.append(found)
    value, above, below, _, slope, *_ = results
    quotient = (above - below) / (2 * _STEP)
    wrong = ((slope - quotient).abs() > 1e-4 * (1.0 + slope.abs())).flatten()
    if float(wrong.double().mean()) > _KINKS:
        at = int(wrong.int().argmax())
        raise RequestError(
            f"activation {name!r}: slope({float(p.flatten()[at]):.3g}) = {float(slope.flatten()[at]):.4g}, "
            f"but the difference quotient of value there is {float(quotient.flatten()[at]):.4g}",
            remedy="make slope the derivative of value",
        )
    seen = torch.stack([value, slope]).numpy()
    return hashlib.sha256((np.round(seen, 9) + 0.0).tobytes()).hexdigest()[:16]


def _made(name: str, sigma: type[Activation]) -> Activation:
    try:
        return sigma()
    except TypeError as error:
        raise RequestError(
            f"activation {name!r}: {sigma.__name__}() fails: {error}",
            remedy="the class takes no arguments; fix parameters in a subclass of its own",
        ) from error


def _check(name: str, method: str, x: Tensor, found: object) -> None:
    if not isinstance(found, Tensor) or found.shape != x.shape or found.dtype != x.dtype:
        got = f"{tuple(found.shape)} of {found.dtype}" if isinstance(found, Tensor) else type(found).__name__
        raise RequestError(
            f"activation {name!r}: {method} of a tensor {tuple(x.shape)} of {x.dtype} gives {got}",
            remedy="sigma acts on every entry alone, and keeps shape and dtype",
        )
    if not bool(torch.isfinite(found).all()):
        raise RequestError(
            f"activation {name!r}: {method} is not finite between -4 and 4",
            remedy="sigma and its slope have to be finite everywhere",
        )
