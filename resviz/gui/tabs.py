"""The centre's tabs beside Units: passive widgets, each a row of controls over one scene."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from resviz.draw.view import SceneView
from resviz.gui.flow import labelled
from resviz.gui.sweep.tab import SweepTab
from resviz.gui.units_tab import UnitsTab
from resviz.scene.phase import QUANTITIES


class SceneTab(QWidget):
    """A scene under a row of controls."""

    def __init__(self, name: str, described: str, controls: Iterable[QWidget] = ()) -> None:
        super().__init__()
        self.setObjectName(f"{name}.tab")
        self.view = SceneView(name=described)
        self.view.setObjectName(name)
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        row.setSpacing(12)
        for control in controls:
            row.addWidget(control)
        row.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(row)
        rows.addWidget(self.view, 1)


class FieldsTab(SceneTab):
    """Emits ``looked`` when another sample or other coordinates are asked for."""

    looked = Signal(dict)

    def __init__(self) -> None:
        self.sample, self.first = QSpinBox(), QSpinBox()
        labels, spins = ("Sample", "Coordinates from"), (self.sample, self.first)
        for spin, name, key in zip(
            spins,
            ("Sample whose fields are shown", "First of five coordinates"),
            ("sample", "coordinate"),
            strict=True,
        ):
            spin.setObjectName(f"fields.{key}")
            spin.setAccessibleName(name)
            spin.setToolTip(name)
            spin.setKeyboardTracking(False)
        controls = [labelled(label, spin) for label, spin in zip(labels, spins, strict=True)]
        super().__init__("fields", "Fields over depth: finite net solid, Mean ODE dashed", controls)
        self.sample.valueChanged.connect(lambda i: self.looked.emit({"sample": int(i)}))
        self.first.valueChanged.connect(lambda c: self.looked.emit({"coordinate": int(c)}))

    def show_choice(self, sample: int, coordinate: int, samples: int, dimension: int) -> None:
        """Write the choice into the controls, without asking for it again."""
        for spin, value, count in ((self.sample, sample, samples), (self.first, coordinate, dimension)):
            spin.blockSignals(True)
            spin.setMaximum(max(0, count - 1))
            spin.setValue(value)
            spin.blockSignals(False)


class FitTab(SceneTab):
    """Emits ``chosen(step, depth)`` where the map is clicked."""

    chosen = Signal(float, float)

    def __init__(self) -> None:
        self.says = QLabel("A click moves the cursor and pins the layer.")
        super().__init__("fit", "How well the limit fits, over layers and steps", (self.says,))
        self.view.setCursor(Qt.CursorShape.CrossCursor)
        self.view.pressed.connect(self._pressed)

    def _pressed(self, panel: str, x: float, y: float) -> None:
        if panel == "fit":
            self.chosen.emit(x, y)


class ErrorTab(SceneTab):
    """Emits ``chosen(step)`` where a step is clicked."""

    chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__("error", "RMS output error over steps, its fitted rate and the limit's own error")
        self.view.pressed.connect(lambda panel, x, y: self.chosen.emit(x))


class PhaseTab(SceneTab):
    """Emits ``chosen(alpha, LM/D)`` where the diagram is clicked, ``atlas_asked(on)`` to go on or to stop.

    ``quantity_chosen`` names what colours the map.
    """

    chosen = Signal(float, float)
    quantity_chosen = Signal(str)
    atlas_asked = Signal(bool)

    def __init__(self) -> None:
        self.quantity = QComboBox()
        self.quantity.setObjectName("phase.quantity")
        self.quantity.setAccessibleName("What colours the map")
        for key, text in QUANTITIES.items():
            self.quantity.addItem(text[0].upper() + text[1:], key)
        self.quantity.addItem("No colours", "none")
        self.progress = QProgressBar()
        self.progress.setObjectName("phase.progress")
        self.progress.setAccessibleName("Progress of the atlas")
        self.progress.setRange(0, 100)
        self.progress.setFixedWidth(160)
        self.progress.setFormat("finer atlas %p %")
        self.button = QPushButton()
        self.button.setObjectName("phase.atlas")
        self._running = False
        super().__init__(
            "phase-diagram",
            "Phase diagram: regimes over alpha and LM/D",
            (self.quantity, self.progress, self.button),
        )
        self.view.setCursor(Qt.CursorShape.CrossCursor)
        self.view.pressed.connect(lambda panel, x, y: self.chosen.emit(x, y))
        self.quantity.activated.connect(lambda: self.quantity_chosen.emit(self.quantity.currentData()))
        self.button.clicked.connect(lambda: self.atlas_asked.emit(not self._running))
        self.show_atlas(0.0, False)

    def show_atlas(self, done: float, running: bool) -> None:
        """Say how much of the finer atlas is trained, and whether it is going on."""
        self._running = running
        self.progress.setValue(round(100 * done))
        self.button.setText("Cancel" if running else "Refine")
        self.button.setToolTip(
            "Stop training small networks; what is trained is kept"
            if running
            else "Train networks between the rows of the map, in the background: some minutes of one core"
        )
        self.progress.setVisible(running and done < 1.0)
        self.button.setVisible(done < 1.0)


class Tabs(QTabWidget):
    """Units, Fields, Fit, Error, Phase diagram, Sweep."""

    def __init__(self, units: UnitsTab) -> None:
        super().__init__()
        self.setObjectName("tabs")
        self.setDocumentMode(True)
        self.fields, self.fit, self.error, self.phase = FieldsTab(), FitTab(), ErrorTab(), PhaseTab()
        self.sweep = SweepTab()
        for widget, title in (
            (units, "Units"),
            (self.fields, "Fields"),
            (self.fit, "Fit"),
            (self.error, "Error"),
            (self.phase, "Phase diagram"),
            (self.sweep, "Sweep"),
        ):
            self.addTab(widget, title)

    @property
    def shown(self) -> str | None:
        """The view that the tab in front shows, as exports name it; None for Units, which has several."""
        tab = self.currentWidget()
        return tab.view.objectName() if isinstance(tab, SceneTab) else None

    @property
    def views(self) -> tuple[SceneView, ...]:
        """The pictures of all tabs but Units."""
        return self.fields.view, self.fit.view, self.error.view, self.phase.view, self.sweep.view
