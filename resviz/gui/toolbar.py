"""The toolbar: transport, speed, preset, and the status line at its right end."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QSizePolicy, QSlider, QToolBar, QWidget

from resviz.config import preset, preset_names
from resviz.draw.virtuals import virtuals
from resviz.gui.resolve import SPEEDS

_TICKS = 100


def speed_at(position: int) -> float:
    """Steps a second of a slider position, 2 digits."""
    low, high = SPEEDS
    return float(f"{low * (high / low) ** (position / _TICKS):.2g}")


def speed_position(speed: float) -> int:
    """Slider position nearest to a speed."""
    low, high = SPEEDS
    return round(_TICKS * math.log(speed / low) / math.log(high / low))


@virtuals
class _Status(QLabel):
    """Text at the right end of all the room there is, elided where it is longer: it pushes nothing out."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        room = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()


class Toolbar(QToolBar):
    """Emits ``speed_chosen``, ``follow_chosen`` and ``preset_chosen``; buttons are the window's actions."""

    speed_chosen = Signal(float)
    follow_chosen = Signal(bool)
    preset_chosen = Signal(str)

    def __init__(self, run: QAction, others: Sequence[QAction], export: QAction) -> None:
        super().__init__("Transport")
        self.setObjectName("transport")
        self.setMovable(False)
        self.setIconSize(QSize(16, 16))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.addActions([run, *others])
        # "Run" and "Pause" take the same room, so that nothing jumps
        button = self.widgetForAction(run)
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance("Pause") + 42)
        self.addSeparator()

        self.speed = QSlider(Qt.Orientation.Horizontal)
        self.speed.setObjectName("speed")
        self.speed.setRange(0, _TICKS)
        self.speed.setMaximumWidth(110)
        self.speed.setMinimumWidth(60)
        self.speed.setAccessibleName("Speed of the cursor, steps a second")
        self.speed.valueChanged.connect(lambda position: self.speed_chosen.emit(speed_at(position)))
        self._add("Speed", self.speed)
        self.follow = QCheckBox("Follow live")
        self.follow.setToolTip("Pin the cursor to the newest step")
        self.follow.clicked.connect(lambda on: self.follow_chosen.emit(bool(on)))
        self.addWidget(self.follow)
        self.preset = QComboBox()
        self.preset.setObjectName("preset")
        self.preset.setAccessibleName("Preset")
        self.preset.setPlaceholderText("own session")
        for name in preset_names():
            self.preset.addItem(preset(name).title or name, name)
        self.preset.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.preset.setMinimumContentsLength(21)
        self.preset.activated.connect(lambda: self.preset_chosen.emit(self.preset.currentData()))
        self._add("Preset", self.preset)
        self.addAction(export)

        self.status = _Status()
        self.status.setObjectName("status")
        self.status.setAccessibleName("Status")
        self.status.setContentsMargins(6, 0, 8, 0)
        self.addWidget(self.status)

    def _add(self, text: str, widget: QWidget) -> None:
        label = QLabel(f" {text} ")
        label.setBuddy(widget)
        self.addWidget(label)
        self.addWidget(widget)

    def show_transport(self, speed: float, follow: bool) -> None:
        """Write speed and follow into their controls, without asking for them again."""
        self.follow.setChecked(follow)
        self.speed.blockSignals(True)
        self.speed.setValue(speed_position(speed))
        self.speed.blockSignals(False)
        self.speed.setToolTip(f"The cursor plays {speed:.3g} steps a second")

    def show_preset(self, name: str) -> None:
        """Name the preset, or none."""
        self.preset.setCurrentIndex(self.preset.findData(name) if name else -1)
