"""The Units tab: what to look at, and the grid of histograms over the limit's densities."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from resviz.config import Session
from resviz.draw.view import SceneView
from resviz.gui.estimate import shape
from resviz.gui.state import Choice
from resviz.gui.work import Places

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

_MOST_PINNED = 12


class UnitsTab(QWidget):
    """Asks for changes of the choice by name (``looked``), shows the choice and the grid's scene."""

    looked = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers_shown: tuple[int, ...] = ()
        self._total = 1
        self.view = SceneView(name="Histograms of the units over the density of the Mean ODE, by layer")
        self.view.setObjectName("grid")

        self.observable = QComboBox()
        self.observable.setObjectName("observable")
        self.observable.setAccessibleName("Observable")
        for name, text, _ in OBSERVABLES:
            self.observable.addItem(text, name)
        self.observable.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.observable.setMinimumContentsLength(24)
        self.observable.activated.connect(
            lambda: self.looked.emit({"observable": self.observable.currentData()})
        )
        self._at = QLabel("sample")
        self.sample = self._spin("sample", "Sample", "sample")
        self.coordinate = self._spin("coordinate", "Coordinate", "coordinate")
        self.layers = QLineEdit()
        self.layers.setObjectName("layers")
        self.layers.setAccessibleName("Pinned layers")
        self.layers.setToolTip("Layers with a panel of their own, as in 2 14 26; empty: six over the depth")
        self.layers.setMinimumWidth(120)
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

        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        labelled: tuple[tuple[QLabel | None, QWidget], ...] = (
            (QLabel("Observable"), self.observable),
            (self._at, self.sample),
            (None, self.coordinate),
            (QLabel("Layers"), self.layers),
            (QLabel("Bins"), self.bins),
            (QLabel("Window"), self.window_size),
            (None, self.lock_axes),
        )
        for label, widget in labelled:
            if label is not None:
                label.setBuddy(widget)
                row.addWidget(label)
            row.addWidget(widget, 8 if widget is self.layers else 0)
        self.layers.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.layers.setMaximumWidth(260)
        row.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(row)
        rows.addWidget(self.view, 1)

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
        if len(layers) > _MOST_PINNED:
            self._refuse_layers(f"at most {_MOST_PINNED} layers have a panel")
            return
        if layers != self._layers_shown:
            self.looked.emit({"layers": layers})

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
        needs = {name: need for name, _, need in OBSERVABLES}[choice.observable]
        self.observable.setCurrentIndex(self.observable.findData(choice.observable))
        self._at.setText({"coordinate": "coordinate", "sample": "sample"}.get(needs or "", ""))
        self._at.setVisible(needs in ("sample", "coordinate"))
        self._at.setBuddy(self.coordinate if needs == "coordinate" else self.sample)
        self.sample.setVisible(needs == "sample")
        self.coordinate.setVisible(needs == "coordinate")
        _set_spin(self.sample, choice.sample, samples - 1)
        _set_spin(self.coordinate, choice.coordinate, dimension - 1)
        _set_spin(self.bins, choice.bins or 0, 400)
        _set_spin(self.window_size, choice.window or 0, total)
        self.window_size.setSpecialValueText(f"auto ({places.window})")
        self.lock_axes.setChecked(choice.lock_axes)
        if not self.layers.hasFocus() or not self.layers.isModified():
            self.layers.setText(_listed(places.layers))
            self.layers.setCursorPosition(0)


def _set_spin(spin: QSpinBox, value: int, high: int) -> None:
    spin.blockSignals(True)
    spin.setMaximum(max(high, spin.minimum()))
    spin.setValue(value)
    spin.blockSignals(False)


def _listed(layers: tuple[int, ...]) -> str:
    return " ".join(map(str, layers))
