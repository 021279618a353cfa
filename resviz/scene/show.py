"""What a view is asked to show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Show:
    """The choices of a view, apart from the step.

    Attributes:
        observable: name in `resviz.observe.OBSERVABLES`.
        sample: which sample an observable of one sample reads.
        coordinate: which coordinate an observable of one coordinate reads.
        layers: pinned layers, one panel each.
        window: layers pooled round each pinned layer.
        bins: histogram bins across an axis; None chooses them from the number of units.
        lock_axes: all layers share their ranges.
        view: "grid", "contrast", "overview".
        theme: name in `resviz.scene.theme.THEMES`.
    """

    observable: str = "preactivation"
    sample: int = 0
    coordinate: int = 0
    layers: tuple[int, ...] = ()
    window: int = 1
    bins: int | None = None
    lock_axes: bool = True
    view: str = "grid"
    theme: str = "light"
