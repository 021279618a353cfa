"""``resviz advise``: a shape for a budget."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resviz.cli.options import Changes, Level, LogLevel, Overwrite, Quiet, ShowProgress, start_log
from resviz.cli.report import note
from resviz.cli.run import train
from resviz.cli.session import read_session
from resviz.errors import RequestError

if TYPE_CHECKING:
    from resviz.config import Session
    from resviz.study.advise import Advice, ErrorLaw

_UNITS = ("", "k", "m", "g", "t")


def advise(
    session: Annotated[
        str, typer.Argument(metavar="[SESSION]", help="Session or preset whose data, D and N are meant.")
    ] = "hello",
    parameters: Annotated[
        float | None, typer.Option(metavar="P", help="At most so many trained parameters 2 L M D, e.g. 1e6.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="At most so much memory, e.g. 500MB or 2GB.")
    ] = None,
    free_dimension: Annotated[
        bool, typer.Option("--free-dimension", help="Choose D as well (AS's laws).")
    ] = False,
    law: Annotated[
        str | None, typer.Option(metavar="LAW", help="fixed-dimension, embedding or output; or --fit.")
    ] = None,
    fit: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Fit the law to a sweep's table with output_error.")
    ] = None,
    slack: Annotated[
        float, typer.Option(help="How much more error fewer layers may cost, as a share.")
    ] = 0.1,
    run: Annotated[bool, typer.Option("--run", help="Train the choice, and compare.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="REC", help="With --run: keep its recording.")
    ] = None,
    changes: Changes = None,
    overwrite: Overwrite = False,
    show_progress: ShowProgress = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Propose (L, M), or (L, M, D), with the smallest error that a budget allows, by an error law."""
    start_log(log_level)
    from resviz.data import make_problem
    from resviz.export.target import check_file
    from resviz.study.advise import advise as advice_for

    chosen = read_session(session, changes)
    if output is not None and not run:
        raise RequestError("--output needs --run", remedy="Add --run to train the choice.")
    if output is not None:
        if output.suffix != ".resviz":
            raise RequestError(
                f"{output} does not end in .resviz", remedy=f"Write to {output.with_suffix('.resviz')}."
            )
        check_file(output, overwrite=overwrite)
    problem = make_problem(chosen)
    advice = advice_for(
        parameters=parameters,
        memory=None if memory is None else parse_size(memory),
        dimension=None if free_dimension else problem.dimension,
        samples=problem.samples,
        law=_law(law, fit),
        slack=slack,
        word=4 if chosen.training.dtype == "float32" else 8,
    )
    _show(advice, slack)
    if run:
        _train(advice, chosen, free_dimension, output, overwrite, show_progress, quiet)


def parse_size(text: str) -> float:
    """Bytes of 500MB, 2GB, 1GiB, 1.5e9.

    Raises:
        RequestError: anything else.
    """
    found = re.fullmatch(r"\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*([kmgt]?)(i?)b?\s*", text, flags=re.IGNORECASE)
    try:
        if found is None:
            raise ValueError
        power = _UNITS.index(found[2].lower())
        return float(found[1]) * (1024.0 if found[3] else 1000.0) ** power
    except ValueError:
        raise RequestError(f"memory = {text!r} is no size", remedy="Write it like 500MB or 2GB.") from None


def _law(name: str | None, fit: Path | None) -> ErrorLaw | None:
    from resviz.study.advise import LAWS, law_of_sweep

    if fit is not None:
        from resviz.study.sweep.table import read_table

        return law_of_sweep(read_table(fit), fit)
    if name is not None and name not in LAWS:
        raise RequestError(f"law {name!r} does not exist", remedy="Choose from: " + ", ".join(LAWS))
    return None if name is None else LAWS[name]


def _show(advice: Advice, slack: float) -> None:
    rows: list[tuple[str, ...]] = [
        ("", "L", "M", "D", "parameters", "memory", "error", "depth", "noise", "dimension")
    ]
    for shape in advice.alternatives:
        mark = "advised" if shape == advice.chosen else "smallest" if shape == advice.best else ""
        parts = advice.law.parts(shape.layers, shape.units, shape.dimension)
        rows.append(
            (
                mark, str(shape.layers), str(shape.units), str(shape.dimension), f"{shape.parameters:.3g}",
                _bytes(shape.bytes), f"{shape.error:.3g}", *(f"{part:.3g}" for part in parts),
            )
        )  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    typer.echo(f"law: {advice.law.source}")
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        typer.echo("  ".join(cells).rstrip())
    typer.echo(
        f"advised: the fewest layers within {slack:.0%} of the smallest error; layers run one after the other"
    )


def _bytes(size: float) -> str:
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{size / 1e6:.3g} MB"


def _train(
    advice: Advice,
    session: Session,
    free: bool,
    output: Path | None,
    overwrite: bool,
    show_progress: bool | None,
    quiet: bool,
) -> None:
    import numpy as np

    shape = advice.chosen
    changes: dict[str, object] = {"network.layers": shape.layers, "network.units": shape.units}
    if free:
        changes |= {"network.dimension": shape.dimension, "network.embedding": "random"}
    chosen = session.with_values(changes)
    recording = train(chosen, keep=output, overwrite=overwrite, show_progress=show_progress, quiet=quiet)
    if output is not None:
        recording.save(output, overwrite=overwrite)
        note(f"{output}: {recording.step} steps", quiet=quiet)
    limit = recording.limit
    if limit is None or limit.newest < recording.step:
        raise RuntimeError("a finished run has its limit")
    error = float(np.sqrt(np.mean((recording.output[-1] - limit.output[-1]) ** 2)))
    _, noise, _ = advice.law.parts(shape.layers, shape.units, shape.dimension)
    expected = advice.law.parts(shape.layers, shape.units, shape.dimension)[0] + noise
    typer.echo(
        f"trained L = {shape.layers}, M = {shape.units}: output error {error:.3g} at k = {recording.step} "
        f"(law, without its term in D: {expected:.3g}; the limit's own error {limit.output_error[-1]:.1e})"
    )
