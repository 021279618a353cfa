"""The menu of a plot: look closer, export the figure or its numbers, copy them, or how to make them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from resviz.draw.picture import picture
from resviz.draw.view import SceneView
from resviz.errors import ResvizError
from resviz.export.options import STILLS, TABLES, Options
from resviz.export.provenance import Provenance
from resviz.export.stills import write_still
from resviz.export.values import values_text, write_values
from resviz.files import writing
from resviz.gui.controller import Controller
from resviz.gui.pictures import export_options
from resviz.gui.recipe import command_text, python_text
from resviz.gui.state import AppState

_FIGURES = "PNG picture (*.png);;SVG drawing (*.svg);;PDF page (*.pdf)"
_NUMBERS = "CSV table (*.csv);;NumPy arrays (*.npz)"
_SHARPER = 2  # pixels of a picture for each of the window's


class Plots:
    """What the menus of a window's plots know of it."""

    def __init__(self, controller: Controller, say: Callable[[str, str], None]) -> None:
        self._controller, self.say = controller, say

    @property
    def state(self) -> AppState:
        """What is written down."""
        return self._controller.state

    def options(self, view: SceneView) -> Options | None:
        """The export that draws what ``view`` shows; None for what exports do not draw."""
        state, theme = self.state, view.theme.name
        match view.objectName():
            case "grid":
                options = export_options(state, theme)
                return replace(options, view="grid") if options.view == "overview" else options
            case "contrast.view":
                return export_options(state, theme, "contrast")
            case "fields" | "fit" | "error" | "phase-diagram" as name:
                return export_options(state, theme, name)
        return None

    def stem(self, view: SceneView) -> str:
        """What a file of the figure is called unless it is called otherwise."""
        return (view.objectName() or "figure") + f"-{self.state.cursor}"

    def provenance(self, view: SceneView, options: Options) -> Provenance:
        """Where the figure comes from."""
        state = self.state
        return Provenance((state.session,), (state.newest,), options, (state.cursor,), seen=True)

    def python(self, view: SceneView, panel: str) -> str:
        """A script that makes the figure again."""
        name, _, layer = panel.partition(" ")
        number = int(layer) if name == "layer" and layer.isdigit() else None
        return python_text(self.state, self.options(view), number)

    def command(self, view: SceneView) -> str:
        """The command that does."""
        return command_text(self.state, self.options(view))


class PlotMenu(QObject):
    """Opens on a right click, or the menu key, over ``view``."""

    def __init__(self, view: SceneView, source: Plots) -> None:
        super().__init__(view)
        self._view, self._source = view, source
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open)

    def _open(self, at: QPoint) -> None:
        menu = self.menu(self._view.panel_at(QPointF(at)) or "")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._view.mapToGlobal(at))

    def menu(self, panel: str) -> QMenu:
        """The menu over ``panel``; over none of them with an empty key."""
        view, menu = self._view, QMenu(self._view)
        menu.setObjectName("plot_menu")
        menu.setToolTipsVisible(True)

        def add(name: str, text: str, asked: Callable[[], object], keys: str = "") -> QAction:
            action = menu.addAction(text + (f"\t{keys}" if keys else ""))
            action.setObjectName(f"plot.{name}")
            action.triggered.connect(lambda: asked())
            return action

        enlarged = view.zoom.enlarged
        if len(view.scene.panels) > 1 and (enlarged or panel):
            text = "Show all plots" if enlarged else "Enlarge this plot"
            add("enlarge", text, lambda: view.enlarge(enlarged or panel), "Double click")
        add("all", "Show whole axes", view.show_all, "A").setEnabled(bool(view.zoom.ranges))
        menu.addSeparator()
        add("figure", "Export this figure…", self._export_figure)
        add("data", "Export its data…", self._export_data)
        menu.addSeparator()
        add("copy_picture", "Copy the picture", self._copy_picture)
        add("copy_values", "Copy the values", lambda: self._copy_values(panel))
        add("copy_python", "Copy as Python", lambda: self._copy_python(panel))
        add("copy_command", "Copy as command line", self._copy_command)
        return menu

    # -- files -----------------------------------------------------------------------------------------

    def _export_figure(self) -> None:
        self._ask("Export this figure", _FIGURES, STILLS, self.export)

    def _export_data(self) -> None:
        self._ask("Export its data", _NUMBERS, TABLES, self.export)

    def _ask(self, title: str, kinds: str, suffixes: tuple[str, ...], write: Callable[[Path], None]) -> None:
        stem = self._source.stem(self._view)
        chosen, kind = QFileDialog.getSaveFileName(self._view, title, stem, kinds)
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() not in suffixes:
            path = path.with_name(path.name + next(s for s in suffixes if s in (kind or f"*{suffixes[0]})")))
            if path.exists():  # the dialog has asked about another name
                self._source.say(f"{path} exists already: name it in full to replace it.", "error")
                return
        write(path)

    def export(self, path: Path) -> None:
        """Write the figure, or its numbers, as the extension of ``path`` says; says so above the plots."""
        view = self._view
        size, scale = (_SHARPER * view.width(), _SHARPER * view.height()), _SHARPER * view.scale
        asked = self._source.options(view) or Options()
        options = replace(asked, size=size, scale=scale, theme=view.theme.name)
        try:
            provenance = self._source.provenance(view, options)
            if path.suffix.lower() in TABLES:
                write_values(path, view.seen, provenance)
            else:
                with writing(path) as temporary:
                    write_still(temporary, view.seen, provenance)
        except ResvizError as error:
            self._source.say(str(error), "error")
        else:
            self._source.say(f"Written: {path}", "note")

    # -- the clipboard ---------------------------------------------------------------------------------

    def _copy_picture(self) -> None:
        view = self._view
        size = (_SHARPER * view.width(), _SHARPER * view.height())
        QGuiApplication.clipboard().setImage(picture(view.seen, size, view.theme, _SHARPER * view.scale))

    def _copy_values(self, panel: str) -> None:
        QGuiApplication.clipboard().setText(values_text(self._view.seen, panel, "\t"))

    def _copy_python(self, panel: str) -> None:
        QGuiApplication.clipboard().setText(self._source.python(self._view, panel))

    def _copy_command(self) -> None:
        QGuiApplication.clipboard().setText(self._source.command(self._view))
