"""What there is in a window that can be fired, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from monkey_hands import Fire, Hands, NotThere
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDockWidget,
    QListWidget,
    QMenu,
    QTabBar,
    QTableWidget,
    QToolButton,
    QWidget,
)

from resviz.draw.view import SceneView
from resviz.gui.state import Reset
from resviz.gui.window import MainWindow

_ENTRIES = ("enlarge", "all", "figure", "data", "copy_picture", "copy_values", "copy_python", "copy_command")
_OF_RUNS = ("show", "pin", "name", "remove")
_ALONE = ("timeline.view", "error", "phase-diagram", "sweep")
"""Plots of one panel, which cannot be enlarged."""


class Targets:
    """Finds what can be fired; what is hidden is brought forward when its turn comes."""

    def __init__(self, window: MainWindow, hands: Hands) -> None:
        self._window, self._hands = window, hands

    def all(self) -> dict[str, Fire]:
        """Everything in the window, without its dialogs."""
        found: dict[str, Fire] = {name: lambda name=name: self.act(name) for name in self.actions()}
        for view in self._window.findChildren(SceneView):
            if not isinstance(view.window(), QDialog):
                found |= self.of_plot(view)
        found |= self.controls(self._window)
        table = self._window.findChild(QTableWidget, "runs.table")
        for entry in _OF_RUNS:
            found[f"runs.{entry}"] = lambda entry=entry: self._hands.pick(table, f"runs.{entry}")
        for dock in self._window.findChildren(QDockWidget):
            found[f"dock {dock.windowTitle()}"] = lambda dock=dock: self._hands.move(dock)
        found["window size"] = self._hands.resize
        return found

    def actions(self) -> dict[str, QAction]:
        """Every action of menus, toolbars and the window, by its name."""
        menus = [menu for menu in self._window.findChildren(QMenu) if "plot" not in menu.objectName()]
        for menu in menus:
            menu.aboutToShow.emit()  # some are filled when they are opened
        heads = {menu.menuAction() for menu in menus}
        actions = [action for holder in (self._window, *menus) for action in holder.actions()]
        found = {}
        for action in actions:
            of_a_row = action.objectName().startswith(("runs.", "plot."))  # of a menu that is about to close
            if not (action.isSeparator() or action in heads or of_a_row):
                # files that were opened lately have no names of their own
                found["action " + (action.objectName() or "of Open recent")] = action
        return found

    def act(self, name: str) -> None:
        """Trigger the action called ``name``."""
        known = self._window.findChild(QAction, name.removeprefix("action "))  # a tenth of looking at all
        action = known or self.actions().get(name)
        if action is None or not action.isEnabled():
            raise NotThere
        if name == "action quit" and not self._window.controller.state.training:
            self._window.controller.ask(Reset())  # so that the window asks before it closes
        action.trigger()

    def of_plot(self, view: SceneView) -> dict[str, Fire]:
        """Gestures over a plot and entries of its menu."""
        plot = f"plot {view.objectName() or view.accessibleName()}"
        found = {f"{plot}: {name}": fire for name, fire in self._hands.gestures(view).items()}
        for entry in _ENTRIES:
            if entry != "enlarge" or view.objectName() not in _ALONE:
                found[f"{plot}: menu {entry}"] = lambda entry=entry: self._hands.pick(view, f"plot.{entry}")
        return found

    def controls(self, parent: QWidget) -> dict[str, Fire]:
        """Controls below ``parent``, each by the hand that its kind needs."""
        found: dict[str, Fire] = {}
        for name, fire in self._controls(parent):
            names = (name, *(f"{name} ({n})" for n in range(2, 20)))  # some have no names of their own
            free = next((one for one in names if one not in found), None)
            assert free is not None, f"{name}: {list(found)}"
            found[free] = fire
        return found

    def _controls(self, parent: QWidget) -> Iterator[tuple[str, Callable[[], None]]]:
        # Qt makes bars for docks that lie on one another, and keeps those that it has no use for
        docked = [bar for bar in parent.findChildren(QTabBar) if bar.parentWidget() is self._window]
        for widget in parent.findChildren(QWidget):
            hand = self._hands.for_kind(widget)
            if hand is None or isinstance(widget, QMenu) or widget in docked or _inside(widget, parent):
                continue
            over = widget.objectName().startswith("tour.") and not widget.isVisible()  # and not gone yet
            if not over:
                yield _name(widget, parent), hand
        if parent is self._window:
            shown = next((bar for bar in docked if bar.isVisible()), None)
            yield "control tabs of docks", (self._hands.for_kind(shown) if shown else _nothing)


def _nothing() -> None:
    raise NotThere


def title(dialog: QDialog) -> str:
    """What names of things in a dialog begin with."""
    return dialog.objectName() or dialog.windowTitle() or type(dialog).__name__


def buttons(dialog: QDialog) -> dict[str, QAbstractButton]:
    """The buttons that a dialog is left by, or that start its work."""
    boxes = dialog.findChildren(QDialogButtonBox)
    found = {one.objectName() or one.text().replace("&", ""): one for box in boxes for one in box.buttons()}
    return found or {one.text(): one for one in dialog.findChildren(QAbstractButton)}


def _inside(widget: QWidget, parent: QWidget) -> bool:
    """Whether a control is a part of another one, of a dialog, or of Qt's own."""
    above = widget.parentWidget()
    while above is not None and above is not parent:
        if isinstance(
            above, QDialog | QComboBox | QAbstractSpinBox | QTableWidget | QTabBar | QListWidget | QMenu
        ):
            return True
        above = above.parentWidget()
    return isinstance(widget, QTabBar) and widget.count() == 0


def _name(widget: QWidget, parent: QWidget) -> str:
    action = widget.defaultAction() if isinstance(widget, QToolButton) else None
    text = widget.objectName() if action is None else action.objectName()
    dock = widget.parentWidget()
    if isinstance(dock, QDockWidget):
        return f"control {widget.accessibleName() or widget.objectName()} of {dock.windowTitle()}"
    if not text or text.startswith("qt_"):
        text = widget.accessibleName() or getattr(widget, "text", lambda: "")() or type(widget).__name__
    return f"{title(parent)}: {text}" if isinstance(parent, QDialog) else f"control {text}"
