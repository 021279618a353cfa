"""The growth of a step's cost as a figure: measured points beside a straight line of slope 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from resviz.files import Taken, writing
from resviz.scene.model import Panel, Role
from resviz.study.benchmark import Report
from resviz.study.reproduce.figure import curve, figure, log_axis, measured, series_legend

__all__ = ["write_growth"]


def write_growth(report: Report, path: Path, *, taken: Taken = "replace") -> None:
    """Seconds a step against L M, as SVG.

    Args:
        taken: what to do if ``path`` is there by then, as of `resviz.files.writing`.

    Raises:
        OutputError: the file cannot be written.
    """
    from resviz.draw.output import write_svg
    from resviz.draw.page import Page
    from resviz.scene.theme import theme

    units, seconds = (np.array(one) for one in zip(*report.growth, strict=True))
    line = seconds[-1] * units / units[-1]
    panel = Panel(
        key="growth",
        title="Cost of a gradient step, L = M, D = N = 10",
        x=log_axis("units L M", units),
        y=log_axis("seconds a step", seconds, line),
        marks=(curve(units, line, Role.SECOND), *measured(units, seconds, Role.FIRST)),
        cell=(0, 0, 1, 1),
    )
    where = f"{report.machine['processor']}, one thread"
    scene = figure([panel], where, legend=series_legend(("measured", "linear in L M")))
    with writing(path, taken=taken) as temporary:
        write_svg(temporary, scene, Page((960, 600), theme("light")), title="growth", description=where)
