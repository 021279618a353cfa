"""Native widgets in light and dark: Qt's Fusion style with a palette of the drawing theme's own colours."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from resviz.gui.state import ThemeChoice
from resviz.scene.model import Role
from resviz.scene.theme import Theme, theme

_WINDOW = {"light": "#F6F7F9", "dark": "#24272C"}
_BUTTON = {"light": "#FDFDFE", "dark": "#30343A"}
_BASE = {"light": "#FFFFFF", "dark": "#2B2F35"}
_BOX = {"light": "#FFFFFF", "dark": "#515963"}
_EDGE = {"light": "#C3C9D0", "dark": "#4A5058"}
_ACCENT = {"light": "#0072B2", "dark": "#3D8FC6"}
_ERROR = {"light": "#B5301C", "dark": "#FF8B75"}


def chosen_theme(choice: ThemeChoice) -> Theme:
    """The theme for a choice; ``system`` asks the desktop, which may not know (then light)."""
    if choice != "system":
        return theme(choice)
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return theme("dark" if dark else "light")


def error_colour(of: Theme) -> str:
    """Text colour of refusals, as CSS."""
    return _ERROR[of.name]


def apply_theme(application: QApplication, of: Theme) -> None:
    """Give every widget of the application the colours of ``of``."""
    if application.style().name() != "fusion":
        application.setStyle("Fusion")
    application.setPalette(palette(of))


def box_palette(of: Theme) -> QPalette:
    """The palette of boxes to tick: Fusion draws their edges darker than the window, even than a dark one."""
    made = palette(of)
    made.setColor(QPalette.ColorRole.Base, QColor(_BOX[of.name]))
    return made


def palette(of: Theme) -> QPalette:
    """Fusion's palette, with the drawing's own colours of text."""

    def colour(role: Role) -> QColor:
        return QColor(*of.colour(role))

    made = QPalette()
    roles = QPalette.ColorRole
    window, button, edge = (QColor(table[of.name]) for table in (_WINDOW, _BUTTON, _EDGE))
    made.setColor(roles.Window, window)
    made.setColor(roles.Button, button)
    made.setColor(roles.Base, QColor(_BASE[of.name]))
    made.setColor(roles.AlternateBase, window)
    made.setColor(roles.ToolTipBase, button)
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.ToolTipText):
        made.setColor(role, colour(Role.TEXT))
    made.setColor(roles.PlaceholderText, colour(Role.MUTED))
    made.setColor(roles.BrightText, QColor(_ERROR[of.name]))
    made.setColor(roles.Highlight, QColor(_ACCENT[of.name]))
    made.setColor(roles.HighlightedText, QColor("#FFFFFF"))
    made.setColor(roles.Accent, QColor(_ACCENT[of.name]))
    made.setColor(roles.Link, QColor(_ACCENT[of.name]))
    made.setColor(roles.Light, button.lighter(108))
    made.setColor(roles.Midlight, window)
    made.setColor(roles.Mid, edge)
    made.setColor(roles.Dark, edge.darker(118))
    made.setColor(roles.Shadow, edge.darker(160))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(
            QPalette.ColorGroup.Disabled, role, QColor(edge).darker(110 if of.name == "light" else 80)
        )
    made.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, edge)
    return made


def muted(of: Theme) -> str:
    """Colour of secondary text, as CSS."""
    return QColor(*of.colour(Role.MUTED)).name()


def small(font: QFont) -> QFont:
    """``font`` a little smaller, for secondary text."""
    made = QFont(font)
    made.setPointSizeF(max(7.0, QFontInfo(font).pointSizeF() * 0.9))
    return made
