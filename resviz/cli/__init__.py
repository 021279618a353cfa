"""The command line: ``resviz``, ``resviz run``, ``resviz export`` and the rest.

Importing this package loads neither torch nor Qt; every command imports what it needs when it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status.

    0 done; 1 the work failed; 2 wrong usage or a wrong file; 130 interrupted. A refusal is printed to stderr
    as its cause and, on a line of its own, its remedy.
    """
    from resviz.cli.app import app, routed
    from resviz.cli.report import complain
    from resviz.errors import ResvizError

    arguments = routed(list(sys.argv[1:] if argv is None else argv))
    try:
        app(args=arguments, prog_name="resviz")
    except ResvizError as error:
        complain(error.message, error.remedy or _remedy(error))
        return error.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def _remedy(error: Exception) -> str:
    """For refusals whose message already says what is allowed."""
    from resviz.errors import SessionError

    return "Correct it; `resviz schema` describes every key." if isinstance(error, SessionError) else ""
