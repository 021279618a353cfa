"""New, Open, Open recent, Save, Save as, and files dropped on the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMenu

from resviz.config import Session
from resviz.draw.virtuals import virtuals
from resviz.gui.controller import Controller
from resviz.gui.state import RECORDING, AppState, Load
from resviz.gui.stored import read_remembered, write_remembered

_FILES = "Sessions and recordings (*.toml *.resviz)"
_SAVED_AS = "Recording (*.resviz);;Session (*.toml)"
_SUFFIXES = (".toml", RECORDING)


@virtuals
class Documents(QObject):
    """The files of one window."""

    def __init__(self, window: QMainWindow, controller: Controller) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        for signal in (controller.files.loaded, controller.files.opened):
            signal.connect(lambda what, path: self._remember(path))
        controller.files.saved.connect(self._remember)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    # -- asked -----------------------------------------------------------------------------------------

    def new(self) -> None:
        """Start over with the default settings."""
        self._controller.ask(Load(Session()))

    def open(self) -> None:
        """Ask for a session or a recording, and open it."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Open", self._folder(), _FILES)
        if path:
            self._controller.open(Path(path))

    def save(self) -> None:
        """Save where it was saved before, or ask."""
        path = self._controller.state.path
        if path is None:
            self.save_as()
        else:
            self._controller.save(path)

    def save_as(self) -> None:
        """Ask where to save the session or the recording."""
        dialog = QFileDialog(self._window, "Save as", self._folder(), _SAVED_AS)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("resviz")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix("toml" if "toml" in chosen else "resviz")
        )
        if dialog.exec() and dialog.selectedFiles():
            self._controller.save(Path(dialog.selectedFiles()[0]))

    def _folder(self) -> str:
        """Where a file dialog begins: beside the file that is open, else beside the last one."""
        path = self._controller.state.path
        recent = read_remembered().recent
        return str(path.parent) if path else str(Path(recent[0]).parent) if recent else ""

    # -- recent files ----------------------------------------------------------------------------------

    def recent_menu(self) -> QMenu:
        """A menu of the files opened or saved last."""
        menu = QMenu("Open &recent", self._window)
        menu.setObjectName("open_recent")
        menu.aboutToShow.connect(lambda: self._fill(menu))
        self._fill(menu)  # some desktops show no menu that is empty beforehand
        return menu

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        remembered = read_remembered()
        for name in remembered.recent:
            menu.addAction(_shortened(name), self._opener(Path(name))).setToolTip(name)
        if not remembered.recent:
            menu.addAction("Nothing was opened yet").setEnabled(False)
            return
        menu.addSeparator()
        menu.addAction("Clear the list", self._forget)

    def _opener(self, path: Path) -> Callable[[], None]:
        return lambda: self._controller.open(path)

    def _remember(self, path: Path) -> None:
        write_remembered(read_remembered().with_recent(path))

    def _forget(self) -> None:
        write_remembered(read_remembered().model_copy(update={"recent": ()}))

    # -- dropped files ---------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDropEvent) and event.type() in (
            QEvent.Type.DragEnter,
            QEvent.Type.DragMove,
            QEvent.Type.Drop,
        ):
            path = dropped(event.mimeData())
            if path is None:
                return False
            event.acceptProposedAction()
            if event.type() == QEvent.Type.Drop and not isinstance(event, QDragEnterEvent):
                self._controller.open(path)
            return True
        return False


def dropped(data: QMimeData) -> Path | None:
    """The one session or recording among dropped files."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    fitting = [path for path in paths if path.suffix.lower() in _SUFFIXES]
    return fitting[0] if len(fitting) == 1 else None


def title_of(state: AppState) -> str:
    """The window's title; Qt puts a star in the place of [*] while something is not saved."""
    name = state.path.name if state.path else (state.session.title or "untitled")
    return f"{name}[*] - resviz"


def _shortened(name: str) -> str:
    """A path that fits a menu: its name and the end of its folder, & doubled because menus eat one."""
    path = Path(name)
    folder = str(path.parent)
    folder = folder if len(folder) <= 40 else f"…{folder[-39:]}"
    return f"{path.name}    {folder}".replace("&", "&&")
