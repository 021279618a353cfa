"""Settings and what the window remembers: applied at once, kept whole, never in the way."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QDockWidget, QDoubleSpinBox, QSpinBox
from pytestqt.qtbot import QtBot
from windows import SMALL, action, wait_for_step

from resviz.draw.view import SceneView
from resviz.fields.memory import MEMORY
from resviz.files import user_folder
from resviz.gui.app import make_window
from resviz.gui.preferences import SettingsDialog
from resviz.gui.stored import (
    Remembered,
    Settings,
    read_remembered,
    read_settings,
    write_remembered,
    write_settings,
)
from resviz.gui.window import MainWindow


@pytest.fixture(autouse=True)
def _as_it_was() -> object:
    limit, font = MEMORY.limit, QApplication.font()
    yield
    MEMORY.limit = limit
    QApplication.setFont(font)


def dialog(window: MainWindow) -> SettingsDialog:
    action(window, "settings.open").trigger()
    return window.findChild(SettingsDialog)


def test_settings_are_applied_at_once_and_kept(window: MainWindow, qtbot: QtBot) -> None:
    wait_for_step(qtbot, window, 0)
    before, scale = QApplication.font().pointSizeF(), window.units.view.scale
    asked = dialog(window)
    asked.findChild(QDoubleSpinBox, "settings.font_scale").setValue(1.5)
    asked.findChild(QDoubleSpinBox, "settings.memory_gb").setValue(3)
    asked.findChild(QSpinBox, "settings.threads").setValue(2)
    theme = asked.findChild(QComboBox, "settings.theme")
    theme.setCurrentIndex(theme.findData("dark"))
    assert QApplication.font().pointSizeF() == pytest.approx(1.5 * before)
    assert window.units.view.scale == pytest.approx(1.5 * scale)
    assert MEMORY.limit == 3_000_000_000
    assert {view.theme.name for view in window.findChildren(SceneView)} == {"dark"}
    assert window.controller.state.theme == "dark"
    asked.accept()
    assert read_settings() == Settings(theme="dark", font_scale=1.5, memory_gb=3, threads=2)
    assert "font_scale = 1.5" in (user_folder() / "settings.toml").read_text()
    again = make_window(SMALL)
    qtbot.addWidget(again)
    assert again.units.view.theme.name == "dark"
    again.close()


def test_cancel_takes_everything_back(window: MainWindow) -> None:
    asked = dialog(window)
    asked.findChild(QDoubleSpinBox, "settings.font_scale").setValue(2.0)
    asked.reject()
    assert read_settings() == Settings()
    assert window.preferences.settings == Settings()


def test_defaults(window: MainWindow) -> None:
    window.preferences.change(threads=4, spool_gb=9.0)
    asked = dialog(window)
    buttons = asked.findChild(QDialogButtonBox)
    buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).click()
    assert window.preferences.settings == Settings()
    asked.accept()


def test_a_folder_that_cannot_be_written_is_named_and_the_setting_holds(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESVIZ_HOME", "/proc/nowhere")
    asked = dialog(window)
    asked.findChild(QSpinBox, "settings.threads").setValue(3)
    assert "RESVIZ_HOME" in asked.message.text()
    assert window.preferences.settings.threads == 3
    action(window, "theme.dark").trigger()
    assert "RESVIZ_HOME" in window.notice.text
    asked.accept()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_theme_is_switched_while_running_and_redraws_everything(
    window: MainWindow, qtbot: QtBot, name: str
) -> None:
    action(window, "run").trigger()
    action(window, f"theme.{name}").trigger()
    for view in window.findChildren(SceneView):
        assert view.theme.name == name
        if view.isVisible():
            ground = view.grab().toImage().pixelColor(2, 2).lightness()
            assert (ground > 128) is (name == "light")
    assert (QApplication.palette().color(QPalette.ColorRole.Base).lightness() > 128) is (name == "light")
    assert read_settings().theme == name


def test_widgets_are_polished_once_a_theme_and_for_nothing_else(window: MainWindow, monkeypatch) -> None:
    action(window, "theme.light").trigger()
    given: list[str] = []
    monkeypatch.setattr("resviz.gui.window.apply_theme", lambda application, of: given.append(of.name))
    window.preferences.change(threads=2)
    assert given == []
    action(window, "theme.dark").trigger()
    window.preferences.change(memory_gb=2.0)
    assert given == ["dark"]


def test_a_system_that_turns_dark_takes_the_window_along(window: MainWindow, monkeypatch) -> None:
    hints = QApplication.styleHints()
    monkeypatch.setattr(type(hints), "colorScheme", lambda self: Qt.ColorScheme.Dark)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert window.units.view.theme.name == "dark"
    action(window, "theme.light").trigger()
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert window.units.view.theme.name == "light"  # chosen by hand


def test_what_cannot_be_understood_is_set_aside_not_written_over() -> None:
    path = user_folder() / "settings.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("font_scale = 99\n# mine\n")
    assert read_settings() == Settings()
    write_settings(Settings(threads=2))
    assert "# mine" in (path.parent / "settings.broken.toml").read_text()
    assert tomllib.loads(path.read_text())["threads"] == 2
    path.write_text('threads = 3\ncolour_of_tomorrow = "x"\n')  # of a newer version
    assert read_settings().threads == 3


def test_recent_files_are_few_and_each_once(tmp_path: Path) -> None:
    remembered = Remembered()
    for number in (*range(12), 5):
        remembered = remembered.with_recent(tmp_path / f"{number}.toml")
    assert len(remembered.recent) == 10
    assert [Path(name).stem for name in remembered.recent[:3]] == ["5", "11", "10"]
    write_remembered(remembered)
    assert read_remembered() == remembered


def test_the_layout_is_kept_and_reset(window: MainWindow, qtbot: QtBot) -> None:
    dock = window.findChild(QDockWidget, "timeline.dock")
    window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
    window.arrangement.keep()
    again = make_window(SMALL)
    qtbot.addWidget(again)
    again.arrangement.restore()
    other = again.findChild(QDockWidget, "timeline.dock")
    assert again.dockWidgetArea(other) is Qt.DockWidgetArea.TopDockWidgetArea
    action(again, "reset_layout").trigger()
    assert again.dockWidgetArea(other) is Qt.DockWidgetArea.BottomDockWidgetArea
    again.close()
