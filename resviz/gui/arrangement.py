"""Where the docks are and how large: by the window's width, as the user left them, or as at first."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

from resviz.gui.stored import read_remembered, write_remembered

_NARROW = 1400  # below this width the contrast is a tab beside the Experiment
_VERSION = 1  # of saved layouts: those of another set of docks do not fit


class Arrangement(QObject):
    """The docks of one window: forms at the left, contrast at the right, timeline below."""

    def __init__(
        self, window: QMainWindow, left: tuple[QDockWidget, ...], right: QDockWidget, below: QDockWidget
    ) -> None:
        super().__init__(window)
        self._window, self._left, self._right, self._below = window, left, right, below
        self._narrow: bool | None = None
        self._arranged = 1  # width at which the docks got their sizes
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        window.setTabPosition(Qt.DockWidgetArea.LeftDockWidgetArea, QTabWidget.TabPosition.North)
        self._place()

    def _place(self) -> None:
        window, first = self._window, self._left[0]
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first)
        for other in self._left[1:]:
            window.tabifyDockWidget(first, other)
        first.raise_()
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._right)
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self._below)

    def resized(self) -> None:
        """The window has another size."""
        # moving docks within a resize event would recurse
        width = self._window.width()
        narrow = width < _NARROW
        if narrow != self._narrow:
            self._narrow = narrow
            QTimer.singleShot(0, self, self._arrange)
        elif max(width, self._arranged) > 1.25 * min(width, self._arranged):
            QTimer.singleShot(0, self, self._size)

    def _arrange(self) -> None:
        """The contrast beside the pictures where there is room, else as a tab beside the Experiment."""
        if not self._right.isFloating():
            # of docks behind each other the one in front is seen; it stays there
            shown = next((dock for dock in self._left if not dock.visibleRegion().isEmpty()), self._left[0])
            if self._narrow:
                self._window.tabifyDockWidget(self._left[0], self._right)
            else:
                self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._right)
            shown.raise_()
        # a dock that has just moved takes its size when it has been laid out
        QTimer.singleShot(0, self, self._size)

    def _size(self) -> None:
        """Give the pictures what the docks do not need; the user's own sizes hold in between."""
        window = self._window
        self._arranged = window.width()
        side = max(340, round(0.24 * window.width()))
        docks, widths = [self._left[0], self._right], [326, side]
        if self._narrow:
            docks, widths = docks[:1], widths[:1]
        window.resizeDocks(docks, widths, Qt.Orientation.Horizontal)
        height = max(122, round(0.14 * window.height()))
        window.resizeDocks([self._below], [height], Qt.Orientation.Vertical)

    def reset(self) -> None:
        """Every dock where it was at first."""
        for dock in (*self._left, self._right, self._below):
            dock.setFloating(False)
        self._place()
        self._arrange()

    def keep(self) -> None:
        """Remember size, place and docks for the next start."""
        window = self._window
        layout = {
            "geometry": bytes(window.saveGeometry().toHex().data()).decode(),
            "layout": bytes(window.saveState(_VERSION).toHex().data()).decode(),
        }
        write_remembered(read_remembered().model_copy(update=layout))

    def restore(self) -> None:
        """As it was when a window was closed last, if that still fits."""
        kept, window = read_remembered(), self._window
        if not (kept.geometry and kept.layout):
            return
        window.restoreGeometry(QByteArray.fromHex(kept.geometry.encode()))
        if window.restoreState(QByteArray.fromHex(kept.layout.encode()), _VERSION):
            self._narrow, self._arranged = window.width() < _NARROW, window.width()


def dock_of(title: str, widget: QWidget, window: QMainWindow) -> QDockWidget:
    """A dock round ``widget``, which gives it its name; it moves and floats, and cannot be lost."""
    dock = QDockWidget(title, window)
    dock.setObjectName(f"{widget.objectName()}.dock")
    dock.setFeatures(
        QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable
    )
    dock.setWidget(widget)
    return dock


def first_size() -> tuple[int, int]:
    """1600 x 1000, or what the screen has."""
    screen = QGuiApplication.primaryScreen()
    room = screen.availableSize() if screen is not None else QSize(1600, 1000)
    return min(1600, room.width()), min(1000, room.height())
