"""Everything in the window fired in random order; after that the window still does its work.

RESVIZ_MONKEY_S: seconds that the long version goes on for, 600 unless it is set.
"""

from __future__ import annotations

import itertools
import os
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from monkey import Monkey
from PySide6.QtCore import QtMsgType
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot
from windows import SMALL, STEPS, action, wait_for_step

from resviz.config import load_session
from resviz.gui.app import make_window
from resviz.gui.state import Load, Look, Seek
from resviz.gui.window import MainWindow
from resviz.observe.atlas import AtlasPlan
from resviz.recording import Recording, open_recording
from resviz.study import atlas as study
from resviz.study.sweep import Sweep, load_sweep

TIMES = 20
_WARNINGS = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
_WILD = 0.6  # of the rounds are left to chance; what was not there by then is made to be
_AXES = [{"key": "network.units", "list": [4, 8]}, {"key": "network.layers", "list": [2, 4]}]


@dataclass
class Jungle:
    """A window, what its user keeps beside it, and what has gone wrong so far."""

    window: MainWindow
    folder: Path
    kept: dict[Path, bytes]
    files: list[Path]
    recorded: Path  # that only the last check opens
    wrong: list[str] = field(default_factory=list)


@contextmanager
def jungle(home: Path, recording: Recording) -> Iterator[Jungle]:
    folder, mine = home / "desk", home / "mine"
    for made in (folder, mine, mine / "sweeps"):
        made.mkdir()
    sweep = Sweep.from_mapping({"session": SMALL.to_mapping(), "axes": _AXES, "measure": ["loss"]})
    files = [
        SMALL.save(mine / "small.toml"),
        recording.save(mine / "small.resviz"),
        sweep.save(mine / "sweeps" / "sweep.toml"),
    ]
    np.savez(mine / "data.npz", x=np.eye(4, 3), y=np.eye(4, 3))
    (mine / "table.csv").write_text("a,b\n1,2\n3,5\n4,4\n")
    (mine / "broken.toml").write_text("schema = 1\n[network]\nlayer = 3\n")
    (mine / "thesis.txt").write_text("not to be touched")
    files += [mine / name for name in ("data.npz", "table.csv", "broken.toml")]
    window = make_window(SMALL, interactive=True)
    kept = {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()}
    made = Jungle(window, folder, kept, files, recording.save(home / "recorded.resviz"))
    window.controller.failed.connect(lambda error, report: made.wrong.append(report))
    window.resize(1280, 720)
    window.show()
    try:
        yield made
    finally:
        for dialog in window.findChildren(QDialog):
            dialog.reject()
        window.interactive = False
        window.close()
        window.deleteLater()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder: figures of reproductions go there. The atlas is a small one."""
    monkeypatch.setenv("HOME", str(tmp_path))
    plan = AtlasPlan(alphas=(0.1, 1.0), ratios=(1.6,), steps=2, seeds=1)
    whole = study.atlas
    monkeypatch.setattr(study, "atlas", lambda folder: whole(plan, folder))
    return tmp_path


def let_loose(jungle: Jungle, monkey: Monkey, qtbot: QtBot, qtlog, until: float) -> None:
    """Rounds of everything, then what was not there at its turn; says what went before a failure."""
    seen = len(qtlog.records)
    with qtbot.capture_exceptions() as exceptions:

        def look() -> None:
            nonlocal seen
            for record in qtlog.records[seen:]:
                if record.type in _WARNINGS and "This plugin does not support" not in record.message:
                    jungle.wrong.append(record.message)
            seen = len(qtlog.records)
            jungle.wrong.extend("".join(traceback.format_exception(error[1])) for error in exceptions)
            assert not jungle.wrong, f"after {monkey.lately}:\n" + "\n".join(jungle.wrong)

        monkey.look = look
        for _ in range(round(_WILD * monkey.times)):
            if time.monotonic() < until:
                monkey.round()
        monkey.make_up(until)


def check_work_goes_on(jungle: Jungle, monkey: Monkey, qtbot: QtBot) -> None:
    """Open, run, scrub, export, save: by the same actions and dialogs as before."""
    window, controller = jungle.window, jungle.window.controller
    monkey.dialogs.quick = False
    window.tabs.setCurrentIndex(0)
    controller.ask(Look({"view": "grid", "observable": "preactivation", "layers": None, "bins": None}))
    monkey.dialogs.answering(jungle.recorded)
    action(window, "open").trigger()
    wait_for_step(qtbot, window, STEPS)
    action(window, "reset").trigger()
    action(window, "follow").trigger()
    if not window.toolbar.follow.isChecked():
        action(window, "follow").trigger()
    if not controller.state.active:
        action(window, "run").trigger()
    qtbot.waitUntil(lambda: controller.state.ended, timeout=60_000)
    controller.ask(Seek(4))
    wait_for_step(qtbot, window, 4)
    monkey.dialogs.answering(jungle.folder / "after.resviz")
    action(window, "save_as").trigger()
    qtbot.waitUntil((jungle.folder / "after.resviz").exists, timeout=30_000)
    qtbot.waitUntil(lambda: "Saved after" in window.notice.text, timeout=30_000)
    assert open_recording(jungle.folder / "after.resviz").step == STEPS
    window.show_export()
    dialog = window.findChild(QDialog, "export_dialog")
    dialog.output.setText(str(jungle.folder / "after.png"))
    dialog.steps.setText("4")
    dialog.start.click()
    qtbot.waitUntil(lambda: not dialog._process.busy, timeout=60_000)
    assert (jungle.folder / "after.png").exists(), dialog.message.text()
    dialog.reject()


def check_nothing_is_left(jungle: Jungle) -> None:
    QApplication.processEvents()
    assert not [one for one in jungle.window.findChildren(QDialog) if one.isVisible()]
    for path, before in jungle.kept.items():
        assert path.exists(), f"{path.name} is gone"
        if path.suffix not in (".toml", ".resviz"):  # these two may be saved again, whole
            assert path.read_bytes() == before, path.name
    load_session(next(path for path in jungle.kept if path.name == "small.toml"))
    for path in jungle.folder.glob("*.resviz"):
        open_recording(path)
    for path in jungle.folder.glob("*.toml"):
        sweep = "[[axes]]" in path.read_text(encoding="utf-8")
        (load_sweep if sweep else load_session)(path)


def run_wild(jungle: Jungle, monkey: Monkey, qtbot: QtBot, qtlog, until: float = float("inf")) -> None:
    try:
        let_loose(jungle, monkey, qtbot, qtlog, until)
        check_nothing_is_left(jungle)
        check_work_goes_on(jungle, monkey, qtbot)
    finally:
        monkey.stop()
        print("\n".join(f"{count:5d}  {name}" for name, count in sorted(monkey.fired.items())))


def late(fired: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(fired.items()) if count < TIMES}


@pytest.mark.timeout(600)
def test_a_monkey_fires_everything_twenty_times_and_breaks_nothing(
    home: Path, recording: Recording, qtbot: QtBot, qtlog
) -> None:
    fired: Counter[str] = Counter()
    seed = int(os.environ.get("RESVIZ_MONKEY_SEED", "1"))
    with jungle(home, recording) as made:
        monkey = Monkey(
            made.window, seed, made.folder, Load(SMALL), made.files, times=TIMES, fired=fired, real_dialogs=2
        )
        run_wild(made, monkey, qtbot, qtlog)
    print("not often enough:", late(fired))
    # but for a few that other parts of the window may hold up on a slow machine; the long one knows none
    assert len(late(fired)) <= 0.05 * len(fired), late(fired)
    assert len(fired) > 300  # of 328: whole menus or docks cannot have gone unseen


@pytest.mark.long
@pytest.mark.timeout(0)
def test_monkeys_of_many_seeds_break_nothing(home: Path, recording: Recording, qtbot: QtBot, qtlog) -> None:
    end = time.monotonic() + float(os.environ.get("RESVIZ_MONKEY_S", "600"))
    every: Counter[str] = Counter()
    for seed in itertools.count(2):
        mine = home / f"seed-{seed}"
        mine.mkdir()
        fired: Counter[str] = Counter()
        with jungle(mine, recording) as made:
            monkey = Monkey(made.window, seed, made.folder, Load(SMALL), made.files, times=TIMES, fired=fired)
            monkey.strict = True
            run_wild(made, monkey, qtbot, qtlog, end if every else float("inf"))
        assert every or late(fired) == {}
        every += fired
        if time.monotonic() > end:
            break
    print(f"{seed - 1} seeds, all together:")
    print("\n".join(f"{count:5d}  {name}" for name, count in sorted(every.items())))
