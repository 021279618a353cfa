"""Methods that Qt calls, in which errors may be raised like anywhere else.

On Python 3.11 an error that compiled code raised, ``[][0]`` or ``max([])``, has no exception object before
somebody catches it. PySide (6.9 and 6.10, seen) takes the object for granted when such an error leaves a
method that C++ called, and the program ends with a segmentation fault in place of a report.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, TypeVar

__all__ = ["overridden", "virtuals"]

_Class = TypeVar("_Class", bound=type)


def virtuals(cls: _Class) -> _Class:
    """Class decorator: what leaves the methods of Qt that ``cls`` overrides goes to ``sys.excepthook``."""
    for name, method in list(overridden(cls)):
        setattr(cls, name, _caught_once(method))
    return cls


def overridden(cls: type) -> Iterator[tuple[str, FunctionType]]:
    """The methods of a class that its bases in Qt have too."""
    above = [base for base in cls.__mro__[1:] if base.__module__.partition(".")[0] == "PySide6"]
    for name, found in vars(cls).items():
        special = name.startswith("__")
        if isinstance(found, FunctionType) and not special and any(name in vars(base) for base in above):
            yield name, found


def _caught_once(method: FunctionType) -> Callable[..., Any]:
    @functools.wraps(method)
    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return method(*arguments, **named)
        except BaseException:  # now it is an object
            raise

    return called
