"""Themes: what colour each role has.

The data colours are those of Okabe and Ito, which stay apart under the common colour-vision deficiencies;
dashes (chosen by the scene, not by the theme) are the second cue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from resviz.errors import RequestError
from resviz.scene.model import Role

RGBA = tuple[int, int, int, int]


def _rgb(code: str, alpha: int = 255) -> RGBA:
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16), alpha


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by role.

    Attributes:
        name: "light", "dark" or "print".
        colours: the colour of lines and text, every `Role` once.
        fill_opacity: opacity of histogram fills and bands over the ground, 0..1.
    """

    name: str
    colours: Mapping[Role, RGBA]
    fill_opacity: float

    @property
    def bare(self) -> bool:
        """Whether pictures have no ground of their own."""
        return self.colours[Role.GROUND][3] == 0

    def without_ground(self) -> Theme:
        """The same theme for pictures that are laid over something else."""
        ground = {Role.GROUND: (*self.colours[Role.GROUND][:3], 0)}
        return replace(self, colours=MappingProxyType({**self.colours, **ground}))

    def colour(self, role: Role) -> RGBA:
        """The colour of lines and text of ``role``."""
        return self.colours[role]

    def fill(self, role: Role, opacity: float | None = None) -> RGBA:
        """The translucent colour of areas of ``role``."""
        red, green, blue, _ = self.colours[role]
        return red, green, blue, round(255 * (self.fill_opacity if opacity is None else opacity))

    def flat_fill(self, role: Role) -> RGBA:
        """The opaque colour that `fill` has over the ground; `fill` where there is none."""
        if self.bare:
            return self.fill(role)
        a = self.fill_opacity
        over, ground = self.colours[role], self.colours[Role.GROUND]
        red, green, blue = (round(a * c + (1 - a) * g) for c, g in zip(over[:3], ground[:3], strict=True))
        return red, green, blue, 255

    def plate(self) -> RGBA:
        """The translucent ground put behind text that lies over marks; nothing where there is no ground."""
        return self.fill(Role.GROUND, 0.0 if self.bare else 0.82)


def _theme(name: str, fill_opacity: float, **codes: str) -> Theme:
    colours = {Role(role): _rgb(code) for role, code in codes.items()}
    return Theme(name, MappingProxyType(colours), fill_opacity)


LIGHT = _theme(
    "light",
    0.58,
    finite="56B4E9",
    limit="111111",
    start="8C8C8C",
    session="0072B2",
    twin="D55E00",
    lazy="3C3C3C",
    old="9AA1A9",
    first="0072B2",
    second="D55E00",
    third="009E73",
    fourth="B0568A",
    fifth="8A6D00",
    cursor="B5301C",
    range="7F8C99",
    text="24292F",
    muted="57606A",
    grid="E3E6EA",
    axis="6E7781",
    ground="FFFFFF",
)
DARK = _theme(
    "dark",
    0.50,
    finite="56B4E9",
    limit="FFFFFF",
    start="9AA0A6",
    session="56B4E9",
    twin="F0813A",
    lazy="E6E6E6",
    old="7C848D",
    first="56B4E9",
    second="F0813A",
    third="2FC79B",
    fourth="E08FC0",
    fifth="E3C567",
    cursor="FF7B61",
    range="8B949E",
    text="E6E8EB",
    muted="A7AFB8",
    grid="34383E",
    axis="8B949E",
    ground="1B1D21",
)
PRINT = _theme(
    "print",
    0.58,
    finite="56B4E9",
    limit="000000",
    start="7F7F7F",
    session="0072B2",
    twin="D55E00",
    lazy="000000",
    old="9A9A9A",
    first="0072B2",
    second="D55E00",
    third="009E73",
    fourth="B0568A",
    fifth="8A6D00",
    cursor="B5301C",
    range="999999",
    text="000000",
    muted="404040",
    grid="EDEDED",
    axis="000000",
    ground="FFFFFF",
)
THEMES: Mapping[str, Theme] = MappingProxyType({theme.name: theme for theme in (LIGHT, DARK, PRINT)})


def theme(name: str) -> Theme:
    """The theme called ``name``; RequestError if there is none."""
    try:
        return THEMES[name]
    except KeyError:
        raise RequestError(f"theme: {name!r} does not exist", remedy=f"themes: {', '.join(THEMES)}") from None


def contrast_ratio(one: RGBA, other: RGBA) -> float:
    """Contrast of two opaque colours, (L1 + 0.05) / (L2 + 0.05), 1..21 (WCAG 2, relative luminance)."""

    def luminance(colour: RGBA) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour[:3])
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
