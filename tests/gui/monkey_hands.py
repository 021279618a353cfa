"""What a hand does to a widget of some kind: one random, lifelike gesture each time."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QListWidget,
    QMenu,
    QSlider,
    QTabBar,
    QTableWidget,
    QTabWidget,
    QWidget,
)

from resviz.draw.view import SceneView

Fire = Callable[[], None]
KEYS = Qt.Key
_STEPS = (KEYS.Key_Up, KEYS.Key_Down, KEYS.Key_PageUp, KEYS.Key_PageDown, KEYS.Key_Home)
_IN_PLOTS = (
    KEYS.Key_Space, KEYS.Key_Left, KEYS.Key_Right, KEYS.Key_R, KEYS.Key_Plus, KEYS.Key_Minus, KEYS.Key_A,
    KEYS.Key_Return, KEYS.Key_Escape, KEYS.Key_PageUp, KEYS.Key_PageDown,
)  # fmt: skip
_IN_TABLES = (KEYS.Key_Return, KEYS.Key_Delete, KEYS.Key_F2, KEYS.Key_Space)
_TYPED = ("", "0", "1", "2", "3", "4", "7", "12", "0.5", "1e-2", "auto", "-1", "nonsense", "1e400", "0 2 5")

NEEDS = {
    "data.dimension": ("data.kind", "gaussian"),
    "data.path": ("data.kind", "file"),
    "data.targets": ("data.kind", "file"),
    "training.batch": ("training.optimizer", "sgd"),
    "training.batch_seed": ("training.optimizer", "sgd"),
    "training.momentum": ("training.optimizer", "momentum"),
    "coordinate": ("observable", "u"),
    "sample": ("observable", "preactivation"),
    "second": ("view", "cloud"),
    "second_coordinate": ("second", "v"),
    "layers": ("view", "grid"),
    "bins": ("view", "grid"),
    "window": ("view", "grid"),
    "lock_axes": ("view", "grid"),
}
"""What has to be chosen before a control is there."""


class NotThere(Exception):
    """A target cannot be fired now."""


class Hands:
    """Works the widgets of ``window``; every choice comes from ``chance``."""

    def __init__(self, window: QWidget, chance: random.Random, typed: Sequence[Path]) -> None:
        """``typed``: what is written where a path is wanted."""
        self.window, self.random, self._paths = window, chance, typed
        self._kinds: tuple[tuple[type[QWidget], Callable[[QWidget], None]], ...] = (
            (QComboBox, self._choose),
            (QAbstractSpinBox, self._step),
            (QSlider, self._slide),
            (QAbstractButton, lambda button: button.click()),
            (QLineEdit, self._type),
            (QTabBar, self._turn),
            (QTableWidget, self._touch_table),
            (QListWidget, self._touch_list),
        )
        self._known: dict[type[QWidget], Callable[[QWidget], None] | None] = {}

    def for_kind(self, widget: QWidget) -> Fire | None:
        """What works a widget of this kind; None: no control."""
        kind = type(widget)
        if kind not in self._known:
            hands = (hand for known, hand in self._kinds if issubclass(kind, known))
            self._known[kind] = next(hands, None)
        hand = self._known[kind]
        return None if hand is None else lambda: hand(widget)

    def gestures(self, view: SceneView) -> dict[str, Fire]:
        """What mouse and keys do over a plot, by name."""
        left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
        hands: dict[str, Fire] = {
            "click": lambda: QTest.mouseClick(view, left, pos=self._point(view)),
            "double click": lambda: QTest.mouseDClick(view, left, pos=self._point(view)),
            "drag": lambda: self._drag(view, left),
            "middle drag": lambda: self._drag(view, middle),
            "hover": lambda: QTest.mouseMove(view, self._point(view)),
            "wheel": lambda: self._wheel(view),
            "key": lambda: QTest.keyClick(view, self.random.choice(_IN_PLOTS)),
        }
        return {name: lambda hand=hand: self._over(view, hand) for name, hand in hands.items()}

    def _over(self, view: SceneView, hand: Fire) -> None:
        self.reach(view)
        hand()

    def reach(self, widget: QWidget) -> None:
        """Make what a widget needs true, and bring it forward.

        Raises:
            NotThere: it cannot be worked now.
        """
        need = NEEDS.get(widget.objectName())
        if need is not None and not widget.isVisible():
            choose(self.window, *need)
        bring_forward(self.window, widget)
        if not (widget.isVisible() and widget.isEnabled()):
            raise NotThere

    # -- controls --------------------------------------------------------------------------------------

    def _choose(self, combo: QComboBox) -> None:
        self.reach(combo)
        QTest.keyClick(combo, self.random.choice((KEYS.Key_Up, KEYS.Key_Down, KEYS.Key_Home, KEYS.Key_End)))

    def _step(self, spin: QAbstractSpinBox) -> None:
        self.reach(spin)
        if self.random.random() < 0.5:
            QTest.keyClick(spin, self.random.choice(_STEPS))
        else:
            spin.selectAll()
            QTest.keyClicks(spin, self.random.choice(("0", "1", "2", "3", "0.9", "7", "x")))
            QTest.keyClick(spin, KEYS.Key_Tab)

    def _slide(self, slider: QSlider) -> None:
        self.reach(slider)
        if self.random.random() < 0.5:
            QTest.keyClick(slider, self.random.choice((KEYS.Key_Left, KEYS.Key_Right, *_STEPS)))
        else:
            self._drag(slider, Qt.MouseButton.LeftButton)

    def _type(self, line: QLineEdit) -> None:
        self.reach(line)
        if self.random.random() < 0.4 and line.objectName() != "layers":
            QTest.keyClick(line, self.random.choice((KEYS.Key_Up, KEYS.Key_Down, KEYS.Key_Escape)))
            return
        wanted = any(word in line.objectName() for word in ("path", "folder", "output"))
        line.setText(self.random.choice([str(path) for path in self._paths] if wanted else _TYPED))
        line.setModified(True)
        QTest.keyClick(line, self.random.choice((KEYS.Key_Return, KEYS.Key_Tab)))

    def _turn(self, tabs: QTabBar) -> None:
        if not tabs.isVisible() or not tabs.count():
            raise NotThere
        at = tabs.tabRect(self.random.randrange(tabs.count())).center()
        QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=at)

    def _touch_table(self, table: QTableWidget) -> None:
        at = self._cell(table)
        match self.random.randrange(3):
            case 0:
                QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
            case 1:
                QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
            case 2:
                QTest.keyClick(table, self.random.choice(_IN_TABLES))

    def _cell(self, table: QTableWidget) -> QPoint:
        """Where a random cell is, which becomes the current one."""
        self.reach(table)
        if not table.rowCount():
            raise NotThere
        row, column = self.random.randrange(table.rowCount()), self.random.randrange(table.columnCount())
        table.setCurrentCell(row, column)
        return table.visualItemRect(table.item(row, column)).center()

    def _touch_list(self, names: QListWidget) -> None:
        names.setCurrentRow(self.random.randrange(names.count()))
        QTest.keyClick(names, KEYS.Key_Space)

    # -- menus -----------------------------------------------------------------------------------------

    def pick(self, widget: QWidget, entry: str) -> None:
        """Open the menu of a plot, or of a row of a table, and choose ``entry``."""
        if isinstance(widget, QTableWidget):
            at = self._cell(widget)
        else:
            self.reach(widget)
            at = self._point(widget)
        widget.customContextMenuRequested.emit(at)
        menu = QApplication.activePopupWidget()
        if not isinstance(menu, QMenu):
            raise NotThere
        action = menu.findChild(QAction, entry)
        menu.close()
        if action is None or not action.isEnabled():
            raise NotThere
        action.trigger()

    # -- the window itself -----------------------------------------------------------------------------

    def move(self, dock: QDockWidget) -> None:
        """Let a dock float, or take its place again."""
        if self.random.random() < 0.5 or dock.isFloating():
            dock.setFloating(not dock.isFloating())
        dock.raise_()

    def resize(self) -> None:
        """Another size of the window."""
        self.window.resize(*self.random.choice(((1100, 680), (1280, 720), (1420, 800))))

    # -- the mouse -------------------------------------------------------------------------------------

    def _point(self, widget: QWidget) -> QPoint:
        across, up = self.random.random(), self.random.random()
        if isinstance(widget, SceneView) and widget.seen.panels and self.random.random() < 0.7:
            plot = self.random.choice(widget.geometry_of_panels.panels).plot  # most hands aim
            return QPointF(plot.left + across * plot.width, plot.top + up * plot.height).toPoint()
        return QPoint(int(across * widget.width()), int(up * widget.height()))

    def _drag(self, widget: QWidget, button: Qt.MouseButton) -> None:
        QTest.mousePress(widget, button, pos=self._point(widget))
        for _ in range(3):
            at = QPointF(self._point(widget))
            event = QMouseEvent(
                QEvent.Type.MouseMove, at, QPointF(widget.mapToGlobal(at)), Qt.MouseButton.NoButton, button,
                Qt.KeyboardModifier.NoModifier,
            )  # fmt: skip
            QApplication.sendEvent(widget, event)
        QTest.mouseRelease(widget, button, pos=self._point(widget))

    def _wheel(self, widget: QWidget) -> None:
        at = QPointF(self._point(widget))
        held = Qt.KeyboardModifier
        keys = self.random.choice((held.NoModifier, held.ShiftModifier, held.ControlModifier))
        turn = QPoint(0, self.random.choice((-120, 120)))
        event = QWheelEvent(
            at, QPointF(widget.mapToGlobal(at)), QPoint(), turn, Qt.MouseButton.NoButton, keys,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)


def choose(window: QWidget, name: str, what: str) -> None:
    """Choose ``what``, by its data or its text, in the combo box called ``name``."""
    combo = window.findChild(QComboBox, name)
    at = max(combo.findData(what), combo.findText(what))
    combo.setCurrentIndex(at)
    combo.activated.emit(at)
    QApplication.processEvents()


def bring_forward(window: QWidget, widget: QWidget) -> None:
    """Raise the docks and turn to the tabs that hold ``widget``."""
    above: QWidget | None = widget
    while above is not None and above is not window:
        parent = above.parentWidget()
        if isinstance(above, QDockWidget) and not above.isFloating():
            above.raise_()
        tabs = parent.parentWidget() if parent is not None else None
        if isinstance(tabs, QTabWidget) and tabs.indexOf(above) >= 0:
            tabs.setCurrentWidget(above)
        above = parent
    if not widget.isVisible():
        QApplication.processEvents()
