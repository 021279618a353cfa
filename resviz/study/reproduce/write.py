"""A result's files: the figure as SVG and PNG, the numbers as CSV, the comparison as text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from resviz.errors import RequestError
from resviz.files import make_folder, writing
from resviz.study.reproduce.result import Check, Result, Table

__all__ = ["check_folder", "write_result", "written_names"]

_SIZE = (1280, 800)
_WIDE = (1920, 860)
_GRID = (1600, 1100)


def written_names(name: str, tables: Iterable[Table] = (Table((), ()),)) -> list[str]:
    """File names of a result called ``name``."""
    csvs = [f"{name}-{table.name}.csv" if table.name else f"{name}.csv" for table in tables]
    return [f"{name}.svg", f"{name}.png", f"{name}.txt", f"{name}-checks.csv", *csvs]


def check_folder(folder: Path, names: Sequence[str], *, overwrite: bool) -> None:
    """Make ``folder`` and see that the results called ``names`` can go there.

    Raises:
        RequestError: files of an earlier result are there and may not be replaced.
        OutputError: the folder cannot be made.
    """
    make_folder(folder)
    taken = [file for name in names for file in written_names(name) if (folder / file).exists()]
    if taken and not overwrite:
        raise RequestError(
            f"{folder} holds {taken[0]} already",
            remedy="Choose another folder with --out, or allow replacing it (--overwrite).",
        )


def write_result(result: Result, folder: Path) -> list[Path]:
    """Write all files of a result, each whole or not at all, and return their paths.

    Raises:
        OutputError: a file cannot be written.
    """
    from resviz.draw.output import png, write_svg
    from resviz.draw.page import Page
    from resviz.export.carried import png_with
    from resviz.export.provenance import versions
    from resviz.scene.theme import theme

    rows = len(result.scene.row_heights)
    size = _GRID if rows > 1 else _WIDE if len(result.scene.panels) > 1 else _SIZE
    text = result.text() + "\n"
    paths = [folder / name for name in written_names(result.name, result.tables)]
    svg, picture, summary, checks, *tables = paths
    page = Page(size, theme("light"))
    with writing(svg) as temporary:
        write_svg(temporary, result.scene, page, title=result.title, description=text)
    fields = {"Title": result.title, "Software": versions(), "resviz:experiment": text}
    with writing(picture) as temporary:
        temporary.write_bytes(png_with(png(result.scene, page), fields))
    with writing(summary) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    _write_csv(checks, ("what", "published", "ours", "rule", "passed", "counts"), map(_row, result.checks))
    for path, table in zip(tables, result.tables, strict=True):
        _write_csv(path, table.columns, table.rows)
    return paths


def _row(check: Check) -> tuple[str, ...]:
    yes_no = (str(check.passed).lower(), str(check.counts).lower())
    return (check.what, check.published, check.ours, check.rule, *yes_no)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with writing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
