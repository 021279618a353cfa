"""What an export is asked to show and write, checked as a whole before any work starts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.errors import RequestError
from resviz.export.film import CODECS
from resviz.export.finish import Finish, one_of

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.draw.page import Page
    from resviz.scene.show import Show

VIEWS = (
    "overview", "grid", "ridgeline", "depth-map", "cloud", "paths", "fields", "fit", "error", "phase-diagram",
    "contrast",
)  # fmt: skip
STILLS = (".svg", ".pdf", ".png")
TABLES = (".csv", ".npz")

_SMALLEST, _LARGEST = 160, 8192
_PANELS = 6
_PINNED = ("overview", "grid", "cloud", "contrast")  # views of pinned layers; the others show all of them
MAPPED = ("overview", "grid")
"""Views that can have the depth maps below their grid, as the window has them."""

Steps = range | slice | int | Iterable[int] | None


@dataclass(frozen=True)
class Options(Finish):
    """How to draw, and which steps; words, paper and film settings as in `Finish`.

    Attributes:
        view: one of `VIEWS`.
        size: width and height in pixels, ``dpi`` of them an inch.
        steps: a range, a slice of 0..newest, a collection of steps, or one; None is all of them for a film or
            a folder, and the newest for a figure.
        observable: a name of `resviz.observe.OBSERVABLES`.
        layers: pinned layers; none given takes six, spread over depth.
        sample, coordinate: of an observable that needs one.
        window: layers pooled round each pinned one; None the fewest that hold 256 units.
        lock_axes: all layers share their axes.
        maps: the depth maps below the grid, in the views of `MAPPED`.
        second: what a cloud or a path sets against ``observable``; None takes its usual partner.
        second_coordinate: of ``second``, where it needs one; None the same, or the next of the same weight.
        colours: of a phase diagram: "travel", "spread" or "diverged" as measured by the atlas, or "none".
    """

    view: str = "overview"
    size: tuple[int, int] = (1920, 1080)
    steps: Steps = None
    observable: str = "preactivation"
    layers: tuple[int, ...] = ()
    sample: int = 0
    coordinate: int = 0
    window: int | None = None
    lock_axes: bool = True
    maps: bool = False
    second: str | None = None
    second_coordinate: int | None = None
    colours: str = "travel"

    @property
    def drawn_scale(self) -> float:
        """The scale of type and lines: height/1080, so that type keeps its share of a picture."""
        if self.scale is not None:
            return self.scale
        if self.dpi is not None:
            return self.dpi / 96
        width, height = self.size
        # below 0.75 type is no longer readable, and beyond a narrow picture's width it does not fit
        return max(0.75, min(height / 1080, width / 1280))

    def page(self) -> Page:
        """What a picture is painted on."""
        from resviz.draw.page import DOTS, Page
        from resviz.scene.theme import theme

        chosen = theme(self.theme)
        return Page(
            size=self.size,
            theme=chosen.without_ground() if self.transparent else chosen,
            scale=self.drawn_scale,
            type_scale=self.font_scale,
            dpi=self.dpi or DOTS,
        )

    def show(self, session: Session) -> Show:
        """The view's choices with what was left out filled in for ``session``."""
        from resviz.observe.passage import default_window
        from resviz.scene.show import Show, partner

        depth = session.network.layers
        window = self.window if self.window is not None else default_window(session.network.units)
        second, at = self.second or partner(self.observable), self.second_coordinate
        if at is None:
            dimension = session.network.dimension or session.data.dimension or self.coordinate + 2
            at = (self.coordinate + 1) % dimension if second == self.observable else self.coordinate
        return Show(
            observable=self.observable,
            sample=self.sample,
            coordinate=self.coordinate,
            layers=self.layers or spread(depth),
            window=min(window, depth),
            bins=self.bins,
            lock_axes=self.lock_axes,
            view=self.view,
            theme=self.theme,
            second=second,
            second_coordinate=at,
        )

    def resolved(self, session: Session) -> Options:
        """The same choices with those filled in that the session makes: equal pictures, equal options."""
        if self.view not in _PINNED:
            return self
        show = self.show(session)
        # maps pool their rows only where that is asked for
        return replace(self, layers=show.layers, window=self.window if self.maps else show.window)

    def chosen_steps(self, newest: int, *, single: bool = False, last_only: bool = False) -> list[int]:
        """The steps to draw, in order; ``single`` for a figure, ``last_only`` if one is meant by none.

        Raises:
            RequestError: a step is not in 0..``newest``, none is left, or a figure gets several.
        """
        if self.steps is None:
            chosen = [newest] if single or last_only else list(range(newest + 1))
        elif isinstance(self.steps, int):
            chosen = [self.steps]
        elif isinstance(self.steps, slice):
            chosen = list(range(*self.steps.indices(newest + 1)))
            _check_bounds(self.steps, newest)
        else:
            chosen = [int(step) for step in self.steps]
        if outside := [step for step in chosen if not 0 <= step <= newest]:
            raise RequestError(
                f"step {outside[0]} is not recorded: steps are 0 to {newest}",
                remedy=f"Choose steps from 0 to {newest}.",
            )
        if not chosen:
            raise RequestError(
                "no step is left to draw", remedy=f"Choose A:B:C with a step from 0 to {newest} in it."
            )
        if single and len(chosen) > 1:
            raise RequestError(
                f"a figure shows one step, {len(chosen)} were chosen",
                remedy="Choose one (--steps 40), or write a film or a folder of frames.",
            )
        return chosen


