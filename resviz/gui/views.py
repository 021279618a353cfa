"""The views of the Units tab, and what each of them needs of the choice. Pure; no Qt, no torch."""

from __future__ import annotations

from dataclasses import dataclass

from resviz.config import Session
from resviz.export.options import spread
from resviz.gui.state import AppState, Choice
from resviz.scene.show import partner

VIEWS: tuple[tuple[str, str], ...] = (
    ("grid-map", "Grid + depth map"),
    ("grid", "Grid"),
    ("ridgeline", "Ridgeline"),
    ("depth-map", "Depth map"),
    ("cloud", "Cloud"),
    ("paths", "Paths"),
)
"""Name and label of every view."""

GRIDS = ("grid-map", "grid")
"""Views whose picture is that of the pinned layers' histograms."""

PAIRED = ("cloud", "paths")
"""Views that set two observables against each other."""

MOST_PINNED = 12
_NEAR = 0.012  # of the depth: a click so close to a pinned layer means it


@dataclass(frozen=True, slots=True)
class Shown:
    """The view with everything that the program chooses filled in.

    Attributes:
        view: its name; the grid alone where there is no room for maps below it.
        second: the observable on the other axis of a cloud.
        second_coordinate: its coordinate.
    """

    view: str = "grid"
    second: str = "backward"
    second_coordinate: int = 0


def shown_of(choice: Choice, dimension: int) -> Shown:
    """What a choice comes to."""
    view = "grid" if choice.view == "grid-map" and not choice.roomy else choice.view
    second, at = choice.second or partner(choice.observable), choice.second_coordinate
    if at is None:
        same = second == choice.observable
        at = (choice.coordinate + 1) % max(1, dimension) if same else choice.coordinate
    return Shown(view, second, at)


def pinned_of(state: AppState) -> tuple[int, ...]:
    """The layers with a panel of their own."""
    return state.choice.layers or spread(state.session.network.layers)


def pinned_with(pinned: tuple[int, ...], layer: int, session: Session) -> tuple[int, ...]:
    """``pinned`` with ``layer`` added, or without the pinned layer that a click on ``layer`` means.

    The last one stays; of twelve the nearest makes room.
    """
    near = min(pinned, key=lambda one: abs(one - layer), default=None)
    if near is not None and abs(near - layer) <= _NEAR * session.network.layers:
        left = tuple(one for one in pinned if one != near)
        return left or pinned
    kept = tuple(one for one in pinned if one != near) if len(pinned) >= MOST_PINNED else pinned
    return tuple(sorted({*kept, layer}))
