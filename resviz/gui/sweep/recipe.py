"""What the menu of the sweep's plot knows: text that runs it again, and where its figures come from."""

from __future__ import annotations

import pprint
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from resviz.draw.view import SceneView
from resviz.errors import RequestError
from resviz.export.options import Options
from resviz.export.provenance import Provenance
from resviz.export.verify import SWEEP
from resviz.gui.controller import Controller
from resviz.gui.plot_menu import Plots
from resviz.gui.sweep.sweeping import Sweeping
from resviz.study.sweep.model import Sweep

_WIDTH = 100


_VIEW = "sweep"


class AllPlots(Plots):
    """The menus of a window's plots: a sweep's runs the sweep again, the others' the present run."""

    def __init__(self, controller: Controller, sweeping: Sweeping, say: Callable[[str, str], None]) -> None:
        super().__init__(controller, say)
        self._sweeping = sweeping

    def stem(self, view: SceneView) -> str:
        if view.objectName() != _VIEW:
            return super().stem(view)
        design = self._sweeping.designing.design
        return "sweep" if design is None else design.folder.name

    def provenance(self, view: SceneView, options: Options) -> Provenance:
        """Of a sweep: the session that is varied.

        Raises:
            RequestError: there is no sweep yet.
        """
        if view.objectName() != _VIEW:
            return super().provenance(view, options)
        design = self._sweeping.designing.design
        if design is None:
            raise RequestError("there is no sweep yet", remedy="Complete its design first.")
        return Provenance((design.plan.base,), (0,), replace(options, view=SWEEP), (0,))

    def python(self, view: SceneView, panel: str) -> str:
        if view.objectName() != _VIEW:
            return super().python(view, panel)
        design = self._sweeping.designing.design
        return "" if design is None else python_text(design.plan.sweep, design.folder)

    def command(self, view: SceneView) -> str:
        if view.objectName() != _VIEW:
            return super().command(view)
        designing = self._sweeping.designing
        if designing.design is None:
            return ""
        plan, folder = designing.design.plan, designing.design.folder
        return command_text(plan.sweep, folder, designing.file, self._sweeping.scheduler)


def python_text(sweep: Sweep, folder: Path) -> str:
    """A script that runs the sweep, or goes on with it, and reads its rows."""
    mapping = sweep.model_dump(by_alias=True, exclude_none=True)
    written = pprint.pformat(mapping, width=_WIDTH, sort_dicts=False)
    return f"""\
from resviz.study.sweep import Sweep, read_table, run_sweep

sweep = Sweep.from_mapping(
{written}
)

if __name__ == "__main__":  # workers import this file
    for state in run_sweep(sweep, {str(folder)!r}):
        print(state.done, "of", state.total)
    rows = read_table({str(folder)!r})
"""


def command_text(sweep: Sweep, folder: Path, file: Path | None, scheduler: str = "") -> str:
    """The command that does; without a file that holds the sweep, one is written first."""
    name = "sweep.toml" if file is None else str(file)
    words = ["resviz", "sweep", name, "-o", str(folder)]
    words += ["--scheduler", scheduler] if scheduler else []
    if file is not None:
        return shlex.join(words)
    return f"cat > sweep.toml <<'END'\n{sweep.to_toml().rstrip()}\nEND\n{shlex.join(words)}\n"
