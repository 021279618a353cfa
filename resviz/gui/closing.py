"""The question before a window is closed on a run that goes on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from resviz.gui.state import AppState


class ClosingQuestion(QMessageBox):
    """Calls ``close`` when answered with Close; the run goes on meanwhile."""

    def __init__(self, state: AppState, close: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("closing")
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("resviz")
        steps = state.steps or state.session.training.last_step
        self.setText(f"The run is at step {max(state.newest, 0)} of {steps}.")
        self.setInformativeText(
            "Closing ends it. What is not saved can be opened again under File, Unsaved runs; "
            "an unedited preset is not kept."
        )
        self.setStandardButtons(QMessageBox.StandardButton.Close | QMessageBox.StandardButton.Cancel)
        self.setDefaultButton(QMessageBox.StandardButton.Cancel)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.button(QMessageBox.StandardButton.Close).clicked.connect(close)
