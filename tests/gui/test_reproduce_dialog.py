"""Published experiments from the window: menu, run, verdict and figure, cancel, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QListWidget, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot
from windows import action, wait_for_step

from resviz.gui.reproduce_dialog import ReproduceDialog
from resviz.gui.window import MainWindow
from resviz.scene.theme import LIGHT
from resviz.study.published import PUBLISHED
from resviz.study.reproduce import EXPERIMENTS, Experiment, Plan, Progress


@pytest.fixture
def dialog(qtbot: QtBot, tmp_path: Path) -> Iterator[ReproduceDialog]:
    made = ReproduceDialog(LIGHT, ["density-grid"])
    qtbot.addWidget(made)
    made.findChild(QLineEdit, "reproduce.folder").setText(str(tmp_path / "figures"))
    made.show()
    yield made
    made.close()


def message(dialog: ReproduceDialog) -> str:
    return dialog.findChild(QLabel, "reproduce.message").text()


def press(dialog: ReproduceDialog, name: str) -> None:
    dialog.findChild(QPushButton, f"reproduce.{name}").click()


def test_names_are_those_of_the_command():
    assert [one.name for one in PUBLISHED] == [experiment.name for experiment in EXPERIMENTS]


def test_a_verdict_and_its_figure_are_shown_and_written(
    dialog: ReproduceDialog, qtbot: QtBot, tmp_path: Path
):
    press(dialog, "start")
    assert not dialog.findChild(QPushButton, "reproduce.start").isEnabled()
    qtbot.waitUntil(lambda: "Figures and numbers" in message(dialog), timeout=60_000)
    names = dialog.findChild(QListWidget, "reproduce.names")
    assert names.currentItem().text() == "density-grid: reproduced"
    assert "19 of 19 checks hold" in dialog.findChild(QPlainTextEdit, "reproduce.text").toPlainText()
    assert len(dialog.view.scene.panels) == 12
    assert (tmp_path / "figures" / "density-grid.svg").stat().st_size > 1000
    press(dialog, "start")  # not over what is there
    qtbot.waitUntil(lambda: "holds density-grid.svg already" in message(dialog), timeout=20_000)
    dialog.findChild(QCheckBox, "reproduce.overwrite").setChecked(True)
    press(dialog, "start")
    qtbot.waitUntil(lambda: "Figures and numbers" in message(dialog), timeout=60_000)


def test_cancel_ends_the_work(dialog: ReproduceDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    from resviz.gui import reproduce_dialog

    closed = []

    def endless(plan: Plan, experiment: Experiment):
        try:
            while True:
                yield Progress(0.25, "at it")
        finally:
            closed.append(experiment.name)

    monkeypatch.setattr(
        reproduce_dialog, "experiments", lambda names: [Experiment("density-grid", "", "", endless)]
    )
    press(dialog, "start")
    qtbot.waitUntil(lambda: message(dialog) == "density-grid: at it", timeout=20_000)
    assert dialog.progress.value() == 25
    press(dialog, "stop")
    qtbot.waitUntil(lambda: message(dialog).startswith("Cancelled"), timeout=20_000)
    assert closed == ["density-grid"]
    assert dialog.findChild(QPushButton, "reproduce.start").isEnabled()


def test_nothing_checked_and_no_folder_are_refused(dialog: ReproduceDialog):
    names = dialog.findChild(QListWidget, "reproduce.names")
    names.item(names.count() - 1).setCheckState(Qt.CheckState.Unchecked)
    press(dialog, "start")
    assert message(dialog) == "Check an experiment first."
    names.item(0).setCheckState(Qt.CheckState.Checked)
    dialog.findChild(QLineEdit, "reproduce.folder").setText("  ")
    press(dialog, "start")
    assert message(dialog) == "Name a folder first."


def test_an_unexpected_error_is_reported(
    dialog: ReproduceDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    from resviz.gui import reproduce_dialog

    def broken(names):
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(reproduce_dialog, "experiments", broken)
    with qtbot.waitSignal(dialog.failed, timeout=20_000) as caught:
        press(dialog, "start")
    assert isinstance(caught.args[0], ZeroDivisionError)
    assert "ZeroDivisionError" in caught.args[1]


def test_the_menu_opens_the_dialog(window: MainWindow, qtbot: QtBot):
    wait_for_step(qtbot, window, 0)
    action(window, "reproduce.error-vs-L").trigger()
    (opened,) = window.findChildren(ReproduceDialog)
    assert opened.checked == ("error-vs-L",)
    opened.close()
    action(window, "reproduce.all").trigger()
    assert len(window.findChildren(ReproduceDialog)[-1].checked) == 11
    window.findChildren(ReproduceDialog)[-1].close()
