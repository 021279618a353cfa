"""Where everything stands: pure rectangle arithmetic, margins measured from the widest tick label.

Plots of one row (column) start and end together; the room that is left after all margins is shared by the
scene's row heights and column widths, so that plots, not cells, are in proportion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from resviz.draw.geometry import BarLayout, Layout, PanelGeometry, PanelLayout, Rect, Sizes, straight_ends
from resviz.scene.clip import straight
from resviz.scene.model import Axis, LegendEntry, Panel, Scale, Scene
from resviz.scene.ticks import Ticks, axis_ticks

Measure = Callable[[str, float, bool], tuple[float, float]]  # text, size, bold -> width, line height

_MOST_TICKS = 21  # more are noise, however wide the plot


@dataclass(frozen=True, slots=True)
class _Margins:
    left: float
    top: float
    right: float
    bottom: float


def lay_out(rect: Rect, scene: Scene, scale: float, measure: Measure, type_scale: float = 1.0) -> Layout:
    """The layout of ``scene`` in ``rect``.

    Args:
        rect: in logical pixels.
        scene: what is drawn.
        scale: of type, distances and lines.
        measure: of text.
        type_scale: of type alone, on top of ``scale``.
    """
    sizes = Sizes(scale, type_scale)
    inner = Rect(
        rect.left + sizes.pad, rect.top + sizes.pad, rect.width - 2 * sizes.pad, rect.height - 2 * sizes.pad
    )
    title_rect, legend, header = _header(inner, scene, sizes, measure)
    footer = measure("0", sizes.tick, False)[1] + sizes.gap if scene.caption else 0.0
    caption_rect = Rect(inner.left, inner.bottom - footer, inner.width, footer)
    body = Rect(
        inner.left, inner.top + header, max(1.0, inner.width), max(1.0, inner.height - header - footer)
    )
    plots = {panel.key: _first_guess(body, scene, panel, sizes) for panel in scene.panels}
    ticks: dict[str, tuple[Ticks, Ticks]] = {}
    margins: dict[str, _Margins] = {}
    for _ in range(3):  # labels decide margins, margins decide how many labels there is room for
        ticks = {
            panel.key: (
                _x_ticks(panel.x, plots[panel.key].width, sizes, measure),
                _y_ticks(panel.y, plots[panel.key].height, sizes, measure),
            )
            for panel in scene.panels
        }
        margins = {
            panel.key: _margins(scene, panel, plots[panel.key], *ticks[panel.key], sizes, measure)
            for panel in scene.panels
        }
        plots = _plots(body, scene, margins)
        for panel in scene.panels:
            if panel.bar is not None:
                plots[panel.key] = _beside_bar(plots[panel.key], panel.bar, sizes, measure)
        if len(scene.column_widths) == 1:
            plots = _aligned(scene, plots)
    panels = tuple(
        _panel_layout(scene, panel, plots[panel.key], *ticks[panel.key], margins, sizes, measure)
        for panel in scene.panels
    )
    return Layout(sizes, rect, panels, title_rect, legend, caption_rect)


def _header(
    inner: Rect, scene: Scene, sizes: Sizes, measure: Measure
) -> tuple[Rect, tuple[tuple[LegendEntry, Rect], ...], float]:
    """Title on the left, legend on the right of the same line where both fit, else below, wrapped."""
    title_width, title_height = measure(scene.title, sizes.figure, True) if scene.title else (0.0, 0.0)
    title_rect = Rect(inner.left, inner.top, inner.width, title_height)
    if not scene.legend:
        return title_rect, (), title_height + (sizes.gap if scene.title else 0.0)
    line = max(measure("0", sizes.label, False)[1] + sizes.gap, title_height)
    widths = [
        (sizes.swatch / 2 if entry.filled else sizes.swatch)
        + sizes.gap
        + measure(entry.text, sizes.label, False)[0]
        + 4 * sizes.gap
        for entry in scene.legend
    ]
    rows: list[list[int]] = [[]]
    room = inner.width - (title_width + 6 * sizes.gap if scene.title else 0.0)
    top = inner.top
    if scene.title and sum(widths) > room:
        room, top = inner.width, inner.top + line
    for i, width in enumerate(widths):
        if rows[-1] and sum(widths[j] for j in rows[-1]) + width > room:
            rows.append([])
        rows[-1].append(i)
    placed = []
    for r, row in enumerate(rows):
        left = inner.right - sum(widths[i] for i in row) + 4 * sizes.gap
        for i in row:
            placed.append((scene.legend[i], Rect(left, top + r * line, widths[i] - 4 * sizes.gap, line)))
            left += widths[i]
    return title_rect, tuple(placed), top + len(rows) * line - inner.top + sizes.gap


def _first_guess(body: Rect, scene: Scene, panel: Panel, sizes: Sizes) -> Rect:
    row, column, rows, columns = panel.cell
    width = body.width * sum(scene.column_widths[column : column + columns]) / sum(scene.column_widths)
    height = body.height * sum(scene.row_heights[row : row + rows]) / sum(scene.row_heights)
    return Rect(0, 0, max(1.0, width - 5 * sizes.tick), max(1.0, height - 5 * sizes.tick))


def _x_ticks(axis: Axis, width: float, sizes: Sizes, measure: Measure) -> Ticks:
    """As many ticks as labels fit side by side."""
    most = max(1, min(_MOST_TICKS, int(width / (2.2 * sizes.tick))))
    low, high = straight_ends(axis)
    while True:
        ticks = axis_ticks(axis, most)
        if len(ticks.values) < 2 or most == 1:
            return ticks
        at = (straight(np.array(ticks.values), axis) - low) * (width / (high - low))
        halves = [measure(label, sizes.tick, False)[0] / 2 for label in ticks.labels]
        between = min(at[i + 1] - at[i] - halves[i] - halves[i + 1] for i in range(len(at) - 1))
        if between >= sizes.tick:
            return ticks
        most = min(most - 1, len(ticks.values) - 1)


def _y_ticks(axis: Axis, height: float, sizes: Sizes, measure: Measure) -> Ticks:
    line = measure("0", sizes.tick, False)[1]
    low, high = straight_ends(axis)
    # two may be had on a low axis, if they happen to stand apart
    most = max(2, min(8, int(height / (1.9 * line))))
    while True:
        ticks = axis_ticks(axis, most)
        at = (straight(np.array(ticks.values), axis) - low) * (height / (high - low))
        if most == 1 or len(at) < 2 or np.diff(at).min() >= 1.3 * line:
            return ticks
        most -= 1


def _labelled(scene: Scene, panel: Panel) -> tuple[bool, bool]:
    """Whether x and y labels are drawn: not where the panel below (to the left) repeats the label."""
    row, column, rows, _ = panel.cell

    def repeats_x(other: Panel) -> bool:
        r, c, _, w = other.cell
        return r >= row + rows and c <= column < c + w and other.x.label == panel.x.label

    def repeats_y(other: Panel) -> bool:
        r, c, h, _ = other.cell
        return c < column and r <= row < r + h and other.y.label == panel.y.label

    return (
        bool(panel.x.label) and not any(repeats_x(other) for other in scene.panels),
        bool(panel.y.label) and not any(repeats_y(other) for other in scene.panels),
    )


def _margins(
    scene: Scene, panel: Panel, plot: Rect, x_ticks: Ticks, y_ticks: Ticks, sizes: Sizes, measure: Measure
) -> _Margins:
    x_label, y_label = _labelled(scene, panel)
    line = measure("0", sizes.tick, False)[1]
    label = measure("0", sizes.label, False)[1]
    before, after = _overhang(panel.x, plot.width, x_ticks, sizes, measure)
    widest = max((measure(text, sizes.tick, False)[0] for text in y_ticks.labels), default=0.0)
    left = sizes.tick_length + sizes.gap + widest + sizes.gap + (label + sizes.gap if y_label else 0.0)
    top = measure("0", sizes.title, False)[1] + 2 * sizes.gap if panel.title else line / 2 + sizes.gap
    bottom = sizes.under_axis + line + (label + sizes.gap / 2 if x_label else 0.0) + sizes.gap
    return _Margins(max(left, before), top, max(after, 2 * sizes.gap), bottom)


def _overhang(axis: Axis, width: float, ticks: Ticks, sizes: Sizes, measure: Measure) -> tuple[float, float]:
    """How far the first and last tick labels stick out of the plot."""
    if not ticks.values:
        return 0.0, 0.0
    low, high = straight_ends(axis)
    at = (straight(np.array(ticks.values), axis) - low) * (width / (high - low))
    first = measure(ticks.labels[0], sizes.tick, False)[0] / 2 - float(at[0])
    last = float(at[-1]) + measure(ticks.labels[-1], sizes.tick, False)[0] / 2 - width
    return max(0.0, first), max(0.0, last)


def _plots(body: Rect, scene: Scene, margins: dict[str, _Margins]) -> dict[str, Rect]:
    """Plot rectangles: per row (column) the largest margins, the rest shared by the weights."""
    rows, columns = len(scene.row_heights), len(scene.column_widths)
    top, bottom, left, right = [0.0] * rows, [0.0] * rows, [0.0] * columns, [0.0] * columns
    for panel in scene.panels:
        r, c, h, w = panel.cell
        m = margins[panel.key]
        top[r], bottom[r + h - 1] = max(top[r], m.top), max(bottom[r + h - 1], m.bottom)
        left[c], right[c + w - 1] = max(left[c], m.left), max(right[c + w - 1], m.right)
    x = _edges(body.left, body.width, scene.column_widths, left, right)
    y = _edges(body.top, body.height, scene.row_heights, top, bottom)
    plots = {}
    for panel in scene.panels:
        r, c, h, w = panel.cell
        x0, x1 = x[c] + left[c], x[c + w] - right[c + w - 1]
        y0, y1 = y[r] + top[r], y[r + h] - bottom[r + h - 1]
        plots[panel.key] = Rect(round(x0), round(y0), max(1, round(x1 - x0)), max(1, round(y1 - y0)))
    return plots


def _edges(
    start: float, room: float, weights: tuple[float, ...], before: list[float], after: list[float]
) -> list[float]:
    free = max(0.0, room - sum(before) - sum(after))
    edges = [start]
    for weight, one, other in zip(weights, before, after, strict=True):
        edges.append(edges[-1] + one + free * weight / sum(weights) + other)
    return edges


def _bar_ticks(scale: Scale, height: float, sizes: Sizes, measure: Measure) -> Ticks:
    line = measure("0", sizes.tick, False)[1]
    return axis_ticks(Axis(scale.low, scale.high), max(1, min(5, int(height / (2.5 * line)))))


def _beside_bar(plot: Rect, scale: Scale, sizes: Sizes, measure: Measure) -> Rect:
    """What a colour bar leaves of its panel's plot: other panels of the column keep their width."""
    labels = _bar_ticks(scale, plot.height, sizes, measure).labels
    widest = max((measure(label, sizes.tick, False)[0] for label in labels), default=0.0)
    room = 2 * sizes.gap + sizes.bar + sizes.tick_length / 2 + sizes.gap / 2 + widest
    return plot._replace(width=max(1, round(plot.width - room)))


