"""Cheat sheet, About, first hints, the log, and names for assistive tools."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, qWarning
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollBar,
    QTableWidget,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot
from windows import action, wait_for_step

from resviz.draw.view import SceneView
from resviz.gui.help import BIBTEX, AboutDialog, KeysDialog, keys_html
from resviz.gui.journal import Journal, log_folder
from resviz.gui.report import ReportDialog
from resviz.gui.stored import read_remembered
from resviz.gui.tour import HINTS, Tour
from resviz.gui.window import MainWindow

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QTextEdit,
    SceneView,
)


def part_of_another(widget: QWidget) -> bool:
    """Whether it lies within a combo box, a spin box, or a table that it is no cell of."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QComboBox | QAbstractSpinBox | QTableWidget):
            return True
        above = above.parentWidget()
    return False


def unnamed(root: QWidget) -> list[str]:
    """Controls that a screen reader could only call by their kind."""
    found = []
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, CONTROLS) or isinstance(widget, QScrollBar | QHeaderView):
            continue
        # parts that Qt makes of its own accord belong to a control that has a name
        if widget.objectName().startswith("qt_") or part_of_another(widget):
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        labelled = any(label.buddy() is widget for label in root.findChildren(QLabel))
        if not (widget.accessibleName() or text or labelled):
            found.append(f"{type(widget).__name__} {widget.objectName()!r}")
    return found


def test_every_control_has_a_name(opened: MainWindow) -> None:
    for index in range(opened.tabs.count()):
        opened.tabs.setCurrentIndex(index)
    assert unnamed(opened) == []


@pytest.mark.parametrize("name", ["keys.show", "about.show", "settings.open", "unsaved", "export"])
def test_every_control_of_a_dialog_has_a_name(opened: MainWindow, qtbot: QtBot, name: str) -> None:
    action(opened, name).trigger()
    qtbot.waitUntil(lambda: bool(opened.findChildren(QDialog)), timeout=30_000)
    dialog = opened.findChildren(QDialog)[0]
    assert unnamed(dialog) == []
    dialog.close()


def test_every_action_is_in_a_menu_with_a_status_tip(window: MainWindow) -> None:
    listed = {entry.objectName() for menu in window.findChildren(QMenu) for entry in menu.actions()}
    named = [entry for entry in window.actions() if entry.objectName()]
    assert {entry.objectName() for entry in named} <= listed
    assert all(entry.text() and entry.toolTip() for entry in named)


def test_f1_lists_every_key_of_the_actions(window: MainWindow, qtbot: QtBot) -> None:
    wait_for_step(qtbot, window, 0)
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_F1)
    dialog = window.findChild(KeysDialog)
    text = dialog.findChild(QTextEdit).toPlainText()
    for entry in window.actions():
        for keys in entry.shortcuts():
            assert keys.toString() in text
            assert entry.text().replace("&", "") in text
    for keys in ("Space", "Wheel", "Double click", "Page Up"):
        assert keys in text
    dialog.reject()


def test_no_key_is_given_twice(window: MainWindow) -> None:
    keys = [key.toString() for entry in window.actions() for key in entry.shortcuts()]
    assert len(keys) == len(set(keys))
    assert "F1" in keys_html(window.actions())


def test_about_gives_versions_and_citations(window: MainWindow, qtbot: QtBot) -> None:
    action(window, "about.show").trigger()
    dialog = window.findChild(AboutDialog)
    text = dialog.findChild(QTextEdit).toPlainText()
    for word in ("torch", "PySide6-Essentials", "2509.10167", "2603.18168"):
        assert word in text
    dialog.findChild(QPushButton, "copy_bibtex").click()
    assert QGuiApplication.clipboard().text() == BIBTEX
    readme = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    assert BIBTEX.strip() in readme  # one wording everywhere
    dialog.reject()


# -- hints -----------------------------------------------------------------------------------------------


