"""File dialogs answered as they come up, in the middle of whatever opened them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QWidget,
)
from shiboken6 import isValid


class FileDialogs:
    """Answers Qt's own file dialogs, and the questions they ask, while their event loops run."""

    def __init__(
        self, chance: random.Random, folder: Path, files: Sequence[Path], busy: Sequence[QDialog]
    ) -> None:
        """
        Args:
            folder: where something may be written.
            files: what is opened, among names that do not exist.
            busy: dialogs that somebody else works on.
        """
        self.random, self.folder, self._files, self._open = chance, folder, files, busy
        self._answer: Path | None = None  # to the next file dialog; None: any
        self._tries = self._waited = 0
        self._timer = QTimer()
        self._timer.setInterval(3)
        self._timer.timeout.connect(self._answer_file_dialog)
        self._timer.start()

    def stop(self) -> None:
        """Answer nothing any more."""
        self._timer.stop()

    def answering(self, path: Path) -> None:
        """Answer the next file dialog with ``path``."""
        self._answer, self._tries = path, 0

    def _answer_file_dialog(self) -> None:
        box = QApplication.activeModalWidget()
        popup = QApplication.activePopupWidget()
        self._waited = self._waited + 1 if popup is not None else 0
        if popup is not None and self._waited > 3:  # the menu of a button, which waits for it
            popup.close()
        asking = isinstance(box, QMessageBox) and isinstance(box.parentWidget(), QFileDialog)
        if isinstance(box, QFileDialog) or asking:
            self._tries += 1
            if self._tries > 30:  # whatever it wants
                self._later(box.reject)
                return
        elif self._tries:  # it is closed
            self._tries, self._answer = 0, None
        if asking:
            yes = box.button(QMessageBox.StandardButton.Yes)  # "exists: replace it?", or "not found"
            sure = yes is not None and (self._answer is not None or self.random.random() < 0.5)
            self._press(yes if sure else box.buttons()[-1])
        elif isinstance(box, QFileDialog):
            buttons = box.findChild(QDialogButtonBox)
            roles = {buttons.buttonRole(one): one for one in buttons.buttons()}
            if self._tries > 6 or (self._answer is None and self.random.random() < 0.6):
                self._press(roles[QDialogButtonBox.ButtonRole.RejectRole])
                return
            path = self._answer or self._any_path(box)
            box.findChild(QLineEdit, "fileNameEdit").setText(str(path))
            self._press(roles[QDialogButtonBox.ButtonRole.AcceptRole])
        elif isinstance(box, QDialog) and box not in self._open and _file_dialogs():
            self._later(box.reject)  # came up, at last, over a file dialog

    def _press(self, button: QAbstractButton) -> None:
        self._later(button.click)

    def _later(self, done: Callable[[], object]) -> None:
        # not from here: a question that it asks would wait for this very timer
        QTimer.singleShot(0, lambda: done() if isValid(done.__self__) else None)

    def _any_path(self, dialog: QFileDialog) -> Path:
        if dialog.fileMode() == QFileDialog.FileMode.Directory:
            return self.folder
        if dialog.acceptMode() == QFileDialog.AcceptMode.AcceptOpen:
            return self.random.choice([*self._files, self.folder / "missing.resviz"])
        return self.folder / f"file-{self.random.randrange(4)}"


def _file_dialogs() -> list[QWidget]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QFileDialog) and one.isVisible()]
