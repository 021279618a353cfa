"""File dialogs answered as they come up, in the middle of whatever opened them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
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

_STATIC = ("getOpenFileName", "getSaveFileName", "getExistingDirectory")


class FileDialogs:
    """Answers Qt's own file dialogs, and the questions they ask, while their event loops run.

    Attributes:
        quick: answer before there is a dialog at all: what asked gets its path, and Qt's part is left out.
    """

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
        self.quick = False
        self._real = {name: getattr(QFileDialog, name) for name in (*_STATIC, "exec")}
        for name in _STATIC:
            setattr(QFileDialog, name, staticmethod(partial(self._asked, name)))
        QFileDialog.exec = lambda dialog: self._executed(dialog)
        self._timer = QTimer()
        self._timer.setInterval(3)
        self._timer.timeout.connect(self._answer_file_dialog)
        self._timer.start()

    def stop(self) -> None:
        """Answer nothing any more."""
        self._timer.stop()
        for name, real in self._real.items():
            setattr(QFileDialog, name, staticmethod(real) if name in _STATIC else real)

    def answering(self, path: Path) -> None:
        """Answer the next file dialog with ``path``."""
        self._answer, self._tries = path, 0

    def answer_any(self, ending: str) -> None:
        """Answer the next file dialog with one of the files, whose name ends so."""
        self.answering(next(path for path in self._files if path.name.endswith(ending)))

    def _asked(self, name: str, *arguments: object) -> object:
        if not self.quick:
            return self._real[name](*arguments)
        if name == "getExistingDirectory":
            return str(self._quick_path(self.folder) or "")
        opened = [*self._files, self.folder / "missing.resviz"]
        given = self.random.choice(opened) if name == "getOpenFileName" else self._new_path()
        return str(self._quick_path(given) or ""), ""

    def _executed(self, dialog: QFileDialog) -> int:
        path = self._quick_path(self._new_path()) if self.quick else None
        if not self.quick:
            return self._real["exec"](dialog)
        if path is None:
            return 0
        dialog.selectFile(str(path))
        return 1

    def _quick_path(self, path: Path) -> Path | None:
        """``path``, or what was to be answered; None: cancelled."""
        answer, self._answer = self._answer, None
        if answer is not None:
            return answer
        return None if self.random.random() < 0.5 else path

    def _new_path(self) -> Path:
        return self.folder / f"file-{self.random.randrange(4)}"

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
        return self._new_path()


def _file_dialogs() -> list[QWidget]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QFileDialog) and one.isVisible()]
