"""The commands of ``resviz``, put together."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer

from resviz.cli import (
    INTERRUPTED,
    about,
    advise,
    bench,
    doctor,
    export,
    recover,
    reproduce,
    run,
    solve,
    sweep,
    verify,
    window,
)

app = typer.Typer(
    name="resviz",
    help="Watch a deep ResNet become infinitely wide. Without a command: the window, optionally with a FILE.",
    epilog="SESSION is a session file (TOML) or the name of a preset; `resviz presets` lists them.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=False,
    add_completion=False,
    # a traceback with local arrays printed in full helps nobody
    pretty_exceptions_enable=False,
)

_WINDOW = "window"
COMMANDS: dict[str, Callable[..., None]] = {
    _WINDOW: window.window,
    "run": run.run,
    "limit": solve.limit,
    "lazy": solve.lazy,
    "export": export.export,
    "reproduce": reproduce.reproduce,
    "recover": recover.recover,
    "sweep": sweep.sweep,
    "advise": advise.advise,
    "verify": verify.verify,
    "bench": bench.bench,
    "presets": about.presets,
    "schema": about.schema,
    "doctor": doctor.doctor,
}


def _interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """The same command with Ctrl+C as exit status 130, which not every version of typer gives."""

    @wraps(command)
    def run(*values: object, **options: object) -> None:
        try:
            command(*values, **options)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None

    return run


for _name, _function in COMMANDS.items():
    app.command(_name, hidden=_name == _WINDOW)(_interruptible(_function))


def _print_version(asked: bool) -> None:
    if asked:
        from resviz import __version__

        typer.echo(f"resviz {__version__}")
        raise typer.Exit


@app.callback()
def _every_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version  # its callback has printed it


def routed(arguments: list[str]) -> list[str]:
    """``resviz [FILE]`` as the hidden command ``window``; everything else as it is.

    A first word that is neither a command nor a file stays, so that a mistyped command is called one.
    """
    if not arguments:
        return [_WINDOW]
    first = arguments[0]
    if first in COMMANDS or first in ("-h", "--help", "--version"):
        return arguments
    if first.startswith("-") or _names_a_file(first):
        return [_WINDOW, *arguments]
    return arguments


def _names_a_file(word: str) -> bool:
    from resviz.config.presets import preset_names

    path = Path(word)
    return path.suffix in (".toml", ".resviz") or path.is_file() or word in preset_names()
