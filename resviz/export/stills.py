"""Single pictures: PNG, SVG and PDF, each carrying the session it shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resviz.export.carried import png_with
from resviz.export.provenance import Provenance, versions

if TYPE_CHECKING:
    from resviz.scene.model import Scene


def write_still(path: Path, scene: Scene, provenance: Provenance) -> None:
    """Draw ``scene`` into ``path``; its extension chooses between .png, .svg and .pdf.

    Raises:
        OutputError: the file cannot be written.
    """
    from resviz.draw.output import write_pdf, write_svg

    page, title, text = provenance.options.page(), provenance.title, provenance.text()
    match path.suffix.lower():
        case ".png":
            path.write_bytes(png_still(scene, provenance))
        case ".svg":
            write_svg(path, scene, page, title=title, description=text)
        case ".pdf":
            write_pdf(path, scene, page, title=title, creator=versions(), session=text)
        case other:
            raise ValueError(f"no still format {other!r}")


def png_still(scene: Scene, provenance: Provenance) -> bytes:
    """``scene`` as a PNG file."""
    from resviz.draw.output import png

    return png_with(png(scene, provenance.options.page()), provenance.fields())
