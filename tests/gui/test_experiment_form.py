"""The form: every value can be edited, wrong text is refused where it stands, costs are stated."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QTextBrowser
from pytestqt.qtbot import QtBot

from resviz.config import Session, preset
from resviz.config.describe import FIELDS
from resviz.gui.editors import Refused, stepped, text_value, value_text
from resviz.gui.estimate import estimate, shape, size_text, time_text
from resviz.gui.experiment import FIELDS_BY_PATH, Experiment
from resviz.gui.window import MainWindow


@pytest.fixture
def form(qtbot: QtBot) -> Experiment:
    made = Experiment()
    qtbot.addWidget(made)
    made.show_session(Session())
    made.resize(300, 900)
    made.show()
    return made


def type_in(qtbot: QtBot, editor: QLineEdit, text: str) -> None:
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClicks(editor, text) if text else editor.clear()
    qtbot.keyClick(editor, Qt.Key.Key_Return)


@pytest.mark.parametrize("field", [f for f in FIELDS if f.path != "contrast.alpha"], ids=lambda f: f.path)
def test_every_field_has_an_editor_with_name_tooltip_and_mark(form: Experiment, field) -> None:
    editor = form.editor(field.path)
    assert editor.objectName() == field.path
    assert field.label in editor.accessibleName()
    assert field.tooltip in editor.toolTip()
    assert ("Live" in editor.toolTip()) is field.live


def test_values_are_those_of_the_session(form: Experiment) -> None:
    form.show_session(Session(network={"alpha": 0.001, "layers": 1000}, training={"dtype": "float64"}))
    assert form.editor("network.alpha").text() == "0.001"
    assert form.editor("network.layers").text() == "1000"
    assert form.editor("training.dtype").currentText() == "float64"
    assert form.editor("network.dimension").text() == ""  # left out


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("network.layers", "1000", 1000),
        ("network.layers", "1e3", 1000),
        ("network.alpha", "1e-3", 0.001),
        ("network.dimension", "32", 32),
        ("network.seed", "9223372036854775807", 2**63 - 1),
        ("limit.nodes", "auto", "auto"),
    ],
)
def test_typed_values(form: Experiment, qtbot: QtBot, path: str, text: str, value: object) -> None:
    with qtbot.waitSignal(form.edited) as edited:
        type_in(qtbot, form.editor(path), text)
    assert edited.args == [path, value]


def test_an_emptied_field_is_left_out(form: Experiment, qtbot: QtBot) -> None:
    form.show_session(Session(network={"dimension": 12}))
    with qtbot.waitSignal(form.edited) as edited:
        type_in(qtbot, form.editor("network.dimension"), "")
    assert edited.args == ["network.dimension", None]


def test_choices(form: Experiment, qtbot: QtBot) -> None:
    editor = form.editor("network.activation")
    assert isinstance(editor, QComboBox)
    with qtbot.waitSignal(form.edited) as edited:
        editor.setFocus()
        qtbot.keyClicks(editor, "r")
        editor.activated.emit(editor.currentIndex())
    assert edited.args == ["network.activation", "relu"]


def test_text_that_is_no_number_is_refused_where_it_stands(form: Experiment, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(form.edited):
        type_in(qtbot, form.editor("network.layers"), "many")
    assert form.findChild(QLabel, "network.layers.rule").text() == "a whole number is needed"
    form.show_session(Session(network={"layers": 3}))
    assert form.editor("network.layers").text() == "3"


def test_a_rule_of_the_session_is_shown_and_taken_away(form: Experiment, qtbot: QtBot) -> None:
    form.refuse("network.alpha", "network.alpha = -1: a number from 1e-06 to 1e+06")
    assert "1e-06" in form.findChild(QLabel, "network.alpha.rule").text()
    form.refuse("network.alpha", "")
    qtbot.waitUntil(lambda: form.findChild(QLabel, "network.alpha.rule") is None)


def test_arrow_keys_step_and_escape_takes_back(form: Experiment, qtbot: QtBot) -> None:
    alpha = form.editor("network.alpha")
    alpha.setFocus()
    with qtbot.waitSignal(form.edited) as edited:
        qtbot.keyClick(alpha, Qt.Key.Key_Up)
    assert edited.args == ["network.alpha", 2.0]
    layers = form.editor("network.layers")
    layers.setFocus()
    layers.selectAll()
    qtbot.keyClicks(layers, "7")
    qtbot.keyClick(layers, Qt.Key.Key_Escape)
    assert layers.text() == "64"


def test_keys_of_the_window_are_letters_in_a_field(form: Experiment, qtbot: QtBot) -> None:
    path = "training.device"
    assert isinstance(form.editor(path), QComboBox)
    field = form.editor("network.layers")
    field.setFocus()
    field.clear()
    qtbot.keyClicks(field, "r 1")
    assert field.text() == "r 1"


def test_fields_that_do_not_apply_are_folded_away(form: Experiment, qtbot: QtBot) -> None:
    assert not form.editor("data.path").isVisible()
    assert not form.editor("training.momentum").isVisible()
    form.show_session(Session(training={"optimizer": "momentum"}))
    qtbot.waitUntil(form.editor("training.momentum").isVisible)


def test_the_cost_is_estimated_and_what_does_not_fit_is_flagged(form: Experiment) -> None:
    cost = form.findChild(QLabel, "estimate")
    assert "ms a step" in cost.text()
    assert "fit" not in cost.text()
    form.show_session(Session(network={"layers": 100_000, "units": 1_000_000}))
    assert "Will not fit" in cost.text()


def test_the_estimate_follows_the_speed_that_was_measured(form: Experiment) -> None:
    before = form.findChild(QLabel, "estimate").text()
    form.show_speed(100.0)
    assert form.findChild(QLabel, "estimate").text() != before


def test_commentary(form: Experiment) -> None:
    text = form.findChild(QTextBrowser, "commentary")
    form.show_commentary(preset("hello").commentary)
    assert "Gaussian" in text.toPlainText()
    form.show_commentary("")
    assert text.isHidden()


def test_values_as_text() -> None:
    assert [value_text(v) for v in (1.0, 0.001, 1e-6, 2e6, 5, None, ("a", "b"))] == [
        "1", "0.001", "1e-6", "2e6", "5", "", "a, b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "text"), [("network.layers", "2.5"), ("network.alpha", "nan"), ("network.alpha", "x")]
)
def test_refused_text(path: str, text: str) -> None:
    with pytest.raises(Refused):
        text_value(FIELDS_BY_PATH[path], text)


@pytest.mark.parametrize(
    ("path", "value", "up", "after"),
    [
        ("network.alpha", 1.0, True, 2.0),
        ("network.alpha", 1.0, False, 0.5),
        ("network.alpha", 3.0, True, 5.0),
        ("network.layers", 64, True, 128),
        ("network.layers", 1, False, 1),
        ("network.seed", 0, False, 0),
        ("training.clip", 0.0, True, 0.01),
        ("training.momentum", -1.0, False, -2.0),
        ("training.momentum", -1.0, True, -0.5),
        ("network.alpha", float("inf"), True, float("inf")),
    ],
)
def test_steps_of_the_arrow_keys(path: str, value: float, up: bool, after: float) -> None:
    assert stepped(FIELDS_BY_PATH[path], value, up) == after


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_every_number_has_a_step(value: float, up: bool) -> None:
    """Whatever was typed: an exception within Qt's handling of a key ends the program."""
    after = stepped(FIELDS_BY_PATH["network.alpha"], value, up)
    assert math.isfinite(after)
    assert after >= value if up else after <= value
    if 1e-300 < abs(value) < 1e300:
        assert after != value
        assert 0.1 < after / value < 10


