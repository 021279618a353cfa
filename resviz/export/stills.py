"""Single pictures: PNG, SVG and PDF, each carrying the session it shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resviz.export.options import Options
from resviz.export.provenance import Provenance, png_with

if TYPE_CHECKING:
    from resviz.scene.model import Scene


def write_still(path: Path, scene: Scene, options: Options, provenance: Provenance) -> None:
    """Draw ``scene`` into ``path``; its extension chooses between .png, .svg and .pdf.

    Raises:
        OutputError: the file cannot be written.
    """
    from resviz.draw.output import png, write_pdf, write_svg
    from resviz.scene.theme import theme

    chosen, scale = theme(options.theme), options.drawn_scale
    match path.suffix.lower():
        case ".png":
            path.write_bytes(png_with(png(scene, options.size, chosen, scale), provenance.fields()))
        case ".svg":
            write_svg(
                path,
                scene,
                options.size,
                chosen,
                scale,
                title=provenance.title,
                description=provenance.text(),
            )
        case ".pdf":
            write_pdf(
                path,
                scene,
                options.size,
                chosen,
                scale,
                title=provenance.title,
                creator=provenance.versions(),
                session=provenance.session.to_toml(),
            )
        case other:
            raise ValueError(f"no still format {other!r}")


def frame_name(step: int) -> str:
    """File name of the frame of ``step`` in a folder; the step, so that a second export fits between."""
    return f"frame-{step:06d}.png"
