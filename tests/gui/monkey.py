"""A seeded monkey: it finds everything in a window that can be fired, and fires it, in random order.

Dialogs are worked on as they open and then closed; file dialogs, whose event loops stand in the middle of an
action, are answered by a timer.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from file_dialogs import FileDialogs
from monkey_hands import Fire, Hands, NotThere
from monkey_targets import Targets, buttons, title
from monkey_ways import OPENERS, Ways
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox
from shiboken6 import isValid

from resviz.draw.view import SceneView
from resviz.gui.estimate import estimate
from resviz.gui.state import Load, RemoveRun
from resviz.gui.window import MainWindow

_TRIES = 6  # in a row that bring a target no nearer


class Monkey:
    """Fires all there is in ``window``, ``times`` times.

    Attributes:
        fired: how often, by name; what was seen but never fired stands there with 0.
        lately: the last names, to tell what went before a failure.
        strict: what is waited for in vain fails.
        look: called after each firing, to see what went wrong.
    """

    def __init__(
        self,
        window: MainWindow,
        seed: int,
        folder: Path,
        small: Load,
        files: list[Path],
        *,
        times: int,
        fired: Counter[str],
        real_dialogs: int | None = None,
    ) -> None:
        """
        Args:
            folder: where it may write.
            small: brings the window back to a session that trains in a blink.
            files: what it opens, among names that do not exist.
            fired: counts of those before it.
            real_dialogs: file dialogs that each target is shown, others are answered before they are there
                (one takes Qt 50 ms to make); None: all.
        """
        self.window, self.times, self.fired = window, times, fired
        self.random = random.Random(seed)
        self.lately: list[str] = []
        self.strict = False
        self._small, self._real_dialogs = small, real_dialogs
        self.look: Callable[[], None] = lambda: None
        self._there: dict[str, Fire] = {}  # when it last looked around
        self._open: list[QDialog] = []  # that are being worked on
        self.dialogs = FileDialogs(self.random, folder, files, self._open)
        hands = Hands(window, self.random, [*files, folder / "new"])
        self.targets = Targets(window, hands)
        self.ways = Ways(window, hands, self.dialogs, small)

    def stop(self) -> None:
        """Answer nothing any more."""
        self.dialogs.stop()

    # -- firing ----------------------------------------------------------------------------------------

    def round(self) -> None:
        """Fire everything that was not fired often enough once, in random order."""
        targets = list(self._late().items())
        self.random.shuffle(targets)
        for name, fire in targets:
            self.fire(name, fire)

    def _late(self) -> dict[str, Fire]:
        found = self._look_around()
        for name in found:
            self.fired.setdefault(name, 0)
        return {name: fire for name, fire in found.items() if self.fired[name] < self.times}

    def _look_around(self) -> dict[str, Fire]:
        self._there = self.targets.all()
        return self._there

    def fire(self, name: str, fire: Fire) -> bool:
        """Fire one target and work on the dialogs that this opens; False where it is not there."""
        self.lately = [*self.lately[-7:], name]
        before = self.fired[name]
        self.dialogs.quick = self._real_dialogs is not None and before >= self._real_dialogs
        try:
            fire()
        except NotThere:
            return False
        except RuntimeError as error:  # a widget of a dialog, a menu or a row that is gone by now
            if "already deleted" not in str(error):
                raise
            return False
        self.fired[name] = before + 1
        self.settle()
        return True

    def make_up(self, until: float) -> None:
        """Fire what was not there often enough, after making it possible, unless ``until`` comes first.

        What somebody else in the window undoes (a file that was still being read, say) is tried once more;
        then, where this one is strict, what never comes fails.
        """
        for patient in (True, not self.strict):
            self.ways.patient = patient
            self._make_up(until)
            if all(count >= self.times for count in self.fired.values()):
                return

    def _make_up(self, until: float) -> None:
        self._late()  # what is there now is known too
        for kind in (kind for kind, opener in OPENERS.items() if not opener):
            if not any(name.startswith(f"{kind}:") for name in self.fired):  # chance never opened it
                self._prepare(kind)
        for name in sorted(self.fired):  # some were there once, as hints
            if name.partition(":")[0] not in OPENERS:
                self._insist(name, name, until)
        for name in sorted(self.fired):  # those of dialogs
            kind = name.partition(":")[0]
            if kind in OPENERS:
                self._insist(name, OPENERS[kind] or kind, until)

    def _insist(self, name: str, by: str, until: float) -> None:
        """Fire ``by`` until ``name`` was fired often enough."""
        vain = 0
        while self.fired[name] < self.times and vain < _TRIES and time.monotonic() < until:
            before = self.fired[name]
            fire = self._there.get(by)  # as it was: looking at all there is takes longer than most firings
            if fire is None or not self.fire(by, fire):
                if not self._prepare(by):
                    return
                fire = self._look_around().get(by)
                if fire is not None:
                    self.fire(by, fire)
            vain = 0 if self.fired[name] > before else vain + 1

    def _prepare(self, name: str) -> bool:
        """Make it possible; False where that takes too long now."""
        try:
            self.ways.prepare(name)
        except NotThere:
            return False
        self.settle()
        return True

    # -- after it --------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let the window do what it was asked; close menus and dialogs; keep the session small."""
        quiet = QApplication.activePopupWidget() is None and QApplication.activeModalWidget() is None
        if not quiet or self.random.random() < 0.15:  # hands are quicker than pictures
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
        if not quiet and not self._open:  # of its own accord Qt frees what was closed in its main loop only
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        state = self.window.controller.state
        for number in state.numbers[:-12]:
            self.window.ask(RemoveRun(number))
        session = state.session
        if estimate(session).ms > 60 or session.training.last_step > 60:
            self.window.controller.ask(self._small)
        self.look()

    def _work(self, dialog: QDialog) -> None:
        """Fire what was not fired often enough in a dialog, then leave it by one of its buttons."""
        if dialog.objectName() == "closing":
            dialog.button(QMessageBox.StandardButton.Cancel).click()
            self.fired["closing: Cancel"] += 1
            return
        leaving = buttons(dialog)
        inside = self.targets.controls(dialog)
        for view in dialog.findChildren(SceneView):
            inside |= {key: fire for key, fire in self.targets.of_plot(view).items() if ": menu" not in key}
        inside = {key: fire for key, fire in inside.items() if key.rpartition(": ")[2] not in leaving}
        for name in inside:
            self.fired.setdefault(name, 0)
        # what is done to the rows of a table needs one that is chosen
        late = [name for name in inside if self.fired[name] < self.times or name.endswith(".table")]
        self.random.shuffle(late)
        for name in sorted(late, key=lambda name: self.fired[name])[:12]:
            if not _alive(dialog):
                return
            self.fire(name, inside[name])
        for _ in range(4):
            if not _alive(dialog):
                return
            if not self._press(dialog):
                break
        if _alive(dialog):
            dialog.reject()

    def _press(self, dialog: QDialog) -> bool:
        """Press the button that was pressed least; False where all were often enough."""
        found = {f"{title(dialog)}: {text}": button for text, button in buttons(dialog).items()}
        for name in found:
            self.fired.setdefault(name, 0)
        late = [
            name for name, button in found.items() if self.fired[name] < self.times and button.isEnabled()
        ]
        if not late:
            return False
        name = min(late, key=lambda name: (self.fired[name], self.random.random()))
        self.fired[name] += 1
        found[name].click()
        QApplication.processEvents()
        return True


def _alive(dialog: QDialog) -> bool:
    return isValid(dialog) and dialog.isVisible()  # some are deleted when they are closed
