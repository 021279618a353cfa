"""``resviz presets`` and ``resviz schema``: what can be asked for."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from resviz.cli.options import Level, LogLevel, Quiet, start_log


def presets(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Print this preset as a session file.")
    ] = None,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """List the presets, or print one of them as a session file to start from."""
    start_log(log_level)
    from resviz.config.presets import preset, preset_names

    if name is not None:
        typer.echo(preset(name).session.to_toml(), nl=False)
        return
    width = max(map(len, preset_names()))
    for each in preset_names():
        typer.echo(each if quiet else f"{each:{width}}  {preset(each).title}")


def schema(quiet: Quiet = False, log_level: Level = LogLevel.WARNING) -> None:
    """Print the JSON schema of a session file, for editors that complete and check TOML."""
    del quiet
    start_log(log_level)
    from resviz.config import Session

    typer.echo(json.dumps(Session.model_json_schema(by_alias=True), indent=2, ensure_ascii=False))