def options_of(**chosen: Any) -> Options:
    """Options by name.

    Raises:
        RequestError: there is no option of a name.
    """
    known = [field.name for field in fields(Options)]
    if unknown := sorted(chosen.keys() - set(known)):
        near = difflib.get_close_matches(unknown[0], known, n=1)
        raise RequestError(
            f"export has no option {unknown[0]!r}" + (f"; nearest: {near[0]}" if near else ""),
            remedy=f"Options: {', '.join(known)}.",
        )
    return Options(**chosen)


def spread(layers: int, panels: int = _PANELS) -> tuple[int, ...]:
    """Up to six layers spread evenly over depth, none of them at its very ends where there is room."""
    return tuple(sorted({int((i + 0.5) * layers / panels) for i in range(panels)}))


def output_suffix(out: Path) -> str:
    """The extension that says what to write, in lower case; nothing means a folder of frames.

    Raises:
        RequestError: an extension that resviz cannot write.
    """
    suffix = out.suffix.lower()
    known = (*CODECS, *STILLS, *TABLES)
    if out.is_dir() or not suffix or suffix in known:
        return "" if out.is_dir() else suffix
    near = difflib.get_close_matches(suffix, known, n=1, cutoff=0.5)
    raise RequestError(
        f"{out.name}: resviz writes no {suffix} file" + (f"; nearest: {near[0]}" if near else ""),
        remedy=f"End the name in {', '.join(known)}, or in nothing for a folder of PNG frames.",
    )


def check_options(options: Options, session: Session, suffix: str) -> None:
    """Refuse what cannot be drawn for ``session`` or written as ``suffix``.

    Raises:
        RequestError: naming the option, its value and what is allowed.
    """
    from resviz.scene.phase import QUANTITIES

    one_of("view", options.view, VIEWS)
    one_of("colours", options.colours, (*QUANTITIES, "none"))
    width, height = options.size
    if not (_SMALLEST <= width <= _LARGEST and _SMALLEST <= height <= _LARGEST):
        raise RequestError(
            f"size is {width}x{height}; each side is from {_SMALLEST} to {_LARGEST} pixels",
            remedy="Choose a size like 1920x1080.",
        )
    if options.maps and options.view not in MAPPED:
        raise RequestError(
            f"view {options.view} has no grid that depth maps could be below",
            remedy=f"Leave maps out, or choose {' or '.join(MAPPED)}; depth-map shows them alone.",
        )
    options.check_finish(suffix)
    _check_look(options, session)


def _check_look(options: Options, session: Session) -> None:
    depth = session.network.layers
    if wrong := [layer for layer in options.layers if not 0 <= layer < depth]:
        raise RequestError(
            f"layer {wrong[0]} does not exist: layers are 0 to {depth - 1}",
            remedy="Choose other layers, or leave them out.",
        )
    if options.window is not None and not 1 <= options.window <= depth:
        raise RequestError(
            f"window is {options.window}; it is from 1 to {depth} layers", remedy="Leave it out to choose it."
        )
    from resviz.observe import observable

    chosen = observable(options.observable)
    second = observable(options.second) if options.second is not None else None
    if second is not None and (second.field is None) != (chosen.field is None):
        raise RequestError(
            f"{chosen.name} and {second.name} make no pairs: one is of units, one of a field",
            remedy="Choose two observables of units, or h and b.",
        )
    if chosen.needs == "sample" or (second is not None and second.needs == "sample"):
        samples = session.data.samples
        if options.sample < 0 or (samples is not None and options.sample >= samples):
            raise RequestError(
                f"sample {options.sample} does not exist",
                remedy="Choose one from 0" + (f" to {samples - 1}." if samples is not None else "."),
            )
    for coordinate in (options.coordinate, options.second_coordinate or 0):
        if coordinate < 0:
            raise RequestError(f"coordinate {coordinate} does not exist", remedy="Choose one from 0.")


def _check_bounds(steps: slice, newest: int) -> None:
    """A slice never fails in Python; here a bound outside the recording is a mistake worth naming."""
    for bound, last in ((steps.start, newest), (steps.stop, newest + 1)):
        if bound is not None and not -newest - 1 <= bound <= last:
            raise RequestError(
                f"step {bound} lies outside the recording: steps are 0 to {newest}",
                remedy=f"Choose A:B:C within 0:{newest + 1}.",
            )
