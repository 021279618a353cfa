"""A seeded monkey: it finds everything in a window that can be fired, and fires it, in random order.

Dialogs are worked on as they open and then closed; file dialogs, whose event loops stand in the middle of an
action, are answered by a timer.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from file_dialogs import FileDialogs
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDockWidget,
    QLineEdit,
    QListWidget,
    QMenu,
    QMessageBox,
    QSlider,
    QTabBar,
    QTableWidget,
    QTabWidget,
    QToolButton,
    QWidget,
)

from resviz.draw.view import SceneView
from resviz.gui.estimate import estimate
from resviz.gui.state import Edit, Follow, Load, Look, RemoveRun, Reset, ToggleRun, Undo
from resviz.gui.sweep.tab import SweepTab
from resviz.gui.window import MainWindow

Fire = Callable[[], None]
KEYS = Qt.Key
_STEPS = (KEYS.Key_Up, KEYS.Key_Down, KEYS.Key_PageUp, KEYS.Key_PageDown, KEYS.Key_Home)
_IN_PLOTS = (
    KEYS.Key_Space, KEYS.Key_Left, KEYS.Key_Right, KEYS.Key_R, KEYS.Key_Plus, KEYS.Key_Minus, KEYS.Key_A,
    KEYS.Key_Return, KEYS.Key_Escape, KEYS.Key_PageUp, KEYS.Key_PageDown,
)  # fmt: skip
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


OPENERS = {
    "export_dialog": "action export",
    "settings": "action settings.open",
    "reproduce_dialog": "action reproduce.all",
    "about": "action about.show",
    "keys": "action keys.show",
}
"""What opens the dialogs whose controls are counted too."""


class Monkey:
    """Fires all there is in ``window``.

    Attributes:
        fired: how often, by name.
        lately: the last names, to tell what went before a failure.
    """

    def __init__(self, window: MainWindow, seed: int, folder: Path, small: Load, files: list[Path]) -> None:
        """
        Args:
            folder: where it may write.
            small: brings the window back to a session that trains in a blink.
            files: what it opens, among names that do not exist.
        """
        self.window, self.folder, self._small, self._files = window, folder, small, files
        self.random = random.Random(seed)
        self.fired: Counter[str] = Counter()
        self.lately: list[str] = []
        self._open: list[QDialog] = []  # that are being worked on
        self.dialogs = FileDialogs(self.random, folder, files, self._open)

    def stop(self) -> None:
        """Answer nothing any more."""
        self.dialogs.stop()

    # -- what there is ---------------------------------------------------------------------------------

    def actions(self) -> dict[str, QAction]:
        """Every action of menus, toolbars and the window, by its name."""
        menus = [menu for menu in self.window.findChildren(QMenu) if "plot" not in menu.objectName()]
        for menu in menus:
            menu.aboutToShow.emit()  # some are filled when they are opened
        heads = {menu.menuAction() for menu in menus}
        actions = [action for holder in (self.window, *menus) for action in holder.actions()]
        found = {}
        for action in actions:
            if not action.isSeparator() and action not in heads:
                # files that were opened lately have no names of their own
                found["action " + (action.objectName() or "of Open recent")] = action
        return found

    def targets(self) -> list[tuple[str, Fire]]:
        """All of the window that can be fired; what is hidden is brought forward when its turn comes."""
        found: list[tuple[str, Fire]] = [(name, lambda name=name: self._act(name)) for name in self.actions()]
        for view in self.window.findChildren(SceneView):
            found += self._gestures(view)
        found += self._controls(self.window)
        for dock in self.window.findChildren(QDockWidget):
            found.append((f"dock {dock.windowTitle()}", lambda dock=dock: self._move(dock)))
        found.append(("window size", self._resize))
        return found

    def _controls(self, parent: QWidget) -> Iterator[tuple[str, Fire]]:
        """Controls below ``parent``, each by the hand that its kind needs."""
        kinds: tuple[tuple[type[QWidget], Callable[[QWidget], None]], ...] = (
            (QComboBox, self._choose),
            (QAbstractSpinBox, self._step),
            (QSlider, self._slide),
            (QAbstractButton, lambda button: button.click()),
            (QLineEdit, self._type),
            (QTabBar, self._turn),
            (QTableWidget, self._touch_table),
            (QListWidget, self._touch_list),
        )
        for widget in parent.findChildren(QWidget):
            if isinstance(widget, QMenu) or _inside(widget, parent):
                continue
            kind = next((kind for kind in kinds if isinstance(widget, kind[0])), None)
            if kind is not None:
                yield _name(widget, parent), lambda widget=widget, hand=kind[1]: hand(widget)

    def _gestures(self, view: SceneView) -> Iterator[tuple[str, Fire]]:
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
        name = view.objectName() or view.accessibleName()
        for gesture, hand in hands.items():
            yield f"plot {name}: {gesture}", lambda hand=hand: self._with(view, hand)
        for entry in ("enlarge", "all", "figure", "data", "copy_picture", "copy_values", "copy_python",
                      "copy_command"):  # fmt: skip
            yield (
                f"plot {name}: menu {entry}",
                lambda entry=entry: self._with(view, lambda: self._pick(view, entry)),
            )

    # -- firing ----------------------------------------------------------------------------------------

    def round(self) -> None:
        """Fire everything once, in random order."""
        targets = self.targets()
        self.random.shuffle(targets)
        for name, fire in targets:
            self.fire(name, fire)

    def fire(self, name: str, fire: Fire) -> None:
        """Fire one target and work on the dialogs that this opens."""
        self.lately = [*self.lately[-7:], name]
        before = self.fired[name]
        try:
            fire()
        except _NotThere:
            return
        except RuntimeError as error:  # a widget of a dialog, a menu or a row that is gone by now
            if "already deleted" not in str(error):
                raise
            return
        self.fired[name] = before + 1
        self.settle()

    def possible(self, name: str) -> bool:
        """Whether there is such a thing at all: one panel alone cannot be enlarged."""
        alone = ("timeline.view", "error", "phase-diagram", "sweep")
        return not any(name == f"plot {view}: menu enlarge" for view in alone)

    def make_up(self, times: int) -> None:
        """Fire again what was not there often enough, after making it possible."""
        for _ in range(4 * times):
            late = [
                (name, fire)
                for name, fire in self.targets()
                if self.fired[name] < times and self.possible(name)
            ]
            openers = {OPENERS[name.partition(":")[0]] for name, count in self.fired.items() if count < times
                       and name.partition(":")[0] in OPENERS}  # fmt: skip
            late += [(name, lambda name=name: self._act(name)) for name in sorted(openers)]
            if not late:
                return
            for name, fire in late:
                self._prepare(name)
                self.fire(name, fire)

    def _prepare(self, name: str) -> None:
        """Do what makes a target possible."""
        control = self.window.controller
        match name.rpartition(" ")[2]:
            case "undo":
                control.ask(Edit({"training.rate": self.random.choice((0.3, 0.6, 0.9))}))
            case "redo":
                control.ask(Edit({"training.rate": self.random.choice((0.2, 0.7, 0.8))}))
                control.ask(Undo())
            case "data.path" | "data.targets":
                self.dialogs.answering(next(path for path in self._files if path.suffix == ".csv"))
                choose(self.window, "data.kind", "file")
            case "second_coordinate":
                choose(self.window, "view", "cloud")
                choose(self.window, "second", "v")
            case "depth_width":
                control.ask(self._small)
            case "export" | "runs.table" | "unsaved":
                control.ask(self._small)
                control.ask(Follow(True))
                control.ask(ToggleRun())
                self._until(lambda: control.state.ended)
                if "export" not in name:
                    control.ask(Reset())
            case "enlarge":  # one layer alone cannot be
                control.ask(self._small)
                control.ask(Look({"view": "grid", "layers": None}))
                self._until(lambda: len(self.window.units.view.scene.panels) > 1)
            case "tour.next" | "tour.skip":
                self.window.show_tour()
        if name.startswith("control sweep."):
            self._prepare_sweep(name)
        if name.startswith("plot ") and name.endswith("menu all"):
            for view in self.window.findChildren(SceneView):
                if name.startswith(f"plot {view.objectName()}:"):
                    bring_forward(self.window, view)
                    self._until(lambda view=view: view.scene.panels)
                    for panel in view.scene.panels[:1]:
                        view.set_zoom(view.zoom.about(panel, panel.x.high, panel.y.high, 0.7))

    def _prepare_sweep(self, name: str) -> None:
        """A design of two axes that nothing runs, its values written as the control needs it."""
        tab = self.window.findChild(SweepTab)
        bring_forward(self.window, tab)
        if tab.cancel.isEnabled():
            tab.cancel.click()
        self._until(tab.form.isEnabled)
        if not tab.form.two_axes and "remove" not in name:
            tab.form.axes[0].propose("network.layers")
            tab.form.add.click()
        for axis in tab.form.axes:
            way = axis.way.findData("list" if name.endswith("values") else "linspace")
            axis.way.setCurrentIndex(way)
            axis.way.activated.emit(way)

    def _until(self, condition: Callable[[], object]) -> None:
        for _ in range(2000):
            if condition():
                return
            QTest.qWait(2)

    def settle(self) -> None:
        """Let the window do what it was asked; close menus and dialogs; keep the session small."""
        quiet = QApplication.activePopupWidget() is None and QApplication.activeModalWidget() is None
        if not quiet or self.random.random() < 0.25:  # hands are quicker than pictures
            QApplication.processEvents()
        for _ in range(6):
            popup = QApplication.activePopupWidget()
            if popup is not None:
                popup.close()
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QDialog) and dialog not in self._open:
                self._open.append(dialog)
                self._work(dialog)
                self._open.remove(dialog)
            elif popup is None:
                break
            QApplication.processEvents()
        state = self.window.controller.state
        for number in state.numbers[:-12]:
            self.window.ask(RemoveRun(number))
        session = state.session
        if estimate(session).ms > 60 or session.training.last_step > 60:
            self.window.controller.ask(self._small)

    def _work(self, dialog: QDialog) -> None:
        """Fire what was fired least in a dialog, then leave it by one of its buttons."""
        if dialog.objectName() == "closing":
            dialog.button(QMessageBox.StandardButton.Cancel).click()
            self.fired["closing: Cancel"] += 1
            return
        leaving = _buttons(dialog)
        inside = [one for one in self._controls(dialog) if one[0].rpartition(": ")[2] not in leaving]
        self.random.shuffle(inside)
        inside.sort(key=lambda one: self.fired[one[0]])
        for name, fire in [one for one in inside if self.fired[one[0]] < 20][:12]:
            if not _alive(dialog):
                return
            self.fire(name, fire)
        for view in dialog.findChildren(SceneView) if _alive(dialog) else ():
            gestures = [one for one in self._gestures(view) if ": menu" not in one[0]]
            for name, fire in sorted(gestures, key=lambda one: self.fired[one[0]])[:2]:
                if self.fired[name] < 20:
                    self.fire(name, fire)
        for _ in range(4):
            if not _alive(dialog):
                return
            buttons = _buttons(dialog)
            text = min(
                buttons, key=lambda text: (self.fired[f"{_title(dialog)}: {text}"], self.random.random())
            )
            if not buttons[text].isEnabled():
                text = next(iter(buttons))
            self.fired[f"{_title(dialog)}: {text}"] += 1
            buttons[text].click()
            QApplication.processEvents()
        if _alive(dialog):
            dialog.reject()

    def _act(self, name: str) -> None:
        action = self.actions().get(name)
        if action is None or not action.isEnabled():
            raise _NotThere
        if name == "action quit" and not self.window.controller.state.training:
            self.window.controller.ask(Reset())  # so that the window asks before it closes
        action.trigger()

    def _with(self, widget: QWidget, hand: Fire) -> None:
        bring_forward(self.window, widget)
        if not (widget.isVisible() and widget.isEnabled()):
            raise _NotThere
        hand()

    def _reach(self, widget: QWidget) -> None:
        """Make what a control needs true, and bring it forward."""
        need = NEEDS.get(widget.objectName())
        if need is not None and not widget.isVisible():
            choose(self.window, *need)
        bring_forward(self.window, widget)
        if not (widget.isVisible() and widget.isEnabled()):
            raise _NotThere

    # -- hands -----------------------------------------------------------------------------------------

    def _choose(self, combo: QComboBox) -> None:
        self._reach(combo)
        QTest.keyClick(combo, self.random.choice((KEYS.Key_Up, KEYS.Key_Down, KEYS.Key_Home, KEYS.Key_End)))

    def _step(self, spin: QAbstractSpinBox) -> None:
        self._reach(spin)
        if self.random.random() < 0.5:
            QTest.keyClick(spin, self.random.choice(_STEPS))
        else:
            spin.selectAll()
            QTest.keyClicks(spin, self.random.choice(("0", "1", "2", "3", "0.9", "7", "x")))
            QTest.keyClick(spin, KEYS.Key_Tab)

    def _slide(self, slider: QSlider) -> None:
        self._reach(slider)
        if self.random.random() < 0.5:
            QTest.keyClick(slider, self.random.choice((KEYS.Key_Left, KEYS.Key_Right, *_STEPS)))
        else:
            self._drag(slider, Qt.MouseButton.LeftButton)

    def _type(self, line: QLineEdit) -> None:
        self._reach(line)
        if self.random.random() < 0.4 and line.objectName() != "layers":
            QTest.keyClick(line, self.random.choice((KEYS.Key_Up, KEYS.Key_Down, KEYS.Key_Escape)))
            return
        paths = [str(path) for path in self._files] + [str(self.folder / "new")]
        wanted = any(word in line.objectName() for word in ("path", "folder", "output"))
        line.setText(self.random.choice(paths if wanted else _TYPED))
        line.setModified(True)
        QTest.keyClick(line, self.random.choice((KEYS.Key_Return, KEYS.Key_Tab)))

    def _turn(self, tabs: QTabBar) -> None:
        if not tabs.isVisible() or not tabs.count():
            raise _NotThere
        at = tabs.tabRect(self.random.randrange(tabs.count())).center()
        QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=at)

    def _touch_table(self, table: QTableWidget) -> None:
        self._reach(table)
        if not table.rowCount():
            raise _NotThere
        row, column = self.random.randrange(table.rowCount()), self.random.randrange(table.columnCount())
        table.setCurrentCell(row, column)
        at = table.visualItemRect(table.item(row, column)).center()
        match self.random.randrange(6):
            case 0:
                QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
            case 1:
                QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
            case 2:
                QTest.keyClick(table, self.random.choice((KEYS.Key_Return, KEYS.Key_Delete, KEYS.Key_F2)))
            case 3 | 4:
                table.customContextMenuRequested.emit(at)
                self._pick_of(QApplication.activePopupWidget())
            case 5:
                QTest.keyClick(table, KEYS.Key_Space)

    def _touch_list(self, names: QListWidget) -> None:
        names.setCurrentRow(self.random.randrange(names.count()))
        QTest.keyClick(names, KEYS.Key_Space)

    def _pick(self, view: SceneView, entry: str) -> None:
        """Open a plot's menu and choose ``entry``."""
        view.customContextMenuRequested.emit(self._point(view))
        menu = QApplication.activePopupWidget()
        action = None if menu is None else menu.findChild(QAction, f"plot.{entry}")
        if menu is None or action is None or not action.isEnabled():
            if menu is not None:
                menu.close()
            raise _NotThere
        menu.close()
        action.trigger()

    def _pick_of(self, menu: QWidget | None) -> None:
        if isinstance(menu, QMenu):
            possible = [action for action in menu.actions() if action.isEnabled() and action.objectName()]
            action = min(possible, key=lambda one: (self.fired[one.objectName()], self.random.random()))
            self.fired[action.objectName()] += 1
            menu.close()
            action.trigger()

    def _move(self, dock: QDockWidget) -> None:
        if self.random.random() < 0.5 or dock.isFloating():
            dock.setFloating(not dock.isFloating())
        dock.raise_()

    def _resize(self) -> None:
        self.window.resize(*self.random.choice(((1100, 680), (1280, 720), (1420, 800))))

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
        keys = self.random.choice(
            (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.ShiftModifier,
                Qt.KeyboardModifier.ControlModifier,
            )
        )
        turn = QPoint(0, self.random.choice((-120, 120)))
        event = QWheelEvent(
            at, QPointF(widget.mapToGlobal(at)), QPoint(), turn, Qt.MouseButton.NoButton, keys,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)


class _NotThere(Exception):
    """A target cannot be fired now."""


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
    if not text or text.startswith("qt_"):
        text = widget.accessibleName() or getattr(widget, "text", lambda: "")() or type(widget).__name__
    return f"{_title(parent)}: {text}" if isinstance(parent, QDialog) else f"control {text}"


def _title(dialog: QDialog) -> str:
    return dialog.objectName() or dialog.windowTitle() or type(dialog).__name__


def _buttons(dialog: QDialog) -> dict[str, QAbstractButton]:
    """The buttons that a dialog is left by, or that start its work."""
    boxes = dialog.findChildren(QDialogButtonBox)
    found = {one.objectName() or one.text().replace("&", ""): one for box in boxes for one in box.buttons()}
    return found or {one.text(): one for one in dialog.findChildren(QAbstractButton)}


def _alive(dialog: QDialog) -> bool:
    try:
        return dialog.isVisible()
    except RuntimeError:  # deleted on close
        return False
