"""The overview: units grid, contrast and timeline in one figure, as the window shows them."""

from __future__ import annotations

from dataclasses import replace
from math import lcm

from resviz.scene.model import LegendEntry, Panel, Scene


def overview(grid: Scene, contrast: Scene | None, timeline: Scene) -> Scene:
    """Grid on the left, contrast on the right, timeline below, on one set of rows and columns.

    Panel keys are kept. Without ``contrast`` the grid takes the whole width.
    """
    grid_rows = len(grid.row_heights)
    side_rows = len(contrast.row_heights) if contrast is not None else 1
    rows = lcm(grid_rows, side_rows)
    columns = len(grid.column_widths)
    panels = _placed(grid, 0, rows // grid_rows)
    widths = [2.6 / columns] * columns
    legend: tuple[LegendEntry, ...] = grid.legend
    if contrast is not None:
        panels += _placed(contrast, columns, rows // side_rows)
        widths.append(1.15)
        legend += contrast.legend
    across = len(widths)
    panels += tuple(replace(panel, cell=(rows, 0, 1, across)) for panel in timeline.panels)
    return Scene(
        panels=panels,
        row_heights=(1.0 / rows,) * rows + (0.13,),
        column_widths=tuple(widths),
        legend=legend,
        title=grid.title,
        caption=grid.caption,
    )


def _placed(scene: Scene, column: int, stretch: int) -> tuple[Panel, ...]:
    return tuple(
        replace(panel, cell=(row * stretch, left + column, height * stretch, width))
        for panel in scene.panels
        for row, left, height, width in (panel.cell,)
    )
