"""Help: the keys on one page, what this program is and how to cite what it shows, and the first hints."""

from __future__ import annotations

import html
import platform
from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from resviz.gui.report import installed_versions

IN_PLOTS = (
    ("Space", "Run or pause"),
    ("Left, Right", "One step back or on; at the newest step Right trains one"),
    ("R, Shift+R", "Reset with the same seed, or with a new one"),
    ("[ and ]", "Select steps from here, or to here: they are played round and round, and exported"),
    ("\\", "All steps again"),
    ("Shift and drag", "In the timeline: select steps"),
    ("Wheel, + and −", "Zoom about the mouse; with Shift across, with Ctrl up alone"),
    ("Middle button, dragged", "Move along the axes of a zoomed plot"),
    ("A", "Show whole axes"),
    ("Double click, Return", "Enlarge a plot; again, or Escape, for all of them"),
    ("Page Up, Page Down", "The plot before or after, while one is enlarged"),
    ("Menu key, right click", "Export or copy the figure, its numbers, or how to make it again"),
)
IN_FORMS = (
    ("Return", "Take the value"),
    ("Escape", "Take it back"),
    ("Up, Down", "Step a number: decades for α and rates, doubling for sizes"),
    ("Return in Runs", "Show that run again; F2 edits its name or note, Delete removes it"),
    ("Tab, Shift+Tab", "The control after or before"),
)

BIBTEX = """\
@article{chizat2025hidden,
  title   = {The Hidden Width of Deep {ResNets}: Tight Error Bounds and Phase Diagram},
  author  = {Chizat, L{\\'e}na{\\"i}c},
  journal = {arXiv preprint arXiv:2509.10167},
  year    = {2025}
}

@article{chaintron2026resnets,
  title   = {{ResNets} of All Shapes and Sizes: Convergence of Training Dynamics in the Large-scale Limit},
  author  = {Chaintron, Louis-Pierre and Chizat, L{\\'e}na{\\"i}c and Maass, Javier},
  journal = {arXiv preprint arXiv:2603.18168},
  year    = {2026}
}
"""


def keys_html(actions: Iterable[QAction]) -> str:
    """All keys as a table, those of the actions as they are set now."""
    anywhere = [
        (shortcut.toString(QKeySequence.SequenceFormat.NativeText), action.text().replace("&", ""))
        for action in actions
        for shortcut in action.shortcuts()
    ]
    parts = []
    for title, rows in (
        ("Anywhere", sorted(set(anywhere), key=lambda row: row[1])),
        ("In a plot or the timeline", IN_PLOTS),
        ("In forms and lists", IN_FORMS),
    ):
        cells = "".join(
            f"<tr><td><b>{html.escape(keys)}</b>&nbsp;&nbsp;&nbsp;</td><td>{html.escape(what)}</td></tr>"
            for keys, what in rows
        )
        parts.append(f"<h3>{title}</h3><table>{cells}</table>")
    return "".join(parts)


class KeysDialog(QDialog):
    """The cheat sheet."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("keys")
        self.setWindowTitle("Keys")
        text = QTextBrowser()
        text.setAccessibleName("Keys")
        text.setHtml(keys_html(actions))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(buttons)
        self.resize(560, 640)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)


class AboutDialog(QDialog):
    """What runs here, and what to cite."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("about")
        self.setWindowTitle("About resviz")
        versions = (*installed_versions(), ("Python", platform.python_version()))
        rows = "".join(f"<tr><td>{name}&nbsp;&nbsp;</td><td>{number}</td></tr>" for name, number in versions)
        text = QTextBrowser()
        text.setAccessibleName("About resviz")
        text.setOpenExternalLinks(True)
        text.setHtml(
            "<h2>resviz</h2><p>Watch a deep ResNet become infinitely wide.</p>"
            f"<table>{rows}</table>"
            "<p>The theory: L. Chizat, <i>The Hidden Width of Deep ResNets</i>, "
            '<a href="https://arxiv.org/abs/2509.10167">arXiv 2509.10167</a>, and its companion '
            "<i>ResNets of All Shapes and Sizes</i>, "
            '<a href="https://arxiv.org/abs/2603.18168">arXiv 2603.18168</a>.</p>'
            f"<pre>{html.escape(BIBTEX)}</pre>"
        )
        copy = QPushButton("Copy BibTeX")
        copy.setObjectName("copy_bibtex")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(BIBTEX))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(buttons)
        self.resize(860, 540)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
