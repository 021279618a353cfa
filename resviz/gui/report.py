"""The one error dialog: what happened, where, what to do, and a report to send."""

from __future__ import annotations

import html
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from resviz.errors import DivergenceError, ResvizError, is_out_of_memory

_VERSIONS = ("resviz", "numpy", "scipy", "torch", "PySide6-Essentials", "av")


def message_of(error: BaseException) -> tuple[str, str]:
    """What went wrong and what to do about it, for people."""
    if isinstance(error, ResvizError):
        return error.message, error.remedy
    text = str(error).strip().splitlines()
    what = f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
    if is_out_of_memory(error):
        return what, "Make layers, units or samples smaller; the estimate under the form says what fits."
    return what, "This is a fault of the program: please send the report."


def ended_text(error: BaseException | None) -> str:
    """One or two lines for the strip above the pictures on why training ended."""
    if isinstance(error, DivergenceError):
        return f"Paused: {error.message}" + (f"\n{error.remedy}" if error.remedy else "")
    if isinstance(error, ResvizError):
        return str(error)
    return f"Training stopped: {type(error).__name__}: {error}"


def installed_versions() -> list[tuple[str, str]]:
    """Names and versions of this program and of what it rests on."""
    found = []
    for name in _VERSIONS:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "is not installed"))
    return found


def report_text(error: BaseException, traceback: str, session: str = "") -> str:
    """Versions, platform, traceback and session: everything needed to see the error again."""
    lines = [f"{what}" for what in message_of(error) if what]
    lines += ["", f"Python {sys.version.split()[0]} on {platform.platform()}"]
    lines += [f"{name} {number}" for name, number in installed_versions()]
    lines += ["", traceback.strip() or "no traceback"]
    if session:
        lines += ["", "Session:", session.strip()]
    return "\n".join(lines) + "\n"


class ReportDialog(QDialog):
    """Says what, where and what to do; *Copy report* puts the whole report into the clipboard."""

    def __init__(self, error: BaseException, report: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("report")
        self.setWindowTitle("resviz: something went wrong")
        what, remedy = message_of(error)
        text = QLabel(f"<p><b>{html.escape(what)}</b></p><p>{html.escape(remedy)}</p>")
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text = report
        details = QPlainTextEdit(report)
        details.setReadOnly(True)
        details.setAccessibleName("Report")
        details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        copy = QPushButton("Copy report")
        copy.setObjectName("copy_report")
        copy.clicked.connect(self.copy)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(details, 1)
        layout.addWidget(buttons)
        self.resize(640, 420)

    def copy(self) -> None:
        """Put the report into the clipboard."""
        QGuiApplication.clipboard().setText(self._text)