def test_estimates_scale_as_the_work_does() -> None:
    base = Session(limit={"nodes": 2, "units": 2})
    twice = base.with_values({"network.units": 512})
    assert estimate(twice).ms == pytest.approx(2 * estimate(base).ms, rel=1e-2)
    assert estimate(base, speed=2.0).ms == pytest.approx(estimate(base).ms / 2)
    assert shape(Session(data={"kind": "digits"})) == (1797, 64)
    assert shape(Session(data={"kind": "spirals"}))[1] == 2


def test_sizes_and_times_as_text() -> None:
    assert [size_text(v) for v in (3, 1000, 13.1e6, 2e12, 5e15)] == [
        "3 B",
        "1 kB",
        "13.1 MB",
        "2 TB",
        "5e+03 TB",
    ]
    assert [time_text(v) for v in (4.71, 1234)] == ["4.7 ms", "1.2 s"]


def test_a_file_of_ones_own_is_chosen_and_left_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "houses.csv"
    table.write_text("rooms,price\n1,2\n3,5\n4,4\n")
    chosen = [""]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen[0], ""))

    def choose(kind: str) -> None:
        editor = window.experiment.editor("data.kind")
        editor.setCurrentText(kind)
        editor.activated.emit(editor.currentIndex())

    choose("file")  # and cancelled
    assert window.experiment.editor("data.kind").currentText() == "gaussian"
    chosen[0] = str(table)
    choose("file")
    data = window.controller.state.session.data
    assert (data.kind, data.path, data.targets, data.samples) == ("file", str(table), ("price",), None)
    qtbot.waitUntil(lambda: window.controller.state.newest == 0, timeout=60_000)
    assert window.controller.recording.problem.samples == 3
    choose("circles")
    data = window.controller.state.session.data
    assert (data.kind, data.path) == ("circles", None)
    assert not window.notice.text
