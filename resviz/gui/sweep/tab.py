"""The Sweep tab: the design at the left, its cost and progress below it, the results at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from resviz.draw.view import SceneView
from resviz.draw.virtuals import virtuals
from resviz.gui.flow import FlowLayout, labelled
from resviz.gui.sweep.form import SweepForm
from resviz.scene.swept import QUANTITIES

_FORM_WIDTH = 300


@virtuals
class _Column(QScrollArea):
    """Scrolls a form up and down alone: it is never narrower than what stands in it."""

    def __init__(self, form: QWidget) -> None:
        super().__init__()
        self._form = form
        self.setWidget(form)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def minimumSizeHint(self) -> QSize:
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._form.minimumSizeHint().width() + bar, super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._form and event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class SweepTab(QWidget):
    """Passive: it shows, and emits what was asked.

    Signals:
        looked(): another quantity, axis across, kind of plot, or fits on or off.
        chosen(x, y): a place of the plot was clicked.
        run_asked(), cancel_asked().
    """

    looked = Signal()
    chosen = Signal(float, float)
    run_asked = Signal()
    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sweep.tab")
        self.view = SceneView(name="Results of the sweep")
        self.view.setObjectName("sweep")
        self.view.pressed.connect(self._pressed)
        self.form = SweepForm()
        self.quantity, self.across, self.plot = QComboBox(), QComboBox(), QComboBox()
        self.plot.addItem("Curves", "curves")
        self.plot.addItem("Heat map", "map")
        self.fits = QCheckBox("Fitted rates")
        self.fits.setChecked(True)
        self.fits.setToolTip("A power law for every line of three points or more, with a 95 % interval")
        self.cost = QLabel()
        self.cost.setWordWrap(True)
        self.cost.setTextFormat(Qt.TextFormat.PlainText)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(12)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.run, self.cancel = QPushButton("Run"), QPushButton("Cancel")
        for name, widget, described in (
            ("quantity", self.quantity, "Quantity that is shown"),
            ("across", self.across, "Axis that goes across"),
            ("plot", self.plot, "Curves or heat map"),
            ("fits", self.fits, "Fitted rates"),
            ("cost", self.cost, "Estimated cost of the sweep"),
            ("progress", self.progress, "Progress of the sweep"),
            ("message", self.message, "State of the sweep"),
            ("run", self.run, "Run the sweep"),
            ("cancel", self.cancel, "Cancel the sweep"),
        ):
            widget.setObjectName(f"sweep.{name}")
            widget.setAccessibleName(described)
        for combo in (self.quantity, self.across, self.plot):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            combo.activated.connect(lambda: self.looked.emit())
        self.plot.activated.connect(self._show_fits)
        self.fits.toggled.connect(lambda: self.looked.emit())
        self.run.clicked.connect(self.run_asked)
        self.cancel.clicked.connect(self.cancel_asked)
        self._lay_out()
        self.show_running(False)
        self.show_choices((), ())

    def _lay_out(self) -> None:
        scroll = _Column(self.form)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run, 1)
        buttons.addWidget(self.cancel, 1)
        below = QVBoxLayout()
        below.setContentsMargins(6, 2, 6, 6)
        below.setSpacing(4)
        below.addWidget(self.cost)
        below.addWidget(self.progress)
        below.addWidget(self.message)
        below.addLayout(buttons)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addLayout(below)
        controls = FlowLayout()
        controls.setContentsMargins(8, 4, 8, 0)
        self._across = labelled("Across", self.across)
        self._plot = labelled("as", self.plot)
        for widget in (labelled("Show", self.quantity), self._plot, self._across, self.fits):
            controls.addWidget(widget)
        right = QWidget()
        rows = QVBoxLayout(right)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(controls)
        rows.addWidget(self.view, 1)
        split = QSplitter()
        split.setObjectName("sweep.split")
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setCollapsible(1, False)
        split.setSizes([_FORM_WIDTH, 3 * _FORM_WIDTH])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(split)

    @property
    def as_map(self) -> bool:
        """Whether a heat map is asked for."""
        return self.plot.currentData() == "map" and self.across.count() > 1

    def _pressed(self, panel: str, x: float, y: float) -> None:
        if panel == "sweep":
            self.chosen.emit(x, y)

    def show_choices(self, quantities: Sequence[str], axes: Sequence[str]) -> None:
        """Offer the measured columns and the axes of a sweep; what was chosen stays where it is offered."""
        chosen = self.quantity.currentData()
        if [self.quantity.itemData(i) for i in range(self.quantity.count())] != list(quantities):
            self.quantity.clear()
            for name in quantities:
                text = QUANTITIES[name]
                self.quantity.addItem(text[0].upper() + text[1:], name)
            self.quantity.setCurrentIndex(max(0, self.quantity.findData(chosen)))
        if [self.across.itemText(i) for i in range(self.across.count())] != list(axes):
            self.across.clear()
            self.across.addItems(list(axes))
        for widget in (self._across, self._plot):
            widget.setVisible(len(axes) > 1)
        self._show_fits()

    def _show_fits(self) -> None:
        """Rates are fitted to curves alone."""
        self.fits.setVisible(not self.as_map)

    def show_cost(self, text: str, *, fits: bool = True) -> None:
        """What the design will cost; in the colour of errors where it does not fit."""
        self.cost.setText(text)
        self.cost.setForegroundRole(QPalette.ColorRole.WindowText if fits else QPalette.ColorRole.BrightText)

    def show_ready(self, known: int, total: int) -> None:
        """What the Run button does: begin or go on; nothing where all runs are there, or no design is."""
        missing = total - known
        self.run.setText("Continue" if known and missing else "Run")
        self.run.setEnabled(missing > 0)
        if missing or not total:
            tip = (
                f"Train the {missing} runs that are missing"
                if known
                else "Train every point, in the background"
            )
        else:
            tip = "All runs are there; repetitions, values or another folder make new ones"
        self.run.setToolTip(tip)

    def show_running(self, on: bool) -> None:
        """A sweep runs: it can be cancelled, and its design stays as it is."""
        self.form.setEnabled(not on)
        if on:
            self.run.setEnabled(False)
        self.cancel.setEnabled(on)
        self.cancel.setText("Cancel")
        self.progress.setVisible(on)

    def show_cancelling(self) -> None:
        """It was asked to end."""
        self.cancel.setEnabled(False)
        self.cancel.setText("Cancelling…")

    def show_progress(self, done: int, total: int, text: str) -> None:
        """Points done of all, and the rest in words."""
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)
        self.say(text)

    def say(self, text: str, *, error: bool = False) -> None:
        """The state of the sweep."""
        self.message.setText(text)
        self.message.setVisible(bool(text))
        self.message.setForegroundRole(
            QPalette.ColorRole.BrightText if error else QPalette.ColorRole.WindowText
        )
