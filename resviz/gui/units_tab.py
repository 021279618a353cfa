"""The Units tab: what to look at and in which view, and the picture of it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from resviz.config import Session
from resviz.draw.view import SceneView
from resviz.draw.virtuals import virtuals
from resviz.gui.estimate import shape
from resviz.gui.flow import FlowLayout, labelled
from resviz.gui.state import Choice
from resviz.gui.views import GRIDS, MOST_PINNED, PAIRED, VIEWS, shown_of
from resviz.gui.work import Places
from resviz.scene.depth import layer_at

OBSERVABLES: tuple[tuple[str, str, str | None], ...] = (
    ("preactivation", "preactivation p = u·h/D", "sample"),
    ("activation", "activation σ(p)", "sample"),
    ("backward", "backward preactivation q = v·b/D", "sample"),
    ("u", "input weight u", "coordinate"),
    ("v", "output weight v", "coordinate"),
    ("u_norm", "size of u (RMS)", None),
    ("v_norm", "size of v (RMS)", None),
    ("travel_u", "how far u moved since k = 0 (RMS)", None),
    ("travel_v", "how far v moved since k = 0 (RMS)", None),
    ("travel_scaled", "how far u moved, times α (RMS)", None),
    ("projection", "projection of u on a direction e", "direction"),
    ("alignment", "alignment of u and h (cosine)", "sample"),
    ("h", "forward field h (its D coordinates)", "sample"),
    ("b", "backward field b (its D coordinates)", "sample"),
)
"""Name, label and need of every observable; a copy, because the original comes with torch (tested equal)."""

_PINS = ("depth finite", "depth limit", "depth difference")
"""Panels a click on which pins the layer at its height."""

_ROOMY = 560
"""Height, at scale 1, from which there is room for depth maps below the grid."""


@virtuals
class UnitsTab(QWidget):
    """Shows the choice and the units' scene.

    Signals:
        looked(dict): fields of the choice are to change.
        pinned(int): a layer is to have a panel of its own, or no more.
    """

    looked = Signal(dict)
    pinned = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers_shown: tuple[int, ...] = ()
        self._total = 1
        self._roomy: bool | None = None
        self.view = SceneView(name="Histograms of the units over the density of the Mean ODE, by layer")
        self.view.setObjectName("grid")
        self.view.pressed.connect(self._pin)

        self.observable = self._combo("observable", "Observable", "observable", 22)
        for name, text, _ in OBSERVABLES:
            self.observable.addItem(text, name)
        self.sample = self._spin("sample", "Sample", "sample")
        self.coordinate = self._spin("coordinate", "Coordinate", "coordinate")
        self._at = QLabel("sample")
        self.view_box = self._combo("view", "View", "view", 14)
        for name, text in VIEWS:
            self.view_box.addItem(text, name)
        self.second = self._combo("second", "Second observable", "second", 26)
        for name, text, _ in OBSERVABLES:
            self.second.addItem(text, name)
        self.second_coordinate = self._spin(
            "second_coordinate", "Coordinate of the second observable", "second_coordinate"
        )
        self.layers = QLineEdit()
        self.layers.setObjectName("layers")
        self.layers.setAccessibleName("Pinned layers")
        self.layers.setToolTip(
            "Layers with a panel of their own, as in 2 14 26; empty: six over the depth. "
            "A click on a depth map pins the layer there, or lets it go."
        )
        self.layers.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.layers.editingFinished.connect(self._ask_layers)
        self.bins = self._spin("bins", "Bins of a histogram", "bins", low=0, high=400)
        self.bins.setSpecialValueText("auto")
        self.bins.setToolTip("Bars across an axis; auto follows the number of units")
        self.window_size = self._spin("window", "Layers pooled round each pinned one", "window", low=0)
        self.window_size.setSpecialValueText("auto")
        self.window_size.setToolTip(
            "Layers pooled round each pinned one; auto: the fewest that hold 256 units"
        )
        self.lock_axes = QCheckBox("Lock axes")
        self.lock_axes.setObjectName("lock_axes")
        self.lock_axes.setToolTip("One range for all layers")
        self.lock_axes.clicked.connect(lambda on: self.looked.emit({"lock_axes": bool(on)}))

        controls = FlowLayout()
        controls.setContentsMargins(8, 4, 8, 0)
        self._place = labelled(self._at, self.sample, self.coordinate)
        self._against = labelled("against", self.second, self.second_coordinate)
        self._pinned = labelled("Layers", self.layers)
        self._binned = labelled("Bins", self.bins)
        self._pooled = labelled("Window", self.window_size)
        for widget in (
            labelled("Observable", self.observable),
            self._place,
            labelled("View", self.view_box),
            self._against,
            self._pinned,
            self._binned,
            self._pooled,
            self.lock_axes,
        ):
            controls.addWidget(widget)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(controls)
        rows.addWidget(self.view, 1)

    def _combo(self, name: str, accessible: str, key: str, letters: int) -> QComboBox:
        combo = QComboBox()
        combo.setObjectName(name)
        combo.setAccessibleName(accessible)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(letters)
        combo.activated.connect(lambda: self.looked.emit({key: combo.currentData()}))
        return combo

    def _spin(self, name: str, accessible: str, key: str, low: int = 0, high: int = 0) -> QSpinBox:
        spin = QSpinBox()
        spin.setObjectName(name)
        spin.setAccessibleName(accessible)
        spin.setRange(low, high)
        spin.setKeyboardTracking(False)
        optional = key in ("bins", "window")
        spin.valueChanged.connect(
            lambda value: self.looked.emit({key: None if optional and value == 0 else int(value)})
        )
        return spin

    def _ask_layers(self) -> None:
        text = self.layers.text().replace(",", " ").split()
        if not text:
            self.looked.emit({"layers": None})
            return
        try:
            layers = tuple(sorted({int(part) for part in text}))
        except ValueError:
            self._refuse_layers("whole numbers are needed, as in 2 14 26")
            return
        if layers[0] < 0 or layers[-1] >= self._total:
            self._refuse_layers(f"layers are 0 to {self._total - 1}")
            return
        if len(layers) > MOST_PINNED:
            self._refuse_layers(f"at most {MOST_PINNED} layers have a panel")
            return
        if layers != self._layers_shown:
            self.looked.emit({"layers": layers})

    def _pin(self, panel: str, x: float, y: float) -> None:
        if panel in _PINS:
            self.pinned.emit(layer_at(self._total, y))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        roomy = self.height() >= _ROOMY * self.view.scale
        if roomy != self._roomy:
            self._roomy = roomy
            # not within the event: what it asks for lays the window out again
            QTimer.singleShot(0, self, lambda: self.looked.emit({"roomy": roomy}))

    def _refuse_layers(self, rule: str) -> None:
        from PySide6.QtWidgets import QToolTip

        QToolTip.showText(self.layers.mapToGlobal(self.layers.rect().bottomLeft()), rule, self.layers)
        self.layers.setAccessibleDescription(rule)
        self.layers.setText(_listed(self._layers_shown))

    def show_choice(self, choice: Choice, places: Places, session: Session) -> None:
        """Write the choice into the controls, without asking for it again."""
        samples, dimension = shape(session)
        total = session.network.layers
        self._total, self._layers_shown = total, places.layers
        needs = {name: need for name, _, need in OBSERVABLES}
        need = needs[choice.observable]
        self.observable.setCurrentIndex(self.observable.findData(choice.observable))
        self._at.setText(need if need in ("sample", "coordinate") else "")
        self._place.setVisible(need in ("sample", "coordinate"))
        self._at.setBuddy(self.coordinate if need == "coordinate" else self.sample)
        self.sample.setVisible(need == "sample")
        self.coordinate.setVisible(need == "coordinate")
        _set_spin(self.sample, choice.sample, samples - 1)
        _set_spin(self.coordinate, choice.coordinate, dimension - 1)
        shown = shown_of(choice, dimension)
        self.view_box.setCurrentIndex(self.view_box.findData(choice.view))
        self._against.setVisible(shown.view in PAIRED)
        self.second.setCurrentIndex(self.second.findData(shown.second))
        self.second_coordinate.setVisible(needs[shown.second] == "coordinate")
        _set_spin(self.second_coordinate, shown.second_coordinate, dimension - 1)
        # what a view does not read is not offered
        self._pinned.setVisible(shown.view not in ("ridgeline", "paths"))
        self._binned.setVisible(shown.view not in PAIRED)
        self._pooled.setVisible(shown.view != "paths")
        self.lock_axes.setVisible(shown.view in GRIDS)
        _set_spin(self.bins, choice.bins or 0, 400)
        _set_spin(self.window_size, choice.window or 0, total)
        self.window_size.setSpecialValueText(f"auto ({places.window})")
        self.lock_axes.setChecked(choice.lock_axes)
        if not self.layers.hasFocus() or not self.layers.isModified():
            self.layers.setText(_listed(places.layers))
            self.layers.setCursorPosition(0)
            self._make_room()

    def _make_room(self) -> None:
        """All pinned layers can be read, and the field does not change its size for every digit."""
        letters = max(24, 8 * -(-len(self.layers.text()) // 8))
        metrics = self.layers.fontMetrics()
        edge = 2 * metrics.horizontalAdvance("0")  # frame and margins
        width = (
            max(letters * metrics.averageCharWidth(), metrics.horizontalAdvance(self.layers.text())) + edge
        )
        if width != self.layers.width():
            self.layers.setFixedWidth(width)


def _set_spin(spin: QSpinBox, value: int, high: int) -> None:
    spin.blockSignals(True)
    spin.setMaximum(max(high, spin.minimum()))
    spin.setValue(value)
    spin.blockSignals(False)


def _listed(layers: tuple[int, ...]) -> str:
    return " ".join(map(str, layers))
