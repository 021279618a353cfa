"""Pictures of what is not there yet: the grid's empty panels, saying why they are empty."""

from __future__ import annotations

from resviz.scene.contrast import Losses, contrast
from resviz.scene.grid import LEGEND, grid_shape
from resviz.scene.model import Axis, Panel, Scene


def waiting_grid(layers: tuple[int, ...], total: int, message: str) -> Scene:
    """The Units grid before its first step: one empty panel a pinned layer."""
    rows, columns = grid_shape(max(1, len(layers)))
    panels = tuple(
        Panel(
            key=f"layer {layer}",
            title=f"layer {layer}   s = {layer / total:.2f}",
            x=Axis(-1.0, 1.0),
            y=Axis(0.0, 1.0, "density"),
            marks=(),
            cell=(*divmod(place, columns), 1, 1),
            message=message,
        )
        for place, layer in enumerate(layers)
    )
    return Scene(panels, row_heights=(1.0,) * rows, column_widths=(1.0,) * columns, legend=LEGEND)


def waiting_whole(view: str, message: str) -> Scene:
    """A view that is no grid before its first step."""
    return Scene((Panel(view, "", Axis(-1.0, 1.0), Axis(0.0, 1.0), (), message=message),))


def waiting_contrast(steps: int) -> Scene:
    """The contrast before its first step."""
    return contrast(None, None, None, Losses(), step=0, steps=steps)
