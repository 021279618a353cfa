"""The export dialog: fields, refusals, a film that can be decoded, cancel; and the error report."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from resviz.cli import main
from resviz.config import Session
from resviz.errors import DeviceError, RequestError
from resviz.export import Options
from resviz.export.command import export_words
from resviz.export.written import parse_size, parse_steps
from resviz.gui.export_dialog import ExportDialog
from resviz.gui.export_process import ExportProcess, ExportState, _sources
from resviz.gui.report import ReportDialog, message_of, report_text
from resviz.recording import Recording, run
from resviz.recording.spool import Spool


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
    made = ExportDialog(recording, Options(size=(320, 240), layers=(1, 4), window=2))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def press(dialog: ExportDialog, name: str) -> None:
    dialog.findChild(QPushButton, name).click()


def message(dialog: ExportDialog) -> str:
    return dialog.findChild(QLabel, "export.message").text()


def test_a_film_is_written_and_its_progress_seen(dialog: ExportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    import av

    seen: list[ExportState] = []
    dialog.findChild(ExportProcess).progressed.connect(seen.append)
    path = tmp_path / "film.mp4"
    dialog.findChild(QLineEdit, "export.output").setText(str(path))
    dialog.findChild(QLineEdit, "export.steps").setText("0:5:2")
    press(dialog, "export.start")
    assert dialog.findChild(QPushButton, "export.stop").text() == "Cancel"
    assert not dialog.findChild(QPushButton, "export.start").isEnabled()
    qtbot.waitUntil(lambda: "Written" in message(dialog), timeout=60_000)
    with av.open(str(path)) as film:
        frames = [(frame.width, frame.height) for frame in film.decode(video=0)]
    assert frames == [(320, 240)] * 3
    assert seen[0].message == "handing the recording over"
    assert (seen[-1].done, seen[-1].total) == (3, 3)
    assert dialog.findChild(QPushButton, "export.stop").text() == "Close"


def test_window_and_command_line_write_the_same_bytes(
    dialog: ExportDialog, qtbot: QtBot, tmp_path: Path, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "window.png"
    dialog.findChild(QLineEdit, "export.title").setText('-"quoted" {step}')
    dialog.findChild(QLineEdit, "export.steps").setText("2")
    dialog.findChild(QLineEdit, "export.output").setText(str(path))
    dialog.findChild(QComboBox, "export.data").setCurrentText("CSV")
    press(dialog, "export.start")
    qtbot.waitUntil(lambda: "Written" in message(dialog), timeout=60_000)
    recording.save(tmp_path / "r.resviz")
    monkeypatch.setenv("QT_QPA_PLATFORM", os.environ["QT_QPA_PLATFORM"])  # the command sets it
    words = [str(tmp_path / "r.resviz"), "-o", str(tmp_path / "shell.png"), "--size", "320x240"]
    words += ["--layers", "1,4", "--window", "2", '--title=-"quoted" {step}', "--steps", "2", "--quiet"]
    assert main(["export", *words]) == 0
    assert path.read_bytes() == (tmp_path / "shell.png").read_bytes()
    assert path.with_suffix(".csv").read_text("utf-8").count("\n") > 100


@pytest.mark.parametrize(("shown", "together"), [("beside it", "beside"), ("over it", "overlay")])
def test_pinned_runs_are_drawn_too(
    qtbot: QtBot,
    tmp_path: Path,
    recording: Recording,
    monkeypatch: pytest.MonkeyPatch,
    shown: str,
    together: str,
) -> None:
    half = recording.branch(4, recording.session.with_values({"title": "half"}))
    dialog = ExportDialog(recording, Options(size=(320, 240)), pinned=[half])
    qtbot.addWidget(dialog)
    assert dialog.runs.isEnabled()
    assert dialog.runs.currentText() == "this run alone"
    dialog.runs.setCurrentText(f"pinned runs {shown}")
    dialog.output.setText(str(tmp_path / "window.png"))
    press(dialog, "export.start")
    qtbot.waitUntil(lambda: "Written" in message(dialog), timeout=60_000)
    files = [str(one.save(tmp_path / name)) for one, name in ((recording, "r.resviz"), (half, "h.resviz"))]
    monkeypatch.setenv("QT_QPA_PLATFORM", os.environ["QT_QPA_PLATFORM"])
    words = [*files, "-o", str(tmp_path / "shell.png"), "--size=320x240", f"--together={together}", "--quiet"]
    assert main(["export", *words]) == 0
    assert (tmp_path / "window.png").read_bytes() == (tmp_path / "shell.png").read_bytes()
    dialog.reject()


def test_without_pinned_runs_there_is_no_choice(dialog: ExportDialog) -> None:
    assert not dialog.runs.isEnabled()


def test_a_run_with_a_spool_is_read_where_it_lies(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "recording-1.resviz"
    assert list(_sources([recording], tmp_path)) == [[copy]]
    spool = Spool.create(recording, tmp_path / "spools")
    try:
        assert list(_sources([recording], tmp_path / "other")) == [[spool.path]]
        monkeypatch.setenv("QT_QPA_PLATFORM", os.environ["QT_QPA_PLATFORM"])
        for name, out in ((spool.path, "a.png"), (copy, "b.png")):
            words = [str(name), "-o", str(tmp_path / out), "--size", "320x240", "--quiet"]
            assert main(["export", *words]) == 0
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    finally:
        recording.spool = None
        spool.drop()


def test_cancel_while_it_draws_keeps_the_frames_that_are_whole(
    dialog: ExportDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "frames"
    dialog.findChild(QComboBox, "export.size").setCurrentText("3840x2160")
    dialog.findChild(QLineEdit, "export.output").setText(str(folder))
    press(dialog, "export.start")
    qtbot.waitUntil(lambda: folder.exists() and any(folder.glob("frame-*")), timeout=60_000)
    press(dialog, "export.stop")
    qtbot.waitUntil(lambda: "Cancelled" in message(dialog), timeout=60_000)
    frames = sorted(entry.name for entry in folder.glob("frame-*"))
    assert frames[0] == "frame-000000.png"
    assert not list(folder.glob(".*"))


def test_a_killed_export_leaves_nothing_and_says_so(
    dialog: ExportDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    reports = []
    dialog.failed.connect(lambda error, report: reports.append(error))
    dialog.findChild(QLineEdit, "export.output").setText(str(tmp_path / "film.mp4"))
    dialog.findChild(QComboBox, "export.size").setCurrentText("3840x2160")
    press(dialog, "export.start")
    qtbot.waitUntil(lambda: bool(list(tmp_path.glob(".film.*"))), timeout=120_000)
    dialog.findChild(QProcess).kill()
    qtbot.waitUntil(lambda: len(reports) == 1, timeout=60_000)
    assert list(tmp_path.iterdir()) == []
    assert dialog.findChild(QPushButton, "export.start").isEnabled()


def test_closing_the_dialog_ends_the_export(dialog: ExportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    dialog.findChild(QLineEdit, "export.output").setText(str(tmp_path / "film.mp4"))
    press(dialog, "export.start")
    qtbot.waitUntil(lambda: dialog.findChild(QProcess) is not None, timeout=60_000)
    dialog.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(), []),
        (Options(steps=slice(0, 9, 2)), ["--steps=0:9:2"]),
        (Options(steps=range(3, 5)), ["--steps=3:5"]),
        (
            Options(size=(640, 480), layers=(1, 4), lock_axes=False),
            ["--size=640x480", "--layers=1,4", "--free-axes"],
        ),
        (Options(title="-x", transparent=True, fps=12.5), ["--fps=12.5", "--title=-x", "--transparent"]),
    ],
)
def test_options_as_words_of_a_command(options: Options, words: list[str]) -> None:
    made = export_words(["r.resviz"], "o.png", options)
    assert made[:4] == ["export", "r.resviz", "-o", "o.png"]
    assert sorted(made[4:]) == sorted(words)


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
