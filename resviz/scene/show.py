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
        view: one of `resviz.export.VIEWS`.
        second: the observable that a cloud or a path sets against ``observable``.
        second_coordinate: its coordinate, where it reads one.
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
    second: str = "backward"
    second_coordinate: int = 0


def partner(observable: str) -> str:
    """What ``observable`` is set against unless something else was chosen."""
    return _PARTNERS.get(observable, "preactivation")


_PARTNERS = {
    "preactivation": "backward", "activation": "backward", "u": "u", "v": "v", "h": "b", "b": "h",
    "u_norm": "v_norm", "v_norm": "u_norm", "travel_u": "travel_v", "travel_v": "travel_u",
}  # fmt: skip
