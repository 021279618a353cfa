"""The menu of published experiments; each entry opens the dialog with that experiment checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from resviz.scene.theme import Theme
from resviz.study.published import PUBLISHED

__all__ = ["ReproduceMenu"]


class ReproduceMenu(QMenu):
    """Eleven experiments, and all of them."""

    def __init__(
        self, window: QMainWindow, theme: Callable[[], Theme], failed: Callable[[BaseException, str], None]
    ) -> None:
        """
        Args:
            theme: of the window, when it is asked.
            failed: takes an unexpected error with its report.
        """
        super().__init__("Re&produce", window)
        self.setObjectName("reproduce_menu")
        self.setToolTipsVisible(True)
        self._window, self._theme, self._failed = window, theme, failed
        for one in PUBLISHED:
            self._add(one.name, f"{one.title}…", [one.name], one.source)
        self.addSeparator()
        self._add("all", "All eleven…", [one.name for one in PUBLISHED], "every published experiment")

    def _add(self, name: str, text: str, names: Sequence[str], tip: str) -> None:
        action = QAction(text, self)
        action.setObjectName(f"reproduce.{name}")
        action.setToolTip(tip)
        action.triggered.connect(lambda: self.open(names))
        self.addAction(action)

    def open(self, names: Sequence[str]) -> None:
        """Show the dialog with ``names`` checked."""
        from resviz.gui.reproduce_dialog import ReproduceDialog  # loads torch

        dialog = ReproduceDialog(self._theme(), names, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.failed.connect(self._failed)
        dialog.open()
