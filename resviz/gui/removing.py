"""The question before a run that was never saved is taken off the list of runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from resviz.gui.controller import Controller
from resviz.gui.state import KeptRun, RemoveRun


def remove_run(controller: Controller, number: int, window: QWidget) -> None:
    """Take a run off the list; what was never saved is asked about."""
    run = next((one for one in controller.state.runs if one.number == number), None)
    if run is None or not run.unsaved:
        controller.ask(RemoveRun(number))
    elif window.findChild(RemovingQuestion) is None:
        recording = controller.training.kept.get(number)
        spooled = recording is not None and recording.spool is not None
        RemovingQuestion(run, spooled, lambda: controller.ask(RemoveRun(number)), window).open()


class RemovingQuestion(QMessageBox):
    """Calls ``remove`` when that is answered; the list stays as it is meanwhile."""

    def __init__(self, run: KeptRun, spooled: bool, remove: Callable[[], None], parent: QWidget) -> None:
        """
        Args:
            run: what is to go.
            spooled: it lies among the unsaved runs too, and stays there.
            remove: takes it off the list.
            parent: the window.
        """
        super().__init__(parent)
        self.setObjectName("removing")
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("resviz")
        self.setText(f"Run {run.number} has {run.newest} steps that were never saved.")
        self.setInformativeText(
            "Off the list it can be opened again under File, Unsaved runs; an unedited preset is not kept."
            if spooled
            else "It lies in memory alone: off the list it is lost. Show it and save it to keep it."
        )
        yes = self.addButton("Remove", QMessageBox.ButtonRole.AcceptRole)
        yes.setObjectName("removing.remove")
        self.setDefaultButton(self.addButton(QMessageBox.StandardButton.Cancel))
        yes.clicked.connect(remove)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
