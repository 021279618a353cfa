"""Options that several commands share, each described once."""

from __future__ import annotations

import logging
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_HANDLER = "resviz command line"


class LogLevel(StrEnum):
    """How much of the log goes to stderr."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


SessionName = Annotated[
    str, typer.Argument(metavar="SESSION", help="A session file (TOML) or the name of a preset.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change one value, e.g. network.alpha=4; may be repeated."
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The file to write.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace OUT if it exists.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but errors and what was asked for.")
]
Level = Annotated[LogLevel, typer.Option("--log-level", help="Send the log to stderr from this level on.")]
ShowProgress = Annotated[
    bool | None,
    typer.Option(
        "--progress/--no-progress", help="Progress on stderr; left out, it is shown on a terminal only."
    ),
]


def start_log(level: LogLevel) -> None:
    """Send resviz's log to stderr from ``level`` on."""
    log = logging.getLogger("resviz")
    for handler in log.handlers:
        if handler.name == _HANDLER:
            log.removeHandler(handler)
    handler = logging.StreamHandler()
    handler.name = _HANDLER
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.addHandler(handler)
    log.setLevel(level.value.upper())