def _aligned(scene: Scene, plots: dict[str, Rect]) -> dict[str, Rect]:
    """Plots above one another that share an axis end together, whether they have a colour bar or not."""
    return {
        panel.key: plots[panel.key]._replace(
            width=min(plots[other.key].width for other in scene.panels if other.x == panel.x)
        )
        for panel in scene.panels
    }


def _bar_layout(scale: Scale, plot: Rect, sizes: Sizes, measure: Measure) -> BarLayout:
    rect = Rect(plot.right + 2 * sizes.gap, plot.top, sizes.bar, plot.height)
    ticks = _bar_ticks(scale, plot.height, sizes, measure)
    along = plot.height / (scale.high - scale.low)
    return BarLayout(rect, ticks, tuple(rect.bottom - (v - scale.low) * along for v in ticks.values))


def _panel_layout(
    scene: Scene,
    panel: Panel,
    plot: Rect,
    x_ticks: Ticks,
    y_ticks: Ticks,
    margins: dict[str, _Margins],
    sizes: Sizes,
    measure: Measure,
) -> PanelLayout:
    x_label, y_label = _labelled(scene, panel)
    own = margins[panel.key]
    line = measure("0", sizes.tick, False)[1]
    label = measure("0", sizes.label, False)[1]
    title_height = measure("0", sizes.title, False)[1]
    title_rect = Rect(
        plot.left - own.left / 2,
        plot.top - title_height - 1.25 * sizes.gap,
        plot.width + own.left / 2 + own.right,
        title_height,
    )
    # centred over the plot as long as it fits there
    if measure(panel.title, sizes.title, False)[0] <= plot.width:
        title_rect = title_rect._replace(left=plot.left, width=plot.width)
    x_rect = Rect(plot.left, plot.bottom + sizes.under_axis + line + sizes.gap / 4, plot.width, label)
    y_rect = Rect(plot.left - own.left + sizes.gap / 2, plot.top, label, plot.height)
    # one that is longer than its cell is high would run into that of the neighbour
    y_label = y_label and measure(panel.y.label, sizes.label, False)[0] <= own.top + plot.height + own.bottom
    return PanelLayout(
        geometry=PanelGeometry(panel.key, plot, panel.x, panel.y),
        x_ticks=x_ticks,
        y_ticks=y_ticks,
        title=elided(panel.title, title_rect.width, sizes.title, measure),
        title_rect=title_rect,
        x_label_rect=x_rect if x_label else None,
        y_label_rect=y_rect if y_label else None,
        bar=None if panel.bar is None else _bar_layout(panel.bar, plot, sizes, measure),
    )


def elided(text: str, width: float, size: float, measure: Measure) -> str:
    """``text``, shortened with an ellipsis at its end to fit ``width``."""
    if measure(text, size, False)[0] <= width:
        return text
    for end in range(len(text) - 1, 0, -1):
        shorter = text[:end].rstrip() + "…"
        if measure(shorter, size, False)[0] <= width:
            return shorter
    return ""


def wrapped(text: str, width: float, size: float, measure: Measure) -> tuple[str, ...]:
    """``text`` broken between words into lines no wider than ``width`` (a longer word stands alone)."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measure(longer, size, False)[0] <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)