def test_five_hints_once(window: MainWindow, qtbot: QtBot) -> None:
    assert len(HINTS) <= 5
    wait_for_step(qtbot, window, 0)
    window.starting.begin()
    qtbot.waitUntil(lambda: window.findChild(Tour) is not None, timeout=30_000)
    tour = window.findChild(Tour)
    assert QGuiApplication.focusObject() is not tour.next  # Space still runs
    seen = set()
    for hint in HINTS:
        assert window.findChild(QWidget, hint.about) is not None
        assert window.rect().contains(tour.geometry())
        seen.add(tour.accessibleDescription())
        tour.next.click()
    with qtbot.assertNotEmitted(tour.over):  # a double click on the last one
        tour.next.click()
    assert len(seen) == len(HINTS)
    qtbot.waitUntil(lambda: window.findChild(Tour) is None)
    assert read_remembered().toured
    with qtbot.waitSignal(window.starting._recovery.found, timeout=30_000):
        window.starting.begin()
    assert window.findChild(Tour) is None


def test_hints_can_be_skipped_and_asked_for(window: MainWindow, qtbot: QtBot) -> None:
    action(window, "tour.show").trigger()
    tour = window.findChild(Tour)
    window.resize(1300, 800)
    assert window.rect().contains(tour.geometry())
    tour.setFocus()
    qtbot.keyClick(tour, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(Tour) is None)


def test_hints_asked_for_before_those_of_the_first_start_come_are_the_same(
    window: MainWindow, qtbot: QtBot
) -> None:
    wait_for_step(qtbot, window, 0)
    window.starting.begin()
    action(window, "tour.show").trigger()
    qtbot.waitUntil(lambda: read_remembered().toured, timeout=30_000)  # the disk was looked through
    assert len(window.findChildren(Tour)) == 1


# -- the log ---------------------------------------------------------------------------------------------


@pytest.fixture
def journal():
    caught: list[tuple[BaseException, str]] = []
    made = Journal(lambda error, text: caught.append((error, text)))
    yield made, caught
    made.close()


def test_what_nobody_caught_is_logged_and_reported(journal, qtbot: QtBot) -> None:
    made, caught = journal
    hooks = sys.excepthook

    def fail() -> None:
        raise ValueError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    error = KeyError("in a slot")
    hooks(KeyError, error, None)
    qtbot.waitUntil(lambda: len(caught) == 2)
    assert {type(one) for one, _ in caught} == {ValueError, KeyError}
    qWarning("a word from Qt")
    logging.getLogger("resviz.test").info("said")
    made.close()
    text = (log_folder() / "resviz.log").read_text(encoding="utf-8")
    for words in ("in a thread", "in a slot", "a word from Qt", "said", "started"):
        assert words in text
    assert sys.excepthook is not hooks
    assert (log_folder() / "crash.log").exists()


def test_the_log_rotates(journal) -> None:
    log = logging.getLogger("resviz.test")
    for _ in range(60):
        log.info("x" * 100_000)
    files = sorted(path.name for path in log_folder().glob("resviz.log*"))
    assert files == ["resviz.log", "resviz.log.1", "resviz.log.2", "resviz.log.3"]
    assert sum(path.stat().st_size for path in log_folder().glob("resviz.log*")) < 5_000_000


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RESVIZ_HOME", "/proc/nowhere")
    made = Journal(lambda error, text: None)
    made.close()
    assert "no log is written" in caplog.text


def test_one_error_dialog_at_a_time(window: MainWindow) -> None:
    window.interactive = True
    for word in ("first", "second"):
        window.report(RuntimeError(word), f"traceback of the {word}")
    dialogs = window.findChildren(ReportDialog)
    assert len(dialogs) == 1
    dialogs[0].findChild(QPushButton, "copy_report").click()
    assert "traceback of the first" in QGuiApplication.clipboard().text()
    dialogs[0].reject()
    window.interactive = False
