"""What the window says in words beside its pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resviz.gui.state import AppState
from resviz.scene.ticks import number

if TYPE_CHECKING:
    from resviz.recording import Recording


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the status bar says about the cursor's step; NaN where it is not known.

    Attributes:
        loss: of the net.
        output_error: RMS difference of net and limit over the N x d_out outputs.
        limit_error: the limit's own RMS error, as its solver estimates it.
        limit_took: what its solver took for it.
    """

    loss: float = math.nan
    output_error: float = math.nan
    limit_error: float = math.nan
    limit_took: str = ""

    @property
    def limited(self) -> bool:
        """The limit's own error exceeds the difference: it is no verdict on the net."""
        return self.limit_error > self.output_error

    def words(self) -> list[str]:
        """What the run says about itself at the cursor."""
        named = (
            ("loss", self.loss),
            ("RMS output error against the limit", self.output_error),
            ("the limit's own error", self.limit_error),
        )
        said = [f"{name} {number(value)}" for name, value in named if not math.isnan(value)]
        if self.limited:
            said.append("limited by the reference")
        return [*said, f"limit: {self.limit_took}"] if self.limit_took else said


NO_NUMBERS = Numbers()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the status line says beside the state.

    Attributes:
        doing: work without steps that is going on, empty mostly.
        steps_a_second, frames_a_second: of training and of the pictures.
        device: where the net is trained.
        numbers: loss and errors at the cursor.
        twin_step: step of another twin in training, None if there is none.
    """

    doing: str = ""
    steps_a_second: float = 0.0
    frames_a_second: float = 0.0
    device: str = ""
    numbers: Numbers = NO_NUMBERS
    twin_step: int | None = None


def numbers(state: AppState, recording: Recording | None) -> Numbers:
    """Loss and output errors at the cursor."""
    step = state.cursor
    if recording is None or not 0 <= step <= recording.step:
        return Numbers()
    fields, limit = recording.fields(step), recording.limit
    if limit is None or step > limit.newest:
        return Numbers(fields.loss)
    solved = limit.fields(step)
    error = float(np.sqrt(np.mean((fields.output - solved.output) ** 2)))
    return Numbers(fields.loss, error, solved.output_error, limit.took)
