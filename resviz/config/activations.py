"""Names of activations: the built-in ones, and those that a program has registered in this process.

A session is checked without torch, so names are kept apart from the classes in `resviz.block.activation`.
"""

from __future__ import annotations

__all__ = ["BUILT_IN", "activation_names", "add_activation", "fingerprint"]

BUILT_IN = ("tanh", "erf", "relu", "gelu", "softplus", "identity")

_registered: dict[str, str] = {}  # name -> fingerprint


def activation_names() -> tuple[str, ...]:
    """All names that ``network.activation`` takes now, registered ones last."""
    return (*BUILT_IN, *_registered)


def add_activation(name: str, fingerprint: str) -> None:
    """Allow ``name`` in sessions from now on; `resviz.register_activation` is what a program calls."""
    _registered[name] = fingerprint


def fingerprint(name: str) -> str:
    """What tells two functions of one registered name apart; empty for a built-in or unknown name."""
    return _registered.get(name, "")
