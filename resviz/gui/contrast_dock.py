"""Feature learning or lazy? The twin's alpha and the contrast's scene."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSlider, QVBoxLayout, QWidget

from resviz.draw.view import SceneView

_LOW, _HIGH, _TICKS = 1.0, 1000.0, 300  # a hundred positions a decade


def alpha_at(position: int) -> float:
    """Alpha of a slider position, 2 digits so that it reads as it is set."""
    return float(f"{_LOW * (_HIGH / _LOW) ** (position / _TICKS):.2g}")


def position_of(alpha: float) -> int:
    """Slider position nearest to alpha."""
    return round(_TICKS * math.log(min(max(alpha, _LOW), _HIGH) / _LOW) / math.log(_HIGH / _LOW))


class ContrastDock(QWidget):
    """Emits ``alpha_chosen`` when the slider is let go, ``scaled_chosen`` for displacements times alpha."""

    alpha_chosen = Signal(float)
    scaled_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("contrast")
        self._alpha = 8.0
        self.view = SceneView(name="The session beside its lazy twin and the lazy limit")
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
        row.addWidget(self._state, 1, 0, 1, 4)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(row)
        rows.addWidget(self.view, 1)

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
