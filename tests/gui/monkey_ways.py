"""How a target that is not there is made to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from file_dialogs import FileDialogs
from monkey_hands import Hands, NotThere, bring_forward, choose
from PySide6.QtCore import QEvent, QEventLoop, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QTabBar, QWidget

from resviz.draw.view import SceneView
from resviz.gui.state import Edit, Follow, Load, Look, RemoveRun, Reset, Seek, ToggleRun, Undo
from resviz.gui.stored import read_remembered
from resviz.gui.sweep.tab import SweepTab
from resviz.gui.window import MainWindow
from resviz.recording.spool import drop, unfinished
from resviz.study.sweep import Sweep

OPENERS = {
    "export_dialog": "action export",
    "settings": "action settings.open",
    "reproduce_dialog": "action reproduce.all",
    "about": "action about.show",
    "keys": "action keys.show",
    "removing": "runs.remove",
    "closing": "action quit",
    "recovery": "",
    "where": "",
}
"""What opens the dialogs, by the names that those of their controls begin with; nothing: their way does."""


class Ways:
    """Does what makes a target possible."""

    def __init__(self, window: MainWindow, hands: Hands, dialogs: FileDialogs, small: Load) -> None:
        """``small`` brings the window back to a session that trains in a blink."""
        self._window, self._hands, self._dialogs, self._small = window, hands, dialogs, small
        self.patient = False  # leave what never comes for another time

    def until(self, condition: Callable[[], object], where: QWidget | None = None) -> None:
        """Let the window work until ``condition`` holds; what never comes is a lost signal, and fails.

        Args:
            where: whose labels may say why.
        """
        for _ in range(4_000 if self.patient else 15_000):
            if condition():
                return
            _wait()
        state = self._window.controller.state
        shown = ("run", "training", "target", "newest", "steps", "ended", "failure", "cursor", "follow")
        where_it_is = {name: getattr(state, name) for name in shown}
        if self.patient:
            raise NotThere(str(where_it_is))
        said = [one.text() for one in (where or self._window).findChildren(QLabel) if one.isVisible()]
        raise AssertionError(f"what was to come never came: {where_it_is}, {said}")

    def prepare(self, name: str) -> None:
        """Make ``name`` possible, as far as it can be."""
        control, chance = self._window.controller, self._hands.random
        match name.rpartition(" ")[2]:
            case "undo":
                control.ask(Edit({"training.rate": chance.choice((0.3, 0.6, 0.9))}))
            case "redo":
                control.ask(Edit({"training.rate": chance.choice((0.2, 0.7, 0.8))}))
                control.ask(Undo())
            case "data.path" | "data.targets":
                self._dialogs.answer_any(".csv")
                choose(self._window, "data.kind", "file")
            case "second_coordinate":
                choose(self._window, "view", "cloud")
                choose(self._window, "second", "v")
            case "depth_width":
                self._read()
                control.ask(self._small)
            case "export":
                self._train()
            case "runs.table" | "runs.show" | "runs.remove":
                self._train(steps=1)
                control.ask(Reset())
            case "recovery":  # a run that nobody has any more
                self._window.preferences.change(spool_folder="")  # where it can be kept
                there = unfinished()
                for old in there[2:]:  # or looking through them takes longer each time
                    drop(old.path)
                if not there:
                    self._train(steps=1)
                    number = control.state.run
                    control.ask(Reset())
                    control.ask(RemoveRun(number))
                self._window.findChild(QAction, "unsaved").trigger()
                self.until(QApplication.activeModalWidget)  # once the disk was looked through
            case "where":  # of an edit in the past of a run
                if not control.state.ended or control.state.newest < 5:
                    self._train()
                control.ask(Seek(4))
                self._window.edit("training.rate", chance.choice((0.3, 0.6, 0.9)))
            case "enlarge":  # one layer alone cannot be
                self._read()
                control.ask(self._small)
                control.ask(Look({"view": "grid", "layers": None}))
                bring_forward(self._window, self._window.units.view)  # what nobody sees is not drawn
                self.until(lambda: len(self._window.units.view.scene.panels) > 1)
            case "tour.next" | "tour.skip":
                QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # the hints before
                self._window.show_tour()
            case "docks":  # two of them on one another
                docks = self._window.findChildren(QDockWidget)
                for dock in docks[:2]:
                    dock.setFloating(False)
                    dock.show()
                self._window.tabifyDockWidget(*docks[:2])
                self.until(
                    lambda: [
                        b
                        for b in self._window.findChildren(QTabBar)
                        if b.parentWidget() is self._window and b.isVisible()
                    ]
                )
            case "recent":
                self._read()
                self._dialogs.answer_any(".resviz")
                self._window.findChild(QAction, "open").trigger()
                self.until(lambda: read_remembered().recent)
        if name.startswith("control sweep."):
            self._prepare_sweep(name)
        if name.startswith("plot ") and name.endswith("menu all"):
            self._zoom_in(name)

    def _two_axes(self) -> Path:
        axes = [{"key": "network.units", "list": [4, 8]}, {"key": "network.layers", "list": [2, 4]}]
        small = self._small.session.to_mapping()
        made = Sweep.from_mapping({"session": small, "axes": axes, "measure": ["loss"]})
        self._dialogs.folder.joinpath("planned").mkdir(exist_ok=True)
        return made.save(self._dialogs.folder / "planned" / "two-axes.toml")

    def _read(self) -> None:
        """Nothing is being opened any more, which would come in the place of what is there by then."""
        readers = self._window.controller.files._worker, self._window.starting._recovery._worker
        self.until(lambda: not any(reader.busy for reader in readers))

    def _train(self, steps: int | None = None) -> None:
        """A run with steps, all of them unless ``steps`` says how many."""
        control = self._window.controller
        self._read()
        control.ask(self._small)
        control.ask(Follow(True))
        for _ in range(2):  # the first may only end the playing of the cursor, or the wish for a single step
            if not (control.state.training and control.state.target is None):
                control.ask(ToggleRun())
        self.until(lambda: control.state.ended or (steps is not None and control.state.newest >= steps))

    def _zoom_in(self, name: str) -> None:
        for view in self._window.findChildren(SceneView):
            if name.startswith(f"plot {view.objectName()}:"):
                bring_forward(self._window, view)
                self.until(lambda view=view: view.scene.panels)
                for panel in view.scene.panels[:1]:
                    view.set_zoom(view.zoom.about(panel, panel.x.high, panel.y.high, 0.7))

    def _prepare_sweep(self, name: str) -> None:
        """A design of two axes that nothing runs, its values written as the control needs it."""
        tab = self._window.findChild(SweepTab)
        bring_forward(self._window, tab)
        if tab.cancel.isEnabled():
            tab.cancel.click()
        self.until(tab.form.isEnabled)
        if name.endswith((".plot", ".across")):
            # a design of its own: the user's file may hold another by now
            self._dialogs.answering(self._two_axes())
            tab.form.scheduler.clear()  # which is read when something else is asked for
            tab.form.open.click()
            self.until(tab.plot.isVisible, tab)  # once it is planned
            return
        if not tab.form.two_axes and "remove" not in name:
            tab.form.axes[0].propose("network.layers")
            tab.form.add.click()
        for axis in tab.form.axes:
            way = axis.way.findData("list" if name.endswith("values") else "linspace")
            axis.way.setCurrentIndex(way)
            axis.way.activated.emit(way)


def _wait(ms: int = 2) -> None:
    """Let the event loop and threads work: QTest.qWait would keep Python to itself meanwhile."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()
