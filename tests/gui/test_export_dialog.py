"""The export dialog: fields, refusals, a film that can be decoded, cancel; and the error report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from resviz.config import Session
from resviz.errors import DeviceError, RequestError
from resviz.export import Options
from resviz.export.written import parse_size, parse_steps
from resviz.gui.export_dialog import ExportDialog
from resviz.gui.report import ReportDialog, message_of, report_text
from resviz.recording import Recording, run


@pytest.fixture(scope="module")
def recording() -> Recording:
    return run(
        Session(
            data={"samples": 3, "dimension": 4},
            network={"layers": 8, "units": 32},
            training={"steps": 4},
            limit={"nodes": 8, "units": 64},
        )
    )


@pytest.fixture
def dialog(qtbot: QtBot, recording: Recording) -> Iterator[ExportDialog]:
    made = ExportDialog(recording, Options(size=(320, 240), layers=(1, 4)))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def press(dialog: ExportDialog, name: str) -> None:
    dialog.findChild(QPushButton, name).click()


def message(dialog: ExportDialog) -> str:
    return dialog.findChild(QLabel, "export.message").text()


def test_a_film_is_written(dialog: ExportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    import av

    path = tmp_path / "film.mp4"
    dialog.findChild(QLineEdit, "export.output").setText(str(path))
    dialog.findChild(QLineEdit, "export.steps").setText("0:5:2")
    press(dialog, "export.start")
    qtbot.waitUntil(lambda: "Written" in message(dialog), timeout=60_000)
    with av.open(str(path)) as film:
        frames = [(frame.width, frame.height) for frame in film.decode(video=0)]
    assert frames == [(320, 240)] * 3


def test_a_figure_of_one_step(dialog: ExportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    dialog.findChild(QComboBox, "export.view").setCurrentText("grid")
    dialog.findChild(QLineEdit, "export.steps").setText("3")
    dialog.findChild(QLineEdit, "export.output").setText(str(path))
    press(dialog, "export.start")
    qtbot.waitUntil(lambda: "Written" in message(dialog), timeout=60_000)
    assert path.read_text(encoding="utf-8").lstrip().startswith("<?xml")


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("export.output", "", "no output"),
        ("export.output", "film.avi", ".avi"),
        ("export.steps", "three", "neither A:B:C nor a step"),
        ("export.steps", "0:99", "outside"),
    ],
)
def test_refusals_are_said_in_the_dialog(
    dialog: ExportDialog, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    field: str, text: str, said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    dialog.findChild(QLineEdit, "export.output").setText("film.mp4")
    dialog.findChild(QLineEdit, field).setText(text)
    press(dialog, "export.start")
    qtbot.waitUntil(lambda: said in message(dialog), timeout=30_000)
    assert dialog.findChild(QPushButton, "export.start").isEnabled()
    assert not list(tmp_path.glob("film*"))


def test_an_existing_file_is_not_replaced(dialog: ExportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.mp4"
    path.write_text("mine", encoding="utf-8")
    dialog.findChild(QLineEdit, "export.output").setText(str(path))
    press(dialog, "export.start")
    qtbot.waitUntil(lambda: "mine.mp4" in message(dialog), timeout=30_000)
    assert path.read_text(encoding="utf-8") == "mine"


def test_cancel_leaves_no_file(dialog: ExportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    dialog.findChild(QLineEdit, "export.output").setText(str(path))
    press(dialog, "export.start")
    press(dialog, "export.stop")
    qtbot.waitUntil(lambda: "Cancelled" in message(dialog), timeout=30_000)
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "1920", "axb", "1920x"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(RequestError, match="no WxH"):
        parse_size(text)


def test_sizes_and_steps() -> None:
    assert parse_size(" 640 x 480 ") == (640, 480)
    assert parse_steps("") is None
    assert parse_steps("7") == 7
    assert parse_steps("1:9:2") == slice(1, 9, 2)
    assert parse_steps(":9") == slice(None, 9)
    for text in ("a", "1:2:3:4", "::0"):
        with pytest.raises(RequestError):
            parse_steps(text)


def test_the_report_says_what_where_and_what_to_do(qtbot: QtBot) -> None:
    error = DeviceError("the device ran out of memory", remedy="lower network.units")
    text = report_text(error, "Traceback: in step", "[network]\nlayers = 3")
    for part in ("ran out of memory", "lower network.units", "torch", "PySide6", "in step", "layers = 3"):
        assert part in text
    dialog = ReportDialog(error, text)
    qtbot.addWidget(dialog)
    dialog.show()
    press(dialog, "copy_report")
    assert QGuiApplication.clipboard().text() == text
    assert "lower network.units" in dialog.findChildren(QLabel)[0].text()
    dialog.close()


def test_messages_of_foreign_errors() -> None:
    assert message_of(RuntimeError("CUDA out of memory. Tried"))[1].startswith("Make layers")
    assert message_of(KeyError())[0] == "KeyError"
