"""``resviz doctor``: what is there, what is missing, and what to do about it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from resviz.cli.options import Level, LogLevel, Quiet, start_log
from resviz.errors import RequestError

_SIGNS = {"good": "ok", "missing": "--", "broken": "!!"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    desktop: Annotated[
        bool,
        typer.Option(
            "--desktop", help="Check nothing: give this user's desktop a menu entry, icons and the file type."
        ),
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="With --desktop: take away what it wrote.")
    ] = False,
    quiet: Quiet = False,
    log_level: Level = LogLevel.WARNING,
) -> None:
    """Check versions, devices, fonts, display and encoders; exit status 1 if something is broken."""
    start_log(log_level)
    if desktop:
        _tell_desktop(quiet=quiet, remove=remove)
        return
    if remove:
        raise RequestError("--remove needs --desktop", remedy="Write resviz doctor --desktop --remove.")
    from resviz.cli.checks import all_checks

    found = []
    for check in all_checks():
        found.append(check)
        if as_json or (quiet and check.state == "good"):
            continue
        typer.echo(f"{_SIGNS[check.state]}  {check.name:14} {check.value}")
        if check.remedy:
            typer.echo(f"{'':18} {check.remedy}")
    if as_json:
        typer.echo(json.dumps({"checks": [asdict(check) for check in found]}, indent=2))
    if any(check.state == "broken" for check in found):
        raise typer.Exit(1)


def _tell_desktop(*, quiet: bool, remove: bool) -> None:
    from resviz.cli.desktop import install, update
    from resviz.cli.desktop import remove as removed

    for path, done in removed() if remove else install():
        if not quiet:
            typer.echo(f"{path}  {done}")
    for tool, went in update():
        if not quiet:
            typer.echo(f"{tool}  {went}")
