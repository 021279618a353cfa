"""The main window: toolbar, menus, docks and tabs. It shows and asks; the controller decides."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QIcon, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QMainWindow, QVBoxLayout, QWidget

from resviz.config import Session, preset
from resviz.draw.view import SceneView
from resviz.draw.virtuals import virtuals
from resviz.errors import OutputError
from resviz.gui.arrangement import Arrangement, dock_of, first_size
from resviz.gui.beside import Beside
from resviz.gui.closing import ClosingQuestion
from resviz.gui.commands import Commands
from resviz.gui.contrast_dock import ContrastDock
from resviz.gui.controller import CONTRAST, GRID, TIMELINE, Controller
from resviz.gui.data_file import values_of_kind
from resviz.gui.documents import Documents, title_of
from resviz.gui.estimate import estimate
from resviz.gui.experiment import FIELDS_BY_PATH, Experiment
from resviz.gui.facts import Facts
from resviz.gui.help import AboutDialog, KeysDialog
from resviz.gui.icons import app_icon, icon
from resviz.gui.look import apply_theme, box_palette, chosen_theme, error_colour, palette
from resviz.gui.notice import Notice
from resviz.gui.pace import Sparing
from resviz.gui.panning import Panning
from resviz.gui.pictures import export_options, places_of
from resviz.gui.plot_menu import PlotMenu
from resviz.gui.preferences import Preferences, SettingsDialog, scale_type
from resviz.gui.ranges import range_of
from resviz.gui.removing import remove_run
from resviz.gui.report import ReportDialog, report_text
from resviz.gui.reproduce_menu import ReproduceMenu
from resviz.gui.runs_dock import RunsDock
from resviz.gui.starting import Starting
from resviz.gui.state import (
    AppState,
    Edit,
    EditRun,
    Follow,
    Intent,
    Load,
    Look,
    Pin,
    SetSpeed,
    SetTheme,
    ShowRun,
    ThemeChoice,
)
from resviz.gui.status import BETWEEN, status_text
from resviz.gui.stored import Settings
from resviz.gui.sweep.recipe import AllPlots
from resviz.gui.tabs import Tabs
from resviz.gui.timeline_dock import TimelineDock
from resviz.gui.toolbar import Toolbar
from resviz.gui.tour import show_hints
from resviz.gui.units_tab import UnitsTab
from resviz.gui.where import WhereQuestion, is_past
from resviz.scene.theme import Theme, theme

_STATUS_MS = 100  # between two status lines while something moves: faster ones cannot be read


@virtuals
class MainWindow(QMainWindow):
    """See the module; made by `resviz.gui.app.make_window`."""

    def __init__(self, session: Session, *, interactive: bool = False) -> None:
        super().__init__()
        self.interactive = interactive
        self._theme: Theme = theme("light")
        self._themed = ""  # the theme that its widgets have
        self._sure = False  # that the window is to close although a run goes on
        self._facts = Facts()
        self._status_pace = Sparing(_STATUS_MS, self)
        self._status_pace.due.connect(self._show_status)
        self.controller = Controller(session, self)
        self.setObjectName("resviz")
        self.setWindowIcon(app_icon())
        self.preferences = Preferences(self)
        self.preferences.changed.connect(self._apply)
        self.documents = Documents(self, self.controller)
        self.commands = Commands(self, self, self.documents)
        self._make_centre()
        self._make_docks()
        self._make_toolbar()
        self.commands.fill_menus()
        bar = self.menuBar()
        # Help is last
        bar.insertMenu(bar.actions()[-1], ReproduceMenu(self, lambda: self._theme, self.report))
        self.commands.add_keys(self._views())
        plots = AllPlots(self.controller, self.beside.sweeping, self.notice.show_notice)
        for view in self._views():
            PlotMenu(view, plots)
            Panning(view)
        self.starting = Starting(self, self.controller, self.preferences)
        self._connect()
        self.resize(*first_size())
        self._apply(self.preferences.settings)
        self._show_session(self.controller.state)
        # pictures of nothing yet, so that the first paint has axes and says what is going on
        self.controller.paint()
        self.units.view.setFocus()

    # -- making -----------------------------------------------------------------------------------------

    def _make_centre(self) -> None:
        self.units = UnitsTab()
        self.tabs = Tabs(self.units)
        self.beside = Beside(self.controller, self.tabs)
        self.notice = Notice()
        centre = QWidget()
        rows = QVBoxLayout(centre)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.notice)
        rows.addWidget(self.tabs, 1)
        self.setCentralWidget(centre)

    def _make_docks(self) -> None:
        self.experiment = Experiment()
        self.runs = RunsDock()
        self.contrast = ContrastDock()
        self.timeline = TimelineDock(self.commands.play)
        self._experiment_dock = dock_of("Experiment", self.experiment, self)
        self._contrast_dock = dock_of("Feature learning or lazy?", self.contrast, self)
        left = (self._experiment_dock, dock_of("Runs", self.runs, self))
        timeline = dock_of("Timeline", self.timeline, self)
        self.arrangement = Arrangement(self, left, self._contrast_dock, timeline)

    def _make_toolbar(self) -> None:
        does = self.commands
        self.toolbar = Toolbar(does.run, (does.step, does.reset, does.new_seed), does.export)
        self.toolbar.speed_chosen.connect(lambda speed: self.controller.ask(SetSpeed(speed)))
        self.toolbar.follow_chosen.connect(lambda on: self.controller.ask(Follow(on)))
        self.toolbar.preset_chosen.connect(self.load_preset)
        self.status = self.toolbar.status
        self.addToolBar(self.toolbar)

    def _views(self) -> tuple[SceneView, ...]:
        return self.units.view, self.contrast.view, self.timeline.view, *self.tabs.views

    def _connect(self) -> None:
        controller = self.controller
        controller.changed.connect(self._on_changed)
        controller.grid_scene.connect(self.units.view.show_scene)
        self.units.view.painted.connect(controller.on_painted)
        controller.contrast_scene.connect(self.contrast.show_scene)
        controller.timeline_scene.connect(self.timeline.view.show_scene)
        for picture, view in (
            (GRID, self.units.view), (CONTRAST, self.contrast.view), (TIMELINE, self.timeline.view),
        ):  # fmt: skip
            view.seen_changed.connect(partial(controller.see, picture))
        controller.facts.connect(self._show_facts)
        controller.notice.connect(self.notice.show_notice)
        controller.refused.connect(self._refuse)
        controller.failed.connect(self.report)
        self.experiment.edited.connect(self.edit)
        self.experiment.reshaped.connect(
            lambda layers, units: controller.ask(Edit({"network.layers": layers, "network.units": units}))
        )
        self.runs.shown.connect(lambda number: controller.ask(ShowRun(number)))
        self.runs.changed.connect(lambda number, change: controller.ask(EditRun(number, change)))
        self.runs.removed.connect(lambda number: remove_run(controller, number, self))
        self.units.looked.connect(lambda changes: controller.ask(Look(changes)))
        self.units.pinned.connect(lambda layer: controller.ask(Pin(layer)))
        self.contrast.alpha_chosen.connect(lambda alpha: controller.ask(Edit({"contrast.alpha": alpha})))
        self.contrast.scaled_chosen.connect(lambda on: controller.ask(Look({"scaled": on})))
        self.contrast.tall_chosen.connect(lambda on: controller.ask(Look({"tall": on})))
        self.timeline.asked.connect(controller.ask)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    # -- showing ----------------------------------------------------------------------------------------

    def _on_changed(self, old: AppState, new: AppState) -> None:
        # most changes are the cursor's: only the status line follows those
        if (new.active, new.playing, new.follow, new.speed, new.past, new.future, new.newest < 0) != (
            old.active, old.playing, old.follow, old.speed, old.past, old.future, old.newest < 0,
        ):  # fmt: skip
            self._show_transport(new)
        if (new.session, new.choice, new.path, new.saved, new.preset, new.commentary) != (
            old.session, old.choice, old.path, old.saved, old.preset, old.commentary,
        ):  # fmt: skip
            self._show_session(new)
        elif new.newest != old.newest:
            if new.session.training.events:  # another rate may be in force now
                self.experiment.show_session(new.form)
            self.setWindowModified(new.modified)
        if (new.runs, new.run, new.session, new.training, new.ended) != (
            old.runs, old.run, old.session, old.training, old.ended,
        ):  # fmt: skip
            self.runs.show_runs(new)
        if new.theme != old.theme:
            self._set_theme(new.theme)
            self._keep_theme(new.theme)
        self._status_pace.ask(now=not new.active)

    def _show_transport(self, state: AppState) -> None:
        self.commands.show_transport(state, self._icon)
        self.toolbar.show_transport(state.speed, state.follow)

    def _show_session(self, state: AppState) -> None:
        self.toolbar.show_preset(state.preset)
        self.experiment.show_session(state.form)
        self.experiment.show_commentary(state.commentary)
        self.units.show_choice(state.choice, places_of(state), state.session)
        self.contrast.show_alpha(state.session.contrast.alpha, state.choice.scaled)
        self.setWindowTitle(title_of(state))
        self.setWindowModified(state.modified)

    def _show_facts(self, facts: Facts) -> None:
        self._facts = facts
        state = self.controller.state
        self._status_pace.ask(now=not state.active)
        if facts.steps_a_second > 0:
            guess = estimate(state.session).ms / 1000.0
            self.experiment.show_speed(facts.steps_a_second * guess)
        self.contrast.show_twin(facts.twin_step, state.session.training.last_step)

    def _show_status(self) -> None:
        self.status.setText(status_text(self.controller.state, self._facts))
        self.statusBar().showMessage(BETWEEN.join(self._facts.numbers.words()))

    def _icon(self, name: str) -> QIcon:
        return icon(name, palette(self._theme).color(QPalette.ColorRole.ButtonText))

    def _set_theme(self, choice: ThemeChoice) -> None:
        self._theme = chosen_theme(choice)
        self.commands.themes[choice].setChecked(True)
        if self._theme.name == self._themed:  # every widget would be polished again: 40 ms
            return
        self._themed = self._theme.name
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, self._theme)
        for view in self._views():
            view.set_theme(self._theme)
        for box in self.findChildren(QCheckBox):
            box.setPalette(box_palette(self._theme))
        self.experiment.show_theme(self._theme)
        self.runs.set_theme(self._theme)
        self.notice.set_colours(error_colour(self._theme))
        self.commands.show_icons(self._icon)
        self._show_transport(self.controller.state)

    def _apply(self, settings: Settings) -> None:
        scale_type(settings.font_scale)
        self._scale_views()
        self.controller.training.apply(settings)
        self.controller.ask(SetTheme(settings.theme))
        self._set_theme(settings.theme)

    def _keep_theme(self, choice: ThemeChoice) -> None:
        try:
            self.preferences.change(theme=choice)
        except OutputError as error:
            self.notice.show_notice(str(error), "error")

    def _system_changed(self) -> None:
        if self.controller.state.theme == "system":
            self._apply(self.preferences.settings)

    def _refuse(self, path: str, rule: str) -> None:
        try:
            self.experiment.refuse(path, rule)
        except KeyError:  # no editor of its own
            self.notice.show_notice(rule, "error")

    def report(self, error: BaseException, traceback: str) -> None:
        """Show what went unexpectedly wrong, one dialog at a time."""
        logging.getLogger(__name__).error("%s: %s\n%s", type(error).__name__, error, traceback)
        if self.interactive and self.findChild(ReportDialog) is None:
            text = report_text(error, traceback, self.controller.state.session.to_toml())
            dialog = ReportDialog(error, text, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    # -- asking -----------------------------------------------------------------------------------------

    def ask(self, intent: Intent) -> None:
        """Hand an intent to the controller."""
        self.controller.ask(intent)

    def choose_seed(self) -> None:
        """Train again with other unit starts."""
        self.controller.new_seed()

    def load_preset(self, name: str) -> None:
        """Load a preset and run it."""
        chosen = preset(name)
        self.controller.ask(Load(chosen.session, commentary=chosen.commentary, preset=chosen.name, run=True))
        self.units.view.setFocus()

    def edit(self, path: str, value: Any) -> None:
        """Ask for a session value; where a live one is to hold is asked back if that is not clear."""
        state = self.controller.state
        if path == "data.kind":  # a file belongs to one of them, and to no other
            values = values_of_kind(value, self)
            self.experiment.take_back(path)
            if values is not None:
                self.ask(Edit(values))
            return
        if not (self.interactive and is_past(state, path)):
            self.ask(Edit({path: value}))
            return

        def answer(step: int | None) -> None:
            self.ask(Edit({path: value}, step))

        def cancelled() -> None:
            self.experiment.take_back(path)

        WhereQuestion(state, FIELDS_BY_PATH[path].label, answer, cancelled, self).open()

    def show_settings(self) -> None:
        """Open the settings."""
        dialog = SettingsDialog(self.preferences.settings, self.preferences.change, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_keys(self) -> None:
        """Open the cheat sheet."""
        KeysDialog(self.actions(), self).open()

    def show_about(self) -> None:
        """Open versions and citations."""
        AboutDialog(self).open()

    def show_tour(self) -> None:
        """Show the hints."""
        show_hints(self)

    def show_unsaved(self) -> None:
        """List the runs that were never saved."""
        self.starting.look(all_of_them=True)

    def reset_layout(self) -> None:
        """Every dock where it was at first."""
        self.arrangement.reset()

    def show_export(self) -> None:
        """Open the export dialog on what is recorded."""
        from resviz.gui.export_dialog import ExportDialog

        recording = self.controller.recording
        if recording is None or recording.step < 0:
            self.notice.show_notice("Nothing is recorded yet: run the session first.", "note")
            return
        state = self.controller.state
        options = export_options(state, self._theme.name, self.tabs.shown)
        pinned = [one for _, _, one in self.controller.training.kept.pinned(state)]
        dialog = ExportDialog(recording, options, self, range_of(state), pinned)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.failed.connect(self.report)
        dialog.open()

    # -- the window itself ------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scale_views()
        self.arrangement.resized()

    def _scale_views(self) -> None:
        # type grows on a large window of small pixels, half as fast as the window
        scale = min(max(1.0, 0.5 + self.width() / 4000), 1.6) * self.preferences.settings.font_scale
        for view in self._views():
            view.set_scale(scale)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.interactive and self.controller.state.training and not self._sure:
            event.ignore()
            if self.findChild(ClosingQuestion) is None:
                ClosingQuestion(self.controller.state, self._close_surely, self).open()
            return
        self.arrangement.keep()
        self.hide()  # at once; threads need a moment
        self._status_pace.stop()
        self.beside.close()
        self.starting.close()
        if self.controller.close() and self.interactive:
            self.controller.training.leave()
        super().closeEvent(event)

    def _close_surely(self) -> None:
        self._sure = True
        # after the question is gone
        QTimer.singleShot(0, self, self.close)
