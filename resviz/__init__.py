"""Watch a deep ResNet become infinitely wide: hidden units over the density of the Neural Mean ODE.

``import resviz`` loads none of torch, scipy, scikit-learn and Qt; each name below is imported when it is
first used::

    session = resviz.load_session("hello")
    rec = resviz.run(session, progress=True)
    rec.distance("preactivation", layer=38, step=40, sample=0)
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz import errors
    from resviz.block import Activation, register_activation
    from resviz.config import Session, load_session
    from resviz.export import export
    from resviz.export.notebook import animation, plot
    from resviz.recording import open_recording, run, solve_lazy, solve_limit

__version__ = "0.1.0"

_LAZY = {
    "Activation": "resviz.block",
    "Session": "resviz.config",
    "animation": "resviz.export.notebook",
    "load_session": "resviz.config",
    "open_recording": "resviz.recording",
    "plot": "resviz.export.notebook",
    "register_activation": "resviz.block",
    "run": "resviz.recording",
    "solve_lazy": "resviz.recording",
    "solve_limit": "resviz.recording",
}

__all__ = [
    "Activation",
    "Session",
    "animation",
    "errors",
    "export",
    "load_session",
    "open_recording",
    "plot",
    "register_activation",
    "run",
    "solve_lazy",
    "solve_limit",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return importlib.import_module("resviz.errors")
    if name not in _LAZY:
        raise AttributeError(
            f"module 'resviz' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
        )
    value = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """``resviz.export`` is the function, though a subpackage has that name too and Python binds it here."""

    @property
    def export(self) -> Any:
        return importlib.import_module("resviz.export").export

    @export.setter
    def export(self, module: ModuleType) -> None:
        """The import system's assignment of the subpackage: sys.modules keeps it, this name does not."""


sys.modules[__name__].__class__ = _Package
