"""Everything that can be asked of the window by menu, key or button, each once: actions, menus and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QWidget

from resviz.gui.documents import Documents
from resviz.gui.state import (
    AppState,
    Follow,
    Intent,
    Redo,
    Reset,
    SelectRange,
    SetTheme,
    StepBy,
    ThemeChoice,
    TogglePlay,
    ToggleRun,
    Undo,
)

_THEMES: tuple[tuple[ThemeChoice, str], ...] = (
    ("system", "As the system"),
    ("light", "Light"),
    ("dark", "Dark"),
)


class Deeds(Protocol):
    """What actions do that is no plain intent: it opens a dialog, or draws a number first."""

    def ask(self, intent: Intent) -> None: ...
    def choose_seed(self) -> None: ...
    def show_export(self) -> None: ...
    def show_settings(self) -> None: ...
    def reset_layout(self) -> None: ...
    def show_keys(self) -> None: ...
    def show_about(self) -> None: ...
    def show_tour(self) -> None: ...
    def show_unsaved(self) -> None: ...
    def close(self) -> bool: ...


class Commands:
    """The actions of ``window``, by their object names; ``deeds`` does what they ask."""

    def __init__(self, window: QMainWindow, deeds: Deeds, documents: Documents) -> None:
        self._window, self._deeds, self._documents = window, deeds, documents
        self._symbols: dict[QAction, str] = {}  # of the buttons that change theirs
        ask, new = self._asking, self._action
        self.run = new(
            "run", "Run", ask(ToggleRun()), "Run (Space; Ctrl+Return from anywhere)", "Ctrl+Return"
        )
        self.run.setCheckable(True)
        self.step = new("step", "Step", ask(StepBy(1)), "One step on (Right); at the newest step trains one")
        self.reset = new("reset", "Reset", ask(Reset()), "Train again from step 0 with the same seed (R)")
        self.new_seed = new(
            "new_seed", "New seed", deeds.choose_seed, "Train again with other unit starts (Shift+R)"
        )
        self.play = new("play", "Play", ask(TogglePlay()), "Play what is recorded")
        self.play.setCheckable(True)
        self.follow = new("follow", "Follow live", lambda: None, "Pin the cursor to the newest step")
        self.follow.setCheckable(True)
        self.follow.triggered.connect(lambda on: deeds.ask(Follow(bool(on))))
        self.range_first = new(
            "range.first",
            "Range from here",
            ask(SelectRange(first=-1)),
            "Select steps from the cursor ([)",
        )
        self.range_last = new(
            "range.last", "Range to here", ask(SelectRange(last=-1)), "Select steps up to the cursor (])"
        )
        self.range_all = new(
            "range.all", "All steps", ask(SelectRange(0, 0)), "Play and export all steps again (\\)"
        )
        self.export = new("export", "Export…", deeds.show_export, "A film, frames or a figure", "Ctrl+E")
        self.undo = new("undo", "Undo", ask(Undo()), "Back to the settings before", "Ctrl+Z")
        self.redo = new("redo", "Redo", ask(Redo()), "Forward again", "Ctrl+Shift+Z")
        self.new = new("new", "New", documents.new, "A session with default settings", "Ctrl+N")
        self.open = new("open", "Open…", documents.open, "A session or a recording", "Ctrl+O")
        self.save = new("save", "Save", documents.save, "Save the session, or the recording", "Ctrl+S")
        self.save_as = new(
            "save_as", "Save as…", documents.save_as, "Save under another name", "Ctrl+Shift+S"
        )
        self.settings = new(
            "settings.open", "Settings…", deeds.show_settings, "Theme, type, memory, unsaved runs", "Ctrl+,"
        )
        self.reset_layout = new(
            "reset_layout", "Reset layout", deeds.reset_layout, "Every dock where it was at first"
        )
        self.unsaved = new(
            "unsaved", "Unsaved runs…", deeds.show_unsaved, "Runs that were never saved: open or delete them"
        )
        self.keys = new("keys.show", "Keys", deeds.show_keys, "All keys on one page", "F1")
        self.tour = new("tour.show", "Hints of the first start", deeds.show_tour, "Five hints")
        self.about = new("about.show", "About resviz", deeds.show_about, "Versions, and what to cite")
        self.quit = new("quit", "Quit", deeds.close, "Leave resviz", "Ctrl+Q")
        self.themes: dict[str, QAction] = {}
        group = QActionGroup(window)
        for name, text in _THEMES:
            action = new(f"theme.{name}", text, ask(SetTheme(name)))
            action.setCheckable(True)
            group.addAction(action)
            self.themes[name] = action

    def _action(
        self, name: str, text: str, asked: Callable[[], object], tip: str = "", keys: str = ""
    ) -> QAction:
        action = QAction(text, self._window)
        action.setObjectName(name)
        action.setToolTip(tip or text)
        action.setStatusTip(tip)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda: asked())
        self._window.addAction(action)
        return action

    def _asking(self, intent: Intent) -> Callable[[], None]:
        return lambda: self._deeds.ask(intent)

    def fill_menus(self) -> None:
        """Make the window's menus."""
        bar = self._window.menuBar()
        files = bar.addMenu("&File")
        files.addActions([self.new, self.open])
        files.addMenu(self._documents.recent_menu())
        files.addActions([self.save, self.save_as])
        files.addAction(self.unsaved)
        files.addSeparator()
        files.addActions([self.export, self.quit])
        edit = bar.addMenu("&Edit")
        edit.addActions([self.undo, self.redo])
        edit.addSeparator()
        edit.addAction(self.settings)
        run = bar.addMenu("&Run")
        run.addActions([self.run, self.play, self.step, self.reset, self.new_seed, self.follow])
        run.addSeparator()
        run.addActions([self.range_first, self.range_last, self.range_all])
        view = bar.addMenu("&View")
        view.addActions(list(self.themes.values()))
        view.addSeparator()
        view.addAction(self.reset_layout)
        bar.addMenu("&Help").addActions([self.keys, self.tour, self.about])

    def add_keys(self, views: Iterable[QWidget]) -> None:
        """Keys that act while the focus is in a picture; elsewhere they keep their native meaning."""
        keys = (
            ("Space", self.run.trigger),
            ("Right", self.step.trigger),
            ("Left", self._asking(StepBy(-1))),
            ("R", self.reset.trigger),
            ("Shift+R", self.new_seed.trigger),
            ("[", self.range_first.trigger),
            ("]", self.range_last.trigger),
            ("\\", self.range_all.trigger),
        )
        for view in views:
            for key, asked in keys:
                shortcut = QShortcut(QKeySequence(key), view)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(asked)

    def show_transport(self, state: AppState, icon: Callable[[str], QIcon]) -> None:
        """Say on the buttons what pressing them does now."""
        self.run.setChecked(state.active)
        self.run.setText("Pause" if state.active else "Run")
        self._set_symbol(self.run, "pause" if state.active else "play", icon)
        self.play.setChecked(state.playing)
        self._set_symbol(self.play, "pause" if state.playing else "play", icon)
        self.play.setText("Hold" if state.playing else "Play")
        self.follow.setChecked(state.follow)
        self.undo.setEnabled(bool(state.past))
        self.redo.setEnabled(bool(state.future))
        self.export.setEnabled(state.newest >= 0)

    def _set_symbol(self, action: QAction, name: str, icon: Callable[[str], QIcon]) -> None:
        if self._symbols.get(action) != name:  # drawing one takes as long as all else that is shown here
            self._symbols[action] = name
            action.setIcon(icon(name))

    def show_icons(self, icon: Callable[[str], QIcon]) -> None:
        """Draw the icons in the colours of a theme; those that change at the next `show_transport`."""
        self._symbols.clear()
        for action, name in (
            (self.step, "step"),
            (self.reset, "reset"),
            (self.new_seed, "seed"),
            (self.export, "export"),
        ):
            action.setIcon(icon(name))
