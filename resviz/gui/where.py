"""The question where a live edit is to hold, when the cursor stands in the past of the run."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from resviz.gui.edits import LIVE
from resviz.gui.state import AppState

Answer = Callable[[int | None], None]


def is_past(state: AppState, path: str) -> bool:
    """Whether an edit of ``path`` could be meant for the shown step or for the newest one."""
    return path in LIVE and not state.follow and 0 <= state.cursor < state.newest and state.newest >= 1


class WhereQuestion(QMessageBox):
    """Calls ``answer(None)`` for the newest step, ``answer(step)`` for a new run; neither when cancelled."""

    def __init__(
        self, state: AppState, label: str, answer: Answer, cancelled: Callable[[], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("where")
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("resviz")
        self.setText(f"From which step on is the new {label} to hold?")
        self.setInformativeText(
            f"The picture shows step {state.cursor}; the run has come to step {state.newest}. "
            "A new run keeps the steps before, and the present one stays in the list of runs."
        )
        ended = state.ended and state.newest >= state.steps
        newest = self.addButton(
            "From the end" if ended else f"From the newest step ({state.newest})",
            QMessageBox.ButtonRole.AcceptRole,
        )
        newest.setObjectName("where.newest")
        here = self.addButton(f"As a new run from step {state.cursor}", QMessageBox.ButtonRole.AcceptRole)
        here.setObjectName("where.here")
        cancel = self.addButton(QMessageBox.StandardButton.Cancel)
        self.setDefaultButton(newest)
        step = state.cursor
        newest.clicked.connect(lambda: answer(None))
        here.clicked.connect(lambda: answer(step))
        cancel.clicked.connect(cancelled)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
