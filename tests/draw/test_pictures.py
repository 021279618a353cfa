"""A handful of whole pictures against stored ones; where they differ, the difference is saved.

Compared are means over blocks of 8 x 8 pixels: an edge that another rasteriser puts a pixel aside, or glyphs
that it smooths in another way, change few of them by much; a mark that is gone or has another colour changes
many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from scene.fake import TRAVEL, FakeSeries, fake_loss
from scene.fake_depth import FakeClouds, FakeDepth, FakePaths

from resviz.draw.picture import picture, read_picture, rgb
from resviz.scene.cloud import cloud
from resviz.scene.contrast import Losses, contrast
from resviz.scene.depth_map import depth_map
from resviz.scene.grid import units_grid
from resviz.scene.model import Line, Role, Scene
from resviz.scene.paths import paths
from resviz.scene.ridgeline import ridgeline
from resviz.scene.show import Show
from resviz.scene.theme import DARK, LIGHT, Theme

STORED = Path(__file__).parent / "pictures"
SIZE = (512, 336)
BLOCK = 8
FAR = 16  # grey levels between the means of two blocks that differ
MANY = 0.004  # share of blocks that may


def of_contrast() -> Scene:
    session = FakeSeries(observable=TRAVEL)
    twin = replace(session, alpha=8.0, mean_of_travel=0.45)
    lazy = replace(session, alpha=float("inf"), mean_of_travel=3.6)
    losses = Losses(net=fake_loss(), limit=fake_loss(), twin=fake_loss(end=0.13))
    return contrast(session, twin, lazy, losses, step=60, steps=100)


SCENES: dict[str, tuple[Callable[[], Scene], Theme]] = {
    "grid-light": (lambda: units_grid(FakeSeries(uncertain=(1,)), 60, Show()), LIGHT),
    "ridgeline-dark": (lambda: ridgeline(FakeDepth(), 60, Show(bins=24), ridges=12), DARK),
    "depth-map-light": (lambda: depth_map(FakeDepth(), 60, Show(), pinned=(5, 40)), LIGHT),
    "cloud-dark": (lambda: cloud(FakeClouds(units=200), 40), DARK),
    "paths-light": (lambda: paths(FakePaths(), 30), LIGHT),
    "contrast-dark": (of_contrast, DARK),
}


@pytest.fixture(autouse=True)
def application(qapp):
    return qapp


def drawn(name: str) -> np.ndarray:
    scene, theme = SCENES[name]
    return rgb(picture(scene(), SIZE, theme))


def blocks(pixels: np.ndarray) -> np.ndarray:
    """Means over blocks, (H / 8, W / 8, 3)."""
    height, width = (side // BLOCK * BLOCK for side in pixels.shape[:2])
    whole = pixels[:height, :width].astype(float)
    return whole.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3).mean(axis=(1, 3))


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The share of blocks that differ."""
    return float((np.abs(blocks(one) - blocks(other)).max(axis=2) > FAR).mean())


def save(pixels: np.ndarray, path: Path) -> None:
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels, np.uint8)
    assert QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).save(str(path))


@pytest.mark.parametrize("name", SCENES)
def test_a_picture_is_as_it_was(name: str, tmp_path: Path) -> None:
    now, stored = drawn(name), STORED / f"{name}.png"
    save(now, tmp_path / f"{name}-now.png")
    assert stored.exists(), f"look at {tmp_path / f'{name}-now.png'}, and if it is right store it as {stored}"
    before = read_picture(stored)[..., :3]
    assert before.shape == now.shape
    share = difference(now, before)
    if share > MANY:
        apart = np.abs(now.astype(int) - before.astype(int))
        save(before, tmp_path / f"{name}-before.png")
        save(255 - np.minimum(3 * apart, 255), tmp_path / f"{name}-difference.png")
    assert share <= MANY, (
        f"{100 * share:.1f} % of the blocks differ; look at {tmp_path}/{name}-difference.png"
    )


@pytest.mark.parametrize("name", SCENES)
def test_softer_edges_are_no_difference_and_other_colours_are_one(name: str) -> None:
    whole = drawn(name)
    softer = (whole.astype(float) + np.roll(whole, 1, axis=1) + np.roll(whole, 1, axis=0)) / 3
    assert difference(softer, whole) <= MANY
    scene, theme = SCENES[name]
    assert difference(rgb(picture(scene(), SIZE, LIGHT if theme is DARK else DARK)), whole) > 0.5


@pytest.mark.parametrize("name", ["grid-light", "ridgeline-dark", "cloud-dark", "paths-light"])
def test_a_lost_curve_is_a_difference(name: str) -> None:
    scene, theme = SCENES[name][0](), SCENES[name][1]
    panels = tuple(
        replace(one, marks=tuple(m for m in one.marks if not _is_limit(m))) for one in scene.panels
    )
    assert difference(rgb(picture(replace(scene, panels=panels), SIZE, theme)), drawn(name)) > MANY


def _is_limit(mark: object) -> bool:
    return isinstance(mark, Line) and mark.role is Role.LIMIT
