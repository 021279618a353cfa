"""Feature learning or lazy? The twin's alpha and the contrast's scene."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QSlider,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from resviz.draw.view import SceneView
from resviz.draw.virtuals import virtuals
from resviz.scene.model import Scene

_LOW, _HIGH, _TICKS = 1.0, 1000.0, 300  # a hundred positions a decade

DEFINITIONS = (
    "<p><b>Three locked twins</b>: the same data and the same unit starts at the session's α, at a large α, "
    "and the lazy limit α → ∞ (dashed), always at one step. Dotted: the limit of the curve beside it.</p>"
    "<p><b>Laziness meter</b>: RMS over units, layers and samples of (u<sub>k</sub> − u<sub>0</sub>)·"
    "h<sub>0</sub>/D, over the RMS of u<sub>0</sub>·h<sub>0</sub>/D. Some 1 where features are learned, 1/α "
    "when lazy.</p>"
    "<p><b>Feature kernel</b>: Φ<sub>k</sub>(i, i') = mean over a layer's units of "
    "σ(u<sub>k</sub>·h<sub>0,i</sub>/D) σ(u<sub>k</sub>·h<sub>0,i'</sub>/D); its drift is "
    "|Φ<sub>k</sub> − Φ<sub>0</sub>| / |Φ<sub>0</sub>|: line, the mean over layers; band, "
    "all of them.</p>"
    "<p>Both see the data h<sub>0</sub> of step 0: the h of later steps moves even where units are lazy.</p>"
)


def alpha_at(position: int) -> float:
    """Alpha of a slider position, 2 digits so that it reads as it is set."""
    return float(f"{_LOW * (_HIGH / _LOW) ** (position / _TICKS):.2g}")


def position_of(alpha: float) -> int:
    """Slider position nearest to alpha."""
    return round(_TICKS * math.log(min(max(alpha, _LOW), _HIGH) / _LOW) / math.log(_HIGH / _LOW))


@virtuals
class ContrastDock(QWidget):
    """Emits ``alpha_chosen`` when the slider is let go, ``scaled_chosen`` for displacements times alpha.

    ``tall_chosen`` says whether there is room for all panels.
    """

    alpha_chosen = Signal(float)
    scaled_chosen = Signal(bool)
    tall_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("contrast")
        self._alpha = 8.0
        self.view = SceneView(name="The session beside its lazy twin and the lazy limit")
        self.view.setObjectName("contrast.view")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("contrast_alpha")
        self.slider.setAccessibleName("Scale α of the lazy twin")
        self.slider.setToolTip("Scale α of the twin; letting go trains it again, the old one stays meanwhile")
        self.slider.setRange(0, _TICKS)
        self.slider.setSingleStep(5)
        self.slider.setPageStep(30)
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(self._let_go)
        self._label = QLabel("Twin α")
        self._label.setBuddy(self.slider)
        self._value = QLabel()
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("1000"))
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.scaled = QCheckBox("× α")
        self.scaled.setObjectName("contrast_scaled")
        self.scaled.setAccessibleName("Displacements times α")
        self.scaled.setToolTip("Displacements times α, on which a lazy twin falls onto the lazy limit")
        self.scaled.clicked.connect(lambda on: self.scaled_chosen.emit(bool(on)))
        self._state = QLabel()
        self._state.setObjectName("twin_state")
        self._state.hide()
        row = QGridLayout()
        row.setContentsMargins(8, 4, 8, 0)
        for column, widget in enumerate((self._label, self.slider, self._value, self.scaled)):
            row.addWidget(widget, 0, column)
        row.setColumnStretch(1, 1)
        row.setHorizontalSpacing(8)
        self.meter = QLabel()
        self.meter.setObjectName("laziness_meter")
        self.meter.setAccessibleName("Laziness meter")
        self.meter.setWordWrap(True)
        self.meter.setContentsMargins(8, 2, 8, 4)
        self.meter.setToolTip(DEFINITIONS)
        self.help = QToolButton()
        self.help.setObjectName("contrast_help")
        self.help.setText("?")
        self.help.setAutoRaise(True)
        self.help.setAccessibleName("What these plots show")
        self.help.setToolTip(DEFINITIONS)
        self.help.clicked.connect(self._explain)
        row.addWidget(self.help, 0, 4)
        row.addWidget(self._state, 1, 0, 1, 5)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(row)
        rows.addWidget(self.view, 1)
        rows.addWidget(self.meter)
        self._tall = False

    def show_scene(self, scene: Scene) -> None:
        """Show the plots; what the meter says stands below them in words."""
        self.meter.setText(scene.caption)
        self.meter.setVisible(bool(scene.caption))
        self.view.show_scene(replace(scene, caption=""))

    def _explain(self) -> None:
        QToolTip.showText(self.help.mapToGlobal(self.help.rect().bottomLeft()), DEFINITIONS, self.help)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # a panel needs some twelve lines of type
        tall = self.height() >= 6 * 12 * self.fontMetrics().height()
        if tall != self._tall:
            self._tall = tall
            self.tall_chosen.emit(tall)

    def sizeHint(self) -> QSize:
        return QSize(400, 600)

    def _moved(self, position: int) -> None:
        self._value.setText(f"{alpha_at(position):g}")
        if not self.slider.isSliderDown():  # keys and clicks beside the handle have no release
            self._let_go()

    def _let_go(self) -> None:
        alpha = alpha_at(self.slider.value())
        if alpha != self._alpha:
            self.alpha_chosen.emit(alpha)

    def show_alpha(self, alpha: float, scaled: bool) -> None:
        """Write the session's contrast alpha, unless the slider is being dragged."""
        self.scaled.setChecked(scaled)
        self._alpha = alpha
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setValue(position_of(alpha))
            self.slider.blockSignals(False)
            self._value.setText(f"{alpha:g}")

    def show_twin(self, step: int | None, steps: int) -> None:
        """Say how far another twin has been trained; None: none is in training."""
        self._state.setVisible(step is not None)
        if step is not None:
            self._state.setText(f"training the twin at α = {self._alpha:g}: step {step} of {steps}")
