"""Everything that resviz refuses or fails at, as one tree.

::

    ResvizError                      catch this one to catch all of them
    ├── InputError                   wrong input: the command line exits with status 2
    │   ├── SessionError             a session file or a session value
    │   ├── DataError                a data set: file missing, text in a number column, NaN
    │   ├── RecordingError           a recording file that cannot be opened or lacks what is asked
    │   └── RequestError             a layer, step, observable, view or size that does not exist
    └── WorkError                    the work itself failed: exit status 1
        ├── DivergenceError          NaN or blow-up, with the step and layer where it was seen
        ├── DeviceError              a device that is missing or out of memory
        └── OutputError              a file or folder that cannot be written

Every message says what was wrong (field, value, rule); ``remedy`` says in one line what to do about it.
"""

from __future__ import annotations

from typing import Any


class ResvizError(Exception):
    """Base of all errors raised by resviz on purpose.

    Args:
        message: what is wrong, naming field, value and rule.
        remedy: one line that says what to do; shown on a line of its own.
    """

    exit_status = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[Any, ...]:
        # through a pipe from another process; arguments of subclasses lie in the attributes
        return _again, (type(self), self.message), self.__dict__

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


def _again(kind: type[ResvizError], message: str) -> ResvizError:
    error = kind.__new__(kind, message)
    error.args = (message,)
    return error


class InputError(ResvizError):
    """Wrong input; nothing was computed."""

    exit_status = 2


class SessionError(InputError):
    """A session file or a session value breaks a rule."""


class DataError(InputError):
    """A data set cannot be used as it is."""


class RecordingError(InputError):
    """A recording cannot be opened, or does not hold what was asked of it."""


class RequestError(InputError):
    """A layer, step, observable, view, size or frame rate that does not exist."""


class WorkError(ResvizError):
    """The work was well defined and failed."""


class DivergenceError(WorkError):
    """Training left the finite numbers; everything recorded before stays valid.

    Attributes:
        step: first step whose fields are not finite.
        layer: first layer of that step where this is seen.
    """

    def __init__(self, message: str, *, step: int, layer: int, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.step = step
        self.layer = layer


class DeviceError(WorkError):
    """A compute device is missing or ran out of memory."""


class OutputError(WorkError):
    """A file or folder cannot be written."""


# of torch's allocators for CUDA and the processor, and of numpy's
_NO_MEMORY = ("out of memory", "not enough memory", "allocate memory", "unable to allocate")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception, ours or another library's, says that memory was refused."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _NO_MEMORY)
