"""Depth is width: one slider that trades units a layer for layers, at as many units in all."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from resviz.config import Session

_MOST_LAYERS, _MOST_UNITS = 100_000, 10_000_000  # as the session's rules have them


def shapes(layers: int, units: int) -> tuple[tuple[int, int], ...]:
    """All (L, M) with L M as given that halving and doubling lead to, the widest first."""
    found = [(layers, units)]
    while found[0][0] % 2 == 0 and found[0][1] * 2 <= _MOST_UNITS:
        found.insert(0, (found[0][0] // 2, found[0][1] * 2))
    while found[-1][1] % 2 == 0 and found[-1][0] * 2 <= _MOST_LAYERS:
        found.append((found[-1][0] * 2, found[-1][1] // 2))
    return tuple(found)


class DepthWidth(QWidget):
    """Emits ``chosen(layers, units)`` when the slider is let go; another run starts, whose limit is known."""

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shapes: tuple[tuple[int, int], ...] = ((1, 1),)
        self._shape = (1, 1)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("depth_width")
        self.slider.setAccessibleName("Depth is width: layers against units a layer")
        self.slider.setToolTip(
            "Trades units a layer (left) for layers (right) at a constant number of units L·M.\n"
            "The limit knows neither and stays where it is, and so do the histograms,\n"
            "down to one unit a layer. "
            "Restarts the net."
        )
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setTickInterval(1)
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(self._let_go)
        label = QLabel("Width")
        label.setBuddy(self.slider)
        self._text = QLabel("Depth")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (label, self.slider, self._text):
            row.addWidget(widget)
        self._value = QLabel()
        self._value.setObjectName("depth_width.value")
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("16384 × 1024"))
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._value)

    def show_session(self, session: Session) -> None:
        """Offer the shapes of the session's number of units, unless the slider is being dragged."""
        if self.slider.isSliderDown():
            return
        self._shape = (session.network.layers, session.network.units)
        self._shapes = shapes(*self._shape)
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(self._shapes) - 1)
        self.slider.setValue(self._shapes.index(self._shape))
        self.slider.setEnabled(len(self._shapes) > 1)
        self.slider.blockSignals(False)
        self._say(self._shape)

    def _say(self, shape: tuple[int, int]) -> None:
        self._value.setText(f"{shape[0]} × {shape[1]}")
        self._value.setToolTip(f"L = {shape[0]} layers of M = {shape[1]} units")

    def _moved(self, position: int) -> None:
        self._say(self._shapes[position])
        if not self.slider.isSliderDown():  # keys and clicks beside the handle have no release
            self._let_go()

    def _let_go(self) -> None:
        shape = self._shapes[self.slider.value()]
        if shape != self._shape:
            self.chosen.emit(*shape)
