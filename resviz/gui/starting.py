"""What a window does once it stands there: unsaved runs of before are offered, hints are given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from resviz.gui.controller import Controller
from resviz.gui.preferences import Preferences
from resviz.gui.recovery import Recovery, RecoveryDialog
from resviz.gui.stored import read_remembered, write_remembered
from resviz.gui.tour import show_hints

if TYPE_CHECKING:
    from resviz.recording.spool import Found


class Starting(QObject):
    """Offers, in this order: what a crash has left, then, at the first start, the hints."""

    def __init__(self, window: QMainWindow, controller: Controller, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._controller, self._preferences = window, controller, preferences
        self._asked = False  # by hand: an empty list is an answer too
        self._recovery = Recovery(self)
        self._recovery.found.connect(self._on_found)
        self._recovery.recovered.connect(controller.recovered)
        self._recovery.refused.connect(lambda text: controller.notice.emit(text, "error"))

    def begin(self) -> None:
        """The window was shown to somebody for the first time."""
        self.look(all_of_them=False)

    def look(self, *, all_of_them: bool) -> None:
        """List unsaved runs, if there are any or somebody asked."""
        self._asked = all_of_them
        settings = self._preferences.settings
        folder = Path(settings.spool_folder).expanduser() if settings.spool_folder else None
        self._recovery.look(folder, 1e9 * settings.spool_gb, all_of_them=all_of_them)

    def _on_found(self, found: Sequence[Found], crowded: bool) -> None:
        if not found and not self._asked:
            self._hint()
            return
        limit = 1e9 * self._preferences.settings.spool_gb
        recovery = self._recovery
        dialog = RecoveryDialog(found, crowded, limit, recovery.open, recovery.drop, self._window)
        if not self._asked:
            dialog.finished.connect(self._hint)
        dialog.open()

    def _hint(self) -> None:
        remembered = read_remembered()
        if not remembered.toured:
            write_remembered(remembered.model_copy(update={"toured": True}))
            show_hints(self._window)

    def close(self) -> None:
        """End the thread."""
        self._recovery.close(2000)
