"""The user's settings: applied, changed in a dialog, kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from resviz.draw.virtuals import virtuals
from resviz.errors import OutputError
from resviz.gui.stored import Settings, read_settings, write_settings

THEMES = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"))
_POINTS = "resviz_points"  # property of the application: its type size before any scale


class Preferences(QObject):
    """Holds the settings; ``changed(Settings)`` says that others are to be applied."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = read_settings()

    def change(self, **values: Any) -> None:
        """Apply other values and keep them.

        Raises:
            OutputError: they hold for this window, but cannot be kept.
        """
        new = Settings.model_validate({**self.settings.model_dump(), **values})
        if new == self.settings:
            return
        self.settings = new
        self.changed.emit(new)
        write_settings(new)


def scale_type(scale: float) -> None:
    """Type of all widgets, ``scale`` times as large as the desktop says."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    font = application.font()
    before = application.property(_POINTS)
    if before is None:
        before = font.pointSizeF()
        application.setProperty(_POINTS, before)
    if abs(font.pointSizeF() - before * scale) > 1e-3:
        font.setPointSizeF(before * scale)
        application.setFont(font)


@virtuals
class SettingsDialog(QDialog):
    """Shows settings; every change is applied at once, and Cancel takes all of them back.

    Args:
        change: applies and keeps values by name; may raise OutputError.
    """

    def __init__(
        self, settings: Settings, change: Callable[..., None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("settings")
        self.setWindowTitle("Settings")
        self._before, self._change = settings, change
        self._filling = True
        self.theme = QComboBox()
        for name, text in THEMES:
            self.theme.addItem(text, name)
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.font_scale = _real(settings.font_scale, 0.7, 2.5, 0.1, " ×")
        self.memory = _real(settings.memory_gb, 0.0, 4096.0, 1.0, " GB", "a quarter of this machine's")
        self.spool = _real(settings.spool_gb, 0.1, 4096.0, 1.0, " GB")
        self.folder = QLineEdit(settings.spool_folder)
        self.folder.setPlaceholderText("in the user's folder")
        choose = QPushButton("Choose…")
        choose.setAutoDefault(False)
        choose.setAccessibleName("Choose a folder for unsaved runs")
        choose.clicked.connect(self._choose)
        self.threads = QSpinBox()
        self.threads.setRange(0, 1024)
        self.threads.setSpecialValueText("chosen by the program")
        self.threads.setValue(settings.threads)
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(choose)
        form = QFormLayout()
        rows: tuple[tuple[str, str, QWidget, str], ...] = (
            ("theme", "Theme", self.theme, "Light or dark; colours stay apart for every kind of eye"),
            ("font_scale", "Type", self.font_scale, "Size of all type, in the window and in its pictures"),
            ("memory_gb", "Memory", self.memory, "Bound on what runs hold in memory; the rest lies on disk"),
            ("spool_gb", "Unsaved runs", self.spool, "Past this, the next start asks which to delete"),
            ("spool_folder", "Folder for them", self.folder, "Holds runs until they are saved"),
            ("threads", "Threads", self.threads, "Processor threads of the next run"),
        )
        for name, label, widget, tip in rows:
            widget.setObjectName(f"settings.{name}")
            widget.setAccessibleName(label)
            widget.setToolTip(tip)
            form.addRow(label, place if widget is self.folder else widget)
        self.message = QLabel()
        self.message.setObjectName("settings.message")
        self.message.setWordWrap(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.RestoreDefaults
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).clicked.connect(
            lambda: self._fill(Settings())
        )
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.message)
        layout.addWidget(buttons)
        self.theme.currentIndexChanged.connect(self._apply)
        for spin in (self.font_scale, self.memory, self.spool, self.threads):
            spin.valueChanged.connect(self._apply)
        self.folder.editingFinished.connect(self._apply)
        self._filling = False

    def _choose(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder for unsaved runs", self.folder.text())
        if path:
            self.folder.setText(path)
            self._apply()

    def _fill(self, settings: Settings) -> None:
        self._filling = True
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.font_scale.setValue(settings.font_scale)
        self.memory.setValue(settings.memory_gb)
        self.spool.setValue(settings.spool_gb)
        self.folder.setText(settings.spool_folder)
        self.threads.setValue(settings.threads)
        self._filling = False
        self._apply()

    def _apply(self) -> None:
        if self._filling:
            return
        self._try(
            theme=self.theme.currentData(),
            font_scale=round(self.font_scale.value(), 2),
            memory_gb=self.memory.value(),
            spool_gb=self.spool.value(),
            spool_folder=self.folder.text().strip(),
            threads=self.threads.value(),
        )

    def _try(self, **values: Any) -> None:
        try:
            self._change(**values)
            self.message.setText("")
        except OutputError as error:
            self.message.setText(str(error))

    def reject(self) -> None:
        self._try(**self._before.model_dump())
        super().reject()


def _real(value: float, low: float, high: float, step: float, unit: str, special: str = "") -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setDecimals(1)
    spin.setRange(low, high)
    spin.setSingleStep(step)
    spin.setSuffix(unit)
    spin.setSpecialValueText(special)
    spin.setValue(value)
    return spin
